"""JSON bodies: read as any other reader would read them, or refused in words."""

import json
import time
from contextlib import suppress
from io import BytesIO

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from config.api.parsers import MAX_DEPTH, parse_json, read_body, read_json
from config.errors import InvalidJSON, TooLarge
from tests.people import ApiClient, make_machine

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@given(JSON)
def test_what_json_can_say_is_read_as_it_was_said(value):
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    with suppress(InvalidJSON):
        parse_json(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b" \r\n\t[1, 2.5, true, null] ", [1, 2.5, True, None]),
        (b'"\\ud83d\\ude00"', "😀"),
        (b"1" + b"0" * 400, 10**400),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'"\\\\u0000"', "\\u0000"),
        (b'["]", "[", "{{{{", "\\"["]', ["]", "[", "{{{{", '"[']),
    ],
)
def test_read(body, value):
    assert parse_json(body) == value


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b"[1,]", "not JSON"),
        (b"{} {}", "not JSON"),
        (b"01", "not JSON"),
        (b'"\n"', "not JSON"),
        (b'"a\0"', "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'"\xff"', "not UTF-8"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b"NaN", "NaN is not JSON"),
        (b"[Infinity]", "Infinity is not JSON"),
        (b"-Infinity", "-Infinity is not JSON"),
        (b"1e999", "too large"),
        (b"-1e999", "too large"),
        (b"1" * 5000, "not JSON"),
        (b'"\\u0000"', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'[[{"a": ["\\u0000"]}]]', "NUL"),
        (b'"\\ud800"', "lone surrogate"),
        (b'"\\ude00\\ud83d"', "lone surrogate"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nested deeper"),
        (b'{"a":' * 100_000, "nested deeper"),
    ],
)
def test_refused(body, why):
    with pytest.raises(InvalidJSON, match=why) as refused:
        parse_json(body)
    assert (refused.value.status, refused.value.code) == (400, "invalid_json")


def test_nesting_is_read_up_to_the_limit():
    assert parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


@pytest.mark.parametrize(
    "body",
    [
        b'"' + b'\\"' * 1_000_000,
        b'"' * 2_000_000,
        b"\\" * 2_000_000,
        b'["' + b"a" * 2_000_000,
        b"{" * 2_000_000,
        b'"\\' * 999_999,
    ],
    ids=range(6),
)
def test_a_body_costs_one_pass_whatever_it_holds(body):
    begun = time.process_time()
    with pytest.raises(InvalidJSON):
        parse_json(body)
    assert time.process_time() - begun < 2


def post(body: bytes, **headers):
    return RequestFactory().generic("POST", "/", body, content_type="text/plain", **headers)


def test_a_body_is_read_up_to_its_limit():
    assert read_body(post(b"12345"), 5) == b"12345"
    with pytest.raises(TooLarge, match="larger than 5 bytes"):
        read_body(post(b"123456"), 5)


def test_what_is_announced_too_large_is_not_read():
    request = post(b"", CONTENT_LENGTH="1000000")
    request._stream = BytesIO()
    with pytest.raises(TooLarge):
        read_body(request, 5)


class Chunked(ApiClient):
    """Sends bodies in chunks, as the server hands them over: joined, and of no announced length."""

    def request(self, **request):
        body = request["wsgi.input"].read() if "wsgi.input" in request else b""
        request.pop("CONTENT_LENGTH", None)
        joined = {"wsgi.input": BytesIO(body), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
        return super().request(**(request | joined))


def test_a_body_in_chunks_is_read(admin):
    _, key = make_machine(admin.organization, "admin", "chunky")
    client = Chunked(key)

    made = client.post_json("/api/v1/environments", {"name": "production", "type": "K8S"})
    empty = client.generic("POST", "/api/v1/environments", b"", content_type="application/json")
    large = client.generic("POST", "/api/v1/environments", b" " * 2_200_000, content_type="application/json")

    assert (made.status_code, made.json()["name"]) == (201, "production")
    assert (empty.status_code, large.status_code) == (400, 413)


def test_nobody_unknown_has_a_body_kept(db):
    class Untouched(BytesIO):
        def read(self, size=-1):
            raise AssertionError("read before anybody was known")

    chunks = {"wsgi.input": Untouched(), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = ApiClient().post("/api/v1/environments", "{}", content_type="application/json", **chunks)

    assert answer.status_code == 401


class Broken(BytesIO):
    """A body whose next chunk has no readable size."""

    def read(self, size=-1):
        raise OSError("Invalid chunk size: b'zz'")


def test_broken_chunks_are_a_bad_request(admin):
    _, key = make_machine(admin.organization, "admin", "chunky")
    chunks = {"wsgi.input": Broken(), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}

    answer = ApiClient(key).post("/api/v1/environments", "{}", content_type="application/json", **chunks)

    assert (answer.status_code, answer.json()["error"]) == (400, "Bad Request")


def test_an_empty_body_is_refused_in_words_of_its_own():
    for body in (b"", b" \n"):
        with pytest.raises(InvalidJSON, match="A JSON body is needed"):
            read_json(post(body), 5)
