"""What Sqedule calls the rows of the walked world."""

from typing import Any

from releases.models import Binding, Release, Rule, Ruleset
from releases.services.proposals import change_resource
from tests.releases.proofs import ANY_ONE, a_release, asked
from tests.releases.shipping import bind, make_application

RULESET = {"type": "schedule", "begin_time": "1:00", "end_time": "2:00"}


def make_releases(world: Any) -> None:
    """Sqedule's things."""
    actor = world.admin
    application = make_application(actor, ANY_ONE, key="payments")
    spare = bind(actor, make_application(actor, key="spare"), RULESET, key="spare-rules")
    ruleset = Ruleset.objects.get(key="rules")
    for resource in (application, ruleset, Binding.objects.get(ruleset=ruleset)):  # each its kind's versions 3 and 4
        draft, reviewed = (change_resource(actor=actor, resource=resource, change={})[1] for _ in range(2))
        type(reviewed).objects.filter(pk=reviewed.pk).update(proposal_state="reviewing")
        assert (draft.version.number, reviewed.version.number) == (3, 4)
    release = a_release(actor, application, commit="7c1e94d0aa")
    assert asked(release).release_id == Release.objects.get().pk
    world.values |= {
        "sqedule.applications": application.key,
        "sqedule.application_id": application.key,
        "sqedule.approval-rulesets": "rules",
        "sqedule.ruleset_id": "rules",
        "sqedule.version_number": 1,
        "sqedule.releases": release.number,
        "sqedule.proposals": 3,
        "sqedule.organizations": world.organization.slug,
        "rule_id": Rule.objects.filter(type="manual").earliest("pk").number,
        "reviewed": 4,
        "spare_ruleset": spare.key,
    }
