"""Taking runs back: every cell as it was, conflicts left alone, an undo undone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from airhaul import Airtable, BulkError, JournalError, Record, Run
from airhaul.client.aio.airtable import AsyncAirtable
from airhaul.local_base.base import LocalBase
from airhaul.wire.call import Call


class Task(Record, table="Tasks"):
    title: str | None = None
    points: int | None = None
    done: bool = False
    tags: list[str] | None = None


FIELDS: list[Any] = [
    {"name": "title", "type": "singleLineText"},
    {"name": "points", "type": "number", "options": {"precision": 0}},
    {"name": "done", "type": "checkbox", "options": {"icon": "check", "color": "greenBright"}},
    {
        "name": "tags",
        "type": "multipleSelects",
        "options": {"choices": [{"name": "red"}, {"name": "green"}, {"name": "blue"}]},
    },
    # No field of the model: what an undo restores is the record, not what the model knows of it.
    {"name": "note", "type": "multilineText"},
]


@pytest.fixture
def base(tmp_path: Path):
    """A base with twelve tasks, and a journal beside it."""
    with Airtable.local(tmp_path / "base.db", journal=tmp_path / "journal.db") as airtable:
        airtable.create_table("Tasks", FIELDS)
        rows = [
            {"title": f"T{number}", "points": number or None, "done": number % 2 == 0,
             "tags": ["red", "blue"] if number % 3 == 0 else None}
            for number in range(12)
        ]  # fmt: skip
        airtable.table(Task).bulk_create(rows, journal=False)
        everything = airtable.table_named("Tasks")
        everything.bulk_update(
            [{"id": one.id, "note": f"note of {one.title}"} for one in everything.all()],
            journal=False,
        )
        yield airtable


def held(airtable: Airtable) -> dict[str, dict[str, Any]]:
    """What the server holds, by record id."""
    everything = airtable.table_named("Tasks")
    return {
        one.id or "": one.model_dump(exclude={"id", "created_time"})
        for one in everything.all(view="Grid view")
    }


def without_ids(state: dict[str, dict[str, Any]]) -> list[str]:
    return sorted(map(repr, state.values()))


def create(airtable: Airtable) -> None:
    airtable.table(Task).bulk_create([{"title": f"N{number}"} for number in range(25)])


def update(airtable: Airtable) -> None:
    tasks = airtable.table(Task)
    tasks.bulk_update(
        [{"id": one.id, "title": None, "points": 99, "tags": ["green"]} for one in tasks.all()]
    )


def save(airtable: Airtable) -> None:
    tasks = airtable.table(Task)
    changed = tasks.all(view="Grid view")[:5]
    for one in changed:
        one.done = not one.done
        one.points = None
    tasks.bulk_save([*changed, Task(title="new one")])


def upsert(airtable: Airtable) -> None:
    rows = [{"title": f"T{number}", "points": 50 + number} for number in range(6, 18)]
    airtable.table(Task).bulk_upsert(rows, key="title")


def delete(airtable: Airtable) -> None:
    tasks = airtable.table(Task)
    tasks.bulk_delete([one for one in tasks.all() if one.points and one.points > 4])


def import_plain(airtable: Airtable) -> None:
    Path("tasks.csv").write_text("title,points\nA,1\nB,2\n")
    airtable.table(Task).import_file("tasks.csv")


def import_by_key(airtable: Airtable) -> None:
    Path("tasks.csv").write_text("title,points\nT3,300\nT4,400\nZ,1\n")
    airtable.table(Task).import_file("tasks.csv", key="title")


def sync(airtable: Airtable) -> None:
    rows = [{"title": f"T{number}", "points": 7} for number in range(9)] + [{"title": "Z"}]
    airtable.table(Task).sync(rows, key="title", delete_missing=True)


VERBS = [create, update, save, upsert, delete, import_plain, import_by_key, sync]


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__)
def test_undo_restores_every_cell_after_each_verb(base, verb: Callable[[Airtable], None]) -> None:
    """What a run has written is taken back to the last cell, and the undo of that brings it back."""
    before = held(base)
    verb(base)
    after = held(base)
    assert without_ids(after) != without_ids(before)
    result = base.undo()
    assert result.is_complete, result.explain()
    assert without_ids(held(base)) == without_ids(before)
    kept = {id_: cells for id_, cells in before.items() if id_ in after}
    assert {id_: held(base)[id_] for id_ in kept} == kept, "what is still there keeps its id"
    base.undo(result.run)  # of the undo
    assert without_ids(held(base)) == without_ids(after)
    base.undo()  # of what was written again
    assert without_ids(held(base)) == without_ids(before)


@pytest.mark.parametrize("verb", [delete, sync, create, upsert], ids=lambda verb: verb.__name__)
def test_a_run_that_is_undone_already_is_not_undone_again(base, verb) -> None:
    """Whatever an undo has recreated, no other undo of the run recreates it, or deletes more."""
    before = held(base)
    verb(base)
    run = base.run().id
    assert base.undo(run).is_complete
    undone = held(base)
    for _ in range(2):
        again = base.undo(run)
        assert set(again.counts()) == {"unchanged"}
        assert held(base) == undone
    assert base.plan_undo(run).is_empty
    assert without_ids(undone) == without_ids(before)


def test_an_undo_that_was_undone_can_be_made_again(base) -> None:
    """What was recreated and deleted once more is missing again, so another undo recreates it."""
    before = held(base)
    delete(base)
    run = base.run().id
    for _ in range(2):
        first = base.undo(run)
        assert first.counts()["created"] == 7
        assert without_ids(held(base)) == without_ids(before)
        base.undo(first.run)
        assert len(held(base)) == 5
    # An undo of that deletion recreates the records for both runs.
    base.undo(base.run().id)
    assert set(base.undo(run).counts()) == {"unchanged"}
    assert without_ids(held(base)) == without_ids(before)


def test_a_record_that_was_created_deleted_and_recreated_is_undone_under_its_new_id(base) -> None:
    """The run that created it knows it by its old id; the journal leads to the new one."""
    before = held(base)
    create(base)
    run = base.run().id
    tasks = base.table(Task)
    tasks.bulk_delete([id_ for id_ in held(base) if id_ not in before])
    base.undo()
    assert len(held(base)) == len(before) + 25
    assert base.undo(run).counts() == {"deleted": 25}
    assert held(base) == before


def test_cells_of_a_recreated_record_are_restored_under_its_new_id(base) -> None:
    """An update is undone although its record was deleted and recreated since."""
    before = held(base)
    update(base)
    run = base.run().id
    delete(base)
    base.undo()
    assert base.undo(run).is_complete
    assert without_ids(held(base)) == without_ids(before)


def test_an_undo_that_broke_off_is_finished_by_the_next_one(base) -> None:
    """The next undo of the run resumes it first, and says so; each record is there once."""
    before = held(base)
    delete(base)
    run = base.run().id
    with pytest.raises(OSError, match="gone"):
        base.undo(run, concurrency=1, on_event=_breaks_off)
    broken = base.run()
    assert broken.state == "interrupted"
    plan = base.plan_undo(run)
    assert any(f"Run {broken.id}, which undoes run {run}" in note for note in plan.notes)
    assert base.undo(run).is_complete
    assert without_ids(held(base)) == without_ids(before)
    assert base.run(broken.id).state == "done"


def _breaks_off(event: object) -> None:
    raise OSError("gone")


def test_a_plan_of_an_undo_that_somebody_else_has_made_meanwhile_writes_nothing(base) -> None:
    """Two plans of one undo: the second to be applied finds everything undone."""
    before = held(base)
    delete(base)
    first, second, third = (base.plan_undo() for _ in range(3))
    assert base.apply_undo(first).counts() == {"created": 7}
    assert base.apply_undo(second).counts() == {"unchanged": 7}
    assert third.apply().counts() == {"unchanged": 7}
    assert without_ids(held(base)) == without_ids(before)


def test_two_processes_do_not_undo_one_run_at_the_same_time(base, tmp_path) -> None:
    """The second is refused while the first is at work, and finds everything undone afterwards."""
    before = held(base)
    delete(base)
    run = base.run().id
    plan = base.plan_undo(run)
    refused: list[str] = []

    def meanwhile(_event: object) -> None:
        with Airtable.local(tmp_path / "base.db", journal=tmp_path / "journal.db") as other:
            with pytest.raises(JournalError) as caught:
                other.undo(run)
            refused.append(str(caught.value))

    assert base.apply_undo(plan, on_event=meanwhile).counts() == {"created": 7}
    assert "Another process is undoing run" in refused[0]
    assert base.undo(run).counts() == {"unchanged": 7}
    assert without_ids(held(base)) == without_ids(before)


def test_a_plan_says_what_an_undo_does_and_writes_nothing(base) -> None:
    """The plan counts each kind of change, and the server gets no write."""
    sync(base)
    state = held(base)
    plan = base.plan_undo()
    assert held(base) == state
    counts = plan.counts()
    assert (counts["create"], counts["delete"]) == (3, 1)
    result = base.apply_undo(plan)
    assert result.is_complete


def test_what_another_client_has_changed_is_named_and_left_alone(base) -> None:
    """A cell that holds something else by now is a conflict; the record's other cells go back."""
    before = held(base)
    update(base)
    first, second, *_ = before
    other = base.table_named("Tasks")
    other.bulk_update([{"id": first, "points": 1_000}], journal=False)
    other.bulk_delete([second], journal=False)
    result = base.undo()
    reasons = [str(row.error) for row in result.errors]
    assert len(reasons) == 2
    assert any(first in reason and "'points' was changed since" in reason for reason in reasons)
    assert any(second in reason and "deleted since" in reason for reason in reasons)
    now = held(base)
    assert now[first] == {**before[first], "points": 1_000}
    assert second not in now
    rest = [id_ for id_ in before if id_ not in (first, second)]
    assert {id_: now[id_] for id_ in rest} == {id_: before[id_] for id_ in rest}


