from catalog.models.base import Keyed, TenantModel, TenantQuerySet, uuid7
from catalog.models.bulk import BulkJob
from catalog.models.component import Component, Domain, System
from catalog.models.delivery import DeliveryEvent, Incident
from catalog.models.environment import Environment
from catalog.models.event import Event, OutboxEntry
from catalog.models.idempotency import IdempotentAnswer
from catalog.models.invitation import Invitation
from catalog.models.job import JobRecord
from catalog.models.keys import ApiKey, WebhookToken
from catalog.models.organization import Counter, JobTick, Organization
from catalog.models.people import Membership, Role, RoleRule, ServiceAccount, Team, TeamMember, User
from catalog.models.project import Project, ProjectEnvironment, ProjectFavorite, ProjectVersion
from catalog.models.saved_view import SavedView
from catalog.models.search import SearchDocument
from catalog.models.spelling import Spelled

__all__ = [
    "ApiKey",
    "BulkJob",
    "Component",
    "Counter",
    "DeliveryEvent",
    "Domain",
    "Environment",
    "Event",
    "IdempotentAnswer",
    "Incident",
    "Invitation",
    "JobRecord",
    "JobTick",
    "Keyed",
    "Membership",
    "Organization",
    "OutboxEntry",
    "Project",
    "ProjectEnvironment",
    "ProjectFavorite",
    "ProjectVersion",
    "Role",
    "RoleRule",
    "SavedView",
    "SearchDocument",
    "ServiceAccount",
    "Spelled",
    "System",
    "Team",
    "TeamMember",
    "TenantModel",
    "TenantQuerySet",
    "User",
    "WebhookToken",
    "uuid7",
]
