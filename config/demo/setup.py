"""The first day of the demo organization: people, keys, software, environments, rules."""

import secrets
from dataclasses import dataclass, field

from django.utils import timezone

from catalog.actors import Actor, service_account_actor, system_actor, token_actor, user_actor
from catalog.models import Component, Environment, Organization, Role, System, Team, User, WebhookToken
from catalog.services.components import create_component
from catalog.services.deployments import deploy
from catalog.services.environments import create_environment
from catalog.services.groups import create_domain, create_system, create_team
from catalog.services.keys import issue_api_key, issue_webhook_token
from catalog.services.organizations import create_organization
from catalog.services.people import add_member, create_service_account
from catalog.services.projects import create_project
from compliance.models import Flow
from compliance.services.flows import create_flow
from config.demo import world
from integrations.services.kv import Wish, create_store, project_keys, write_entries
from releases.models import Application
from releases.services.applications import create_application
from releases.services.bindings import create_binding
from releases.services.policies import create_policy
from releases.services.rulesets import create_ruleset


@dataclass
class Demo:
    """What the later days build on, and the secrets that are shown once."""

    organization: Organization
    system: Actor
    people: dict[str, Actor] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    ci: Actor | None = None
    api_key: str = ""
    webhook: tuple[WebhookToken, str] | None = None
    components: dict[str, Component] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    applications: dict[str, Application] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)

    @property
    def pusher(self) -> Actor:
        """The pipeline that pushes manifests."""
        if self.webhook is None:
            raise AssertionError("the demo has no webhook token")
        return token_actor(self.webhook[0])

    @property
    def admin(self) -> Actor:
        """Who set everything up."""
        return self.people["Kwame Osei"]


def found(organization_name: str = world.ORGANIZATION, slug: str = world.SLUG) -> Demo:
    """Make the organization with its people, keys, software, environments and rules."""
    organization = create_organization(name=organization_name, slug=slug, time_zone="Europe/Berlin")
    demo = Demo(organization, system_actor(organization))
    _invite(demo)
    _own(demo)
    _run(demo)
    _connect(demo)
    _rule(demo)
    return demo


def _role(demo: Demo, canonical: str) -> Role:
    return Role.objects.get(organization=demo.organization, canonical=canonical)


def _invite(demo: Demo) -> None:
    """People with random passwords; CI and an admin machine with keys."""
    for name, role in world.PEOPLE:
        password = secrets.token_urlsafe(12)
        user = User.objects.create_user(world.email(name), password, name=name, is_staff=role in ("owner", "admin"))
        add_member(actor=demo.system, user=user, role=_role(demo, role))
        actor = user_actor(user)
        if actor is None:
            raise AssertionError(f"{name} has no membership")
        demo.people[name], demo.passwords[name] = actor, password
    ci = create_service_account(actor=demo.system, name="ci", description="The build servers.", role=_role(demo, "ci"))
    demo.ci = service_account_actor(ci)
    robot = create_service_account(
        actor=demo.system, name="admin-robot", description="For scripts of admins.", role=_role(demo, "admin")
    )
    _, demo.api_key = issue_api_key(actor=demo.system, label="Demo admin key", service_account=robot)
    demo.webhook = issue_webhook_token(actor=demo.system, label="Demo pipeline")


def _own(demo: Demo) -> None:
    """Teams, systems and the components they own, each with its flow and its application."""
    teams: dict[str, Team] = {
        name: create_team(actor=demo.admin, name=name, members=[_user(demo, member) for member in members])
        for name, members in world.TEAMS.items()
    }
    domains = {name: create_domain(actor=demo.admin, name=name) for name in sorted(set(world.SYSTEMS.values()))}
    systems: dict[str, System] = {
        name: create_system(actor=demo.admin, name=name, domain=domains[domain])
        for name, domain in world.SYSTEMS.items()
    }
    for software in world.COMPONENTS:
        component = create_component(
            actor=demo.admin,
            name=software.name,
            repository=world.repository(software.name),
            description=software.about,
            kind=software.kind,
            lifecycle=software.lifecycle,
            criticality=software.criticality,
            sensitivity=Component.Sensitivity.INTERNAL,
            team=teams[software.team],
            system=systems[software.system],
            domain=systems[software.system].domain,
            contacts=[{"email": f"{teams[software.team].slug}@northwind.example", "relation": "team"}],
            tags=["pci"] if software.system == "Acquiring" else [],
        )
        demo.components[software.name] = component
        demo.flows[software.name] = create_flow(
            actor=demo.admin,
            name=f"{software.name}-build",
            description=f"What every build of {software.name} must prove.",
            component=component,
            required_types=list(world.REQUIRED),
        )
        demo.applications[software.name] = create_application(
            actor=demo.admin, key=software.name, display_name=software.name, component=component
        )


def _user(demo: Demo, name: str) -> User:
    user = demo.people[name].user
    if user is None:
        raise AssertionError(f"{name} is no user")
    return user


def _run(demo: Demo) -> None:
    """Two environments, and what their gates ask for."""
    demo.environments["staging"] = create_environment(
        actor=demo.admin,
        name="staging",
        kind=Environment.Kind.K8S,
        description="Everything once more, with test money.",
    )
    demo.environments["production"] = create_environment(
        actor=demo.admin,
        name="production",
        kind=Environment.Kind.K8S,
        description="Where the money is.",
        drift_policy=Environment.DriftPolicy.BLOCK,
    )
    for name, flow in demo.flows.items():
        create_policy(
            actor=demo.admin,
            name=f"{name} into production",
            flow=flow,
            environment=demo.environments["production"],
            required_types=["junit", "container-scan"],
            enforce_approvals=True,
        )
        create_policy(
            actor=demo.admin,
            name=f"{name} into staging",
            flow=flow,
            environment=demo.environments["staging"],
            required_types=["junit"],
        )


def _connect(demo: Demo) -> None:
    """Projects that connect us to others, deployed to both environments, with what they keep there."""
    now = timezone.now()
    for name, (description, files, keys) in world.PROJECTS.items():
        project = create_project(
            actor=demo.admin, name=name, description=description, environments=["staging", "production"]
        )
        for link, version in zip(project.ordered_environments(), ("2.4.0", "2.3.1"), strict=True):
            deploy(actor=demo.admin, link=link, name=version, files=files)
            store, prefix = project_keys(link)
            wishes = [Wish(key=[*prefix, *key], value=value) for key, value in keys.items()]
            write_entries(actor=demo.admin, store=create_store(actor=demo.admin, name=store), wishes=wishes, at=now)


def _rule(demo: Demo) -> None:
    """Two rulesets: a person approves everything, and nothing that moves money ships at the weekend."""
    baseline = create_ruleset(
        actor=demo.admin,
        key="prod-baseline",
        display_name="Production baseline",
        description="One change manager approves.",
        rules=[{"type": "manual", "approval_policy": "any"}],
    )
    weekdays = create_ruleset(
        actor=demo.admin,
        key="weekdays",
        display_name="Weekdays only",
        description="No release on Saturday or Sunday.",
        rules=[{"type": "schedule", "days_of_week": "mon tue wed thu fri"}],
    )
    for name, application in demo.applications.items():
        create_binding(actor=demo.admin, application=application, ruleset=baseline, mode="enforcing")
        if demo.components[name].criticality == Component.Criticality.CRITICAL:
            create_binding(actor=demo.admin, application=application, ruleset=weekdays, mode="enforcing")
