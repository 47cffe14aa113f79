"""Undos and retries that are killed, and called again instead of resumed: nothing comes twice."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from airhaul import Airtable, BulkError, JournalError
from airhaul.local_base.http.serve import LocalServer
from airhaul.tabular import ERROR_COLUMN, read_rows
from tests.client.test_resume import DYING, WANTED, Item, held, reached, rows
from tests.client.test_undo import chain, links_in
from tests.processes import run_python

pytestmark = pytest.mark.slow  # processes are killed, and requests wait

MOMENTS = [("before", 3), ("after", 1), ("intended", 1)]
CALL = 'items.import_file("items.csv", key=what or None)'


@pytest.fixture
def items(server: LocalServer) -> Iterator[Airtable]:
    """An empty table Items, over HTTP."""
    with reached(server) as airtable:
        airtable.table(Item).create_table()
        yield airtable


def killed(airtable: Airtable, server: LocalServer, call: str, moment: str, at: int) -> None:
    """Let a process make a call, and kill itself."""
    assert CALL in DYING
    words = [server.url, airtable.base_id, "", moment, str(at), ""]
    done = run_python(DYING.replace(CALL, call), *words)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize(("moment", "at"), MOMENTS)
def test_an_undo_that_is_killed_may_be_called_again(items, server, moment, at) -> None:
    """The deleted records come back once, and a third call finds nothing to do."""
    items.table(Item).bulk_create(rows(), journal=False)
    run = items.table(Item).bulk_delete(items.table(Item).all()).run
    killed(items, server, f"airtable.undo({run!r})", moment, at)
    killed(items, server, f"airtable.undo({run!r})", "after", 1)
    assert items.undo(run).is_complete
    assert held(items) == WANTED
    assert set(items.undo(run).counts()) == {"unchanged"}
    assert held(items) == WANTED


def rejected(airtable: Airtable) -> str:
    """Write two rows, and 95 that are rejected; their file is corrected. Gives the run."""
    some = [{"name": "good", "number": 1_000 + n} for n in range(2)]
    bad = [{**row, "number": f"{row['number']} pieces"} for row in rows()]
    result = airtable.table(Item).bulk_create([*some, *bad], on_error="continue", rejects="bad.csv")
    assert result.counts() == {"created": 2, "failed": 95}
    assert result.run is not None
    file = Path("bad.csv")
    file.write_text(file.read_text().replace(" pieces,", ","))
    return result.run


@pytest.mark.parametrize(("moment", "at"), MOMENTS)
def test_a_retry_that_is_killed_may_be_called_again(items, server, moment, at) -> None:
    """The rows of the file are sent once, and a try after that is refused."""
    run = rejected(items)
    killed(items, server, f"airtable.retry({run!r}, model=Item)", moment, at)
    killed(items, server, f"airtable.retry({run!r}, model=Item)", "after", 1)
    assert items.retry(run, model=Item).counts() == {"created": 95}
    assert held(items)[:95] == WANTED
    assert len(items.runs()) == 2
    with pytest.raises(JournalError, match="already sent the rejected rows"):
        items.retry(run, model=Item)
    assert len(held(items)) == 97


def test_a_changed_file_after_a_retry_that_was_killed_is_refused(items, server) -> None:
    """Some of its rows may be in the table already: which ones, only the old file can tell."""
    run = rejected(items)
    killed(items, server, f"airtable.retry({run!r}, model=Item)", "after", 1)
    there, file = held(items), Path("bad.csv")
    file.write_text(file.read_text() + "more,2000,,\n")
    with pytest.raises(JournalError, match="already sent the rejected rows"):
        items.retry(run, model=Item)
    assert held(items) == there
    tried = items.run()
    items.undo(tried.id)
    assert items.retry(run, model=Item).counts()["created"] == 96


def test_the_rejects_of_a_run_that_was_killed_are_not_sent_before_it_is_resumed(
    items, server
) -> None:
    """Its file is not complete yet, and another of that name is of an earlier run."""
    run = rejected(items)
    Path("items.csv").write_text("name,number\n" + "".join(f"n{n},{n}\n" for n in range(95)))
    call = 'items.import_file("items.csv", rejects="bad.csv")'
    killed(items, server, call, "after", 2)
    with pytest.raises(JournalError, match="not complete"):
        items.retry(items.run().id)
    assert items.resume().is_complete
    assert items.run(run).state == "with failures"


def bad_rows(count: int = 45) -> list[dict[str, object]]:
    """Every third row is refused: half of them here, half of them by the service."""
    some = rows(count)
    for row in some[::6]:
        row["number"] = f"{row['number']}.5"
    for row in some[3::6]:
        row["name"] = "x" * 100_001
    return some


def told_in(file: str) -> list[tuple[object, object]]:
    """The rows of a file of rejects, each with its reason."""
    return sorted(
        (int(float(str(row.cells["number"]))), row.cells[ERROR_COLUMN]) for row in read_rows(file)
    )


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("source", ["file", "list", "stream"])
def test_the_rejects_of_a_run_that_was_killed_are_whole_after_it_is_resumed(
    items, server, source, moment
) -> None:
    """Each refused row once, with its reason, whether it was refused before the kill or after."""
    Path("bad.json").write_text(json.dumps(bad_rows()))
    options = 'on_error="continue", concurrency=1'
    match source:
        case "file":
            call = f'items.import_file("bad.json", {options}, rejects="r.csv")'
        case "list":
            call = f'items.bulk_create(json.load(open("bad.json")), {options}, rejects="r.csv")'
        case _:
            call = (
                f'items.bulk_create(iter(json.load(open("bad.json"))), {options}, rejects="r.csv")'
            )
    undisturbed = items.table(Item).bulk_create(
        bad_rows(), on_error="continue", rejects="wanted.csv", journal=False
    )
    items.table(Item).bulk_delete(list(undisturbed), journal=False)
    killed(items, server, f"import json; {call}", moment, 12)
    killed(items, server, f"import json; airtable.resume(model=Item, {again(source)})", moment, 5)
    given = {"rows": iter(bad_rows())} if source == "stream" else {}
    result = items.resume(model=Item, **given)
    assert result.counts() == undisturbed.counts()
    assert [number for number, _ in told_in("r.csv")] == list(range(0, 45, 3))
    reasons = [str(reason).partition(": ")[2] for _, reason in told_in("r.csv")]
    assert reasons == [str(reason).partition(": ")[2] for _, reason in told_in("wanted.csv")]
    assert len(held(items)) == 45 - 15


def again(source: str) -> str:
    return 'rows=iter(json.load(open("bad.json")))' if source == "stream" else ""


# The calls whose policy is to roll back: each of the 95 records is to be written, one of them badly.
ROLLED_BACK = {
    "create": 'items.bulk_create(rows, on_error="rollback", concurrency=1)',
    "file": 'items.import_file("bad.json", on_error="rollback", concurrency=1)',
    "update": 'items.bulk_update([{"id": one.id, "name": rows[one.number]["name"]} for one in '
    'sorted(items.all(), key=lambda one: one.number)], on_error="rollback", concurrency=1)',
    "upsert": 'items.bulk_upsert(rows, key="number", on_error="rollback", concurrency=1)',
    "sync": 'items.sync(rows, key="number", delete_missing=True, max_deletes=1_000, '
    'on_error="rollback", concurrency=1)',
}


@pytest.mark.parametrize(("moment", "at"), [("after", 3), ("before", 11), ("after", 13)])
@pytest.mark.parametrize("verb", ROLLED_BACK)
def test_a_rollback_that_was_killed_leaves_nothing_after_it_is_resumed(
    items, server, verb, moment, at
) -> None:
    """Before its bad row was found, or in the middle of the rollback: all of it is undone."""
    bad = rows()
    for row in bad:
        row["name"] = f"m{row['number']}"
    bad[93]["name"] = "x" * 100_001
    Path("bad.json").write_text(json.dumps(bad))
    if verb in ("update", "upsert", "sync"):
        there = rows()[: 95 if verb == "update" else 40]
        there += [{"name": "other", "number": 1_000 + n} for n in range(35 * (verb == "sync"))]
        items.table(Item).bulk_create(there, journal=False)
    before = held(items)
    call = f'import json; rows = json.load(open("bad.json")); {ROLLED_BACK[verb]}'
    killed(items, server, call, moment, at)
    run = items.runs()[-1]
    try:
        resumed = items.resume(run.id, model=Item)
    except BulkError as error:
        resumed = error.result
        assert {"failed", "undone"} <= set(resumed.counts())
    assert not {"unknown"} & set(resumed.counts())
    assert held(items) == before
    with pytest.raises(JournalError, match="was rolled back by its own policy"):
        items.resume(run.id, model=Item)
    assert items.run(run.id).state == "rolled back"
    assert set(items.undo(run.id).counts()) <= {"unchanged"}
    assert held(items) == before


DELETE_ALL = (
    'nodes = airtable.table_named("Nodes"); '
    "ids = [one.id for one in sorted(nodes.all(), key=lambda one: one.name)]; "
    'nodes.bulk_delete([*ids, "rec00000000000000"], on_error="rollback", concurrency=1)'
)


@pytest.mark.parametrize(
    ("moment", "at"), [("before", 3), ("after", 3), ("after", 4), ("after", 6), ("before", 7)]
)
def test_a_rollback_that_was_killed_sets_all_links(items, server, moment, at) -> None:
    """Two requests delete, the third is refused; two recreate, and two set links."""
    nodes = chain(items)
    before = links_in(nodes)
    killed(items, server, DELETE_ALL, moment, at)
    run = items.runs()[-1].id
    try:
        items.resume(run, model=nodes.model)
    except BulkError as error:
        assert "failed" in error.result.counts()
    assert links_in(nodes) == before
    assert items.run(run).state == "rolled back"


@pytest.mark.parametrize("again", ["resume", "undo"])
@pytest.mark.parametrize(("moment", "at"), [("after", 2), ("before", 4), ("after", 6)])
def test_an_undo_that_was_killed_sets_all_links(items, server, moment, at, again) -> None:
    """Three requests recreate, and three set links; none is forgotten, and none recreates twice."""
    nodes = chain(items)
    before = links_in(nodes)
    run = nodes.bulk_delete([one.id for one in nodes.all()]).run
    killed(items, server, f"airtable.undo({run!r})", moment, at)
    if again == "undo":
        items.undo(run)
    else:
        items.resume()
    assert links_in(nodes) == before
