"""The resource that docs/adding-a-resource.md is written from."""

import re

from django.conf import settings

from catalog.api.gatehouse import teams
from catalog.models import Event, Team

DOCUMENT = settings.BASE_DIR / "docs" / "adding-a-resource.md"
TEAMS = "/api/gatehouse/v1/teams"


def test_the_document_shows_the_file_that_is_served():
    file, line = re.findall(r"```(?:python|text)\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)

    assert file == (settings.BASE_DIR / "catalog/api/gatehouse/teams.py").read_text()
    assert line in (settings.BASE_DIR / "config/urls.py").read_text()
    made: dict = {"__name__": "read_from_the_document"}
    exec(compile(file, str(DOCUMENT), "exec"), made)  # noqa: S102  the document is ours
    assert [str(each.pattern) for each in made["urlpatterns"]] == [str(each.pattern) for each in teams.urlpatterns]
    assert made["TeamSchema"].read({"name": "Payments"}) == {"name": "Payments"}


def test_a_team_is_made_listed_and_not_shown_to_strangers(api, api_as, acme):
    made = api.post_json(TEAMS, {"name": "Payments"})
    team = Team.objects.get()

    assert (made.status_code, team.name, team.organization) == (201, "Payments", acme)
    shown = {
        "id": str(team.uid),
        "name": "Payments",
        "slug": "payments",
        "createdAt": f"{team.created_at:%Y-%m-%dT%H:%M:%S.%fZ}",
    }
    assert made.json() == shown
    assert Event.objects.filter(kind="team.created").count() == 1
    assert api.get(TEAMS).json() == {"items": [shown], "page": 0}
    assert api.get(f"{TEAMS}?page=1").json() == {"items": [], "page": 1}
    assert api_as("stranger").get(TEAMS).json() == {"items": [], "page": 0}


def test_what_is_wrong_is_refused_as_a_problem(api, api_as):
    create = {"name": "Payments"}
    api.post_json(TEAMS, create)

    taken, blank, viewer = (
        api.post_json(TEAMS, create),
        api.post_json(TEAMS, {"name": " "}),
        api_as("viewer").post_json(TEAMS, create),
    )

    assert (taken.status_code, blank.status_code, viewer.status_code) == (400, 400, 403)
    assert blank.json()["errors"] == [{"field": "name", "message": "must not be blank"}]
    assert api.post_json(TEAMS, {"name": "Risk"}, headers={"X-Dry-Run": "true"}).json()["dryRun"] is True
    assert Team.objects.count() == 1
