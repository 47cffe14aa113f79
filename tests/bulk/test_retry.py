"""The matrix of what is done about an outcome, for each kind of call."""

from __future__ import annotations

import pytest

from airhaul.bulk.engine.retry import Accepted, Again, History, Refused, Retries, Unknown, judge
from airhaul.errors import LostReplyError, NotSentError, ReplyTimeoutError
from airhaul.wire.call import Call, Reply

READ = Call("GET", "/v0/app/T", "read")
UPDATE = Call("PATCH", "/v0/app/T", "repeatable")
CREATE = Call("POST", "/v0/app/T", "create")
JSON = {"content-type": "application/json"}
PAGE = Reply(200, b"<html>", {"content-type": "text/html"})
OUTCOMES = {
    "answer": Reply(200, b'{"records": []}', JSON),
    "429": Reply(429, b'{"errors": [{"error": "RATE_LIMIT_REACHED"}]}', JSON),
    "429, a page": Reply(429, b"<html>", {"content-type": "text/html"}),
    "quota": Reply(429, b'{"errors": [{"error": "PUBLIC_API_BILLING_LIMIT_EXCEEDED"}]}', JSON),
    "not sent": NotSentError("no"),
    "time-out": ReplyTimeoutError("no"),
    "broken": LostReplyError("no"),
    "500": Reply(500, b"", {}),
    "503": Reply(503, b'{"error": {"type": "RETRIABLE_ERROR"}}', {**JSON, "retry-after": "7"}),
    "cut": Reply(200, b'{"rec', JSON),
    "page": PAGE,
    "408": Reply(408, b"", {}),
    "422": Reply(422, b'{"error": {"type": "INVALID_VALUE_FOR_COLUMN"}}', JSON),
    "422, cut": Reply(422, b'{"error', JSON),
    "403": Reply(403, b'{"error": {"type": "INVALID_PERMISSIONS"}}', JSON),
    "403, a page": Reply(403, b"<html>", {"content-type": "text/html"}),
}
LOST = ("time-out", "broken", "408", "500", "503", "cut")


def verdict(call, name, *, lost=False, tries=1, has_answered=True):
    return judge(
        call, OUTCOMES[name], History(tries, 0, lost), Retries(), has_answered=has_answered
    )


@pytest.mark.parametrize("call", [READ, UPDATE, CREATE], ids=["read", "update", "create"])
def test_what_is_the_same_for_all(call) -> None:
    """Answers, limits, refusals, and what never left."""
    assert isinstance(verdict(call, "answer"), Accepted)
    for name in ("429", "429, a page"):
        assert verdict(call, name).pause
        assert verdict(call, name).wait_s == 30.0
    for name in ("quota", "422", "403", "403, a page"):
        assert isinstance(verdict(call, name), Refused), name
    for name in ("not sent", "422, cut"):
        again = verdict(call, name)
        assert isinstance(again, Again)
        assert not again.lost
        assert isinstance(verdict(call, name, tries=5), Refused)


@pytest.mark.parametrize("name", LOST)
def test_what_was_lost(name) -> None:
    """Reading and changing is repeated, creating never; at last reading fails and changing is unclear."""
    assert isinstance(verdict(READ, name), Again)
    assert isinstance(verdict(READ, name, tries=5), Refused)
    assert verdict(UPDATE, name).lost
    assert isinstance(verdict(UPDATE, name, tries=5), Unknown)
    assert isinstance(verdict(CREATE, name), Unknown)


@pytest.mark.parametrize("name", ["quota", "403", "403, a page", "not sent", "422, cut"])
def test_what_ends_a_call_that_was_lost_before_is_unclear(name) -> None:
    """The earlier try may have been carried out, whatever the last one says."""
    assert isinstance(verdict(UPDATE, name, lost=True, tries=5), Unknown)
    assert isinstance(verdict(READ, name, lost=True, tries=5), Refused)


def test_a_page_from_a_stranger() -> None:
    """Where Airtable never answered it is a wall, and passes by where it did."""
    assert isinstance(verdict(READ, "page", has_answered=False), Refused)
    assert isinstance(verdict(READ, "page"), Again)
    assert isinstance(verdict(CREATE, "page", has_answered=False), Unknown)


def test_a_503_that_asks_to_wait_is_heeded() -> None:
    """And the wait grows otherwise, up to a bound."""
    assert verdict(READ, "503").wait_s == 7
    assert [verdict(READ, "500", tries=tries).wait_s for tries in (1, 2, 3, 4)] == [0.5, 1, 2, 4]
