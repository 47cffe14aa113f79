"""Every envelope of the API, read to the right error."""

from __future__ import annotations

import json

import pytest

from airhaul import errors
from airhaul.wire.call import Call, Reply
from airhaul.wire.replies import error_of, parse, records_in

CALL = Call("GET", "/v0/app00000000000000/Users", "read", base_id="app00000000000000")


def reply(status: int, body: object, **headers: str) -> Reply:
    text = body if isinstance(body, str) else json.dumps(body)
    return Reply(status, text.encode(), {"content-type": "application/json", **headers})


@pytest.mark.parametrize(
    ("status", "body", "expected", "type_", "detail"),
    [
        (401, {"error": {"type": "AUTHENTICATION_REQUIRED", "message": "Authentication required"}},
         errors.AuthenticationError, "AUTHENTICATION_REQUIRED", "Authentication required"),
        (403, {"error": {"type": "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", "message": "Invalid"}},
         errors.PermissionDeniedError, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", "Invalid"),
        (404, {"error": {"type": "NOT_FOUND"}}, errors.NotFoundError, "NOT_FOUND", ""),
        (404, {"error": "NOT_FOUND"}, errors.NotFoundError, "NOT_FOUND", ""),
        (422, {"error": {"type": "INVALID_VALUE_FOR_COLUMN", "message": "no"}},
         errors.InvalidRequestError, "INVALID_VALUE_FOR_COLUMN", "no"),
        (422, {"error": {"type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}},
         errors.IteratorExpiredError, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE", ""),
        (413, {"error": {"type": "REQUEST_TOO_LARGE"}}, errors.InvalidRequestError,
         "REQUEST_TOO_LARGE", ""),
        (429, {"errors": [{"error": "RATE_LIMIT_REACHED", "message": "slow"}]},
         errors.RateLimitError, "RATE_LIMIT_REACHED", "slow"),
        (429, {"error": {"type": "RATE_LIMIT_REACHED", "message": "slow"}},
         errors.RateLimitError, "RATE_LIMIT_REACHED", "slow"),
        (429, {"errors": [{"error": "PUBLIC_API_BILLING_LIMIT_EXCEEDED", "message": "quota"}]},
         errors.QuotaExceededError, "PUBLIC_API_BILLING_LIMIT_EXCEEDED", "quota"),
        (400, {"error": "invalid_grant", "error_description": "expired"},
         errors.InvalidRequestError, "invalid_grant", "expired"),
        (503, {"error": {"type": "RETRIABLE_ERROR", "message": "again"}},
         errors.ServerError, "RETRIABLE_ERROR", "again"),
        (418, {"error": {"type": "TEAPOT"}}, errors.ApiError, "TEAPOT", ""),
    ],
)  # fmt: skip
def test_each_envelope_becomes_its_error(status, body, expected, type_, detail) -> None:
    """The five forms of the reference lead to the class, type and message they stand for."""
    with pytest.raises(expected) as caught:
        parse(CALL, reply(status, body))
    assert type(caught.value) is expected
    assert (caught.value.status, caught.value.type, caught.value.detail) == (status, type_, detail)
    assert "GET /v0/app00000000000000/Users" in str(caught.value)


@pytest.mark.parametrize("body", ["", "<html><body>Bad gateway</body></html>"])
def test_a_502_without_json_is_a_server_error(body: str) -> None:
    """Bodies can be empty or HTML on 502, and that is still Airtable failing."""
    assert isinstance(error_of(CALL, reply(502, body)), errors.ServerError)


@pytest.mark.parametrize("body", ["", "{}", "<html><body>Slow down</body></html>"])
def test_a_429_of_something_in_between_is_the_rate_limit(body: str) -> None:
    """A proxy that says 429 in its own words means it, and its wait is heeded."""
    error = error_of(CALL, Reply(429, body.encode(), {"retry-after": "7"}))
    assert isinstance(error, errors.RateLimitError)
    assert error.retry_after_s == 7


@pytest.mark.parametrize("body", ["", "<html><body>Request timeout</body></html>"])
def test_a_408_leaves_open_what_became_of_the_request(body: str) -> None:
    """It is a time-out, told by a proxy: no refusal, after which a create could be sent again."""
    assert isinstance(error_of(CALL, reply(408, body)), errors.ServerError)


def test_a_page_instead_of_json_says_what_came() -> None:
    """A proxy's page or a login wall is named as such, with advice."""
    page = Reply(200, b"<html><title>Sign in</title>", {"content-type": "text/html"})
    with pytest.raises(errors.BadReplyError, match="expected JSON, got text/html") as caught:
        parse(CALL, page)
    assert "endpoint URL" in str(caught.value)


def test_truncated_json_is_a_bad_reply() -> None:
    """Half an answer is no answer."""
    with pytest.raises(errors.BadReplyError):
        parse(CALL, reply(200, '{"records": [{"id": "re'))


@pytest.mark.parametrize(("header", "expected"), [("7", 7.0), ("soon", None), ("-1", None)])
def test_retry_after_is_read_where_it_stands(header: str, expected: float | None) -> None:
    """The header is optional and not trusted blindly."""
    error = error_of(
        CALL, reply(429, {"errors": [{"error": "RATE_LIMIT_REACHED"}]}, **{"retry-after": header})
    )
    assert isinstance(error, errors.RateLimitError)
    assert error.retry_after_s == expected


def test_an_empty_body_of_success_is_none() -> None:
    """Some endpoints answer success with nothing."""
    assert parse(CALL, Reply(200, b"")) is None


@pytest.mark.parametrize("value", [None, [], {}, {"records": [{"id": "rec"}]}, {"records": "no"}])
def test_answers_of_another_service_are_not_records(value: object) -> None:
    """JSON of a wrong endpoint does not become a crash deep inside."""
    with pytest.raises(errors.BadReplyError):
        records_in(value)


def test_fewer_records_than_rows_is_a_bad_reply() -> None:
    """Rows are matched to records by place, so their number has to agree."""
    record = {"id": "rec1", "fields": {}}
    with pytest.raises(errors.BadReplyError, match="2 rows were sent, but the reply has 1"):
        records_in({"records": [record]}, 2)
