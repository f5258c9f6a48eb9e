import pytest

from releases.models import Release
from releases.services import engine
from releases.services.releases import create_release
from tests.releases.shipping import MATCHING, MISSING, make_application


@pytest.fixture
def shop(admin) -> Release:
    """A bound application with a release that is through."""
    application = make_application(admin, MISSING, MATCHING, mode="permissive")
    release = create_release(actor=admin, application=application, source_identity="main")
    engine.work_on(release.pk)
    return release