def test_a_created_record_that_was_changed_since_stays_unless_forced(base) -> None:
    """Somebody's work in a new record is not deleted; with force it is."""
    before = held(base)
    create(base)
    run = base.run()
    new = next(id_ for id_ in held(base) if id_ not in before)
    base.table_named("Tasks").bulk_update([{"id": new, "note": "mine"}], journal=False)
    result = base.undo()
    assert len(result.errors) == 1
    assert "'note' was changed since it was created, so it is not deleted" in str(
        result.errors[0].error
    )
    assert set(held(base)) - set(before) == {new}
    assert base.undo(run.id, force=True).is_complete
    assert held(base) == before


def test_force_puts_back_what_was_changed_since(base) -> None:
    """With force the previous cells win."""
    before = held(base)
    update(base)
    first = next(iter(before))
    base.table_named("Tasks").bulk_update([{"id": first, "points": 1_000}], journal=False)
    assert base.undo(force=True).is_complete
    assert held(base) == before


def test_links_between_records_that_are_made_again_are_set_anew(base) -> None:
    """Deleted records get new ids; the links among them name those, and others stay."""
    tasks = base.table_schema("Tasks")
    base.create_table(
        "Steps",
        [
            {"name": "name", "type": "singleLineText"},
            {"name": "task", "type": "multipleRecordLinks", "options": {"linkedTableId": tasks["id"]}},
        ],
    )  # fmt: skip
    steps = base.table_named("Steps")
    task_ids = list(held(base))[:2]
    rows = [{"name": f"S{number}", "task": [task_ids[number % 2]]} for number in range(4)]
    steps.bulk_create(rows, journal=False)
    steps.bulk_delete(list(steps.all()))
    assert steps.all() == []
    assert base.undo().is_complete
    links = {one.name: [link if isinstance(link, str) else link.id for link in one.task] for one in steps.all()}  # fmt: skip
    assert links == {f"S{number}": [task_ids[number % 2]] for number in range(4)}


