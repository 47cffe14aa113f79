"""Names of columns: each value goes to the column that is meant, or is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airhaul import Airtable, Record, airtable_field
from airhaul.errors import UnknownFieldError


@pytest.fixture
def airtable():
    with Airtable.local() as opened:
        yield opened


def table_with(airtable: Airtable, *columns: str, type_: str = "singleLineText") -> Any:
    airtable.create_table("T", [{"name": name, "type": type_} for name in columns])
    return airtable.table_named("T")


def stored(table: Any) -> list[dict[str, Any]]:
    return [record._cells for record in table.all(view="Grid view")]


NAMES = [
    # the columns of the table, the name that is given, the column that is meant
    (["First Name", "first_name"], "first_name", "first_name"),
    (["First Name", "first_name"], "First Name", "First Name"),
    (["Price ($)", "price"], "price", "price"),
    (["Price ($)", "price"], "Price ($)", "Price ($)"),
    (["x-y", "x y", "x_y"], "x_y", "x_y"),
    (["Name"], "name", "Name"),
    (["Name"], " NAME ", "Name"),
    ([" Name"], "Name", " Name"),
    (["Straße"], "STRASSE", "Straße"),
    (["Straße", "STRASSE"], "STRASSE", "STRASSE"),
    (["Straße", "STRASSE"], "strasse", None),
    (["Caf\u00e9", "Cafe\u0301"], "Caf\u00e9", "Caf\u00e9"),
    (["Caf\u00e9", "Cafe\u0301"], "Cafe\u0301", "Cafe\u0301"),
    (["Caf\u00e9"], "Cafe\u0301", None),
    (["First Name"], "first_name", None),
    (["First Name"], "First  Name", None),
    (["Price ($)"], "price", None),
    (["class"], "field_class", None),
]


@pytest.mark.parametrize(("columns", "given", "meant"), NAMES)
@pytest.mark.parametrize("way", ["rows", "csv", "jsonl", "sync"])
def test_a_value_goes_to_the_column_of_its_name(
    airtable: Airtable, tmp_path: Path, columns: list[str], given: str, meant: str | None, way: str
) -> None:
    """Exactly that name; else the only one that differs in case or surrounding spaces."""
    table = table_with(airtable, "k", *columns)
    row = {"k": "r", given: "v"}
    if way == "rows":
        result = table.bulk_create([row], on_error="continue")
    elif way == "sync":
        result = table.sync([row], key="k", on_error="continue")
    else:
        path = tmp_path / f"a.{way}"
        text = f"k,{given}\nr,v\n" if way == "csv" else f'{{"k": "r", "{given}": "v"}}\n'
        path.write_text(text, encoding="utf-8")
        result = table.import_file(path, on_error="continue")
    if meant is None:
        assert f"T has no field {given!r}" in result.explain()[0]
        assert stored(table) == []
    else:
        assert stored(table) == [{"k": "r", meant: "v"}]


@pytest.mark.parametrize(("columns", "given", "meant"), NAMES)
def test_a_query_means_the_column_of_its_name(
    airtable: Airtable, columns: list[str], given: str, meant: str | None
) -> None:
    """In lookups, sorts, selections and keys as in rows."""
    table = table_with(airtable, *columns)
    rows = [{name: f"{name}{number}" for name in columns} for number in (1, 2)]
    table.bulk_create(rows)
    if meant is None:
        for use in (
            lambda: table.where(**{given: "x"}),
            lambda: table.all(sort=f"-{given}"),
            lambda: table.where().only(given).all(),
            lambda: table.bulk_upsert(rows, key=given),
        ):
            with pytest.raises(UnknownFieldError, match="T has no field"):
                use()
        return
    for name in (given, f"{given}__contains"):
        found = table.where(**{name: f"{meant}2"}).all()
        assert [record._cells for record in found] == [rows[1]]
    assert [record._cells for record in table.all(sort=f"-{given}")] == rows[::-1]
    only = table.where().only(given).view("Grid view").all()
    assert [record._cells for record in only] == [{meant: row[meant]} for row in rows]
    assert table.bulk_upsert(rows, key=given).counts() == {"updated": 2}
    assert table.sync(rows, key=given).counts() == {"unchanged": 2}


@pytest.mark.parametrize("format", ["csv", "tsv", "json", "jsonl"])
def test_namesakes_keep_their_values_from_an_export_to_an_import(
    airtable: Airtable, tmp_path: Path, format: str
) -> None:
    """Names that differ in spaces, case or Unicode form are names of different columns."""
    table = table_with(airtable, "k", "Name", "Caf\u00e9", "Cafe\u0301", "Straße")
    for name in ("Name ", " Name", "STRASSE"):
        field = {"name": name, "type": "singleLineText"}
        airtable.local_base.add_field(airtable.base_id, "T", field)
    table = airtable.table_named("T")
    columns = [field["name"] for field in airtable.table_schema("T")["fields"]]
    row = {name: str(number) for number, name in enumerate(columns)}
    table.bulk_create([row])
    path = tmp_path / f"a.{format}"
    table.export_file(path)
    table.bulk_delete(table.all())
    table.import_file(path)
    assert stored(table) == [row]
    for name in columns:
        assert [record._cells for record in table.where().only(name).all()] == [{name: row[name]}]
        assert table.where(**{name: row[name]}).count() == 1
        assert table.sync([row], key=name).counts() == {"unchanged": 1}
    for name in columns[1:]:
        row[name] = f"new {name}"
        assert table.sync([{"k": "0", name: row[name]}], key="k").counts() == {"updated": 1}
        assert stored(table) == [row]
    with pytest.raises(UnknownFieldError, match="did you mean"):
        table.where(name="1")


@pytest.mark.parametrize("names", [("Name", "name"), ("NAME", "name"), (" Name", "name ")])
def test_two_names_for_one_column_are_a_bad_row(airtable: Airtable, names: tuple[str, str]) -> None:
    """Neither of two values may win, and a blank one is no licence for the other."""
    table = table_with(airtable, "Name", "City")
    for values in (("a", "b"), ("a", "a"), ("", "b")):
        row = dict(zip(names, values, strict=True))
        result = table.bulk_create([row], on_error="continue")
        assert result.counts() == {"failed": 1}
        assert "T has no field" in result.explain()[0]


class Swapped(Record, table="T"):
    one: str | None = airtable_field(None, column="two")
    two: str | None = airtable_field(None, column="one")
    three: str | None = airtable_field(None, column="Number Three", alias="drei")


def test_in_a_model_the_name_of_the_column_comes_first(airtable: Airtable) -> None:
    """The table has that name; a name of Python or an alias is used only if no column has it."""
    table = airtable.table(Swapped)
    table.create_table()
    table.bulk_create([{"one": "1", "two": "2", "drei": "3"}])
    assert stored(table) == [{"one": "1", "two": "2", "Number Three": "3"}]
    assert table.where(one="1", three="3").count() == 1
    assert table.bulk_upsert([{"one": "1", "THREE": "4"}], key="one").counts() == {"updated": 1}
    assert stored(table) == [{"one": "1", "two": "2", "Number Three": "4"}]


class Ambiguous(Record, table="T"):
    other: str | None = airtable_field(None, column="Name")
    NAME: str | None = airtable_field(None, column="Other")


def test_a_name_that_could_be_two_columns_is_neither(airtable: Airtable) -> None:
    """A guess would be wrong half of the time."""
    table = airtable.table(Ambiguous)
    table.create_table()
    result = table.bulk_create([{"name": "x"}], on_error="continue")
    assert "has no field 'name'" in result.explain()[0]
    with pytest.raises(UnknownFieldError, match="'name'"):
        table.where(name="x")


def test_a_key_named_like_the_record_id_is_a_column(airtable: Airtable) -> None:
    """A table's own column "id" identifies records as any other does."""
    table = table_with(airtable, "id", "ID 2")
    table.bulk_create([{"id": "7", "ID 2": "a"}, {"id": "8", "ID 2": "b"}])
    result = table.bulk_upsert([{"id": "8", "ID 2": "c"}], key="id")
    assert result.counts() == {"updated": 1}
    assert [record._cells for record in table.where(id="8").all()] == [{"id": "8", "ID 2": "c"}]


