from config.garbage import pause

pause()  # until the apps are ready

from config.celery import app as celery_app  # noqa: E402

__all__ = ["celery_app"]
