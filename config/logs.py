"""Logging: one JSON line an event, with the request id; secrets in paths are redacted before anything is written."""

import logging
import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

SHOWN = {"baselines": 4}  # segments of a Phaset path before its token, by noun; 3 where not named
LONGEST_ID = 15  # an id of ours is shorter; whatever is longer may be a token in the wrong place
PHASET = re.compile(r"/integration(?:/integration)?/[^\s?#\"'<>]*")
QUERY = re.compile(r"([?&](?:api_key|jwt|token)=)[^&\s\"']+", re.IGNORECASE)
INVITATION = re.compile(r"(/invitations/|/members/verify/)[^/\s?#\"'<>]+")
REDACTED = "[redacted]"


def redact(text: str) -> str:
    """Return `text` without the credentials that URLs of some dialects carry."""
    text = INVITATION.sub(rf"\1{REDACTED}", PHASET.sub(_without_token, text))
    return QUERY.sub(rf"\1{REDACTED}", text)


def _without_token(match: re.Match[str]) -> str:
    """A Phaset path without its token: the segment after the ids, and any that is too long to be an id."""
    before, _, path = match[0].rpartition("/integration/")
    segments = path.split("/")
    shown = SHOWN.get(segments[0], 3)
    kept = [
        segment if (position < shown and len(segment) <= LONGEST_ID) or not segment else REDACTED
        for position, segment in enumerate(segments)
    ]
    return f"{before}/integration/{'/'.join(kept)}"


def redact_event(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: redact every string of a log event, however deep."""
    return {key: redact_deep(value) for key, value in event.items()}


def redact_deep(value: Any) -> Any:
    """`value` with every string in it redacted, however deep."""
    match value:
        case str():
            return redact(value)
        case dict():
            return {key: redact_deep(item) for key, item in value.items()}
        case list() | tuple():
            return [redact_deep(item) for item in value]
    return value


class RedactFilter(logging.Filter):
    """Redacts the message of records that come from the standard library's loggers (access logs, error reports)."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str):  # structlog's own events are dicts, redacted by their processor
            record.msg = redact(record.getMessage())
            record.args = ()
        return True


def configure(options: dict[str, Any]) -> None:
    """Set up logging and structlog; `options["level"]` is the least level written. Called by Django at start."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"redact": {"()": RedactFilter}},
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.format_exc_info,
                        redact_event,
                        structlog.processors.JSONRenderer(),
                    ],
                }
            },
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["redact"]}},
            "root": {"handlers": ["out"], "level": options["level"]},
            "loggers": {
                # gunicorn's own handlers would print a path as it came
                "gunicorn.access": {"handlers": ["out"], "propagate": False},
                "gunicorn.error": {"handlers": ["out"], "propagate": False},
                "axes": {"level": "WARNING"},
                # they print the addresses that users give, whose paths and queries are often secrets
                "httpx2": {"level": "WARNING"},
                "httpcore2": {"level": "WARNING"},
                "celery.utils.functional": {"level": "WARNING"},
                "kombu": {"level": "WARNING"},
                "django_celery_beat.schedulers": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,  # first, so that what is not written costs nothing
            *shared,
            redact_event,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
