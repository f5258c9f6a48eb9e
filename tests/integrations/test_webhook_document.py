"""What docs/webhooks.md tells receivers is so."""

import re
import time
from datetime import UTC, datetime, timedelta

from django.conf import settings

from config.outbound import READ_SECONDS
from integrations.models import Delivery
from integrations.services.deliveries import KEPT, PAUSES
from integrations.services.webhooks import OLD_SECRET_LIVES, rotate_secret, try_webhook
from tests.integrations.sending import a_webhook, sent

DOCUMENT = (settings.BASE_DIR / "docs" / "webhooks.md").read_text()


def test_the_example_knows_our_messages_and_no_others(admin, receiver, time_machine):
    (example,) = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    known: dict = {}
    exec(compile(example, "docs/webhooks.md", "exec"), known)  # noqa: S102  the document is ours
    is_ours = known["is_ours"]
    webhook, secret = a_webhook(admin, receiver)
    _, new = rotate_secret(actor=admin, webhook=webhook)
    sent(try_webhook(actor=admin, webhook=webhook))
    got = receiver.got[0]
    headers = {name.lower(): value for name, value in got.headers.items()}

    assert is_ours(secret, headers, got.body)
    assert is_ours(new, headers, got.body)
    assert not is_ours("whsec_" + "A" * 43 + "=", headers, got.body)
    assert not is_ours(secret, headers, got.body + b" ")
    assert not is_ours(secret, headers | {"webhook-id": "other"}, got.body)
    time_machine.move_to(datetime.fromtimestamp(time.time(), UTC) + timedelta(minutes=6))
    assert not is_ours(secret, headers, got.body)


def test_the_numbers_of_the_document_are_those_of_the_code():
    assert [each.total_seconds() for each in PAUSES] == [
        5,
        300,
        1800,
        *(3600 * each for each in (2, 5, 10, 14, 20, 24)),
    ]
    assert "5 seconds, 5 and 30 minutes, then 2, 5, 10, 14, 20 and 24 hours" in DOCUMENT
    assert (timedelta(days=30), timedelta(hours=24), 10) == (KEPT, OLD_SECRET_LIVES, READ_SECONDS)
    assert {f"`{channel.upper()}`" for channel in ("in_app", "email", "slack", "webhook")} <= set(
        re.findall(r"`[A-Z_]+`", DOCUMENT)
    )
    assert Delivery._meta.verbose_name_plural.title() in DOCUMENT