def test_a_run_taken_back_by_its_own_policy_leaves_nothing_to_undo(base) -> None:
    """After a rollback the table is as before, and so it stays after an undo of the run."""
    before = held(base)
    rows = [{"title": f"N{number}"} for number in range(15)]
    rows[12]["title"] = "x" * 100_001
    with pytest.raises(BulkError):
        base.table(Task).bulk_create(rows, on_error="rollback")
    assert held(base) == before
    run = next(run for run in base.runs() if run.asked.verb == "bulk_create")
    assert run.state == "rolled back"
    assert base.plan_undo(run.id).is_empty


def test_a_journal_of_another_base_is_not_mistaken(base, tmp_path) -> None:
    """A run is taken back where it was made, and nowhere else."""
    create(base)
    with Airtable.local(tmp_path / "other.db", journal=tmp_path / "journal.db") as other:
        with pytest.raises(JournalError, match="was made at"):
            other.undo(base.run().id)
        with pytest.raises(JournalError, match="anything left to undo in this base"):
            other.undo()


def test_each_undo_goes_one_run_further_back(base) -> None:
    """Without an id, the latest run that has something to undo: not an undo, nor a run without effect."""
    states = [held(base)]
    for verb in (create, update, sync):
        verb(base)
        states.append(held(base))
    sync(base)  # writes nothing
    with pytest.raises(BulkError):
        base.table(Task).bulk_create(
            [{"title": "x"}, {"title": "y" * 100_001}], on_error="rollback"
        )
    done = [run.id for run in base.runs()]
    undone = []
    for before in states[-2::-1]:
        undone.append(base.plan_undo().undoes.run)
        base.undo()
        assert without_ids(held(base)) == without_ids(before)
    assert undone == done[-1:-4:-1][::-1]
    with pytest.raises(JournalError, match="anything left to undo"):
        base.undo()


