"""Versori's routes about keys and values, under /api/v2/. What a key is, `key_in_path` reads."""

from django.urls import path, register_converter

from integrations.api.versori.views import BatchView, CountView, KeyView, ListView, StoresView


class KeyConverter:
    """Whatever stands behind `kv/`, lines' ends included."""

    regex = r"[\s\S]+"

    def to_python(self, value: str) -> str:
        """As it stands."""
        return value

    def to_url(self, value: str) -> str:
        """As it stands."""
        return value


register_converter(KeyConverter, "kvkey")
KV = "store/<str:store>/kv"

urlpatterns = [
    path("o/<str:organization>/store", StoresView.as_view()),
    path(KV, KeyView.as_view()),
    path(f"{KV}/batch", BatchView.as_view()),
    path(f"{KV}/list", ListView.as_view()),
    path(f"{KV}/count", CountView.as_view()),
    path(f"{KV}/<kvkey:key>", KeyView.as_view()),
]
