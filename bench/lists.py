"""A list of a million rows under three filters: as a page, and as JSON straight from a statement."""

from collections.abc import Iterator

from django.contrib.auth.decorators import login_required
from django.core.signing import dumps
from django.http import HttpRequest, JsonResponse
from django.test import override_settings
from django.urls import path

import config.urls
from bench.measuring import Figure, median, queries, rows, side_by_side
from bench.subject import Subject
from catalog.views.paging import SALT
from compliance.models import Trail

PAGE = 50
FILTERS = {"status": "compliant", "branch": "main", "author": "author-2"}
NOBODY = FILTERS | {"author": "nobody"}
FLOOR = """
SELECT t.uid, t.commit, t.status, t.branch, t.author, t.created_at, c.name FROM compliance_trail t
LEFT JOIN catalog_component c ON c.id = t.component_id
WHERE t.flow_id = %s AND t.status = %s AND t.branch = %s AND t.author = %s
ORDER BY t.created_at DESC, t.id DESC LIMIT 51
"""


@login_required
def bare_view(request: HttpRequest) -> JsonResponse:
    """What a hand would write: the rows of one statement as JSON, for whoever is signed in."""
    return JsonResponse({"rows": rows(FLOOR, list(request.GET.values()))})


urlpatterns = [path("bench/rows", bare_view), *config.urls.urlpatterns]


def measure(subject: Subject) -> Iterator[Figure]:
    """The first page, page 1,000, and one without any row."""
    flow = subject.flow
    address, of_flow = f"/compliance/flows/{flow.uid}", Trail.objects.filter(flow=flow)

    def ask(**said: str):
        return subject.browser.get(address, said, headers={"HX-Request": "true"})

    def bare(**said: str):
        return subject.browser.get("/bench/rows", {"flow": str(flow.pk)} | said)

    last = of_flow.filter(**FILTERS).order_by("-created_at", "-pk")[: 1000 * PAGE].values("created_at", "pk")
    seen = list(last)[-1]
    after = dumps([["-created_at", "-pk"], [seen["created_at"].isoformat(), seen["pk"]]], salt=SALT, compress=True)
    with override_settings(ROOT_URLCONF=__name__):
        first, none, far, floor, empty = side_by_side(
            lambda: ask(**FILTERS),
            lambda: ask(**NOBODY),
            lambda: ask(**FILTERS, after=after),
            lambda: bare(**FILTERS),
            lambda: bare(**NOBODY),
            runs=subject.turns(11),
        )
    count = of_flow.count()
    yield Figure("list", f"{PAGE} of {count:,} trails, three filters", median(first), "ms", median(floor), most=6)
    yield Figure("list", "the same without a match", median(none), "ms", median(empty), most=6)
    yield Figure("list", "page 1,000 or the last, against the first", median(far) / median(first), "x", most=1.5)
    yield Figure("list", "queries", queries(lambda: ask(**FILTERS)), most=6)
