"""Schedules of whole flows on a simulated clock: sync, apply, undo and resume lose no row."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airhaul import Record, result_of
from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.journal.recovery import kept_rows
from airhaul.bulk.journal.runs import Run
from airhaul.bulk.plans.apply import check_plan, sync_table, write_plan
from airhaul.bulk.plans.sync import DeleteGuard
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.bulk.rows.encoders import (
    DeleteEncoder,
    Encoder,
    Ready,
    ReplaceEncoder,
    RowEncoder,
    UpdateEncoder,
    UpsertEncoder,
)
from airhaul.bulk.rows.keys import Key, KeysSeen
from airhaul.bulk.rows.unchanged import each_change
from airhaul.bulk.undoing.flows import plan_undo, resume, write_undo
from airhaul.bulk.undoing.runs import prefetch_of
from airhaul.bulk.writing.assemble import RowInput
from airhaul.bulk.writing.bulk_write import bulk_write, prepare
from airhaul.bulk.writing.prefetch import Prefetch, PrefetchById, PrefetchByKey
from airhaul.errors import AirhaulError
from airhaul.model.fields import airtable_field
from airhaul.testing import KilledError, SimulatedClock
from airhaul.wire import endpoints
from tests.bulk.test_schedules import faults, late, latencies, policies
from tests.simulated_base import Client, Quiet, SimulatedBase

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("AIRHAUL_SCHEDULES", "60"))
schedules = settings(
    max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
FIGURES: Counter[str] = Counter()
# What is killed here is simulated: nothing has to reach a disk.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


class Place(Record, table="Places"):
    code: str = ""
    number: int = 0
    kind: str = airtable_field("plain", type="singleSelect", choices=["plain", "fancy"])


KEY = Key.of(Place, "code")
Cells = dict[str, Any]


@pytest.fixture(autouse=True, scope="module")
def _figures():
    """Print what came out: AIRHAUL_SCHEDULES=5000 pytest -s tests/bulk/test_flow_schedules.py."""
    yield
    if "AIRHAUL_SCHEDULES" in os.environ:
        print(f"\n{dict(sorted(FIGURES.items()))}")


def place(index: int, number: int) -> Cells:
    return {"code": f"c{index}", "number": number, "kind": "plain"}


def by_code(held: Mapping[str, Cells]) -> dict[str, tuple[str, Cells]]:
    """The records by code; no code stands in the table twice."""
    found = {record["code"]: (id_, record) for id_, record in held.items()}
    assert len(found) == len(held), "a row is in the table twice"
    return found


def outcome_of(flow_of: Any) -> BulkResult[Any] | None:
    """Run a flow; the result, partial where it was ended, or None where nothing was begun."""
    try:
        return flow_of()
    except (AirhaulError, KeyboardInterrupt) as error:
        return result_of(error)


def note(name: str, result: BulkResult[Any]) -> None:
    FIGURES[name] += 1
    for state, rows in result.counts().items():
        FIGURES[f"{name} rows {state}"] += rows
    result.explain()


def judge(
    state: str, now: tuple[str, Cells] | None, was: Cells | None, wanted: Cells | None
) -> None:
    """Whether what is said of a row is what the base holds."""
    cells = None if now is None else now[1]
    if state in ("created", "updated", "unchanged", "deleted"):
        assert cells == wanted, state
    elif state == "unknown":
        assert cells in (was, wanted), state
    else:
        assert cells == was, state


def some_rows(size: int, seed: int, bad: set[int]) -> tuple[list[Cells], list[Cells]]:
    """Rows of a source, and the records of a table that has some of them already."""
    chance = Random(seed)
    rows: list[Cells] = []
    there: list[Cells] = []
    for index in range(size):
        row = place(index, chance.randint(1, 3))
        is_there = chance.random() < 0.7
        if is_there:
            there.append({**row, "number": chance.randint(1, 3)})
        if index in bad:
            row = {**row, "kind": "none", "number": 9}
        if chance.random() < 0.8 or not is_there:
            rows.append(row)
    return rows, there


def judge_keyed(
    result: BulkResult[Any],
    rows: list[Cells],
    before: Mapping[str, Cells],
    held: Mapping[str, Cells],
) -> None:
    """Each row by its code, and each deletion by its record."""
    old, new = by_code(before), by_code(held)
    asked: set[str] = set()
    for outcome in result.outcomes:
        if outcome.index < len(rows):
            code, wanted = rows[outcome.index]["code"], rows[outcome.index]
        elif outcome.id is not None:
            # A deletion that was rolled back has the id of the record that was created again.
            code, wanted = {**before, **held}[outcome.id]["code"], None
        else:
            continue
        asked.add(code)
        was = old.get(code)
        judge(outcome.state, new.get(code), was and was[1], wanted)
    for code in (set(old) | set(new)) - asked:
        was, now = old.get(code), new.get(code)
        assert (was and was[1]) == (now and now[1]), "nobody was asked to change it"


@schedules
@given(
    faults=faults,
    latency=latencies,
    on_error=policies,
    size=st.integers(1, 45),
    seed=st.integers(0, 1_000_000),
    bad=st.sets(st.integers(0, 44), max_size=2),
    delete=st.booleans(),
    parallel=st.sampled_from([1, 3]),
    not_sent=st.sets(st.integers(1, 12), max_size=2),
    late=late,
    stop_at=st.one_of(st.none(), st.none(), st.floats(0, 20)),
)
def test_sync(
    faults, latency, on_error, size, seed, bad, delete, parallel, not_sent, late, stop_at
) -> None:
    """A sync that meets faults: each row and each deletion is as its outcome says."""
    base = SimulatedBase(Place, latency, None, not_sent, late)
    rows, there = some_rows(size, seed, bad)
    base.write(*there)
    before = base.held()
    client = Client(base, SimulatedClock(10.0))
    base.local_base.faults = faults
    flow = sync_table(
        client.context,
        client.planner(keeps_all=delete),
        rows,
        KEY,
        DeleteGuard(delete, most=1_000, allow_empty=True),
        client.asked("sync", on_error),
        Quiet(),
        lambda _row, _error: None,
        parallel=parallel,
    )
    result = outcome_of(lambda: client.follow(flow, stop_at=stop_at))
    base.pass_time(client.clock.now + 100)
    held = base.held()
    base.close()
    if result is None:
        assert held == before
        FIGURES["sync not begun"] += 1
        return
    note("sync", result)
    judge_keyed(result, rows, before, held)


@schedules
@given(
    faults=faults,
    latency=latencies,
    on_error=policies,
    size=st.integers(1, 45),
    seed=st.integers(0, 1_000_000),
    bad=st.sets(st.integers(0, 44), max_size=1),
    others=st.sets(st.integers(0, 60), max_size=2),
    stop_at=st.one_of(st.none(), st.none(), st.floats(0, 20)),
)
def test_apply(faults, latency, on_error, size, seed, bad, others, stop_at) -> None:
    """A plan that is applied: refused if its records have changed since, else carried out."""
    base = SimulatedBase(Place, latency)
    rows, there = some_rows(size, seed, bad)
    ids = base.write(*there)
    client = Client(base, SimulatedClock(10.0))
    guard = DeleteGuard(missing=True, most=1_000, allow_empty=True)
    plan = client.follow(client.planner(keeps_all=True).sync(rows, KEY, guard))
    touched = {change.record_id for change in plan.changes if change.kind != "keep"}
    changed = {ids[place] for place in others if place < len(ids)}
    for id_ in changed:
        cells = {"number": 77}
        base.local_base.send(
            endpoints.update_records(base.base_id, base.table, [(id_, cells)]), lambda: None
        )
    before = base.held()
    base.local_base.faults = faults

    def apply() -> Flow[BulkResult[Any]]:
        spent = yield from check_plan(client.context, plan)
        asked = client.asked("sync", on_error)
        return (yield from write_plan(client.context, plan, asked, Quiet(), spent=spent))

    try:
        result = outcome_of(lambda: client.follow(apply(), stop_at=stop_at))
    finally:
        base.pass_time(client.clock.now + 100)
        held = base.held()
        base.close()
    if result is None:
        assert held == before
        FIGURES["apply not begun"] += 1
        return
    assert not touched & changed, "the plan was stale"
    note("apply", result)
    # What was changed meanwhile in a record that the plan leaves alone stays changed.
    kept = {
        change.index: change.record_id
        for change in each_change(plan.rows)
        if isinstance(change, Change) and change.kind == "keep"
    }
    wanted = [
        {**row, "number": before[kept[index]]["number"]} if index in kept else row
        for index, row in enumerate(rows)
    ]
    judge_keyed(result, wanted, before, held)


VERBS = ["bulk_create", "bulk_update", "bulk_replace", "bulk_delete", "bulk_upsert", "sync"]


def begun(client: Client, verb: str, on_error: Any, rows: list[Cells], there: dict[str, str]):
    """The flow of a verb over some rows, and how its rows are judged."""
    if verb == "sync":
        return sync_table(
            client.context,
            client.planner(keeps_all=True),
            rows,
            KEY,
            DeleteGuard(missing=True, most=1_000, allow_empty=True),
            client.asked(verb, on_error),
            Quiet(),
            lambda _row, _error: None,
        )
    prefetch: Prefetch | None = PrefetchById()
    key, encoder, given_rows = None, None, list[Any](rows)
    match verb:
        case "bulk_create":
            encoder, prefetch = RowEncoder(Place), None
        case "bulk_upsert":
            key, encoder = KEY, UpsertEncoder(Place, KEY, seen=KeysSeen(KEY, by_letter=True))
            prefetch = PrefetchByKey(KEY, always=True)
        case "bulk_delete":
            encoder = DeleteEncoder(Place)
            given_rows = [there[row["code"]] for row in rows]
        case _:
            encoder = (UpdateEncoder if verb == "bulk_update" else ReplaceEncoder)(Place)
            given_rows = [{"id": there[row["code"]], **row} for row in rows]
    asked = client.asked(verb, on_error, key, prefetch, needs_types=True)
    ready = prepare(typed(encoder), given_rows, asked.policy, lambda _row, _error: None)
    return bulk_write(client.context, asked, ready, Quiet())


def typed(encoder: Encoder[Any] | None) -> Encoder[Any]:
    assert encoder is not None
    return encoder


def rows_for(verb: str, rows: list[Cells], there: dict[str, str]) -> list[Cells]:
    """The rows that a verb can take: new ones to create, known ones to change."""
    if verb == "bulk_create":
        return [row for row in rows if row["code"] not in there]
    if verb in ("bulk_upsert", "sync"):
        return rows
    return [row for row in rows if row["code"] in there]


@schedules
@given(
    verb=st.sampled_from(VERBS),
    faults=faults,
    latency=latencies,
    size=st.integers(1, 40),
    seed=st.integers(0, 1_000_000),
    others=st.sets(st.integers(0, 60), max_size=2),
    not_sent=st.sets(st.integers(1, 12), max_size=2),
    stop_at=st.one_of(st.none(), st.none(), st.floats(0, 20)),
)
def test_undo(verb, faults, latency, size, seed, others, not_sent, stop_at) -> None:
    """An undo that meets faults: what it says is undone is as before, all else as it was left."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        base = SimulatedBase(Place, latency)
        all_rows, records = some_rows(size, seed, set())
        ids = base.write(*records)
        there = {record["code"]: id_ for record, id_ in zip(records, ids, strict=True)}
        rows = rows_for(verb, all_rows, there)
        original = base.held()
        client = Client(base, SimulatedClock(10.0), Path(folder) / "journal")
        result = client.follow(begun(client, verb, "stop", rows, there))
        held_ids = list(base.held())
        for position in others:
            if position < len(held_ids):  # somebody changes what the run may have written
                call = endpoints.update_records(
                    base.base_id, base.table, [(held_ids[position], {"number": 77})]
                )
                base.local_base.send(call, lambda: None)
        left = base.held()
        journal = client.journal
        assert journal is not None
        assert result.run is not None
        base.local_base.faults, base.not_sent = faults, {base.arrivals + n for n in not_sent}
        run = journal.run(result.run)
        plan = None
        try:
            plan = client.follow(plan_undo(client.context, journal, run, force=False))
        except AirhaulError:
            FIGURES["undo not begun"] += 1
        undone, codes = None, list[str]()
        if plan is not None:
            codes = codes_in(plan, {**original, **left})
            asked = client.asked("undo", "continue")
            flow = write_undo(client.context, plan, asked, Quiet())
            undone = outcome_of(lambda: client.follow(flow, stop_at=stop_at))
        base.pass_time(client.clock.now + 100)
        held = base.held()
        base.close()
    if plan is None or undone is None:
        assert held == left
        return
    note("undo", undone)
    judge_undo(plan, codes, undone, original, left, held)


