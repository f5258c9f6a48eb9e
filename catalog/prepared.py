"""Queries that are asked all the time in the same form: their SQL is built once, and only the values change.

Building a statement takes Django several times what PostgreSQL takes to answer it.
"""

from collections.abc import Callable, Iterable
from copy import copy
from functools import cache, lru_cache, update_wrapper, wraps
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Concatenate, Generic, NamedTuple, ParamSpec, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.models.query import ModelIterable, get_related_populators  # type: ignore[attr-defined]
from django.db.models.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    from catalog.actors import Actor

FORMS = 64  # of one query: by which of its values are None, and how long its lists are
P = ParamSpec("P")
Row = TypeVar("Row")
Shape = tuple[tuple[str, Any], ...]


class Place(NamedTuple):
    """Where a value goes: the value `name`, or of a list its item `at`."""

    name: str
    at: int | None = None

    def taken(self, values: dict[str, Any]) -> Any:
        """The value that goes here; a list that is shorter than its form repeats its last item."""
        value = values[self.name]
        return value if self.at is None else value[min(self.at, len(value) - 1)]


class Slot(models.Expression):
    """Stands in a queryset for the value `name`, or for a list of `size` values."""

    def __init__(self, name: str, size: int | None = None):
        super().__init__(models.Field())
        self.name, self.size = name, size

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:
        if self.size is None:
            return "%s", [Place(self.name)]
        places = [Place(self.name, at) for at in range(self.size)]
        return f"({', '.join('%s' for _ in places)})", places


class Prepared(Generic[P, Row]):
    """What `build` asks for, its SQL built once for each form.

    `build` makes a queryset from keyword arguments. It is called with slots in their place, so it may pass them on to
    `filter` and do nothing else with them; only None, booleans and the emptiness of lists it sees as they are. Values
    come as the column has them (keys of rows, no rows), since nothing converts them.
    """

    def __init__(self, build: "Callable[P, models.QuerySet[Any, Row]]"):
        update_wrapper(self, build)
        self._build: Callable[..., Any] = build
        self._form = lru_cache(FORMS)(self._make)

    def __call__(self, *args: P.args, **values: P.kwargs) -> list[Row]:
        """The rows for these values."""
        return self._form(_shape(values)).rows(values)

    def get(self, *args: P.args, **values: P.kwargs) -> Row:
        """The only row. Raises DoesNotExist of its model."""
        found = self.first(*args, **values)
        if found is None:
            model = self._form(_shape(values)).queryset.model
            raise model.DoesNotExist(f"{model.__name__} matching query does not exist.")
        return found

    def first(self, *args: P.args, **values: P.kwargs) -> Row | None:
        """The first row, None where there is none; all are read, so `build` bounds them."""
        return next(iter(self(*args, **values)), None)

    def _make(self, shape: Shape) -> "_Form":
        return _Form(self._build(**{name: _slot(name, kind) for name, kind in shape}))


def prepared(build: "Callable[P, models.QuerySet[Any, Row]]") -> Prepared[P, Row]:
    """Decorate a function that makes a queryset: it then gives the rows themselves."""
    return Prepared(build)


def readable(
    model: type[models.Model], action: str | None = None
) -> "Callable[[Callable[Concatenate[Any, P], models.QuerySet[Any, Row]]], Callable[Concatenate[Actor, P], list[Row]]]":
    """Decorate a function that asks for rows of `model` among those it is given, with values as `prepared` takes them.

    It then takes an actor in the place of the rows: they are those on which the actor may do `action` (read). Its SQL
    is built once for all who may do so in their whole reach, and each time for those who may do it somewhere only.
    """
    wanted = action or f"organization:{model.entity}:read"  # type: ignore[attr-defined]

    def decorate(
        build: "Callable[Concatenate[Any, P], models.QuerySet[Any, Row]]",
    ) -> "Callable[Concatenate[Actor, P], list[Row]]":
        rows: Any = model._default_manager
        among: Callable[..., Any] = build
        everywhere: Any = Prepared(lambda *, reach, **values: among(rows.filter(organization_id__in=reach), **values))

        @wraps(build)
        def found(actor: "Actor", *args: P.args, **values: P.kwargs) -> list[Row]:
            if actor.narrowed(model, wanted):
                return list(among(rows.filter(actor.allowed(model, wanted)), **values))
            return everywhere(reach=list(actor.reach), **values)

        return found

    return decorate


