"""The base that is written to: it remembers what it has really done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.faults import Fault
from airhaul.local_base.gate.tokens import Token
from airhaul.local_base.protocol.request import Request
from airhaul.wire import endpoints
from airhaul.wire.call import Call
from airhaul.wire.endpoints import ListParameters
from airhaul.wire.limits import RECORDS_PER_WRITE
from chaos_runs.seen import Seen
from chaos_runs.things import TABLE, Cells


class Clock:
    """The base's clock: ours, some seconds ahead."""

    def __init__(self, ahead_s: float) -> None:
        self.ahead = timedelta(seconds=ahead_s)

    def __call__(self) -> datetime:
        """The time there."""
        return datetime.now(UTC) + self.ahead


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
