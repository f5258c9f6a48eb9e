"""What Cycloid calls the rows of the walked world, and the bodies that its schemas alone do not tell."""

from typing import Any

from catalog.models import Membership, Project, Role
from catalog.rights import Rule
from catalog.services.environments import create_environment
from catalog.services.groups import create_team
from catalog.services.invitations import invite_member
from catalog.services.keys import issue_api_key
from catalog.services.organizations import create_organization
from tests.people import PASSWORD, make_user

INVITED = "asked@acme.example"
O = "/organizations/{organization_canonical}"  # noqa: E741  the contract's short form
EVENT = {"type": "Custom", "title": "Out", "message": "1.2 is out", "severity": "info", "tags": []}
KEY = {"name": "A key", "rules": [{"action": "organization:read", "effect": "allow"}]}
PATHS = {
    f"DELETE {O}": {"organization_canonical": "spare_organization"},
    f"PUT {O}/members/{{member_id}}/resend": {"member_id": "asked"},
}
PATHS |= {
    f"{method} {O}/environments/{{environment_canonical}}": {"environment_canonical": "lone_environment"}
    for method in ("DELETE", "PUT")
}
QUERIES = {f"GET {O}/events/count": ("events_count_granularity",)}


def make_cycloid(world: Any) -> None:
    """People, a key, and an organization below that can go."""
    acme, admin = world.organization, world.admin
    make_user(acme, "owner")
    person = make_user(acme, "viewer", "person@acme.example")
    viewer = Role.objects.get(organization=acme, canonical="viewer")
    team = create_team(actor=admin, name="Walkers", members=[person], role=viewer)
    member = Membership.objects.get(user=person)
    asked, token = invite_member(actor=admin, email=INVITED, role=viewer)
    key, _ = issue_api_key(
        actor=admin, label="Walking", user=admin.user, canonical="walking", rules=[Rule("organization:read")]
    )
    project = Project.objects.get(organization=acme, name="Shop")
    login = {"email": person.email, "password": PASSWORD}
    world.bodies |= {
        "POST /user": login | {"email": INVITED, "full_name": "New Person", "invitation_token": token},
        "POST /user/login": login,
        "POST /user/login/{organization_canonical}": login,
        f"POST {O}/members": {"email": "second@acme.example", "role_canonical": "viewer"},
        f"POST {O}/api_keys": KEY,
        f"POST {O}/events": EVENT,
        f"POST {O}/projects/{{project_canonical}}/environments": {"name": "fourth"},
    }
    world.values |= {
        "cycloid.organization_canonical": acme.slug,
        "cycloid.project_canonical": project.canonical,
        "cycloid.environment_canonical": "shop",
        "cycloid.member_id": member.pk,
        "cycloid.role_canonical": "viewer",
        "cycloid.team_canonical": team.slug,
        "cycloid.api_key_canonical": key.canonical,
        "cycloid.service_status_canonical": "database",
        "cycloid.verification_token": token,
        "asked": asked.member_id,
        "spare_organization": create_organization(name="Spare", parent=acme).slug,
        "lone_environment": create_environment(actor=admin, name="lone").canonical,
        "role_canonical": "viewer",
        "events_count_granularity": "day",
    }
