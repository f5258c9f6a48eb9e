from django.urls import path

from releases.views import proposal, reviewable
from releases.views.approval import approval_list, approval_page
from releases.views.release import release_by_uid, release_decision, release_list, release_page

APPLICATION, RULESET, BINDING = {"word": "application"}, {"word": "ruleset"}, {"word": "binding"}

app_name = "releases"
urlpatterns = [
    path("releases", release_list, name="release-list"),
    path("releases/approvals", approval_list, name="approval-list"),
    path("releases/approvals/<uuid:uid>", approval_page, name="approval"),
    path("releases/<uuid:uid>", release_by_uid, name="release-by-uid"),
    path("releases/<int:number>", release_page, name="release"),
    path("releases/<int:number>/decision", release_decision, name="release-decision"),
    path("releases/applications", reviewable.application_list, name="application-list"),
    path("releases/applications/new", reviewable.resource_new, APPLICATION, name="application-new"),
    path("releases/applications/<uuid:uid>/bind", reviewable.binding_new, name="binding-new"),
    path("releases/rulesets", reviewable.ruleset_list, name="ruleset-list"),
    path("releases/rulesets/new", reviewable.resource_new, RULESET, name="ruleset-new"),
    *(
        path(f"releases/{kind['word']}s/<uuid:uid>{below}", view, kind, name=f"{kind['word']}{name}")
        for kind in (APPLICATION, RULESET, BINDING)
        for below, view, name in (
            ("", reviewable.resource_page, ""),
            ("/propose", proposal.resource_propose, "-propose"),
            ("/proposals/<int:number>", proposal.proposal_page, "-proposal"),
            ("/proposals/<int:number>/edit", proposal.proposal_edit, "-proposal-edit"),
        )
    ),
]
