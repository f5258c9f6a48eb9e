from django.urls import path

from catalog.views.appearance import appearance
from catalog.views.organization import switch_organization

app_name = "catalog"
urlpatterns = [
    path("settings/appearance", appearance, name="appearance"),
    path("settings/organization", switch_organization, name="organization-switch"),
]
