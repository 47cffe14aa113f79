"""The service's time, told by the Date of its replies: never later than it can have been."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from hypothesis import example, given
from hypothesis import strategies as st

from airhaul.bulk.engine.known_base import ServerClock

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def date_at(server_s: float) -> str:
    return format_datetime(EPOCH + timedelta(seconds=math.floor(server_s)), usegmt=True)


@given(
    ahead_s=st.floats(-1e6, 1e6),
    replies=st.lists(st.tuples(st.floats(0, 100), st.floats(0, 5), st.floats(0, 1)), min_size=1, max_size=60),
    at=st.floats(0, 200),
)  # fmt: skip
@example(ahead_s=-3e-90, replies=[(1.0, 0.0, 0.0)], at=0.0)
def test_the_earliest_time_is_never_too_late(ahead_s, replies, at) -> None:
    """Whatever the replies took, a record created at a moment is not older than what is looked for."""
    clock = ServerClock()
    for sent_at, took_s, share in replies:
        clock.observe(sent_at, sent_at + took_s, date_at(sent_at + took_s * share + ahead_s))
    created = EPOCH + timedelta(seconds=math.floor(at + ahead_s))
    assert clock.is_known
    assert clock.earliest(at) <= created + timedelta(microseconds=1)


@given(st.lists(st.floats(0, 50), min_size=30, max_size=50), st.floats(-100, 100))
def test_many_replies_narrow_it_down(times, ahead_s) -> None:
    """With replies at many moments the second is known but for one."""
    clock = ServerClock()
    for sent_at in times:
        clock.observe(sent_at, sent_at + 0.1, date_at(sent_at + 0.05 + ahead_s))
    created = EPOCH + timedelta(seconds=math.floor(60 + ahead_s))
    assert created - clock.earliest(60) <= timedelta(seconds=2)


def test_a_clock_that_was_set_widens_the_guess() -> None:
    """Replies that contradict one another are both believed, for safety."""
    clock = ServerClock()
    clock.observe(0, 0.1, date_at(1000))
    clock.observe(1, 1.1, date_at(500))
    assert clock.earliest(2) <= EPOCH + timedelta(seconds=502)


def test_what_is_no_date_teaches_nothing() -> None:
    """A missing or broken header is no time."""
    clock = ServerClock()
    clock.observe(0, 1, None)
    clock.observe(0, 1, "yesterday")
    assert not clock.is_known
