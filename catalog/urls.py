from django.urls import path

from catalog.views.appearance import appearance
from catalog.views.component import component_list, component_new, component_page
from catalog.views.environment import environment_list, environment_page
from catalog.views.home import home
from catalog.views.invitation import invitation
from catalog.views.organization import switch_organization
from catalog.views.project import project_list, project_page

app_name = "catalog"
urlpatterns = [
    path("", home, name="home"),
    path("catalog/components", component_list, name="component-list"),
    path("catalog/components/new", component_new, name="component-new"),
    path("catalog/components/<uuid:uid>", component_page, name="component"),
    path("environments", environment_list, name="environment-list"),
    path("environments/<uuid:uid>", environment_page, name="environment"),
    path("invitations/<str:token>", invitation, name="invitation"),
    path("projects", project_list, name="project-list"),
    path("projects/<uuid:uid>", project_page, name="project"),
    path("settings/appearance", appearance, name="appearance"),
    path("settings/organization", switch_organization, name="organization-switch"),
]
