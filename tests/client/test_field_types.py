"""Models with links, files, people and computed fields, against the local base."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from airhaul import Airtable, Record, airtable_field


class Person(Record, table="People"):
    name: str


class Task(Record, table="Tasks"):
    title: str
    who: list[str] = airtable_field(default_factory=list, type="multipleRecordLinks")
    files: list[dict[str, Any]] = airtable_field(default_factory=list, type="multipleAttachments")
    owner: dict[str, Any] | None = airtable_field(None, type="singleCollaborator")
    team: list[dict[str, Any]] = airtable_field(default_factory=list, type="multipleCollaborators")
    code: dict[str, Any] | None = airtable_field(None, type="barcode")
    text: str = airtable_field("", type="richText")
    names: list[str] = airtable_field(default_factory=list, type="multipleLookupValues")
    shout: str = airtable_field("", type="formula")
    number: int | None = airtable_field(None, type="autoNumber")
    people: int = airtable_field(0, type="count")
    changed: datetime | None = airtable_field(None, type="lastModifiedTime")


@pytest.fixture
def tables(airtable: Airtable, local_base):
    people = airtable.create_table("People", [{"name": "name", "type": "singleLineText"}])
    fields = [{"name": "title", "type": "singleLineText"}]
    for name in ("files", "owner", "team", "code", "text", "who"):
        type_ = Task.__pydantic_fields__[name].metadata[0].type
        options = {"linkedTableId": people["id"]} if name == "who" else None
        fields.append({"name": name, "type": type_, **({"options": options} if options else {})})
    airtable.create_table("Tasks", fields)
    base = local_base.default_base_id
    for name, type_, options in [
        ("names", "multipleLookupValues", {"recordLinkFieldId": "who", "fieldIdInLinkedTable": "name"}),
        ("shout", "formula", {"formula": 'UPPER({title}) & "!"'}),
        ("number", "autoNumber", {}),
        ("people", "count", {"recordLinkFieldId": "who"}),
        ("changed", "lastModifiedTime", {}),
    ]:  # fmt: skip
        local_base.add_field(base, "Tasks", {"name": name, "type": type_, "options": options})
    return airtable.table(Person), airtable.table(Task)


def test_all_kinds_of_fields_go_there_and_back(tables, local_base) -> None:
    """What a record holds is written; what is computed is read, and never sent."""
    people, tasks = tables
    ada, bob = people.bulk_create([{"name": "Ada"}, {"name": "Bob"}])
    made = tasks.create(
        title="go",
        who=[bob.id, ada.id],
        files=[{"url": "https://files.example.com/a.png"}],
        owner={"email": "owner@example.com"},
        team=[{"email": "owner@example.com"}],
        code={"text": "123"},
        text="**x**",
    )
    task = tasks.get(made.id)
    assert task.who == [bob.id, ada.id]
    assert task.files[0]["filename"] == "a.png"
    assert task.owner["name"] == "Owner"
    assert [member["id"] for member in task.team] == [task.owner["id"]]
    assert (task.code, task.text.rstrip("\n")) == ({"text": "123"}, "**x**")
    assert (task.names, task.shout, task.number, task.people) == (["Bob", "Ada"], "GO!", 1, 2)
    assert task.changed is not None
    assert not task.cell_errors
    task.who = [ada.id]
    task.files = [{"id": task.files[0]["id"]}, {"url": "https://files.example.com/b.png"}]
    tasks.save(task)
    sent = local_base.requests[-1].body
    assert "names" not in str(sent)
    again = tasks.get(made.id)
    assert (again.names, again.people) == (["Ada"], 1)
    assert [file["filename"] for file in again.files] == ["a.png", "b.png"]


def test_an_unchanged_record_is_not_written(tables, local_base) -> None:
    """A second identical sync writes nothing, whatever Airtable adds to the cells."""
    people, tasks = tables
    (ada,) = people.bulk_create([{"name": "Ada"}])
    row = {
        "title": "go",
        "who": [ada.id],
        "files": [{"url": "https://files.example.com/a.png"}],
        "owner": {"email": "owner@example.com"},
        "code": {"text": "123"},
        "text": "**x**",
    }
    assert len(tasks.sync([row], key="title").created) == 1
    before = local_base.counts()
    result = tasks.sync([row], key="title")
    assert len(result.unchanged) == 1
    after = local_base.counts()
    assert (after["POST"], after["PATCH"]) == (before["POST"], before["PATCH"])


def test_a_table_that_is_read_without_a_model(tables, airtable) -> None:
    """A model made of the table's columns has all kinds of fields, computed ones read-only."""
    people, tasks = tables
    (ada,) = people.bulk_create([{"name": "Ada"}])
    tasks.create(title="go", who=[ada.id], code={"text": "1"}, files=[{"url": "https://a.test/x"}])
    (task,) = airtable.table_named("Tasks").all()
    assert (task.who, task.code, task.shout) == ([ada.id], {"text": "1"}, "GO!")
    assert task.files[0]["filename"] == "x"
    assert not task.cell_errors


def test_a_list_in_rich_text_settles(tables) -> None:
    """Airtable stores its bullets as dashes: a second sync of the same rows writes nothing."""
    _, tasks = tables
    rows = [{"title": "a", "text": "To do:\n* one\n* two"}]
    assert tasks.sync(rows, key="title").counts() == {"created": 1}
    assert tasks.first().text == "To do:\n- one\n- two\n"
    assert tasks.sync(rows, key="title").counts() == {"unchanged": 1}
