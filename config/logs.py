"""Logging: one JSON line an event, with the request id; secrets in paths are redacted before anything is written."""

import logging
import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

# The last path segment of a Phaset call is its credential; API keys may come in a query string.
SECRETS = [
    (
        re.compile(r"(/integration(?:/integration)?/(?:record|standards|event)/[^/\s]+/[^/\s]+/)[^/\s?\"']+"),
        r"\1[redacted]",
    ),
    (re.compile(r"(/integration(?:/integration)?/baselines/[^/\s]+/[^/\s]+/[^/\s]+/)[^/\s?\"']+"), r"\1[redacted]"),
    (re.compile(r"([?&](?:api_key|jwt|token)=)[^&\s\"']+"), r"\1[redacted]"),
]


def redact(text: str) -> str:
    """Return `text` without the credentials that URLs of some dialects carry."""
    for pattern, replacement in SECRETS:
        text = pattern.sub(replacement, text)
    return text


def redact_event(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: redact every string value of a log event."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = redact(value)
    return event


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
                "axes": {"level": "WARNING"},
                "celery.utils.functional": {"level": "WARNING"},
                "kombu": {"level": "WARNING"},
                "django_celery_beat.schedulers": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
