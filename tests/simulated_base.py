"""A local base on a simulated clock, with latency, faults and other writers, as a service for jobs."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from airhaul.bulk.engine.context import JobContext
from airhaul.bulk.engine.engine import Engine
from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.engine.job import Arrival
from airhaul.bulk.engine.pacer import Pacer, Window
from airhaul.bulk.engine.retry import Retries
from airhaul.bulk.journal.file import Journal
from airhaul.bulk.journal.log import RunLog
from airhaul.bulk.journal.runs import Run
from airhaul.bulk.plans.planner import Planner
from airhaul.bulk.results.outcomes import Outcomes
from airhaul.bulk.results.policy import OnError, Policy
from airhaul.bulk.rows.encoders import Encoder
from airhaul.bulk.rows.keys import Key
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.assemble import BulkWrite, RowInput, assemble
from airhaul.bulk.writing.prefetch import Prefetch
from airhaul.errors import LostReplyError, NotSentError, TransportError
from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.faults import Faults
from airhaul.model.base import RecordBase
from airhaul.model.read import Reader
from airhaul.model.schema import fields_to_create
from airhaul.testing import KilledError, SimulatedClock, simulate_flow
from airhaul.wire import endpoints
from airhaul.wire.call import Call

T = TypeVar("T")

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class SimulatedBase:
    """A local base whose clocks show what the simulation says.

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
        self.local_base = LocalBase.open(
            clock=lambda: self.now,
            wall_clock=lambda: EPOCH + timedelta(seconds=self.now + self.ahead_s),
            requests_per_second=self.limit,
        )
        self.base_id = self.local_base.default_base_id
        assert self.model.__airhaul_table__ is not None
        self.table: str = self.model.__airhaul_table__
        call = endpoints.create_table(self.base_id, self.table, fields_to_create(self.model))
        self.local_base.send(call, lambda: None)
        self.local_base.requests.clear()
        self.local_base.faults = self.faults
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
            return self.local_base.send(call, lambda: None)
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
        faults, self.local_base.faults = self.local_base.faults, None
        ids: list[str] = []
        for start in range(0, len(rows), 10):
            call = endpoints.create_records(self.base_id, self.table, rows[start : start + 10])
            reply = self.local_base.send(call, lambda: None)
            assert reply.status == 200, reply.body
            ids += [record["id"] for record in reply.json()["records"]]
        self.local_base.faults = faults
        return ids

    def held(self) -> dict[str, dict[str, Any]]:
        """What the table holds now: cells by record id."""
        faults, self.local_base.faults = self.local_base.faults, None
        found: dict[str, dict[str, Any]] = {}
        offset = None
        while True:
            call = endpoints.list_records(
                self.base_id, self.table, endpoints.ListParameters(), offset
            )
            answer = self.local_base.send(call, lambda: None).json()
            found |= {record["id"]: record["fields"] for record in answer["records"]}
            offset = answer.get("offset")
            if offset is None:
                self.local_base.faults = faults
                return found

    def close(self) -> None:
        """Let go of the local base."""
        self.local_base.close()


def _is_time_out(outcome: Arrival) -> bool:
    return isinstance(outcome, TimeoutError)


def context_of(
    *,
    concurrency: int = 10,
    pacer: Pacer | None = None,
    retries: Retries | None = None,
    clock: Callable[[], float] = lambda: 0.0,
) -> JobContext:
    """What the jobs of a simulated base share."""
    return JobContext(
        pacer or Pacer([Window(5), Window(50)]),
        clock,
        retries=retries or Retries(),
        concurrency=concurrency,
    )


def writing_job(
    base: SimulatedBase,
    encoder: Encoder[Any],
    *,
    on_error: OnError = "stop",
    key: Any = None,
    prefetch: Prefetch | None = None,
    total: int | None = None,
    **options: Any,
) -> Engine[Outcomes[Any]]:
    """A bulk job on a simulated base; the options are those of ``context_of``."""
    target = Target(base.base_id, base.table, base.model, key=key)
    reader = Reader(base.model)
    write = BulkWrite("simulated", target, reader, Policy.of(on_error), prefetch)
    return assemble(context_of(**options), write, RowInput((), encoder, total)).engine


class Quiet:
    """Listens to a bulk write, and keeps nothing."""

    def start(self, total: int | None) -> AbstractContextManager[Callable[[Any], None]]:
        return nullcontext(lambda _event: None)


class WatchedJournal(Journal):
    """A journal that lets go of its runs when its process is killed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._logs: list[RunLog] = []

    def begin(self, *arguments: Any) -> RunLog:
        self._logs.append(super().begin(*arguments))
        return self._logs[-1]

    def resume(self, run: Run) -> RunLog:
        self._logs.append(super().resume(run))
        return self._logs[-1]

    def die(self) -> None:
        """Let go of what the system takes from a process that is killed."""
        for log in self._logs:
            log.release()
            log.finish = _no_more  # its generators end with their garbage, and write nothing


def _no_more(*_: Any) -> None:
    """A dead process writes nothing."""


class Client:
    """One process that writes to a simulated base, on the clock that all of them share.

    Args:
        base: The base.
        clock: The clock.
        journal: The journal's file, or None for none.
        concurrency: How many requests it has in flight.
    """

    def __init__(
        self,
        base: SimulatedBase,
        clock: SimulatedClock,
        journal: Path | None = None,
        concurrency: int = 10,
    ) -> None:
        self.base = base
        self.clock = clock
        self.journal = None if journal is None else WatchedJournal(journal)
        self.pacer = Pacer([Window(5), Window(50)])
        self.context = context_of(concurrency=concurrency, pacer=self.pacer, clock=clock)

    def asked(
        self,
        verb: str,
        on_error: OnError = "stop",
        key: Key | None = None,
        prefetch: Prefetch | None = None,
        *,
        needs_types: bool = False,
    ) -> BulkWrite[Any]:
        """What a bulk write is asked to do, as the clients ask it."""
        target = Target(self.base.base_id, self.base.table, self.base.model, key=key)
        asked = BulkWrite(
            verb,
            target,
            Reader(self.base.model),
            Policy.of(on_error),
            journal=self.journal,
            service="simulated",
        )
        return replace(
            asked, prefetch=prefetch if asked.keeps_before else None, needs_types=needs_types
        )

    def planner(self, *, keeps_all: bool = False) -> Planner[Any]:
        """What plans the writes of the table."""
        target = Target(self.base.base_id, self.base.table, self.base.model)
        return Planner(self.context, target, self.base.model, keeps_all=keeps_all)

    def follow(
        self, flow: Flow[T], *, stop_at: float | None = None, kill_at: float | None = None
    ) -> T:
        """Run a flow to its end, or until the process is killed."""
        try:
            return simulate_flow(
                flow,
                self.base,
                self.clock,
                pacer=self.pacer,
                stop_at=None if stop_at is None else self.clock.now + stop_at,
                kill_at=None if kill_at is None else self.clock.now + kill_at,
            )
        except KilledError:
            if self.journal is not None:
                self.journal.die()
            raise
