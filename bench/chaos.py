"""Chaos: bulk calls over HTTP amidst faults and other writers, and whether what they say is so.

    python bench/chaos.py [--runs N] [--seed S] [--jobs J]

Each run opens a local base with faults, starts somebody else who writes to the same table, makes
one bulk call, and then compares the outcome of every row with what the base really holds. The
exit code is 1 if a row is lost or doubled, or an outcome is untrue; the seed that is named then
plays the same run alone: ``python bench/chaos.py --runs 1 --seed S``. The same seed gives the same
rows and faults; who comes first over HTTP is not the same each time.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from types import TracebackType
from typing import Any, Final, Self, cast

import pyairtable
from rich.console import Console
from sheet import Sheet

import airhaul.bulk.retry
from airhaul import Airtable, AsyncAirtable, BulkResult, Record, Retries, airtable_field, result_of
from airhaul.bulk.outcomes import RowOutcome
from airhaul.errors import (
    AirhaulError,
    BulkError,
    BulkInterrupted,
    InvalidRequestError,
    QuotaExceededError,
)
from airhaul.model.read import Reader
from airhaul.model.schema import fields_to_create
from airhaul.server.emulator import Emulator
from airhaul.server.faults import KINDS, Fault, FaultKind, Faults
from airhaul.server.request import Request
from airhaul.server.serve import LocalServer
from airhaul.wire import endpoints
from airhaul.wire.call import Call
from airhaul.wire.endpoints import ListParameters
from airhaul.wire.limits import RECORDS_PER_WRITE

Cells = dict[str, Any]

RUNS: Final = 300
_WIDTH: Final = 100  # less would cut the tables
TABLE: Final = "Things"
NOBODY: Final = "rec" + "0" * 14
_OURS: Final = "patOurs.x"
_OTHERS: Final = "patOthers.x"
_TIMEOUT_S: Final = 0.3
_HOLD_S: Final = 0.5
# Airtable's own is 30 s, and the client waits so long where the service does not say.
_PENALTY_S: Final = 0.2
_RETRIES: Final = Retries(backoff_s=0.01, settle_s=0.05, tries=5)
# Rows that equal older ones cannot be told from them within the grain of the service's clock.
_OLDER_S: Final = (3.5, 4.5, 10.0)
_GRAIN: Final = timedelta(seconds=6)
_LOSING: Final = ("close", "timeout", "500", "502", "503", "truncated", "not-json")
_MADE_AGAIN: Final = re.compile(r"it was (rec\w{14}), and is made again as (rec\w{14})")


class Thing(Record, table=TABLE):
    """What the runs write; whose it is tells a column."""

    name: str
    email: str | None = airtable_field(None, type="email")
    number: int | None = None
    # Airtable merges on no currency, so that these keys are looked up by the client.
    rank: float | None = airtable_field(None, type="currency")
    # A choice that is not there is refused by the service alone.
    kind: str = airtable_field("plain", type="singleSelect", choices=["plain", "fancy", "new"])
    note: str = ""
    owner: str = "ours"


def cells_of(number: int, /, **more: Any) -> Cells:
    """What the thing of a number holds; None for an empty cell."""
    cells = {
        "name": f"n{number}",
        "email": f"n{number}@example.org",
        "number": number,
        "rank": number + 0.5,
        "kind": "plain",
        "owner": "ours",
        **more,
    }
    return {name: cell for name, cell in cells.items() if cell not in (None, "")}


def changed(cells: Cells, change: Mapping[str, Any]) -> Cells:
    """What a thing holds after a change."""
    return {name: cell for name, cell in {**cells, **change}.items() if cell not in (None, "")}


# --- the base, and who writes to it


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
        return self.request.token == _OURS

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


class WatchedEmulator(Emulator):
    """An emulator that remembers what it has really done."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.seen: list[Seen] = []

    def _answer(self, request: Request, now: datetime, fault: Fault | None) -> Any:
        answer = None
        try:
            answer = super()._answer(request, now, fault)
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


class FaultsForUs(Faults):
    """Faults that happen to the call that is checked, and to nobody else."""

    def next_for(self, request: Request) -> Fault | None:
        """Say what happens to a request."""
        return super().next_for(request) if request.token == _OURS else None


class Others(threading.Thread):
    """Somebody else, who creates, changes and deletes things of their own all the time.

    Args:
        url: The base's server.
        base_id: The base.
        seed: What chance begins with.
        is_airhaul: Whether they use airhaul, in this process, over a connection of their own.
    """

    def __init__(self, url: str, base_id: str, seed: int, *, is_airhaul: bool) -> None:
        super().__init__(name="others", daemon=True)
        self._place = url, base_id
        self._chance = Random(f"{seed} others")  # noqa: S311 - it is to repeat
        self._is_airhaul = is_airhaul
        self._end = threading.Event()
        self._ids: list[str] = []
        self._number = 1_000_000
        self.failures: list[Exception] = []

    def run(self) -> None:
        """Write until told to stop."""
        url, base_id = self._place
        if self._is_airhaul:
            with Airtable(_OTHERS, base_id, endpoint_url=url, requests_per_second=1_000) as opened:
                self._write(_AirhaulHand(opened))
        else:
            api = pyairtable.Api(_OTHERS, endpoint_url=url)
            self._write(api.table(base_id, TABLE))
            api.session.close()

    def _write(self, table: Any) -> None:
        while not self._end.wait(self._chance.uniform(0, 0.05)):
            try:
                self._write_once(table)
            except Exception as error:  # noqa: BLE001 - a sync may have deleted what is theirs
                self.failures.append(error)

    def _write_once(self, table: Any) -> None:
        what = self._chance.random()
        if what < 0.5 or not self._ids:
            rows = [self._new() for _ in range(self._chance.randint(1, 3))]
            self._ids += [record["id"] for record in table.batch_create(rows)]
            return
        place = self._chance.randrange(len(self._ids))
        if what < 0.75:
            table.batch_update([{"id": self._ids[place], "fields": {"note": f"their {what}"}}])
        else:
            table.batch_delete([self._ids.pop(place)])

    def _new(self) -> Cells:
        self._number += 1
        # In all but the owner they look like ours, where they can without having our keys.
        if self._chance.random() < 0.5:
            like = cells_of(self._chance.randint(0, 5), owner="others")
            return {name: like[name] for name in ("name", "kind", "owner")}
        return cells_of(self._number, owner="others")

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self._end.set()
        self.join()


