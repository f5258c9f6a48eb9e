from django.urls import URLPattern, path

from integrations.api.openfactstore.rules import RuleDeliveries, RuleDetail, RuleList, RuleTest
from integrations.api.openfactstore.views import NotificationList, NotificationRead, ReadAll, UnreadCount

urlpatterns: list[URLPattern] = [
    path("notifications", NotificationList.as_view()),
    path("notifications/unread-count", UnreadCount.as_view()),
    path("notifications/read-all", ReadAll.as_view()),
    path("notifications/<str:id>/read", NotificationRead.as_view()),
    path("notification-rules", RuleList.as_view()),
    path("notification-rules/<str:id>", RuleDetail.as_view()),
    path("notification-rules/<str:id>/test", RuleTest.as_view()),
    path("notification-rules/<str:id>/deliveries", RuleDeliveries.as_view()),
]
