"""Fixture: everybody who calls, in and around an organization that has a row of everything."""

import logging
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings

from tests.dialects.callers import Cast


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Cast]:
    """Everybody who calls, made once; what a test changes is rolled back."""
    folder = tmp_path_factory.mktemp("evidence")
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder}}
    stores = settings.STORAGES | {"default": storage}
    with override_settings(STORAGES=stores), django_db_blocker.unblock(), transaction.atomic():
        logging.disable(logging.ERROR)  # two lines a call that nobody reads
        yield Cast()
        logging.disable(logging.NOTSET)
        transaction.set_rollback(True)


@pytest.fixture
def cast(filled, db) -> Cast:
    """Everybody who calls, with their rows in the database."""
    return filled