def test_an_id_of_a_record_is_not_a_value_of_a_column_id(airtable: Airtable) -> None:
    """What another client has read holds the ID of the record, which is no cell."""
    table = table_with(airtable, "Name", "ID")
    rows = [{"id": "rec00000000000000", "Name": "a"}, {"id": "77", "Name": "b"}]
    table.bulk_create(rows)
    assert stored(table) == [{"Name": "a"}, {"Name": "b", "ID": "77"}]


def test_rejects_have_the_names_of_the_table(airtable: Airtable, tmp_path: Path) -> None:
    """So that they can be corrected and imported, whatever kind of rows was refused."""
    table = table_with(airtable, "First Name", "first_name")
    record = table.create(**{"First Name": "a"})
    record.first_name = "x" * 100_001
    path = tmp_path / "r.csv"
    table.bulk_save([record], on_error="continue", rejects=path)
    header = path.read_text().partition("\n")[0].split(",")
    assert header[:4] == ["id", "created_time", "First Name", "first_name"]


@pytest.mark.parametrize("way", ["create", "rows", "upsert", "csv"])
@pytest.mark.parametrize("typed", [False, True])
def test_an_error_names_the_column_as_the_table_or_the_model_does(
    airtable: Airtable, tmp_path: Path, way: str, typed: bool
) -> None:
    """The reader knows the name in the file or the table, or that in the own model."""

    class Priced(Record, table="T"):
        name: str = airtable_field(column="Name")
        unit_price: float | None = airtable_field(None, column="Unit Price")

    number = {"name": "Unit Price", "type": "number", "options": {"precision": 0}}
    airtable.create_table("T", [{"name": "Name", "type": "singleLineText"}, number])
    table: Any = airtable.table(Priced) if typed else airtable.table_named("T")
    shown = "unit_price" if typed and way != "csv" else "Unit Price"
    for value in ("inf", "much"):
        row = {"Name": "x", "Unit Price": float(value) if value == "inf" else value}
        if way == "create":
            with pytest.raises(ValueError, match=f"field '{shown}'"):
                table.create(**row)
            continue
        if way == "csv":
            path = tmp_path / "a.csv"
            path.write_text(f"Name,Unit Price\nx,{value}\n")
            result = table.import_csv(path, on_error="continue")
        elif way == "rows":
            result = table.bulk_create([row], on_error="continue")
        else:
            result = table.bulk_upsert([row], key="Name", on_error="continue")
        assert f"field {shown!r}: " in result.explain()[0]
        assert result.errors[0].error.field == shown