def test_a_run_of_which_something_is_left_is_undone_again(base) -> None:
    """What was left alone the first time is still there to undo, with force."""
    create(base)
    run = base.run()
    new = next(iter(base.table(Task).find_by(title="N0"))).id
    base.table_named("Tasks").bulk_update([{"id": new, "note": "mine"}], journal=False)
    assert len(base.undo().errors) == 1
    assert base.plan_undo().undoes.run == run.id
    assert base.undo(force=True).is_complete
    with pytest.raises(JournalError, match="anything left to undo"):
        base.undo()


def test_without_a_journal_there_is_nothing_to_undo(tmp_path) -> None:
    """The library keeps no journal unless told, and says how."""
    with Airtable.local(tmp_path / "base.db") as airtable:
        with pytest.raises(JournalError, match="journal=True"):
            airtable.runs()
    assert list(tmp_path.glob("*journal*")) == []


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_the_asynchronous_face_undoes_too(tmp_path) -> None:
    """Runs, undo and run of the face that awaits."""
    async with AsyncAirtable.local(tmp_path / "b.db", journal=tmp_path / "j.db") as airtable:
        await airtable.create_table("Tasks", FIELDS)
        await airtable.table(Task).bulk_create([{"title": "A"}, {"title": "B"}])
        run = airtable.run()
        assert isinstance(run, Run)
        assert (run.asked.verb, run.state, run.counts) == ("bulk_create", "done", {"created": 2})
        result = await airtable.undo()
        assert result.counts() == {"deleted": 2}
        assert [run.asked.verb for run in airtable.runs()] == ["undo", "bulk_create"]


