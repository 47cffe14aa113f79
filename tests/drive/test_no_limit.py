"""Services without a rate limit, and rates that are no whole numbers."""

from __future__ import annotations

import time

import pytest

from airhaul import Airtable, Record
from airhaul.bulk.engine.pacer import Pacer, Window
from airhaul.bulk.engine.slots import Slot
from airhaul.errors import ConfigurationError
from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from tests.drive.test_failures import page, raw_server, reply, table


class User(Record, table="Users"):
    name: str


def seconds_of_requests(airtable: Airtable, requests: int) -> float:
    """Send so many requests, one after the other."""
    began = time.monotonic()
    for _ in range(requests):
        airtable.schema()
    return time.monotonic() - began


def test_a_served_base_without_a_limit_is_not_paced(server: LocalServer) -> None:
    """At Airtable's rate, eighty requests would take fifteen seconds that nobody asks for."""
    base_id = server.local_base.default_base_id
    with Airtable("pat.x", base_id, endpoint_url=server.url) as airtable:
        assert seconds_of_requests(airtable, 80) < 10.0


@pytest.mark.slow
def test_a_limit_that_is_set_while_the_base_is_served_is_kept(server: LocalServer) -> None:
    """The console can set one at any time; the next reply shows it, before any 429."""
    base_id = server.local_base.default_base_id
    with Airtable("pat.x", base_id, endpoint_url=server.url) as airtable:
        airtable.schema()
        server.local_base.limits.requests_per_second = 50
        server.local_base.requests.clear()
        assert seconds_of_requests(airtable, 9) > 1.0
    assert {request.status for request in server.local_base.requests} == {200}


@pytest.mark.slow
def test_a_rate_that_is_asked_for_holds_without_a_limit_too(server: LocalServer) -> None:
    """Whoever asks for another rate than Airtable's wants it, whatever the service allows."""
    base_id = server.local_base.default_base_id
    options = {"endpoint_url": server.url, "requests_per_second": 8}
    with Airtable("pat.x", base_id, **options) as airtable:
        assert seconds_of_requests(airtable, 12) > 1.0


def test_a_service_that_says_nothing_is_not_paced_if_it_is_said_to_have_no_limit() -> None:
    """A mirror or a proxy of one's own need not be known to airhaul."""
    with (
        raw_server(reply(200, page())) as (url, seen),
        table(url, requests_per_second=None).airtable as airtable,
    ):
        began = time.monotonic()
        for _ in range(80):
            assert len(airtable.table(User).all()) == 1
        assert time.monotonic() - began < 10.0  # the token's own limit would be 50 in a second
        assert len(seen) == 80


def test_replies_name_the_missing_limit_only_if_there_is_none() -> None:
    """A client of another kind may look for it, too."""
    from airhaul.wire import endpoints

    for limit, is_named in ((None, True), (5, False)):
        with LocalBase.open(requests_per_second=limit) as local_base:
            answer = local_base.send(
                endpoints.base_schema(local_base.default_base_id), lambda: None
            )
            assert ("x-airhaul-no-rate-limit" in answer.headers) is is_named


@pytest.mark.parametrize(("rate", "most", "period_s"), [(2.5, 3, 1.2), (0.5, 1, 2.0), (5, 5, 1.0)])
def test_a_rate_may_be_a_fraction(rate: float, most: int, period_s: float) -> None:
    """Half of what Airtable allows leaves the other half to another program."""
    pacer, now, left = Pacer([Window(rate)]), 0.0, []
    for _ in range(40):
        slot = Slot()
        while (ask_at := max(pacer.hand_over(slot, now), pacer.leave(slot, now))) > now:
            now = ask_at
        pacer.written(slot, now)
        pacer.answered(slot, now, with_success=True)
        left.append(now)
    in_a_period = [sum(first <= at < first + period_s for at in left) for first in left]
    assert max(in_a_period) == most
    assert 1.0 <= left[-1] / ((40 - most) / rate) <= 1.1


def test_a_service_that_should_have_no_limit_is_left_alone_after_a_429() -> None:
    """Everything waits, not only the request that was refused: the others would be refused, too."""
    pacer, slot = Pacer([Window(float("inf"))]), Slot()
    assert pacer.hand_over(Slot(), 100.0) <= 100.0
    pacer.pause(130.0)
    assert pacer.hand_over(slot, 101.0) > 129.0
    assert pacer.leave(slot, 129.5) == 130.0
    assert pacer.leave(slot, 130.0) <= 130.0


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_rate_that_lets_nothing_through_is_refused(rate: float) -> None:
    """It would wait forever; the message names what stands for no limit."""
    with pytest.raises(ConfigurationError, match="more than 0, or None for a service without"):
        Airtable("pat.x", "app00000000000000", requests_per_second=rate)