class _AirhaulHand:
    """Airhaul with the verbs of pyairtable."""

    def __init__(self, airtable: Airtable) -> None:
        self._table = airtable.table(Thing)

    def batch_create(self, rows: list[Cells]) -> list[Any]:
        return [{"id": record.id} for record in self._table.bulk_create(rows)]

    def batch_update(self, rows: list[Any]) -> None:
        self._table.bulk_update([{"id": row["id"], **row["fields"]} for row in rows])

    def batch_delete(self, ids: list[str]) -> None:
        self._table.bulk_delete(ids)


# --- what is asked for


@dataclass
class Row:
    """One row of a call, and what is to come of it.

    Args:
        given: What the call gets.
        target: The record that it is about; None for a new one.
        wanted: What the record holds if the row is written; None if it is deleted.
        refused: Whether it cannot be written.
    """

    given: Any
    target: str | None = None
    wanted: Cells | None = None
    refused: bool = False


@dataclass
class Deed:
    """What a run asks for.

    Args:
        rows: The rows.
        act: Makes the call on a table of either face, with options.
        key: The field that tells records, or None.
        deletes_missing: Whether what is not among the rows is deleted.
        may_refuse_all: Whether the call may be refused as a whole.
    """

    rows: list[Row]
    act: Callable[..., Any]
    key: str | None = None
    deletes_missing: bool = False
    may_refuse_all: bool = False


VERBS: Final = (
    "bulk_create of a list",
    "bulk_create of a generator",
    "bulk_create of records",
    "bulk_update",
    "bulk_save",
    "bulk_upsert by email",
    "bulk_upsert by number",
    "bulk_upsert by rank",
    "bulk_delete",
    "sync",
    "sync with delete_missing",
    "where().update",
    "where().delete",
)


