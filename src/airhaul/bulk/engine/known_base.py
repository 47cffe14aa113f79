"""What this process knows of one base, shared by all its jobs on that base."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any, Final, cast

from airhaul.bulk.engine.server_clock import ServerClock
from airhaul.wire.call import Call

_REMEMBERED: Final = 10_000


class KnownBase:
    """What is known of a base from its replies.

    Safe to share between threads: each change is a single step.
    """

    def __init__(self) -> None:
        self.clock = ServerClock()
        self.has_answered = False
        self._created: deque[str] = deque(maxlen=_REMEMBERED)

    def for_run_taken_up(self) -> KnownBase:
        """Return what is known, apart from the records that this process has created.

        The resumed run may look for some of them, if this process worked on it before and could
        not record their outcome.
        """
        taken = KnownBase()
        taken.clock, taken.has_answered = self.clock, self.has_answered
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
        """The latest records that this process knows it has created, up to 10,000."""
        return set(self._created.copy())


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
