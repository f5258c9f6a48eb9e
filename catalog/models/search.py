"""What search reads: one document for each thing that can be found."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Exists, Func, OuterRef, Q, Value

from catalog.search import sources

if TYPE_CHECKING:
    from catalog.actors import Actor

SHELVES = 4


class SearchDocumentQuerySet(models.QuerySet):
    def visible_to(self, actor: "Actor | None", kinds: Iterable[str] | None = None) -> Self:
        """The documents of what is there and `actor` may read, decided in SQL by the rows; none for no actor.

        A document keeps nothing that rights depend on, so it can't let through what its row would not.
        """
        if actor is None:
            return self.none()
        allowed = Q(pk__in=[])
        for source in (sources()[kind] for kind in (sources() if kinds is None else kinds)):
            rows = source.model._default_manager.filter(actor.readable(source.model), uid=OuterRef("uid"))
            allowed |= Q(kind=source.kind) & Q(Exists(rows))
        return self.filter(allowed, organization__in=list(actor.reach))


class SearchDocument(models.Model):
    """What one thing is found by; `uid` is the thing's. Derived: it can be made anew from the rows at any time.

    `words` is title and text in lower case, which trigrams find in any place; `vector` finds words by how they begin.
    Kinds of which there are very many stand on shelves of their own, each with its own index: what all trails say
    makes it no dearer to find that no artifact does. The newest of a kind are read along the constraint: uids grow
    with time. That uids have no index of their own is on purpose, a plan that walks one would read a whole table for a
    rare word.
    """

    organization = models.ForeignKey("catalog.Organization", models.CASCADE, related_name="+", db_index=False)
    shelf = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=32)
    uid = models.UUIDField()
    title = models.CharField(max_length=512)
    text = models.TextField(blank=True, default="")
    words = models.TextField()
    vector = models.GeneratedField(
        expression=SearchVector(
            Func(
                "words",
                Value("[[:punct:][:space:]]+"),
                Value(" "),
                Value("g"),
                function="regexp_replace",
                output_field=models.TextField(),
            ),
            config="simple",
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = SearchDocumentQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "kind", "uid"], name="search_document_once"),
        ]
        indexes = [
            GinIndex(
                fields=["organization", "words", "vector"],
                name=f"search_document_shelf_{shelf}",
                opclasses=["int8_ops", "gin_trgm_ops", "tsvector_ops"],
                condition=Q(shelf=shelf),
                gin_pending_list_limit=1024,  # KiB that each search reads whole, and one write sorts in
            )
            for shelf in range(SHELVES)
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.title}"