class Planner:
    """Thinks out what a run does, and fills the table with what is there before.

    Args:
        chance: Decides.
        emulator: The base.
        verb: One of ``VERBS``.
        on_error: The policy.
        is_async: Whether rows may come from an asynchronous generator.
    """

    def __init__(
        self,
        chance: Random,
        emulator: WatchedEmulator,
        verb: str,
        on_error: str,
        *,
        is_async: bool,
    ) -> None:
        self._chance = chance
        self._emulator = emulator
        self._verb = verb
        self._is_async = is_async
        most = chance.choice([1, 5, 30, 120, 300, 300])
        self._size = size = chance.randint(1, most)
        bad = chance.choice([0, 0, 0, 0, 1, 2, 5])
        self._bad = {chance.randrange(size) for _ in range(bad)}
        if on_error != "continue":
            # Late, so that there is something written by then, and to be taken back.
            self._bad = {index for index in self._bad if index >= size // 2}

    def deed(self) -> Deed:
        """Decide, and write what is there before."""
        verb = self._verb
        if verb.startswith("bulk_create"):
            return self._create()
        if verb in ("bulk_update", "bulk_save"):
            return self._change()
        if verb == "bulk_delete":
            return self._delete()
        if verb.startswith("where()"):
            return self._where()
        return self._by_key()

    def _there(self, rows: Sequence[Cells]) -> dict[str, Cells]:
        return dict(zip(self._emulator.write(rows), rows, strict=True))

    def _things(self, there: Mapping[str, Cells]) -> list[Thing]:
        held = self._emulator.held()
        records = [Reader(Thing).read(held[id_]) for id_ in there]
        return [record for record in records if record is not None]

    def _kind(self, index: int, *good: str) -> str:
        return "none" if index in self._bad else self._chance.choice(good or ("plain", "fancy"))

    def _new_cells(self, index: int, variety: int) -> Cells:
        return cells_of(self._chance.randint(0, variety), kind=self._kind(index, "plain", "plain"))

    def _create(self) -> Deed:
        # With little variety many rows are identical, within a request and between them.
        variety = self._chance.choice([0, 3, 10, 1_000])
        wanted = [self._new_cells(index, variety) for index in range(self._size)]
        older = self._chance.sample(wanted, self._chance.randint(0, len(wanted)))
        self._there([{**row, "kind": "plain"} for row in older])
        as_things = self._verb == "bulk_create of records"
        rows = [
            Row(Thing(**cells) if as_things else cells, None, cells, index in self._bad)
            for index, cells in enumerate(wanted)
        ]
        shape = {"bulk_create of a list": 0.0, "bulk_create of a generator": 1.0}.get(self._verb)
        return Deed(
            rows, lambda table, **options: table.bulk_create(self._given(rows, shape), **options)
        )

    def _given(self, rows: Sequence[Row], shape: float | None = None) -> Any:
        given = [row.given for row in rows]
        shape = self._chance.random() if shape is None else shape
        if shape < 0.5:
            return given
        if self._is_async and shape < 0.75:
            return _slowly(given)
        return (row for row in given)

    def _before(self, count: int) -> dict[str, Cells]:
        note = self._chance.choice(["", "old"])
        return self._there([cells_of(index, note=note) for index in range(count)])

    def _change(self) -> Deed:
        is_save = self._verb == "bulk_save"
        new = {index for index in range(self._size) if is_save and self._chance.random() < 0.4}
        there = self._before(self._size - len(new))
        things = iter(self._things(there))
        as_things = is_save or self._chance.random() < 0.4
        rows: list[Row] = []
        for index in range(self._size):
            if index in new:
                cells = self._new_cells(index, 3)
                rows.append(Row(Thing(**cells), None, cells, index in self._bad))
                continue
            thing = next(things)
            assert thing.id is not None
            was = there[thing.id]
            change: Cells = {"kind": self._kind(index), "note": self._chance.choice(["", "new"])}
            if as_things:
                for name, value in change.items():
                    setattr(thing, name, value)
            given = thing if as_things else {"id": thing.id, **change}
            rows.append(Row(given, thing.id, changed(was, change), index in self._bad))
        verb = self._verb
        return Deed(
            rows, lambda table, **options: getattr(table, verb)(self._given(rows), **options)
        )

    def _delete(self) -> Deed:
        there = self._before(self._size + 3)
        things = self._things(there)
        as_things = self._chance.random() < 0.3
        rows: list[Row] = []
        for index, id_ in enumerate([*there][: self._size]):
            if index == min(self._bad, default=None):
                rows.append(Row(NOBODY, NOBODY, None, refused=True))
            else:
                rows.append(Row(things[index] if as_things else id_, id_))
        return Deed(rows, lambda table, **options: table.bulk_delete(self._given(rows), **options))

    def _where(self) -> Deed:
        there = self._before(self._size + self._chance.choice([5, 100]))
        below = self._chance.randint(1, self._size)
        chosen = {id_: was for id_, was in there.items() if was["number"] < below}
        lookups = {"owner": "ours", "number__lt": below}
        if self._verb == "where().delete":
            rows = [Row(None, id_) for id_ in chosen]
            return Deed(rows, lambda table, **options: table.where(**lookups).delete(**options))
        change: Cells = {"kind": self._kind(0, "fancy", "plain"), "note": "new"}
        rows = [
            Row(None, id_, changed(was, change), change["kind"] == "none")
            for id_, was in chosen.items()
        ]
        return Deed(
            rows, lambda table, **options: table.where(**lookups).update(**options, **change)
        )

    def _by_key(self) -> Deed:
        is_sync = self._verb.startswith("sync")
        key = "email" if is_sync else self._verb.rpartition(" ")[2]
        if is_sync and self._chance.random() < 0.3:
            key = "rank"
        new = {index for index in range(self._size) if self._chance.random() < 0.4}
        left = [index for index in range(self._size) if index not in new]
        # Besides those that are among the rows, some that are not, and some without a key.
        more = self._chance.choice([0, 3, 30, 150])
        before = [cells_of(index, note=self._chance.choice(["", "old"])) for index in left]
        before += [cells_of(100_000 + extra) for extra in range(more)]
        before += [cells_of(0, email=None, number=None, rank=None) for _ in range(2)]
        # Two records with one key, so that it does not tell which one a row is.
        doubled = left[0] if left and self._chance.random() < 0.1 else None
        if doubled is not None:
            before.append(cells_of(doubled, name="twin"))
        self._chance.shuffle(before)
        there = self._there(before)
        by_key = {was[key]: id_ for id_, was in there.items() if key in was}
        gives_all = self._chance.random() < 0.5
        rows: list[Row] = []
        for index in range(self._size):
            cells = cells_of(index, kind=self._kind(index))
            given: Cells = {
                name: cells[name] for name in ("name", key, "kind") if name in cells
            } | {"note": self._chance.choice(["", "old", "new"])}
            if gives_all:
                given |= {**cells, "note": given["note"]}
            elif index not in self._bad and self._chance.random() < 0.5:
                del given["kind"]  # the model's default goes into new records only
            target = None if index in new else by_key[cells[key]]
            base = {"kind": "plain", "owner": "ours"} if target is None else there[target]
            refused = index in self._bad or index == doubled
            rows.append(Row(given, target, changed(base, given), refused))
        if not is_sync:
            act = lambda table, **options: table.bulk_upsert(self._given(rows), key, **options)  # noqa: E731
            return Deed(rows, act, key)
        deletes = self._verb == "sync with delete_missing"
        more_options: dict[str, Any] = {"parallel": self._chance.choice([1, 1, 3])}
        if deletes:
            more_options |= {"delete_missing": True, "max_deletes": 100_000}
        return Deed(
            rows,
            lambda table, **options: table.sync(self._given(rows), key, **more_options, **options),
            key,
            deletes_missing=deletes,
            may_refuse_all=doubled is not None,
        )


async def _slowly(rows: Sequence[Any]) -> AsyncIterator[Any]:
    for row in rows:
        await asyncio.sleep(0)
        yield row


def some_faults(chance: Random, seed: int) -> Faults:
    """Choose what goes wrong: by chance, at the very N-th request, or for a while altogether."""
    faults: list[Fault] = []
    for _ in range(chance.choice([0, 1, 2, 3, 4, 5])):
        kind = chance.choice(KINDS)
        if kind == "quota" and chance.random() < 0.5:
            kind = "timeout-after"  # it ends a call for good
        if kind == "iterator-lost":
            faults.append(Fault(kind, probability=0.7, times=chance.randint(1, 3)))
            continue
        method = chance.choice([None, None, None, "GET", "POST", "PATCH", "DELETE"])
        retry_after_s = chance.choice([0.0, 0.0, 0.0, 1.0])
        way = chance.random()
        if way < 0.4:
            at = chance.randint(1, 14)
            faults.append(Fault(kind, at=at, method=method, retry_after_s=retry_after_s))
            continue
        probability = chance.choice([0.1, 0.3, 0.6]) if way < 0.9 else 1.0
        times = chance.randint(1, 8) if kind.startswith("timeout") else chance.randint(1, 20)
        faults.append(
            Fault(
                kind,
                probability=probability,
                method=method,
                times=times,
                retry_after_s=retry_after_s,
            )
        )
    return FaultsForUs(*faults, seed=seed)


class InterruptionError(Exception):
    """What the caller's own code raises in the middle of a call."""


@dataclass
class Break:
    """How a call is broken off from outside, if it is.

    Args:
        at_event: The event at which the caller's callback raises, or None.
        error: What it raises.
        cancel_after_s: When the task is cancelled, or None.
    """

    at_event: int | None = None
    error: BaseException | None = None
    cancel_after_s: float | None = None

    @classmethod
    def some(cls, chance: Random, *, is_async: bool, is_likely: bool) -> Self:
        """Choose; most calls come to their own end."""
        if chance.random() > (0.4 if is_likely else 0.12):
            return cls()
        is_first = chance.random() < 0.5
        if is_async and is_first:
            return cls(cancel_after_s=chance.uniform(0.0, 1.5))
        error = InterruptionError() if is_async or is_first else KeyboardInterrupt()
        return cls(at_event=chance.randint(1, 12), error=error)

    @property
    def is_one(self) -> bool:
        """Whether it happens."""
        return self.at_event is not None or self.cancel_after_s is not None

    def options(self) -> dict[str, Any]:
        """The options of the call that make it happen."""
        if self.at_event is None:
            return {}
        left = self.at_event

        def count(_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                assert self.error is not None
                raise self.error

        return {"on_event": count}


# --- one run


@dataclass
class Report:
    """What came of a run, or of many.

    Args:
        seeds: The seeds of the runs.
        figures: What was counted, by name.
        problems: What was found wrong: kind, seed and description.
    """

    seeds: list[int] = field(default_factory=list[int])
    figures: Counter[str] = field(default_factory=Counter[str])
    problems: list[tuple[str, int, str]] = field(default_factory=list[tuple[str, int, str]])
    seconds: float = 0.0

    def add(self, other: Report) -> None:
        """Add the report of another run."""
        self.seeds += other.seeds
        self.figures += other.figures
        self.problems += other.problems
        self.seconds += other.seconds

    def wrong(self, kind: str) -> int:
        """How many rows are lost, doubled or untrue."""
        return self.figures[f"wrong {kind}"]


@dataclass
class Ended:
    """How a call ended.

    Args:
        result: What became of each row, or None if nothing was begun.
        error: What was raised, or None.
    """

    result: BulkResult[Thing] | None
    error: BaseException | None = None

    @classmethod
    def with_error(cls, error: BaseException) -> Self:
        """The end of a call that raised."""
        return cls(result_of(error), error)


@contextmanager
def short_penalty() -> Iterator[None]:
    """Let the penalty for too many requests be short, in this process."""
    before = airhaul.bulk.retry.RATE_LIMIT_PENALTY_S
    airhaul.bulk.retry.RATE_LIMIT_PENALTY_S = _PENALTY_S  # type: ignore[misc]
    try:
        yield
    finally:
        airhaul.bulk.retry.RATE_LIMIT_PENALTY_S = before  # type: ignore[misc]


def run_once(seed: int) -> Report:
    """Make one call amidst chaos, and look whether what it says is so.

    Args:
        seed: Decides what happens.
    """
    began = time.monotonic()
    chance = Random(seed)  # noqa: S311 - it is to repeat
    verb = VERBS[seed % len(VERBS)]
    is_async = chance.random() < 1 / 3
    on_error = chance.choice(["stop", "continue", "continue", "rollback"])
    clock = Clock(chance.choice([0.0, 0.4, -7.3, 3_600.9]))
    emulator = WatchedEmulator.open(wall_clock=clock, hold_s=_HOLD_S)
    with short_penalty(), emulator:
        fields = fields_to_create(Thing)
        emulator.ask(endpoints.create_table(emulator.default_base_id, TABLE, fields))
        older = timedelta(seconds=chance.choice(_OLDER_S))
        clock.ahead -= older
        deed = Planner(chance, emulator, verb, on_error, is_async=is_async).deed()
        before = emulator.held()
        emulator.seen.clear()
        clock.ahead += older
        options: dict[str, Any] = {"on_error": on_error, "concurrency": chance.randint(1, 12)}
        if chance.random() < 0.1:
            options["max_requests"] = chance.randint(0, 20)
        is_likely = on_error == "rollback" and verb == "where().delete"
        breaking = Break.some(chance, is_async=is_async, is_likely=is_likely)
        with_others = chance.choice(["pyairtable", "airhaul", None])
        faults = some_faults(chance, seed)
        if chance.random() < 0.5:
            emulator.faults = faults  # else when the client has had its first answer
        call = _call_async if is_async else _call
        with LocalServer(emulator) as server, _maybe_others(with_others, server, emulator, seed):
            ended = call(server.url, emulator, deed, options, breaking, faults)
        judge = Judge(seed, emulator, deed, before, ended, on_error, breaking)
        report = judge.report()
        title = f"{verb}, {options}, {len(deed.rows)} rows, async={is_async}, {with_others}"
        report.problems = [(kind, of, f"{title}: {what}") for kind, of, what in report.problems]
        report.figures[f"face {'async' if is_async else 'sync'}"] += 1
        report.figures[f"verb {verb}"] += 1
    report.seconds = time.monotonic() - began
    return report


@contextmanager
def _maybe_others(
    who: str | None, server: LocalServer, emulator: Emulator, seed: int
) -> Iterator[None]:
    if who is None:
        yield
        return
    base_id = emulator.default_base_id
    with Others(server.url, base_id, seed, is_airhaul=who == "airhaul"):
        yield


def _client_options(url: str) -> dict[str, Any]:
    return {
        "endpoint_url": url,
        "timeout_s": _TIMEOUT_S,
        "retries": _RETRIES,
        "requests_per_second": 1_000,
    }


def _call(
    url: str,
    emulator: WatchedEmulator,
    deed: Deed,
    options: Mapping[str, Any],
    breaking: Break,
    faults: Faults,
) -> Ended:
    with Airtable(_OURS, emulator.default_base_id, **_client_options(url)) as airtable:
        try:
            if emulator.faults is None:
                airtable.whoami()
                emulator.faults = faults
            return Ended(deed.act(airtable.table(Thing), **options, **breaking.options()))
        except BaseException as error:  # noqa: BLE001 - judged
            return Ended.with_error(error)


def _call_async(
    url: str,
    emulator: WatchedEmulator,
    deed: Deed,
    options: Mapping[str, Any],
    breaking: Break,
    faults: Faults,
) -> Ended:
    async def main() -> Ended:
        task = asyncio.current_task()
        assert task is not None
        base_id = emulator.default_base_id
        async with AsyncAirtable(_OURS, base_id, **_client_options(url)) as airtable:
            try:
                if emulator.faults is None:
                    await airtable.whoami()
                    emulator.faults = faults
                if breaking.cancel_after_s is not None:
                    asyncio.get_running_loop().call_later(breaking.cancel_after_s, task.cancel)
                made = deed.act(airtable.table(Thing), **options, **breaking.options())
                return Ended(await made)
            except BaseException as error:  # noqa: BLE001 - judged
                return Ended.with_error(error)

    try:
        return asyncio.run(main())
    except asyncio.CancelledError as error:  # it came when all was over
        return Ended.with_error(error)


# --- what is true


class Judge:
    """Compares what a call says with what the base did and holds.

    Args:
        seed: The seed of the run.
        emulator: The base, after the run.
        deed: What was asked for.
        before: The records before, by id.
        ended: How the call ended.
        on_error: The policy.
        breaking: How the call was broken off.
    """

    def __init__(
        self,
        seed: int,
        emulator: WatchedEmulator,
        deed: Deed,
        before: Mapping[str, Any],
        ended: Ended,
        on_error: str,
        breaking: Break,
    ) -> None:
        self._seed = seed
        self._deed = deed
        self._ended = ended
        self._on_error = on_error
        self._breaking = breaking
        faults = emulator.faults
        self._injected: Counter[str] = Counter() if faults is None else faults.injected
        self._seen = [seen for seen in emulator.seen if seen.request.token is not None]
        self._ours = [seen for seen in self._seen if seen.is_ours]
        self._records = emulator.held()
        self._held: dict[str, Cells] = {id_: one["fields"] for id_, one in self._records.items()}
        self._before: dict[str, Cells] = {id_: one["fields"] for id_, one in before.items()}
        self._before_at = {
            id_: datetime.fromisoformat(one["createdTime"]) for id_, one in before.items()
        }
        self._theirs = self._what_others_left()
        self._made_by_us = {id_ for seen in self._ours for id_ in seen.created}
        self._claimed: dict[str, str] = {}
        self._may_be_left: Counter[Any] = Counter()
        self._unknown_deletions = 0
        self._report = Report([seed])

    def _what_others_left(self) -> dict[str, Cells]:
        left: dict[str, Cells] = {}
        for seen in self._seen:
            if seen.is_ours or seen.is_read:
                continue
            for record in seen.records:
                if seen.request.method == "DELETE":
                    left.pop(record["id"], None)
                else:
                    left[record["id"]] = record["fields"]
        return left

    def _find(self, kind: str, what: str, rows: int = 1) -> None:
        self._report.figures[f"wrong {kind}"] += rows
        self._report.problems.append((kind, self._seed, what))

    def report(self) -> Report:
        """Judge all."""
        figures = self._report.figures
        figures["runs"] = 1
        figures["requests"] = len(self._ours)
        figures["requests of others"] = len(self._seen) - len(self._ours)
        figures["writes of unclear fate"] = sum(
            seen.may_be_lost and not seen.is_read for seen in self._ours
        )
        figures.update({f"fault {kind}": number for kind, number in self._injected.items()})
        self._judge_end()
        outcomes: list[RowOutcome[Thing]] = []
        if self._ended.result is not None:
            outcomes = list(self._ended.result.outcomes)
        for outcome in outcomes:
            figures[f"row {outcome.state}"] += 1
            if outcome.index < len(self._deed.rows):
                self._judge_row(self._deed.rows[outcome.index], outcome)
            else:
                self._judge_deletion(outcome)
        taken = len(outcomes)
        figures["row not taken"] += max(0, len(self._deed.rows) - taken)
        for row in self._deed.rows[taken:]:
            self._must_be_as_before(row.target, "it was not taken")
        self._judge_completeness(outcomes)
        self._judge_rest()
        return self._report

    # --- the end of the call

    def _judge_end(self) -> None:
        error, result = self._ended.error, self._ended.result
        expected: tuple[type[BaseException], ...] = (AirhaulError,)
        if self._breaking.is_one:
            expected += (InterruptionError, asyncio.CancelledError, BulkInterrupted)
        if error is not None and not isinstance(error, expected):
            self._find("untrue", f"it raised {error!r}")
        if error is None and result is None:
            self._find("untrue", "it returned nothing")
        is_silent = error is None and self._on_error != "continue"
        if is_silent and result is not None and not result.is_complete:
            self._find("untrue", f"it raised nothing, and says {result}")
        if isinstance(error, BulkError) and result is not None and result.is_complete:
            self._find("untrue", f"it raised {error}, and all is done")
        if error is not None and result is None:
            self._report.figures["calls that wrote nothing"] += 1
        self._report.figures[f"ended {type(error).__name__ if error else 'well'}"] += 1

    def _judge_completeness(self, outcomes: Sequence[RowOutcome[Thing]]) -> None:
        states = Counter(outcome.state for outcome in outcomes)
        ended_well = self._ended.error is None
        if ended_well and len(outcomes) < len(self._deed.rows):
            self._find("untrue", f"it ended well, and took {len(outcomes)} rows only")
        if ended_well and states["skipped"]:
            self._find("untrue", f"it ended well, and skipped {states['skipped']} rows")

    # --- rows

    def _judge_row(self, row: Row, outcome: RowOutcome[Thing]) -> None:
        match outcome.state:
            case "created":
                self._judge_created(row, outcome)
            case "updated" | "unchanged":
                self._judge_there(row, outcome)
            case "deleted":
                self._judge_gone(row.target, outcome)
            case "failed":
                self._must_be_as_before(row.target, f"row {outcome.index} failed")
                self._judge_failure(row, outcome)
            case "skipped":
                self._must_be_as_before(row.target, f"row {outcome.index} was skipped")
            case "undone":
                self._judge_undone(row.target, outcome)
            case "unknown":
                self._judge_unknown(row, outcome)
        self._judge_record(row, outcome)

    def _claim(self, record_id: str, outcome: RowOutcome[Thing]) -> None:
        said = f"row {outcome.index} {outcome.state}"
        if record_id in self._claimed:
            self._find("lost", f"{record_id} is claimed by {self._claimed[record_id]} and {said}")
        self._claimed[record_id] = said

    def _judge_created(self, row: Row, outcome: RowOutcome[Thing]) -> None:
        id_, said = outcome.id, f"row {outcome.index} is created as {outcome.id}"
        if id_ is None or id_ not in self._held:
            self._find("lost", f"{said}, and that is not there ({outcome.error})")
            return
        self._claim(id_, outcome)
        if row.target is not None:
            self._find("untrue", f"{said}, and was there as {row.target}")
        if id_ in self._before or id_ not in self._made_by_us:
            self._find("untrue", f"{said}, which this call has not created")
        if self._held[id_] != row.wanted:
            self._find("untrue", f"{said}, and holds {self._held[id_]}, not {row.wanted}")

    def _judge_there(self, row: Row, outcome: RowOutcome[Thing]) -> None:
        id_, said = outcome.id, f"row {outcome.index} is {outcome.state} as {outcome.id}"
        if id_ is None or id_ not in self._held:
            self._find("lost", f"{said}, and that is not there ({outcome.error})")
            return
        self._claim(id_, outcome)
        if id_ != row.target:
            self._find("untrue", f"{said}, and should be {row.target or 'a new one'}")
        if self._held[id_] != row.wanted:
            self._find("untrue", f"{said}, and holds {self._held[id_]}, not {row.wanted}")
        was = self._before.get(id_)
        if outcome.state == "unchanged" and was != row.wanted:
            self._find("untrue", f"{said}, and was {was}")

    def _judge_gone(self, target: str | None, outcome: RowOutcome[Thing]) -> None:
        id_ = outcome.id or target
        said = f"row {outcome.index} is deleted as {id_}"
        if id_ is None or (target is not None and id_ != target):
            self._find("untrue", f"{said}, and should be {target}")
        elif id_ in self._held:
            self._find("untrue", f"{said}, and is there")
        else:
            self._claim(id_, outcome)

    def _must_be_as_before(self, target: str | None, said: str) -> None:
        if target is None or target == NOBODY:
            return
        if target not in self._held:
            self._find("lost", f"{said}, and {target} is gone")
        elif self._held[target] != self._before[target]:
            now, was = self._held[target], self._before[target]
            self._find("untrue", f"{said}, and {target} was {was} and is {now}")

    def _judge_undone(self, target: str | None, outcome: RowOutcome[Thing]) -> None:
        said = f"row {outcome.index} is undone ({outcome.note})"
        again = _MADE_AGAIN.search(outcome.note or "")
        if self._on_error != "rollback":
            self._find("untrue", f"{said}, and nothing was to be")
        if again is None:
            if outcome.note is not None:
                self._find("untrue", f"{said}, and nobody deletes what is ours")
            self._must_be_as_before(target, said)
            return
        old, new = again.groups()
        was = self._before.get(old)
        if (target is not None and old != target) or old in self._held or outcome.id != new:
            self._find("untrue", f"{said}, and {target} is there or another one")
        self._claim(old, outcome)
        if new not in self._held or new in self._before or new not in self._made_by_us:
            self._find("lost", f"{said}, and {new} is not there, or not made by this call")
            return
        self._claim(new, outcome)
        now = self._held[new]
        if (was is not None and now != was) or (was is None and now.get("owner") != "others"):
            self._find("untrue", f"{said}, and was {was} and is {now}")

    def _judge_deletion(self, outcome: RowOutcome[Thing]) -> None:
        """One of those that follow the rows of a sync; its id is known where it is gone."""
        if not self._deed.deletes_missing:
            self._find("untrue", f"there is a row {outcome.index}, and none was given")
        match outcome.state:
            case "deleted":
                self._judge_gone(None, outcome)
            case "undone":
                self._judge_undone(None, outcome)
            case "unknown":
                self._unknown_deletions += 1
                if self._on_error == "rollback":
                    for was in self._before.values():
                        self._may_be_left[_form(was)] += 1
                self._justify(None, outcome)
            case "failed" | "skipped":
                pass  # nothing is said of which one, and what is gone has to be claimed
            case _:
                self._find("untrue", f"row {outcome.index}, a deletion, is {outcome.state}")

    def _judge_unknown(self, row: Row, outcome: RowOutcome[Thing]) -> None:
        self._justify(row, outcome)
        if row.target is None:
            self._may_be_left[_form(row.wanted)] += 1
            return
        if row.target == NOBODY:
            return
        was, now = self._before[row.target], self._held.get(row.target)
        self._claimed[row.target] = f"row {outcome.index} unknown"
        if now is None and self._on_error == "rollback":
            self._may_be_left[_form(was)] += 1
        if now not in (was, row.wanted):
            said = f"row {outcome.index} is unknown, {row.target}"
            self._find("untrue", f"{said} was {was}, should be {row.wanted} and is {now}")

    def _judge_record(self, row: Row, outcome: RowOutcome[Thing]) -> None:
        """The caller's own records are brought up to date, and those handed back are whole."""
        record = outcome.record
        there = outcome.state in ("created", "updated", "unchanged")
        if there and outcome.id in self._held:
            if record is None or record.id != outcome.id:
                self._find("untrue", f"row {outcome.index} is there, and its record {record!r}")
            elif outcome.error is None and _cells(record) != self._held[outcome.id]:
                self._find("untrue", f"row {outcome.index} hands back {_cells(record)}")
        is_new_thing = isinstance(row.given, Thing) and row.target is None
        if is_new_thing and outcome.state in ("failed", "skipped") and row.given.id is not None:
            self._find("untrue", f"row {outcome.index} {outcome.state}, its record has an id")
        if is_new_thing and outcome.state == "created" and row.given.id != outcome.id:
            self._find("untrue", f"row {outcome.index} is created, its record {row.given.id}")

    # --- reasons

    def _judge_failure(self, row: Row, outcome: RowOutcome[Thing]) -> None:
        if row.refused or outcome.error is None:
            return
        cause = outcome.error.__cause__ or outcome.error
        if isinstance(cause, InvalidRequestError) and self._on_error == "continue":
            self._find("untrue", f"row {outcome.index} is good, and failed: {outcome.error}")
        has_bad = any(row.refused for row in self._deed.rows)
        if not has_bad and not self._injected:
            self._find("untrue", f"row {outcome.index} failed without a cause: {outcome.error}")

    def _justify(self, row: Row | None, outcome: RowOutcome[Thing]) -> None:
        """Look why it could not be told what became of a row."""
        error = outcome.error
        said = " ".join([str(error), *getattr(error, "__notes__", ())])
        about = [seen for seen in self._ours if self._is_about(row, outcome, seen)]
        lost = [seen for seen in about if seen.may_be_lost]
        reads = [seen for seen in self._ours if seen.is_read and seen.fault]
        if not lost:
            # The machine may be slow, too.
            why = "a slow reply" if "no reply in time" in said else None
        elif "equal rows were created in the very seconds before" in said:
            is_so = row is None or self._has_young_twins(row, lost[0])
            why = "equal rows of the seconds before" if is_so else None
        elif "rows are in the table" in said:
            why = "equal rows of several lost requests"
        elif "taking it back" in said:
            why = "taking it back was disturbed"
        elif "Looking for its rows has failed" in said or "GET " in said or "listRecords" in said:
            why = "looking was disturbed" if reads else None
        elif len([seen for seen in about if seen.fault]) >= _RETRIES.tries:
            why = "all tries were lost"
        elif self._breaking.is_one:
            why = "broken off"
        elif isinstance(error, QuotaExceededError):
            why = "the quota ended before it could be repeated"
        else:
            why = None
        self._report.figures[f"unknown {why}"] += 1
        if why is None:
            self._find("untrue", f"row {outcome.index} is unknown without a cause: {said}")

    def _is_about(self, row: Row | None, outcome: RowOutcome[Thing], seen: Seen) -> bool:
        if seen.is_read:
            return False
        if row is None:
            return seen.request.method in ("DELETE", "POST")
        if row.target is not None and row.target in seen.record_ids:
            return True
        key = self._deed.key
        for sent in seen.rows:
            cells = {name: cell for name, cell in sent["fields"].items() if cell is not None}
            if key is not None and row.wanted is not None:
                if cells.get(key) == row.wanted[key]:
                    return True
            elif cells == row.wanted or (
                row.target is not None and cells == self._before.get(row.target)
            ):
                return True
        made = outcome.id
        return made is not None and made in seen.record_ids

    def _has_young_twins(self, row: Row, sent: Seen) -> bool:
        return any(
            self._before[id_] == row.wanted and abs(sent.at - at) < _GRAIN
            for id_, at in self._before_at.items()
        )

    # --- what nobody claims

    def _judge_rest(self) -> None:
        left = Counter(
            _form(self._held[id_])
            for id_ in self._made_by_us
            if id_ in self._held and id_ not in self._claimed
        )
        for cells, number in (left - self._may_be_left).items():
            self._find("doubled", f"{number} of {dict(cells)} that no outcome explains", number)
        vanished = [
            id_
            for id_ in [*self._before, *self._theirs]
            if id_ not in self._held and id_ not in self._claimed
        ]
        targets = {row.target for row in self._deed.rows}
        vanished = [id_ for id_ in vanished if id_ not in targets]
        if len(vanished) > self._unknown_deletions:
            self._find("lost", f"{vanished} are gone, and nothing says so")
        if self._unknown_deletions:
            self._report.figures["vanished, and unknown"] += len(vanished)
        for id_, cells in self._held.items():
            if id_ in self._made_by_us or id_ in targets:
                continue
            was = self._theirs.get(id_, self._before.get(id_))
            if was != cells:
                self._find("untrue", f"{id_}, of no row, was {was} and is {cells}")


def _form(cells: Cells | None) -> Any:
    return tuple(sorted((cells or {}).items()))


def _cells(record: Thing) -> Cells:
    values = {name: getattr(record, name) for name in Thing.model_fields}
    known = ("name", "email", "number", "rank", "kind", "note", "owner")
    return {name: values[name] for name in known if values[name] not in (None, "")}


# --- many runs


def run_all(
    seeds: Sequence[int], jobs: int, on_run: Callable[[Report], object] | None = None
) -> Report:
    """Make many runs, some at a time, each in a process that makes one at a time.

    Args:
        seeds: A run for each.
        jobs: How many at a time.
        on_run: Called with the report of each run.
    """
    began = time.monotonic()
    total = Report()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        for report in pool.map(run_once, seeds):
            if on_run is not None:
                on_run(report)
            total.add(report)
    total.seconds = time.monotonic() - began
    return total


_GROUPS: Final = {
    "verb": "verbs",
    "face": "faces",
    "fault": "faults injected",
    "row": "rows by outcome",
    "unknown": "unknown rows, by cause",
    "ended": "calls by end",
}


def sheet_of(total: Report) -> Sheet:
    """The figures as a table."""
    sheet = Sheet("Chaos", ("what", "which"), ("number",))
    for name in ("runs", "requests", "requests of others", "writes of unclear fate"):
        sheet.add("in all", name, f"{total.figures[name]:,}")
    sheet.add("in all", "seconds", f"{total.seconds:,.0f}")
    for start, title in _GROUPS.items():
        found = {
            name.partition(" ")[2]: number
            for name, number in total.figures.items()
            if name.partition(" ")[0] == start
        }
        for name, number in sorted(found.items()):
            sheet.add(title, name, f"{number:,}")
    for kind in ("lost", "doubled", "untrue"):
        sheet.add("found wrong", kind, f"{total.wrong(kind):,}")
    return sheet


def main(arguments: Sequence[str]) -> int:
    """Run, print, and say by the exit code whether all was well."""
    parser = argparse.ArgumentParser(
        prog="chaos.py", description="Check bulk calls amidst faults.", allow_abbrev=False
    )
    parser.add_argument("--runs", type=int, default=RUNS, help=f"how many; {RUNS} unless given")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first run")
    parser.add_argument("--jobs", type=int, default=4, help="how many runs at a time")
    options = parser.parse_args(arguments)
    console = Console(width=max(Console().width, _WIDTH))

    def show(report: Report) -> None:
        for kind, seed, what in report.problems:
            console.print(f"seed {seed}: {kind}: {what}", markup=False, highlight=False)

    seeds = range(options.seed, options.seed + options.runs)
    total = run_all(seeds, options.jobs, show)
    console.print(sheet_of(total).as_rich())
    wrong = sorted({seed for _, seed, _ in total.problems})
    if wrong:
        console.print(f"Seeds of runs with something wrong: {', '.join(map(str, wrong))}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
