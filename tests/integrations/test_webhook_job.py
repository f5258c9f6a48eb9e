"""Webhooks with a real worker that is killed while it waits for a receiver."""

from threading import Thread

from django.db import connection, transaction
from django.utils import timezone

from catalog.models import OutboxEntry
from catalog.services.groups import create_team
from integrations.models import Delivery
from integrations.models.delivery import LEASE
from tests.integrations.sending import a_webhook, happened, pass_time, verified
from tests.live import eventually


def test_a_worker_killed_before_the_answer_loses_nothing(admin, receiver, worker):
    _, secret = a_webhook(admin, receiver)
    receiver.act = lambda handler: receiver.over.wait(30)
    create_team(actor=admin, name="Payments")
    eventually(lambda: receiver.got)
    worker.kill("worker")
    receiver.act = None
    pass_time(seconds=LEASE.total_seconds())
    worker.start("worker")

    delivery = eventually(lambda: Delivery.objects.filter(state=Delivery.State.SENT).first())

    assert [each.headers["webhook-id"] for each in receiver.got] == [str(delivery.uid)] * 2
    assert [verified(secret, each)["type"] for each in receiver.got] == ["team.created"] * 2
    assert (delivery.attempts, OutboxEntry.objects.filter(done_at=None).count()) == (2, 0)


def test_of_two_workers_that_look_at_once_one_sends_to_a_receiver(transactional_db, admin, receiver):
    a_webhook(admin, receiver)
    happened(admin, "one")
    happened(admin, "two")
    first, second = Delivery.objects.order_by("pk").values_list("pk", flat=True)
    claims = []

    def claim() -> None:
        claims.append(Delivery.claim(second, at=timezone.now()))
        connection.close()

    with transaction.atomic():
        assert Delivery.claim(first, at=timezone.now())
        other = Thread(target=claim)
        other.start()
        other.join(0.3)
    other.join(10)
    assert claims == [None]
