import pytest
from django.test import Client

from catalog.models import User
from tests.people import make_user


@pytest.fixture
def superuser(db) -> User:
    return User.objects.create_superuser("root@gatehouse.example")


@pytest.fixture
def desk(superuser) -> Client:
    """The admin as a superuser sees it."""
    client = Client()
    client.force_login(superuser)
    return client


@pytest.fixture
def clerk(acme) -> Client:
    """The admin as Acme's admin sees it, who is staff but no superuser."""
    user = make_user(acme, "admin", "clerk@acme.example")
    user.is_staff = True
    user.save()
    client = Client()
    client.force_login(user)
    return client