@cache
def those(rows: "Callable[[], models.QuerySet[Any, Row]]") -> "Prepared[..., Row]":
    """What `rows` gives, to be asked for by values: `those(Team.objects.for_list).get(pk=7)`.

    `rows` is a function of a module or a method of a manager, of which there is one, so that the SQL is built once.
    """
    return Prepared(lambda **values: rows().filter(**values))


def look_through(rows: "Callable[[], models.QuerySet[Any, Row]]", actor: "Actor", **values: Any) -> list[Row]:
    """What `rows` gives (as `those` takes it) that the actor may read and that has these values, or related rows.

    Its SQL is built once for all who may read everything in their reach.
    """
    asked = {name: value.pk if isinstance(value, models.Model) else value for name, value in values.items()}
    model: Any = _model_of(rows)
    if actor.narrowed(model, f"organization:{model.entity}:read"):
        found: Any = rows()
        return list(found.visible_to(actor).filter(**asked))
    return those(rows)(organization_id__in=list(actor.reach), **asked)


def look_up(rows: "Callable[[], models.QuerySet[Any, Row]]", actor: "Actor", **values: Any) -> Row | None:
    """The first that `look_through` finds, where the values tell rows apart; None for none."""
    return next(iter(look_through(rows, actor, **values)), None)


@cache
def _model_of(rows: "Callable[[], models.QuerySet[Any]]") -> type[models.Model]:
    return rows().model


def _shape(values: dict[str, Any]) -> Shape:
    return tuple((name, _kind(value)) for name, value in values.items())


def _kind(value: Any) -> Any:
    """What the form of a query depends on: lists of about the same length share one, filled up to a power of two."""
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, list):
        return "one"
    return 1 << (len(value) - 1).bit_length() if value else "none"


def _slot(name: str, kind: Any) -> Any:
    if kind is None or isinstance(kind, bool):
        return kind
    return Slot(name) if kind == "one" else [] if kind == "none" else Slot(name, kind)


class _Form:
    """A queryset with its SQL, and with what makes its rows."""

    def __init__(self, queryset: Any):
        self.queryset = queryset
        self.compiler: Any = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql: str | None
        try:
            self.sql, self.params = self.compiler.as_sql()
        except EmptyResultSet:
            self.sql = None
        else:
            selected = self.compiler.select[: self.compiler.col_count]
            self.converters = self.compiler.get_converters([expression for expression, *_ in selected])
            self.makes_rows = _Instances(self.compiler) if queryset._iterable_class is ModelIterable else self._values

    def rows(self, values: dict[str, Any]) -> list[Any]:
        """The rows for these values."""
        if self.sql is None:
            return []
        connection = connections[DEFAULT_DB_ALIAS]
        if self.queryset.query.select_for_update and connection.get_autocommit():
            raise transaction.TransactionManagementError("select_for_update cannot be used outside of a transaction.")
        bound = [each.taken(values) if isinstance(each, Place) else each for each in self.params]
        compiler = copy(self.compiler)
        compiler.connection = connection
        compiler.get_converters = lambda expressions: self.converters
        compiler.as_sql = lambda *args, **options: (self.sql, bound)
        rows = list(self.makes_rows(compiler))
        if lookups := self.queryset._prefetch_related_lookups:
            models.prefetch_related_objects(rows, *lookups)
        return rows

    def _values(self, compiler: Any) -> Iterable[Any]:
        """What is no model's instance, by Django's makers, with all they want of a queryset."""
        query = SimpleNamespace(get_compiler=lambda using: compiler, annotations=self.queryset.query.annotations)
        asked = SimpleNamespace(db=DEFAULT_DB_ALIAS, query=query, _fields=self.queryset._fields)
        return self.queryset._iterable_class(asked)


class _Instances:
    """Makes models' instances as Django's ModelIterable does, which finds out anew each time how."""

    def __init__(self, compiler: Any):
        model = compiler.klass_info
        self.model, columns = model["model"], model["select_fields"]
        self.part = slice(columns[0], columns[-1] + 1)
        self.names = [column.target.attname for column, *_ in compiler.select[self.part]]
        self.related = get_related_populators(model, compiler.select, DEFAULT_DB_ALIAS)
        self.annotated = (compiler.annotation_col_map or {}).items()

    def __call__(self, compiler: Any) -> Iterable[models.Model]:
        for row in compiler.results_iter(compiler.execute_sql()):
            made = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.part])
            for each in self.related:
                each.populate(row, made)
            for name, at in self.annotated:
                setattr(made, name, row[at])
            yield made