def test_a_run_over_http_is_undone_over_http(local_base: LocalBase, server, tmp_path) -> None:
    """The service's clock and ids come over the wire here."""
    from tests.conftest import connect

    with connect(server, journal=tmp_path / "j.db") as airtable:
        airtable.create_table("Tasks", FIELDS)
        airtable.table(Task).bulk_create([{"title": str(number)} for number in range(45)])
        assert airtable.undo().counts() == {"deleted": 45}
        assert held(airtable) == {}
        assert b"patTest.secret" not in (tmp_path / "j.db").read_bytes()


def test_links_from_other_tables_and_within_the_table_come_back(base) -> None:
    """Records that name one another are deleted together; afterwards the new ones name each other."""
    base.create_table(
        "Steps",
        [
            {"name": "name", "type": "singleLineText"},
            {"name": "task", "type": "multipleRecordLinks", "options": {"linkedTableId": base.table_schema("Tasks")["id"]}},
        ],
    )  # fmt: skip
    steps, tasks = base.table_named("Steps"), base.table_named("Tasks")
    ids = {one.title: one.id for one in tasks.all()}
    first, second = ids["T0"], ids["T1"]
    base.table_named("Steps").bulk_create(
        [{"name": "S0", "task": [first]}, {"name": "S1", "task": [first, second]}], journal=False
    )
    tasks.bulk_delete([first, second])
    assert [list(one.task or ()) for one in steps.all()] == [[], []]
    assert base.undo().is_complete
    new = {one.title: one.id for one in tasks.all()}
    assert not {first, second} & set(new.values())
    links = {one.name: sorted(map(_id, one.task)) for one in steps.all()}
    assert links == {"S0": [new["T0"]], "S1": sorted([new["T0"], new["T1"]])}


def _id(link: Any) -> str:
    return link if isinstance(link, str) else link.id


def test_links_within_a_table_come_back_and_go_again(base) -> None:
    """Records that name one another are deleted together, made again, and the undo of that undone."""
    nodes = base.create_table("Nodes", [{"name": "name", "type": "singleLineText"}])
    path = f"/v0/meta/bases/{base.base_id}/tables/{nodes['id']}/fields"
    field = {
        "name": "next",
        "type": "multipleRecordLinks",
        "options": {"linkedTableId": nodes["id"]},
    }
    base.call(Call("POST", path, effect="create", body=field))
    table = base.table_named("Nodes")
    made = list(table.bulk_create([{"name": f"N{number}"} for number in range(3)], journal=False))
    ring = [{"id": one.id, "next": [made[(place + 1) % 3].id]} for place, one in enumerate(made)]
    table.bulk_update(ring, journal=False)

    def ring_of() -> dict[str, list[str]]:
        there = {one.id: one for one in table.all()}
        return {
            one.name: [there[_id(link)].name for link in one.next or ()] for one in there.values()
        }

    wanted = {"N0": ["N1"], "N1": ["N2"], "N2": ["N0"]}
    assert ring_of() == wanted
    table.bulk_delete([one.id for one in made])
    result = base.undo()
    assert result.is_complete, result.explain()
    assert ring_of() == wanted
    again = base.undo(result.run)
    assert again.is_complete, again.explain()
    assert table.all() == []
    assert base.undo().is_complete
    assert ring_of() == wanted


def rename(base: Airtable, column: str, name: str) -> None:
    """Rename a column, as somebody does on Airtable's page."""
    table = base.table_schema("Tasks")
    field = next(field for field in table["fields"] if field["name"] == column)
    path = f"/v0/meta/bases/{base.base_id}/tables/{table['id']}/fields/{field['id']}"
    base.call(Call("PATCH", path, "repeatable", body={"name": name}))


