"""The base that is written to: it remembers what it has really done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.faults import Fault, FaultKind
from airhaul.local_base.gate.tokens import Token
from airhaul.local_base.protocol.request import Request
from airhaul.wire import endpoints
from airhaul.wire.call import Call
from airhaul.wire.endpoints import ListParameters
from airhaul.wire.limits import RECORDS_PER_WRITE
from chaos_runs.things import TABLE, Cells

OUR_TOKEN: Final = "patOurs.x"  # noqa: S105 - the local base takes any
"""By this one the base knows the call that is checked."""

# How the kinds of faults begin that leave the sender of a request not knowing its fate.
_LOSING: Final = ("close", "timeout", "500", "502", "503", "truncated", "not-json")


class Clock:
    """The base's clock: ours, some seconds ahead."""

    def __init__(self, ahead_s: float) -> None:
        self.ahead = timedelta(seconds=ahead_s)

    def __call__(self) -> datetime:
        """The time there."""
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as the base saw it.

    Args:
        at: When, by the base's clock.
        request: The request.
        fault: The kind of fault that happened to it, or None.
        answer: The JSON of its answer, whether or not that went out; None if it was not carried
            out.
    """

    at: datetime
    request: Request
    fault: FaultKind | None
    answer: Any

    @property
    def is_ours(self) -> bool:
        """Whether the call that is checked has sent it."""
        return self.request.token == OUR_TOKEN

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing."""
        return self.request.method == "GET" or self.request.path.endswith("/listRecords")

    @property
    def may_be_lost(self) -> bool:
        """Whether its sender cannot know that it was carried out."""
        return self.fault is not None and self.fault.startswith(_LOSING)

    @property
    def rows(self) -> list[Any]:
        """The rows that it holds."""
        body = self.request.body
        if self.is_read or not isinstance(body, dict):
            return []
        return cast("list[Any]", body.get("records", [body]))

    @property
    def record_ids(self) -> list[str]:
        """The ids of the records that it names."""
        named = [value for name, value in self.request.query if name == "records[]"]
        return named + [row["id"] for row in self.rows if "id" in row]

    @property
    def records(self) -> list[Any]:
        """The records that it was answered with."""
        if self.answer is None:
            return []
        return cast("list[Any]", self.answer.get("records", [self.answer]))

    @property
    def created(self) -> list[str]:
        """The ids of the records that it has created."""
        if self.answer is None or self.is_read or self.request.path.startswith("/v0/meta/"):
            return []
        if self.request.method == "POST":
            return [record["id"] for record in self.records]
        return cast("list[str]", self.answer.get("createdRecords", []))


class WatchedEmulator(LocalBase):
    """A local base that remembers what it has really done."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.seen: list[Seen] = []

    def _carry_out(self, request: Request, token: Token, now: datetime, fault: Fault | None) -> Any:
        answer = None
        try:
            answer = super()._carry_out(request, token, now, fault)
        finally:
            self.seen.append(Seen(now, request, None if fault is None else fault.kind, answer))
        return answer

    def ask(self, call: Call) -> Any:
        """Send a call in process, without faults, and hand over the answer."""
        faults, self.faults = self.faults, None
        reply = self.send(call, lambda: None)
        self.faults = faults
        assert reply.status == 200, reply.body
        return reply.json()

    def write(self, rows: Sequence[Cells]) -> list[str]:
        """Create records, and say their ids."""
        ids: list[str] = []
        for start in range(0, len(rows), RECORDS_PER_WRITE):
            some = rows[start : start + RECORDS_PER_WRITE]
            answer = self.ask(endpoints.create_records(self.default_base_id, TABLE, some))
            ids += [record["id"] for record in answer["records"]]
        return ids

    def held(self) -> dict[str, Any]:
        """The records that the table holds, by id, in their order."""
        found: dict[str, Any] = {}
        offset: str | None = None
        while True:
            call = endpoints.list_records(self.default_base_id, TABLE, ListParameters(), offset)
            answer = self.ask(call)
            found |= {record["id"]: record for record in answer["records"]}
            offset = answer.get("offset")
            if offset is None:
                return found
