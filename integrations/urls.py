from django.urls import path

from integrations.views.delivery import delivery_again, delivery_page
from integrations.views.notification import (
    notification,
    notification_list,
    notification_read,
    notification_read_all,
)
from integrations.views.rule import rule_delete, rule_edit, rule_list, rule_new, rule_page, rule_test
from integrations.views.store import store_list, store_page
from integrations.views.webhook import (
    webhook_delete,
    webhook_edit,
    webhook_list,
    webhook_new,
    webhook_page,
    webhook_rotate,
    webhook_test,
)

app_name = "integrations"
urlpatterns = [
    path("stores", store_list, name="store-list"),
    path("stores/<uuid:uid>", store_page, name="store"),
    path("integrations/notifications", notification_list, name="notification-list"),
    path("integrations/notifications/read-all", notification_read_all, name="notification-read-all"),
    path("integrations/notifications/<uuid:uid>", notification, name="notification"),
    path("integrations/notifications/<uuid:uid>/read", notification_read, name="notification-read"),
    path("settings/webhooks", webhook_list, name="webhooks"),
    path("settings/webhooks/new", webhook_new, name="webhook-new"),
    path("settings/webhooks/<uuid:uid>", webhook_page, name="webhook"),
    path("settings/webhooks/<uuid:uid>/edit", webhook_edit, name="webhook-edit"),
    path("settings/webhooks/<uuid:uid>/test", webhook_test, name="webhook-test"),
    path("settings/webhooks/<uuid:uid>/rotate", webhook_rotate, name="webhook-rotate"),
    path("settings/webhooks/<uuid:uid>/delete", webhook_delete, name="webhook-delete"),
    path("settings/notification-rules", rule_list, name="notification-rules"),
    path("settings/notification-rules/new", rule_new, name="notification-rule-new"),
    path("settings/notification-rules/<uuid:uid>", rule_page, name="notification-rule"),
    path("settings/notification-rules/<uuid:uid>/edit", rule_edit, name="notification-rule-edit"),
    path("settings/notification-rules/<uuid:uid>/test", rule_test, name="notification-rule-test"),
    path("settings/notification-rules/<uuid:uid>/delete", rule_delete, name="notification-rule-delete"),
    path("settings/deliveries/<uuid:uid>", delivery_page, name="delivery"),
    path("settings/deliveries/<uuid:uid>/again", delivery_again, name="delivery-again"),
]