def codes_in(plan, records: Mapping[str, Cells]) -> list[str]:
    """The code of each row of an undo; what it creates again has another id afterwards."""
    ids = [row.source["id"] if isinstance(row, InvalidRow) else row.record_id for row in plan.rows]
    return [records[id_]["code"] for id_ in ids]


def judge_undo(plan, codes, undone, original, left, held) -> None:
    was, then, now = by_code(original), by_code(left), by_code(held)
    rows = list(zip(plan.rows, codes, undone.outcomes, strict=True))
    refused = {code for row, code, _ in rows if isinstance(row, InvalidRow)}
    judged: set[str] = set()
    for row, code, outcome in rows:
        judged.add(code)
        if isinstance(row, InvalidRow):
            assert outcome.state in ("failed", "skipped")
        if code in refused:
            continue  # put back in part: what somebody has changed since stays
        before, after = was.get(code), then.get(code)
        judge(outcome.state, now.get(code), after and after[1], before and before[1])
    for code in (set(then) | set(now)) - judged:
        assert then.get(code) == now.get(code), "nobody was asked to change it"


@schedules
@given(
    verb=st.sampled_from(VERBS),
    faults=faults,
    latency=latencies,
    on_error=st.sampled_from(["stop", "continue"]),
    size=st.integers(1, 40),
    seed=st.integers(0, 1_000_000),
    bad=st.sets(st.integers(0, 39), max_size=1),
    kills=st.lists(st.floats(0.3, 6.0), min_size=1, max_size=3),
)
def test_resume(verb, faults, latency, on_error, size, seed, bad, kills) -> None:
    """A run that is killed up to three times and resumed: each row once, as its outcome says."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path, clock = Path(folder) / "journal", SimulatedClock(10.0)
        base = SimulatedBase(Place, latency)
        all_rows, records = some_rows(size, seed, bad)
        ids = base.write(*records)
        there = {record["code"]: id_ for record, id_ in zip(records, ids, strict=True)}
        rows = rows_for(verb, all_rows, there)
        before = base.held()
        base.local_base.faults = faults
        result = killed_and_resumed(
            base, clock, path, kills, lambda client: begun(client, verb, on_error, rows, there)
        )
        base.pass_time(clock.now + 100)
        held = base.held()
        base.close()
    if result is None:
        assert held == before
        FIGURES["resume not begun"] += 1
        return
    note("resume", result)
    if verb == "bulk_delete":
        new = by_code(held)
        for row, outcome in zip(rows, result.outcomes, strict=False):
            was = before[there[row["code"]]]
            judge(outcome.state, new.get(row["code"]), was, None)
    else:
        judge_keyed(result, rows, before, held)


def killed_and_resumed(base, clock, path, kills, flow_of) -> BulkResult[Any] | None:
    """Run a flow, kill its process at some times, and resume it until it comes to its end."""
    processes: list[Any] = []  # a process that was killed runs no code at its end
    # A resumption may fail before it begins; it is repeated, as a person would.
    for number, kill_at in enumerate([*kills, *[None] * 20]):
        client = Client(base, clock, path)
        journal = client.journal
        assert journal is not None
        runs = journal.runs()
        if number and not runs:
            return None
        if number:
            run = runs[0]
            key = Key.of(Place, run.asked.key) if run.asked.key else None
            asked = client.asked(run.asked.verb, run.asked.on_error, key, needs_types=True)
            prefetch = prefetch_of(run, asked.target)
            asked = client.asked(run.asked.verb, run.asked.on_error, key, prefetch)
            ready = RowInput(kept_rows(journal, run, key), Ready[Any](), run.asked.total, "copy")
            flow = resume(client.context, run, asked, ready, Quiet())
        else:
            flow = flow_of(client)
        processes.append(flow)
        try:
            result = outcome_of(lambda flow=flow, at=kill_at: client.follow(flow, kill_at=at))
            if result is not None:
                return result
        except KilledError:
            FIGURES["resume kills"] += 1
    raise AssertionError("it cannot be resumed")


@schedules
@given(
    verb=st.sampled_from(VERBS),
    faults=faults,
    latency=latencies,
    size=st.integers(1, 40),
    seed=st.integers(0, 1_000_000),
    kills=st.lists(st.floats(0.3, 6.0), min_size=1, max_size=3),
    called_again=st.lists(st.booleans(), min_size=30, max_size=30),
)
def test_undo_called_again(verb, faults, latency, size, seed, kills, called_again) -> None:
    """An undo that is killed up to three times, and resumed or called again: each row once."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path, clock = Path(folder) / "journal", SimulatedClock(10.0)
        base = SimulatedBase(Place, latency)
        all_rows, records = some_rows(size, seed, set())
        ids = base.write(*records)
        there = {record["code"]: id_ for record, id_ in zip(records, ids, strict=True)}
        rows = rows_for(verb, all_rows, there)
        original = base.held()
        client = Client(base, clock, path)
        run = client.follow(begun(client, verb, "stop", rows, there)).run
        left = base.held()
        base.local_base.faults = faults
        result = undone_at_last(base, clock, path, run, kills, called_again)
        base.pass_time(clock.now + 100)
        held = base.held()
        base.close()
    was, then, now = by_code(original), by_code(left), by_code(held)
    note("undo called again", result)
    for code in {*was, *then, *now}:
        cells = [found and found[1] for found in (now.get(code), was.get(code), then.get(code))]
        assert cells[0] in ([cells[1]] if result.is_complete else cells[1:])


