from django.urls import path

from integrations.views.notification import (
    notification,
    notification_list,
    notification_read,
    notification_read_all,
)
from integrations.views.store import store_list, store_page

app_name = "integrations"
urlpatterns = [
    path("stores", store_list, name="store-list"),
    path("stores/<uuid:uid>", store_page, name="store"),
    path("integrations/notifications", notification_list, name="notification-list"),
    path("integrations/notifications/read-all", notification_read_all, name="notification-read-all"),
    path("integrations/notifications/<uuid:uid>", notification, name="notification"),
    path("integrations/notifications/<uuid:uid>/read", notification_read, name="notification-read"),
]
