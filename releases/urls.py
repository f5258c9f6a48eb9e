from django.urls import path

from releases.views.approval import approval_list, approval_page
from releases.views.release import release_by_uid, release_decision, release_list, release_page

app_name = "releases"
urlpatterns = [
    path("releases", release_list, name="release-list"),
    path("releases/approvals", approval_list, name="approval-list"),
    path("releases/approvals/<uuid:uid>", approval_page, name="approval"),
    path("releases/<uuid:uid>", release_by_uid, name="release-by-uid"),
    path("releases/<int:number>", release_page, name="release"),
    path("releases/<int:number>/decision", release_decision, name="release-decision"),
]
