"""Teams in our own API: where people are grouped who own components."""

from typing import Any

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.views import DialectView
from catalog.models import Team
from catalog.services.groups import create_team
from config.api.dialects import OURS
from config.api.pagination import whole_number
from config.api.serializers import Name, WireSerializer

SIZE = 100


class TeamSchema(WireSerializer):
    """A team to make."""

    name = Name(max_length=255)


class TeamList(DialectView):
    dialect = OURS

    def get(self, request: Request) -> Response:
        """One page of the teams the caller may see, by name; pages count from 0."""
        page = whole_number(request.query_params, "page", 0, 0, 10**6)
        rows = Team.objects.visible_to(self.actor)[page * SIZE : (page + 1) * SIZE]
        return Response({"items": [from_team(each) for each in rows], "page": page})

    def post(self, request: Request) -> Response:
        """Make a team."""
        said = TeamSchema.read(request.data)
        return Response(from_team(create_team(actor=self.actor, **said)), status=201)


def from_team(team: Team) -> dict[str, Any]:
    """A team in our words."""
    return {"id": team.uid, "name": team.name, "slug": team.slug, "createdAt": team.created_at}


urlpatterns = [path("teams", TeamList.as_view())]
