"""A local base on a simulated clock, with latency, faults and other writers, as a service for jobs."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from airhaul.bulk.engine.engine import Engine
from airhaul.bulk.engine.job import Arrival
from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.pacer import Pacer, Window
from airhaul.bulk.engine.retry import Retries
from airhaul.bulk.results.outcomes import Outcomes
from airhaul.bulk.results.policy import OnError
from airhaul.bulk.rows.encoders import Encoder, Ready
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.prefetch import Prefetch
from airhaul.bulk.writing.recorder import OutcomeRecorder
from airhaul.bulk.writing.rollback import WithRollback
from airhaul.bulk.writing.write_rows import WriteRows
from airhaul.errors import LostReplyError, NotSentError, TransportError
from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.faults import Faults
from airhaul.model.base import RecordBase
from airhaul.model.read import Reader
from airhaul.model.schema import fields_to_create
from airhaul.wire import endpoints
from airhaul.wire.call import Call

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class SimulatedBase:
    """An emulator whose clocks show what the simulation says.

    Args:
        model: The model of its one table.
        latency: The seconds of each reply, over and over.
        faults: What goes wrong at the service.
        not_sent: Which requests never leave, by number from 1.
        late: Which requests break off and are carried out some seconds later, by number.
        ahead_s: How far the service's clock is ahead of ours.
    """

    model: type[RecordBase]
    latency: list[float] = field(default_factory=lambda: [0.2])
    faults: Faults | None = None
    not_sent: set[int] = field(default_factory=set)
    late: dict[int, float] = field(default_factory=dict)
    ahead_s: float = 0.0
    limit: int | None = None

    def __post_init__(self) -> None:
        self.now = 0.0
        self.emulator = LocalBase.open(
            clock=lambda: self.now,
            wall_clock=lambda: EPOCH + timedelta(seconds=self.now + self.ahead_s),
            requests_per_second=self.limit,
        )
        self.base_id = self.emulator.default_base_id
        assert self.model.__airhaul_table__ is not None
        self.table: str = self.model.__airhaul_table__
        call = endpoints.create_table(self.base_id, self.table, fields_to_create(self.model))
        self.emulator.send(call, lambda: None)
        self.emulator.requests.clear()
        self.emulator.faults = self.faults
        self.arrivals = 0
        self._pending: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()

    def __call__(self, call: Call, now: float) -> tuple[float, Arrival]:
        """Answer a call that is sent now."""
        self.pass_time(now)
        self.arrivals += 1
        number = self.arrivals
        latency_s = self.latency[number % len(self.latency)]
        if number in self.not_sent:
            return 0.0, NotSentError("no connection")
        if number in self.late:
            self.at(now + self.late[number], lambda: self._answer(call))
            return latency_s, LostReplyError("the connection broke")
        outcome = self._answer(call)
        return (60.0 if _is_time_out(outcome) else latency_s), outcome

    def _answer(self, call: Call) -> Arrival:
        try:
            return self.emulator.send(call, lambda: None)
        except TransportError as error:
            return error

    def at(self, time: float, act: Callable[[], object]) -> None:
        """Let somebody else do something at a time."""
        heapq.heappush(self._pending, (time, next(self._numbers), act))

    def pass_time(self, now: float) -> None:
        """Let happen what is due."""
        while self._pending and self._pending[0][0] <= now:
            self.now, _, act = heapq.heappop(self._pending)
            act()
        self.now = now

    def write(self, *rows: dict[str, Any]) -> list[str]:
        """Create records as somebody else does, without faults, and say their ids."""
        faults, self.emulator.faults = self.emulator.faults, None
        ids: list[str] = []
        for start in range(0, len(rows), 10):
            call = endpoints.create_records(self.base_id, self.table, rows[start : start + 10])
            reply = self.emulator.send(call, lambda: None)
            assert reply.status == 200, reply.body
            ids += [record["id"] for record in reply.json()["records"]]
        self.emulator.faults = faults
        return ids

    def held(self) -> dict[str, dict[str, Any]]:
        """What the table holds now: cells by record id."""
        faults, self.emulator.faults = self.emulator.faults, None
        found: dict[str, dict[str, Any]] = {}
        offset = None
        while True:
            call = endpoints.list_records(
                self.base_id, self.table, endpoints.ListParameters(), offset
            )
            answer = self.emulator.send(call, lambda: None).json()
            found |= {record["id"]: record["fields"] for record in answer["records"]}
            offset = answer.get("offset")
            if offset is None:
                self.emulator.faults = faults
                return found

    def close(self) -> None:
        """Let go of the emulator."""
        self.emulator.close()


def _is_time_out(outcome: Arrival) -> bool:
    return isinstance(outcome, TimeoutError)


def writing_job(
    base: SimulatedBase,
    encoder: Encoder[Any],
    *,
    on_error: OnError = "stop",
    key: Any = None,
    look: Callable[[Target], Prefetch] | None = None,
    concurrency: int = 10,
    pacer: Pacer | None = None,
    retries: Retries | None = None,
    total: int | None = None,
) -> tuple[Engine[Outcomes[Any]], WriteRows[Any]]:
    """A bulk call on a simulated base, put together as the clients do it."""
    target = Target(base.base_id, base.table, base.model, key=key)
    observed = KnownBase()
    reader = Reader(base.model)
    own_encoder = encoder

    def make(outcomes: Outcomes[Any], encoder: Encoder[Any], policy: OnError) -> WriteRows[Any]:
        return WriteRows(
            target,
            encoder,
            OutcomeRecorder(
                outcomes, reader, observed, total=total if encoder is own_encoder else None
            ),
            observed,
            on_error=policy,
            look=look(target) if look is not None and policy == on_error else None,
            retries=retries,
        )

    main = make(Outcomes(), encoder, on_error)
    work: Any = main
    if on_error == "rollback":
        work = WithRollback(main, target, lambda outcomes, _: make(outcomes, Ready(), "continue"))
    job = Engine(
        work,
        pacer or Pacer([Window(5), Window(50)]),
        concurrency=concurrency,
        retries=retries,
        known_base=observed,
    )
    return job, main