def test_cells_of_a_column_that_was_renamed_are_told_and_not_passed_over(base: Airtable) -> None:
    """The journal knows columns by name: what it cannot put back is a conflict."""
    tasks = base.table(Task)
    before = held(base)
    changed = tasks.all(view="Grid view")[1:3]
    tasks.bulk_update([{"id": one.id, "points": 99, "title": "x"} for one in changed])
    rename(base, "points", "score")
    result = base.undo()
    assert result.counts() == {"updated": 2, "failed": 2}
    assert "the table no longer has 'points'" in result.explain()[0]
    now = held(base)
    for one in changed:
        assert now[one.id or ""]["title"] == before[one.id or ""]["title"]
        assert now[one.id or ""]["score"] == 99


def test_a_deleted_record_is_not_made_again_with_less_than_it_held(base: Airtable) -> None:
    """Unless it is forced: then what has no column any more is left out."""
    tasks = base.table(Task)
    deleted = tasks.all(view="Grid view")[1:3]
    run = tasks.bulk_delete(deleted).run
    rename(base, "points", "score")
    assert base.undo(run).counts() == {"failed": 2}
    forced = base.undo(run, force=True)
    assert forced.counts() == {"created": 2}
    titles = {one["title"] for one in held(base).values()}
    assert {one.title for one in deleted} <= titles


def chain(base: Airtable) -> Any:
    """A table of 24 records; each but the last links to the next one."""
    nodes = base.create_table("Nodes", [{"name": "name", "type": "singleLineText"}])
    path = f"/v0/meta/bases/{base.base_id}/tables/{nodes['id']}/fields"
    options = {"linkedTableId": nodes["id"]}
    field = {"name": "next", "type": "multipleRecordLinks", "options": options}
    base.call(Call("POST", path, effect="create", body=field))
    table = base.table_named("Nodes")
    rows = [{"name": f"N{number:02}"} for number in range(24)]
    made = list(table.bulk_create(rows, journal=False))
    pairs = pairwise(made)
    table.bulk_update([{"id": one.id, "next": [two.id]} for one, two in pairs], journal=False)
    return table


def links_in(table: Any) -> dict[str, list[str]]:
    """The names of the records that each record links to, by its name."""
    there = {one.id: one for one in table.all()}
    return {one.name: [there[_id(link)].name for link in one.next or ()] for one in there.values()}


@pytest.mark.parametrize("journal", [True, False])
def test_a_rollback_sets_the_links_between_deleted_records(base, journal) -> None:
    """They are deleted by several requests, and name one another across them."""
    table = chain(base)
    before = links_in(table)
    ids = [one.id for one in sorted(table.all(), key=lambda one: one.name)]
    options = {} if journal else {"journal": False}
    with pytest.raises(BulkError, match="^Rolled back: ") as caught:
        table.bulk_delete([*ids, "rec00000000000000"], on_error="rollback", **options)
    assert caught.value.result.counts()["undone"] >= 20
    assert links_in(table) == before


def changed_links(table: Any) -> list[dict[str, Any]]:
    """Rows for a sync: the first twelve, each of which links to the first one."""
    kept = sorted(table.all(), key=lambda one: one.name)[:12]
    return [{"name": one.name, "next": [kept[0].id]} for one in kept]


def test_a_rollback_restores_links_to_records_that_were_deleted(base) -> None:
    """A sync changes a link, and deletes what it named before: both are as they were."""
    table = chain(base)
    before = links_in(table)
    rows = [*changed_links(table), {"name": "new", "next": ["rec00000000000000"]}]
    with pytest.raises(BulkError, match="^Rolled back: "):
        table.sync(rows, key="name", delete_missing=True, max_deletes=100, on_error="rollback")
    assert links_in(table) == before


def test_an_undo_restores_links_to_records_that_were_deleted(base) -> None:
    """The same by an undo, and by the undo of the undo's undo."""
    table = chain(base)
    before = links_in(table)
    run = table.sync(changed_links(table), key="name", delete_missing=True, max_deletes=100).run
    after = links_in(table)
    assert len(after) == 12
    for wanted in (before, after, before):
        result = base.undo(run)
        assert result.is_complete, result.explain()
        assert links_in(table) == wanted
        run = result.run
