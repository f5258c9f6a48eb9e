from django.urls import URLPattern, path

from catalog.api.phaset.views import EventView, RecordView

urlpatterns: list[URLPattern] = [
    path("record/<str:org_id>/<str:record_id>/<str:token>", RecordView.as_view(), name="phaset-record"),
    path("event/<str:org_id>/<str:record_id>/<str:token>", EventView.as_view(), name="phaset-event"),
]
