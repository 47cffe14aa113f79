"""What this process knows of one base, shared by all its jobs: its clock, records and fields.

The clock is inferred from the ``Date`` headers of replies. A ``Date`` has whole seconds and was
written at some time between the sending of a request and the arrival of its reply. So each reply
gives a lower and an upper bound of how far the service's clock is ahead of ours, and many replies
narrow them down.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final, cast

from airhaul.wire.call import Call

_REMEMBERED: Final = 100_000
_GRAIN_S: Final = 1.0
# More than the rounding error of floats; without it a second could begin too early.
_ROUNDING_S: Final = 1e-6
# Clocks drift and are set; only the latest replies count.
_REPLIES: Final = 50
# How long a field that a table did not have is not asked for again.
_MISSING_S: Final = 60.0


class ServerClock:
    """The service's clock, as far as its replies reveal it."""

    def __init__(self) -> None:
        self._bounds: deque[tuple[float, float]] = deque(maxlen=_REPLIES)

    def observe(self, sent_at: float, came_at: float, date: str | None) -> None:
        """Take the time of a reply.

        Args:
            sent_at: When its request was sent, in seconds on our clock.
            came_at: When it came.
            date: Its ``Date`` header; one that is missing or malformed is ignored.
        """
        if date is None:
            return
        seconds = _seconds_of(date)
        if seconds is None:
            return
        # A reply from a cache has a time before the request's. It cannot be distinguished from a
        # clock that is behind, and at worst makes a search wider.
        self._bounds.append((seconds - came_at, seconds + _GRAIN_S - sent_at))

    @property
    def is_known(self) -> bool:
        """Whether any reply had a time."""
        return bool(self._bounds)

    def earliest(self, at: float) -> datetime:
        """The earliest time that the service's clock can have shown at a moment of ours.

        Args:
            at: In seconds on our clock.

        Returns:
            The time, cut to whole seconds as ``createdTime`` is.
        """
        return _whole_second(at + self._ahead()[0])

    def latest(self, at: float) -> datetime:
        """The latest time that it can have shown at a moment of ours; as of ``earliest``."""
        return _whole_second(at + self._ahead()[1])

    def _ahead(self) -> tuple[float, float]:
        """How far it is ahead of ours: at least, and at most."""
        assert self._bounds, "no reply had a time yet"
        lows, highs = zip(*self._bounds.copy(), strict=True)
        if max(lows) > min(highs):
            # The replies contradict one another: a clock was set. The widest guess is safe.
            return min(lows), max(highs)
        return max(lows), min(highs)


@lru_cache(maxsize=4)  # the replies of one second have the same
def _seconds_of(date: str) -> float | None:
    """Read a ``Date`` header, in seconds since 1970; None if it is malformed."""
    try:
        date_time = parsedate_to_datetime(date)
    except ValueError:
        return None
    return date_time.replace(tzinfo=date_time.tzinfo or UTC).timestamp()


def _whole_second(seconds: float) -> datetime:
    whole = math.floor(seconds - _ROUNDING_S)
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=whole)


class KnownFields:
    """Which fields the tables of a base have, and lack, as far as replies revealed it.

    Safe to share between threads: what is lost when two threads note something is only found again.
    """

    def __init__(self) -> None:
        self._there: dict[str, frozenset[str]] = {}
        self._missing: dict[str, tuple[frozenset[str], float]] = {}

    def note(self, table: str, columns: Iterable[str]) -> None:
        """Remember columns that a table has: a request that named them was carried out.

        Args:
            table: The name or ID of the table.
            columns: The names or IDs of the columns.
        """
        there = self._there.get(table, frozenset())
        if not there.issuperset(columns):
            self._there[table] = there.union(columns)

    def unsure(self, table: str, columns: Iterable[str]) -> frozenset[str]:
        """Return which of some columns may be missing in a table."""
        return frozenset(columns) - self._there.get(table, frozenset())

    def note_missing(self, table: str, column: str, now: float) -> None:
        """Remember a column that a table does not have, for a while: somebody may add it.

        Args:
            table: The name or ID of the table.
            column: The name or ID of the column.
            now: The time, in seconds.
        """
        self._there[table] = self._there.get(table, frozenset()) - {column}
        self._missing[table] = (self.missing(table, now) | {column}, now)

    def missing(self, table: str, now: float) -> frozenset[str]:
        """Return the columns that a table lately did not have."""
        columns, since = self._missing.get(table, (frozenset[str](), now))
        return columns if now - since < _MISSING_S else frozenset()


class KnownBase:
    """What is known of a base from its replies.

    Safe to share between threads: each change is a single step.
    """

    def __init__(self) -> None:
        self.clock = ServerClock()
        self.has_answered = False
        self.has_rate_limit = True
        self.fields = KnownFields()
        self._created: deque[str] = deque(maxlen=_REMEMBERED)

    def for_resumed_run(self) -> KnownBase:
        """Return what is known, apart from the records that this process has created.

        The resumed run may look for some of them, if this process worked on it before and could
        not record their outcome.
        """
        taken = KnownBase()
        taken.clock, taken.has_answered = self.clock, self.has_answered
        taken.has_rate_limit = self.has_rate_limit
        taken.fields = self.fields
        return taken

    def created(self, record_ids: Iterable[str]) -> None:
        """Remember records that this process knows it has created."""
        self._created.extend(record_ids)

    def note_created(self, call: Call, value: Any) -> None:
        """Remember the records that a call has created, according to its answer.

        An answer with more or fewer records than rows is not trusted: its rows are looked for, and
        must not be mistaken for those of another call.
        """
        if not isinstance(value, dict):
            return
        answer = cast("dict[str, Any]", value)
        made = answer.get("createdRecords")
        if call.effect == "create":
            made = [one.get("id") for one in _objects(answer.get("records", [answer]))]
            if len(made) != len(_objects(call.body.get("records", [answer]))):
                return
        if isinstance(made, list):
            self.created(id_ for id_ in made if isinstance(id_, str))

    def created_lately(self) -> set[str]:
        """The latest records that this process knows it has created, up to 100,000."""
        return set(self._created.copy())


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
