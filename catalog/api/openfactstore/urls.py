from django.urls import path

from catalog.api.openfactstore.views import (
    AccountKey,
    AccountKeyList,
    KeyList,
    KeyRevoke,
    OwnerKeys,
    ServiceAccountDetail,
    ServiceAccountList,
    UserDetail,
    UserList,
)

urlpatterns = [
    path("users", UserList.as_view()),
    path("users/<str:id>", UserDetail.as_view()),
    path("service-accounts", ServiceAccountList.as_view()),
    path("service-accounts/<str:id>", ServiceAccountDetail.as_view()),
    path("service-accounts/<str:id>/api-keys", AccountKeyList.as_view()),
    path("service-accounts/<str:id>/api-keys/<str:key>", AccountKey.as_view()),
    path("api-keys", KeyList.as_view()),
    path("api-keys/owners/<str:owner>", OwnerKeys.as_view()),
    path("api-keys/<str:id>/revoke", KeyRevoke.as_view()),
]
