"""Idempotency-Key: a POST that is sent again has no second effect, and the same answer."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from catalog.actors import system_actor
from catalog.models import Event, IdempotentAnswer, Organization
from catalog.services import idempotency
from catalog.tasks import forget_answers
from compliance.api.openfactstore.views import flows
from compliance.models import Evidence, Flow
from config.crypto import Undecipherable, decrypt, encrypt
from releases.models import Application
from tests.compliance.proving import PASSING, a_flow, a_trail, attest
from tests.people import ApiClient, make_machine, two_organizations

FLOWS = "/api/v1/flows"


def post(client: ApiClient, body: dict, key: str = "k1", path: str = FLOWS):
    return client.post_json(path, body, HTTP_IDEMPOTENCY_KEY=key)


def test_the_same_request_has_one_effect_and_one_answer(api):
    first, again = post(api, {"name": "checkout"}), post(api, {"name": "checkout"}, '"k1"')

    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert first["Content-Type"] == again["Content-Type"]
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert Event.objects.filter(kind="flow.created").count() == 1
    assert b"checkout" not in bytes(IdempotentAnswer.objects.get().content)


def test_a_key_is_for_one_request_of_one_caller(api, api_as, subtests):
    post(api, {"name": "checkout"})

    with subtests.test("another body"):
        refused = post(api, {"name": "other"})
        assert (refused.status_code, refused.json()["error"]) == (422, "Unprocessable Entity")
        assert refused.json()["message"] == "The Idempotency-Key k1 was used for another request."
    with subtests.test("another path"):
        assert post(api, {"name": "checkout"}, path="/api/v1/environments").status_code == 422
    with subtests.test("another caller of the same organization"):
        assert post(api_as("maintainer"), {"name": "second"}).status_code == 201
    with subtests.test("another tenant"):
        assert post(api_as("stranger"), {"name": "checkout"}).json()["orgSlug"] == "globex"
    with subtests.test("no key, or a GET, is as ever"):
        assert api.post_json(FLOWS, {"name": "third"}).status_code == 201
        assert api.get(FLOWS, HTTP_IDEMPOTENCY_KEY="k1").status_code == 200
    with subtests.test("a dry run neither keeps nor finds an answer"):
        dry = api.post_json(FLOWS, {"name": "dry"}, HTTP_IDEMPOTENCY_KEY="k1", HTTP_X_DRY_RUN="true")
        assert (dry.status_code, dry.json()["dryRun"]) == (200, True)
    for key in ("", '""', "x" * 256, "tab\tbed", "schlüssel"):
        with subtests.test(f"no key at all: {key[:9]!r}"):
            assert post(api, {"name": "never"}, key).status_code == 400
    assert sorted(Flow.objects.values_list("name", flat=True)) == ["checkout", "checkout", "second", "third"]
    assert IdempotentAnswer.objects.count() == 3


def test_a_refusal_is_an_answer_and_an_error_of_ours_is_none(api, monkeypatch):
    a_flow(system_actor(Organization.objects.get(slug="acme")), "taken")
    refused = post(api, {"name": "taken"})
    Flow.objects.all().delete()
    again = post(api, {"name": "taken"})

    def broken(**_):
        a_flow(system_actor(Organization.objects.get(slug="acme")), "half done")
        raise RuntimeError("broken")

    monkeypatch.setattr(flows, "create_flow", broken)
    error = post(api, {"name": "lucky"}, "k2")
    monkeypatch.undo()

    assert (refused.status_code, again.status_code, error.status_code) == (409, 409, 500)
    assert refused.content == again.content
    assert post(api, {"name": "lucky"}, "k2").status_code == 201
    assert list(Flow.objects.values_list("name", flat=True)) == ["lucky"]


def test_answers_are_forgotten_after_a_day(api, time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    post(api, {"name": "checkout"})
    post(api, {"name": "other"}, "k2")

    time_machine.move_to(start + timedelta(hours=24), tick=False)

    assert post(api, {"name": "checkout"}).status_code == 409  # asked anew, and there is one by now
    assert forget_answers() == 1
    assert list(IdempotentAnswer.objects.values_list("key", "status")) == [("k1", 409)]


def test_an_upload_is_known_by_its_parts(api, admin):
    trail = a_trail(admin, a_flow(admin))
    path = f"/api/v1/trails/{trail.uid}/attestations/{attest(admin, trail).uid}/evidence"

    def upload(content: bytes, boundary: str):
        body = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.xml"\r\n\r\n'.encode()
        whole = body + content + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        return api.post(path, whole, content_type=kind, HTTP_IDEMPOTENCY_KEY="k1")

    first, again, other = upload(PASSING, "one"), upload(PASSING, "two"), upload(PASSING + b" ", "three")

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert first.json() == again.json()
    assert Evidence.objects.count() == 1


def test_sqedule_says_it_in_its_words(api):
    body = {"id": "checkout", "version": {"display_name": "Checkout", "enabled": True, "proposal_state": "final"}}
    first, again = post(api, body, path="/v1/applications"), post(api, body, path="/v1/applications")
    refused = post(api, body | {"id": "other"}, path="/v1/applications")

    assert (first.status_code, again.status_code) == (201, 201), first.content
    assert (first.content, first["Content-Type"]) == (again.content, again["Content-Type"])
    assert (refused.status_code, list(refused.json())) == (422, ["error"])
    assert Application.objects.count() == 1


def test_what_is_encrypted_is_read_in_its_place_only(settings):
    sealed = encrypt(b"secret", "here")

    assert decrypt(sealed, "here") == b"secret"
    for text, place in ((sealed, "there"), (sealed[:-1] + b"\0", "here"), (b"", "here")):
        with pytest.raises(Undecipherable):
            decrypt(text, place)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    assert decrypt(sealed, "here") == b"secret"


@pytest.mark.django_db(transaction=True)
def test_of_parallel_requests_one_has_the_effect_and_all_its_answer(monkeypatch):
    acme, _ = two_organizations()
    _, key = make_machine(acme, "admin")
    start, answers = threading.Barrier(50), []

    def call() -> None:
        start.wait(20)
        answers.append(post(ApiClient(key), {"name": "checkout"}))
        connection.close()

    threads = [threading.Thread(target=call) for _ in range(50)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)

    assert [each.status_code for each in answers] == [201] * 50
    assert len({each.content for each in answers}) == 1
    assert sum("Idempotency-Replayed" in each for each in answers) == 49
    assert Flow.objects.count() == Event.objects.filter(kind="flow.created").count() == 1

    # One that takes too long: a repetition is told so, and nothing of it is kept.
    monkeypatch.setattr(idempotency, "WAIT_MILLISECONDS", 50)
    with transaction.atomic():
        IdempotentAnswer.objects.select_for_update().get()
        waited = []
        thread = threading.Thread(
            target=lambda: (waited.append(post(ApiClient(key), {"name": "checkout"})), connection.close())
        )
        thread.start()
        thread.join(30)
    assert (waited[0].status_code, waited[0].json()["error"]) == (409, "Conflict")
    assert "in progress" in waited[0].json()["message"]
