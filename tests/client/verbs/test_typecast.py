"""Refusals that typecast would have prevented name that option, and others do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airhaul import Airtable, BulkError, Record, airtable_field
from airhaul.errors import RowError
from airhaul.local_base import LocalBase, LocalServer, Token
from airhaul.messages import Message, Option
from airhaul.model.columns import columns_of
from tests.conftest import connect

NAME = {"name": "Name", "type": "singleLineText"}
CHOICES = {"choices": [{"name": "red"}]}


@pytest.fixture
def table():
    with Airtable.local() as airtable:
        people = airtable.create_table("People", [NAME])
        link = {"linkedTableId": people["id"]}
        fields = [
            NAME,
            {"name": "Kind", "type": "singleSelect", "options": CHOICES},
            {"name": "Tags", "type": "multipleSelects", "options": CHOICES},
            {"name": "Who", "type": "multipleRecordLinks", "options": link},
            {"name": "Mail", "type": "singleLineText"},
            {"name": "Age", "type": "number", "options": {"precision": 0}},
        ]
        airtable.create_table("T", fields)
        yield airtable.table_named("T")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"Kind": "black"}, "'black' is not a choice of the field; to add it, set typecast=True"),
        ({"Tags": ["red", "a, b"]}, "'a, b' is not a choice of the field; to add it, set typecast"),
        ({"Kind": 'say "hi"'}, "is not a choice of the field; to add it, set typecast=True"),
        ({"Who": ["Ada"]}, "'Ada' is not a record ID; to link by name, set typecast=True"),
    ],
)
@pytest.mark.parametrize("rows", [1, 2, 10])
@pytest.mark.parametrize("on_error", ["stop", "continue"])
def test_a_refusal_points_to_typecast_where_it_helps(
    table: Any, cells: dict[str, Any], reason: str, rows: int, on_error: Any
) -> None:
    """Airtable calls a new choice a lack of permission, which nobody could act upon."""
    given = [{"Name": str(number)} for number in range(rows)]
    given[-1].update(cells)
    try:
        errors = table.bulk_create(given, on_error=on_error).errors
    except BulkError as error:
        errors = error.result.errors
    said = errors[-1].error.message
    assert reason in said
    assert "permission" not in said
    assert isinstance(said, Message)
    options = [part for part in said.parts if not isinstance(part, str)]
    by_key = [Option("link_by", {"Who": "NAME"})] if "Who" in cells else []
    assert options == [Option("typecast", value=True), *by_key]
    result = table.bulk_create(given, typecast=True)
    assert result.counts() == {"created": rows}


@pytest.mark.parametrize(
    "cells", [{"Mail": "x" * 100_001}, {"Who": ["rec00000000000000"]}, {"Kind": "   "}]
)
def test_a_refusal_that_typecast_would_not_prevent_does_not_name_it(
    table: Any, cells: dict[str, Any]
) -> None:
    """A hint that does not help costs a second try."""
    result = table.bulk_create([{"Name": "x", **cells}], on_error="continue")
    assert result.counts() == {"failed": 1}
    assert "typecast" not in result.explain()[0]


class Loose(Record, table="T"):
    """A model that takes for text what the table has as something else."""

    name: str = airtable_field(column="Name")
    who: list[str] = airtable_field(default_factory=list, column="Who", type="multipleSelects")
    age: str | None = airtable_field(None, column="Age")
    kind: str | None = airtable_field(None, column="Kind")


@pytest.mark.slow
@pytest.mark.parametrize("model", [None, Loose])
@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (lambda _: {"Kind": "new"}, "'new' is not a choice of the field"),
        (lambda n: {"Kind": f"new {n}"}, "'new 7' is not a choice of the field"),
        (lambda n: {"Tags": ["red", f"new {n}"]}, "'new 7' is not a choice of the field"),
        (lambda _: {"Who": ["Ada"]}, "'Ada' is not a record ID"),
        (lambda n: {"Age": f"{n} years"}, "the field takes a number, not '7 years'"),
    ],
)
def test_a_thousand_rows_that_fail_alike_cost_no_more_than_one(
    table: Any, model: Any, cells: Any, reason: str
) -> None:
    """The first refusal and the schema show which other rows would be refused; they are not sent."""
    airtable, local_base = table.airtable, table.airtable.local_base
    columns = {column.column for column in columns_of(model).by_name.values()} if model else None
    if not set(cells(0)) <= (columns or {"Kind", "Tags", "Who"}):
        return  # not a field of this model, or one that it validates
    table = airtable.table(model) if model else table
    rows = [{"Name": str(n), **cells(n)} for n in range(1_000)]
    good = [{"Name": "good"}] * 10
    local_base.requests.clear()
    result = table.bulk_create([*rows, *good], on_error="continue")
    assert result.counts() == {"failed": 1_000, "created": 10}
    assert len(local_base.requests) <= (9 if "Age" in cells(0) else 4)
    assert reason in result.outcomes[7].error.message
    assert Option("typecast", value=True) in result.outcomes[7].error.message.parts


def test_what_a_refusal_teaches_without_the_schema(tmp_path: Path) -> None:
    """A token that may not read the schema still sends an unknown choice only once."""
    file = tmp_path / "base.db"
    with Airtable.local(file) as airtable:
        kind = {"name": "Kind", "type": "singleSelect", "options": CHOICES}
        airtable.create_table("T", [NAME, kind])
    token = Token("patTest.secret", scopes=frozenset({"data.records:write"}))
    with (
        LocalBase.open(file, tokens=[token]) as local_base,
        LocalServer(local_base) as server,
        connect(server) as airtable,
    ):
        rows = [{"Name": str(n), "Kind": f"new {n % 3}"} for n in range(300)]
        result = airtable.table(Loose).bulk_create(rows, on_error="continue", concurrency=1)
        assert result.counts() == {"failed": 300}
        assert len(local_base.requests) <= 1 + 3 * 3


def test_a_field_that_the_table_lacks_is_no_matter_of_single_rows(table: Any) -> None:
    """The model and the table do not match, so nothing is written, and no row is tried alone."""
    airtable, local_base = table.airtable, table.airtable.local_base

    class Wrong(Record, table="T"):
        name: str = airtable_field(column="Name")
        other: str | None = airtable_field(None, column="Other")

    local_base.requests.clear()
    rows = [{"name": str(n), "other": "x"} for n in range(100)]
    with pytest.raises(BulkError, match="has no field 'Other', the column of Wrong.other"):
        airtable.table(Wrong).bulk_create([*rows, {"name": "good"}], on_error="continue")
    assert len(local_base.requests) == 2
    assert table.count() == 0


@pytest.mark.parametrize(
    ("type_", "options", "given"),
    [
        ("singleSelect", CHOICES, "red "),
        ("number", {"precision": 0}, "12"),
        ("currency", {"precision": 2, "symbol": "$"}, "$12"),
        ("percent", {"precision": 0}, "50%"),
        ("duration", {"durationFormat": "h:mm:ss"}, "1:30:00"),
        ("rating", {"icon": "star", "color": "yellowBright", "max": 5}, "3"),
        ("date", {"dateFormat": {"name": "iso"}}, "1/2/2024"),
        ("date", {"dateFormat": {"name": "iso"}}, "2024-01-02T00:00:00Z"),
    ],
)
@pytest.mark.parametrize("verb", ["sync", "bulk_upsert"])
def test_a_key_that_is_stored_in_another_form_is_refused(
    type_: Any, options: Any, given: str, verb: str
) -> None:
    """No record would be found by it, so that each call would create its rows again."""

    class Row(Record, table="Rows"):
        key: str = airtable_field(column="Key", type=type_, options=options)

    field: Any = {"name": "Key", "type": type_, "options": options}
    with Airtable.local() as airtable:
        airtable.create_table("Rows", [NAME, field])
        rows = airtable.table(Row)
        for _ in range(2):
            with pytest.raises(BulkError, match=r"field 'key': .* cannot be a key"):
                getattr(rows, verb)([{"key": given}], key="key", typecast=True)
        assert rows.count() == 0


def test_choices_are_keys_by_their_names_only(table: Any) -> None:
    """Airtable also takes the ID of a choice, and stores its name."""
    schema = table.airtable.table_schema("T")
    (choice,) = next(field for field in schema["fields"] if field["name"] == "Kind")["options"][
        "choices"
    ]
    for cells in ({"Kind": choice["id"]}, {"Tags": [choice["id"]]}, {"Tags": ["red "]}):
        with pytest.raises(BulkError, match="cannot be a key"):
            table.sync([cells], key=[*cells], typecast=True)
    assert table.sync([{"Kind": "red"}], key="Kind").counts() == {"created": 1}
    assert table.sync([{"Kind": "red"}], key="Kind", typecast=True).counts() == {"unchanged": 1}


@pytest.mark.parametrize("verb", ["bulk_create", "sync", "create"])
@pytest.mark.parametrize("names", [[""], [" "], ["Ada", "\u00a0"]])
def test_a_blank_name_is_no_link(table: Any, verb: str, names: list[str]) -> None:
    """Airtable may create another record without a name each time."""
    people = table.airtable.table_named("People")
    with pytest.raises((BulkError, RowError), match="field 'Who': the name of a linked record is"):
        if verb == "create":
            table.create(Name="a", Who=names, typecast=True)
        else:
            key = {"key": "Name"} if verb == "sync" else {}
            getattr(table, verb)([{"Name": "a", "Who": names}], typecast=True, **key)
    assert people.count() == table.count() == 0
