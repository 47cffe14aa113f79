"""The options that say what a file means: columns under other names, left out, empty words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airhaul import Airtable, AsyncAirtable, BulkError, Record, airtable_field
from airhaul.errors import ConfigurationError, FileFormatError

FIELDS: list[dict[str, Any]] = [
    {"name": "Code", "type": "singleLineText"},
    {"name": "Pieces", "type": "number", "options": {"precision": 2}},
    {"name": "Since", "type": "date", "options": {"dateFormat": {"name": "iso"}}},
]
READ_SO: dict[str, Any] = {
    "columns": {"Stück": "Pieces", "Artikel": "Code"},
    "ignore": ["Notiz"],
    "nulls": ["k. A."],
    "decimal_comma": True,
    "date_format": "DD.MM.YYYY",
}
GERMAN = "Artikel;Stück;Since;Notiz\n"


class Item(Record, table="Items"):
    code: str = airtable_field(column="Code")
    pieces: float | None = airtable_field(default=None, column="Pieces")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def airtable() -> Iterator[Airtable]:
    with Airtable.local(journal="journal.db") as opened:
        opened.create_table("Items", FIELDS)  # type: ignore[arg-type]
        yield opened


def held(airtable: Airtable) -> list[tuple[Any, ...]]:
    """What the table holds, with dates as text."""
    records = airtable.table_named("Items").all()
    found = [(vars(record)["code"], vars(record)["pieces"]) for record in records]
    days = [vars(record)["since"] for record in records]
    rows = [(*row, day and day.isoformat()) for row, day in zip(found, days, strict=True)]
    return sorted(rows, key=str)


def written(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("in.csv", "Artikel,Stück,Notiz\na,1,x\nb,k. A.,y\n"),
        ("in.tsv", "Artikel\tStück\tNotiz\na\t1\tx\nb\t k. A. \ty\n"),
        ("in.jsonl", '{"Artikel": "a", "Stück": 1}\n{"Artikel": "b", "Stück": "k. A."}\n'),
        ("in.json", '[{"Artikel": "a", "Stück": "1"}, {"Artikel": "b", "Notiz": [1]}]'),
        ("short.csv", "Artikel,Stück,Notiz\na,1\nb\n"),
        ("case.csv", "artikel , STÜCK,notiz\na,1,x\nb,,y\n"),
        ("other.csv", "Artikel,Stück,Notiz,Code\na,1,x,\nb,,,\n"),
    ],
)
@pytest.mark.parametrize("verb", ["import", "upsert", "sync", "plan", "plan_sync"])
def test_columns_are_renamed_left_out_and_emptied(
    airtable: Airtable, name: str, text: str, verb: str
) -> None:
    """In every format and by every verb that reads a file, and only where the caller says so."""
    table, file = airtable.table_named("Items"), written(name, text)
    options: dict[str, Any] = {**READ_SO, "decimal_comma": False, "date_format": None}
    if "Code" in text:
        options["ignore"] = ["Notiz", "Code"]
    if "notiz" not in text.casefold():
        options["ignore"] = []
    match verb:
        case "import":
            table.import_file(file, **options)
        case "upsert":
            table.import_file(file, key="Code", **options)
        case "sync":
            table.sync_file(file, "Code", **options)
        case "plan":
            table.plan_import_file(file, **options).apply()
        case _:
            table.plan_sync_file(file, "Code", **options).apply()
    assert held(airtable) == [("a", 1, None), ("b", None, None)]


def test_models_and_async_tables_take_the_same_options(airtable: Airtable) -> None:
    """A renamed column may go to the name of the field in Python or in Airtable."""
    file = written("in.csv", "Artikel,Anzahl\na,1\n")
    columns = {"Artikel": "code", "Anzahl": "Pieces"}
    Item.using(airtable).import_csv(file, columns=columns)
    Item.using(airtable).plan_import_file(file, key="code", columns=columns).apply()
    Item.using(airtable).sync_file(file, "code", columns=columns)
    assert held(airtable) == [("a", 1, None)]

    async def again() -> None:
        async with AsyncAirtable.local() as other:
            await other.create_table("Items", FIELDS)  # type: ignore[arg-type]
            table = await other.table_named("Items")
            names = {"Artikel": "Code", "Anzahl": "Pieces"}
            await table.import_file(file, columns=names)
            plan = await table.plan_sync_file(file, "Code", columns=names)
            assert plan.counts()["unchanged"] == 1

    asyncio.run(again())


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"columns": {"Stuck": "Pieces"}}, FileFormatError, "no column 'Stuck', which columns"),
        ({"ignore": "Notizen"}, FileFormatError, "no column 'Notizen', which ignore names"),
        (
            {"columns": {"Stück": "Code"}},
            FileFormatError,
            "'Code' and 'Stück' would both be 'Code'",
        ),
        ({"columns": ["Stück"]}, ConfigurationError, "names of fields by the names of columns"),
        ({"columns": {"Stück": None}}, ConfigurationError, "to leave a column out, set ignore"),
        (
            {"columns": {"Stück": "Pieces"}, "ignore": ["Stück"]},
            ConfigurationError,
            "both in columns and in ignore",
        ),
        ({"date_format": "%d.%m.%Y"}, ConfigurationError, "expected one such as DD.MM.YYYY"),
        ({"colums": {}}, TypeError, "no option 'colums'"),
        ({}, BulkError, r"'Stück': Items has no field 'Stück'; .* set columns=.* or ignore="),
    ],
)
def test_a_wrong_option_or_a_missing_one_is_named(
    airtable: Airtable, options: Any, error: type[Exception], said: str
) -> None:
    """Before anything is sent, with what helps."""
    file = written("in.csv", "Code,Stück\na,1\n")
    table = airtable.table_named("Items")
    before = airtable.requests_made
    with pytest.raises(error, match=said):
        table.import_file(file, **options)
    assert airtable.requests_made == before


def test_a_column_that_two_settings_name_is_that_of_the_exact_name(airtable: Airtable) -> None:
    """A name in another case never takes a column from the setting that names it as it is."""
    file = written("a.csv", "code,x\nA,3\n")
    columns = {"code": "Code", "CODE": "Since", "x": "Pieces"}
    airtable.table_named("Items").import_file(file, columns=columns)
    assert held(airtable) == [("A", 3, None)]
    with pytest.raises(FileFormatError, match="the column 'code' twice, as 'CODE' and 'Code'"):
        airtable.table_named("Items").import_file(file, columns={"CODE": "Code", "Code": "Pieces"})
    assert held(airtable) == [("A", 3, None)]


def test_a_column_that_json_never_has_is_named_before_anything_is_sent(airtable: Airtable) -> None:
    """A misspelt column in ``ignore`` would be written otherwise."""
    file = written("in.jsonl", '{"Code": "a"}\n{"Code": "b", "Pieces": 1}\n')
    table = airtable.table_named("Items")
    for on_error in ("stop", "continue", "rollback"):
        with pytest.raises(FileFormatError, match="no column 'Peaces'"):
            table.import_file(file, ignore="Peaces", on_error=on_error)
    assert held(airtable) == []
    table.import_file(file, ignore="pieces")
    assert held(airtable) == [("a", None, None), ("b", None, None)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("in.csv", "Code,Pieces\na,-999\n-999,-999.0\n"),
        ("in.jsonl", '{"Code": "a", "Pieces": -999}\n{"Code": "-999", "Pieces": -999.0}\n'),
    ],
)
def test_a_number_may_mean_an_empty_cell(airtable: Airtable, name: str, text: str) -> None:
    """As it is written in the file, in every format."""
    airtable.table_named("Items").import_file(written(name, text), nulls=["-999"])
    assert held(airtable) == [("a", None, None), (None, -999, None)]


def test_an_id_column_of_the_files_own_is_not_dropped(airtable: Airtable) -> None:
    """Like any other column, it is written where the caller says, or refused."""
    file = written("in.csv", "id,Code\n7,a\n")
    table = airtable.table_named("Items")
    with pytest.raises(BulkError, match=r'ignore=\["id"\]'):
        table.import_file(file)
    table.import_file(file, columns={"id": "Pieces"})
    table.import_file(file, ignore="id")
    assert held(airtable) == [("a", 7, None), ("a", None, None)]


@pytest.mark.parametrize("key", [None, "Code"])
def test_a_resumed_run_reads_its_file_in_the_same_way(airtable: Airtable, key: str | None) -> None:
    """The journal keeps how a file is read."""
    rows = "".join(f"c{n:02};{n}.000,5;01.02.2024;x\n" for n in range(1, 31))
    file = written("in.csv", GERMAN + rows + "d;k. A.;k. A.;x\n")
    table = airtable.table_named("Items")
    with pytest.raises(BulkError):
        table.import_file(file, key=key, max_requests=2, **READ_SO)
    assert len(held(airtable)) < 31
    airtable.resume()
    expected = [(f"c{n:02}", n * 1000 + 0.5, "2024-02-01") for n in range(1, 31)]
    assert held(airtable) == [*expected, ("d", None, None)]


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize("verb", ["import", "sync"])
def test_rejected_rows_are_as_in_the_file_and_are_read_in_the_same_way(
    airtable: Airtable, suffix: str, verb: str
) -> None:
    """So that a retry, or an import of the rejects with the same options, writes what they say."""
    rows = "a;1.000,5;01.02.2024;x\nb;viel;01.02.2024;y\n"
    file, rejects = written("in.csv", GERMAN + rows), Path(f"rejects.{suffix}")
    table = airtable.table_named("Items")
    options: dict[str, Any] = {**READ_SO, "on_error": "continue", "rejects": rejects}
    if verb == "import":
        table.import_file(file, **options)
    else:
        table.plan_sync_file(file, "Code", **READ_SO).apply(on_error="continue", rejects=rejects)
    text = rejects.read_text()
    assert "Artikel" in text
    assert "01.02.2024" in text
    rejects.write_text(text.replace("viel", "2.000", 1))
    again = airtable.retry()
    assert held(airtable) == [("a", 1000.5, "2024-02-01"), ("b", 2000, "2024-02-01")]
    assert again.counts() == {"created": 1}


def test_rejects_of_a_resumed_sync_are_as_in_the_file(airtable: Airtable) -> None:
    """Its rows are in the journal as they were given, too: 1.234 is not a little more than one."""
    too_long = "x" * 100_001
    rows = [f"c{n:02};1.234;01.02.2024;x\n" for n in range(12)]
    file = written("in.csv", "".join([GERMAN, *rows, f"{too_long};1.234;k. A.;x\n"]))
    table, rejects = airtable.table_named("Items"), Path("rejects.csv")
    with pytest.raises(BulkError):
        table.sync_file(file, "Code", max_requests=2, rejects=rejects, **READ_SO)
    airtable.resume(on_error="continue")
    rejects.write_text(rejects.read_text().replace(too_long, "c12", 1))
    airtable.retry()
    expected = [(f"c{n:02}", 1234, "2024-02-01") for n in range(12)]
    assert held(airtable) == [*expected, ("c12", 1234, None)]


def test_rows_of_a_rejects_file_need_not_have_every_renamed_column(airtable: Airtable) -> None:
    """Objects of JSON Lines differ in their names; the rejected ones may lack a column."""
    lines = [{"Artikel": "a", "Stück": "viel"}, {"Artikel": "b", "Notiz": "x"}]
    file = written("in.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    options: dict[str, Any] = {**READ_SO, "on_error": "continue", "rejects": "rejects.jsonl"}
    airtable.table_named("Items").import_file(file, **options)
    rejects = Path("rejects.jsonl")
    rejects.write_text(rejects.read_text().replace('"viel"', '"5,5"', 1))
    airtable.retry()
    assert held(airtable) == [("a", 5.5, None), ("b", None, None)]


def test_rejects_never_mix_two_notations(airtable: Airtable) -> None:
    """A number of JSON is text in CSV, and 1.234 another number once it has a decimal comma."""
    file = written("in.jsonl", '{"Code": "a", "Pieces": 1.234, "Since": "?"}\n')
    table = airtable.table_named("Items")
    options: dict[str, Any] = {"decimal_comma": True, "on_error": "continue"}
    with pytest.raises(ConfigurationError, match="a .jsonl file, which keeps them apart"):
        table.import_file(file, rejects="rejects.csv", **options)
    table.import_file(file, rejects="rejects.jsonl", **options)
    rejects = Path("rejects.jsonl")
    rejects.write_text(rejects.read_text().replace('"?"', '"2024-12-31"', 1))
    airtable.retry()
    assert held(airtable) == [("a", 1.234, "2024-12-31")]