def undone_at_last(base, clock, path, run_id, kills, called_again) -> BulkResult[Any]:
    """Undo a run in processes of which the first are killed, until one comes to its end."""
    processes: list[Any] = []
    for kill_at, again in zip([*kills, *[None] * 20], called_again, strict=False):
        client = Client(base, clock, path)
        journal = client.journal
        assert journal is not None
        latest = journal.runs()[0]
        if again or latest.id == run_id:
            flow = undo_of(client, journal.run(run_id))
        else:
            ready = RowInput(kept_rows(journal, latest, None), Ready[Any](), None, "copy")
            flow = resume(client.context, latest, client.asked("undo", "continue"), ready, Quiet())
        processes.append(flow)
        try:
            result = outcome_of(lambda flow=flow, at=kill_at: client.follow(flow, kill_at=at))
            if result is not None:
                return result
        except KilledError:
            FIGURES["undo kills"] += 1
    raise AssertionError("it cannot be undone")


def undo_of(client: Client, run: Run) -> Flow[BulkResult[Any]]:
    assert client.journal is not None
    plan = yield from plan_undo(client.context, client.journal, run, force=False)
    return (yield from write_undo(client.context, plan, client.asked("undo", "continue"), Quiet()))


def test_rows_that_a_killed_process_has_sent_are_never_called_skipped(tmp_path) -> None:
    """Three requests were carried out before the kill; the service is down when it is resumed."""
    base = SimulatedBase(Place, [1.0])
    ids = base.write(*(place(index, 1) for index in range(30)))
    rows = [place(index, 2) for index in range(30)]
    there = {row["code"]: id_ for row, id_ in zip(rows, ids, strict=True)}
    clock = SimulatedClock(10.0)
    first = Client(base, clock, tmp_path / "journal")
    flow = begun(first, "bulk_update", "stop", rows, there)
    with pytest.raises(KilledError):
        first.follow(flow, kill_at=2.6)  # after what is read first, before the replies
    assert all(record["number"] == 2 for record in base.held().values())
    base.not_sent = set(range(base.arrivals + 3, 10_000))  # one request is still answered
    client = Client(base, clock, tmp_path / "journal")
    assert client.journal is not None
    (run,) = client.journal.runs()
    asked = client.asked(run.asked.verb, run.asked.on_error, None, PrefetchById())
    ready = RowInput(kept_rows(client.journal, run, None), Ready[Any](), run.asked.total, "copy")
    result = outcome_of(lambda: client.follow(resume(client.context, run, asked, ready, Quiet())))
    base.close()
    assert result is not None
    assert result.counts() == {"updated": 10, "unknown": 20}
