"""The file of rejected rows can be corrected and imported again, whatever the rows hold."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from airhaul import BulkError, Record, airtable_field, configure, result_of
from airhaul.errors import ConfigurationError, FileFormatError
from airhaul.tabular import ERROR_COLUMN, LINE_COLUMN, RejectsFile, read_rows
from tests.local_base.gate.test_limits_and_store import files_up_to


class Item(Record, table="Items"):
    name: str
    size: int | None = None
    kind: str = airtable_field("a", type="singleSelect", choices=["a", "b"])


@pytest.fixture(autouse=True)
def _table():
    configure(local=":memory:")
    Item.create_table()


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl"])
def test_rejects_go_round(suffix) -> None:
    """Import, correct, import again: every row is there once."""
    Path("in.csv").write_text(
        'name,size,kind\n"A, or B",1,a\nC,big,a\nD,3,none\n"E\n""quoted""",4,b\n', encoding="utf-8"
    )
    rejects = Path(f"bad.{suffix}")
    result = Item.import_csv("in.csv", on_error="continue", rejects=rejects)
    assert result.counts() == {"created": 2, "failed": 2}
    rows = list(read_rows(rejects))
    assert [row.cells["name"] for row in rows] == ["C", "D"]
    assert [int(row.cells[LINE_COLUMN]) for row in rows] == [3, 4]
    assert "valid integer" in rows[0].cells[ERROR_COLUMN]
    assert "INVALID_MULTIPLE_CHOICE_OPTIONS" in rows[1].cells[ERROR_COLUMN]
    text = rejects.read_text(encoding="utf-8")
    for wrong, right in (("big", "2"), ("none", "b")):
        text = text.replace(f'"{wrong}"', f'"{right}"').replace(wrong, right, 1)
    rejects.write_text(text, encoding="utf-8")
    again = Item.import_file(rejects, rejects=f"worse.{suffix}")
    assert again.counts() == {"created": 2}
    assert not Path(f"worse.{suffix}").exists()
    assert sorted(item.name for item in Item.all()) == ["A, or B", "C", "D", 'E\n"quoted"']


def test_rows_of_a_program_go_there_too() -> None:
    """Dicts with different keys, records, and values that JSON and CSV cannot hold as they are."""
    rows = [
        {"name": "x", "size": math.inf},
        {"size": 1},
        {"name": "ok"},
        Item(name="y", kind="zzz"),
    ]
    Item.bulk_create(rows, on_error="continue", rejects="bad.jsonl")
    found = [json.loads(line) for line in Path("bad.jsonl").read_text().splitlines()]
    assert [row.get("name") for row in found] == ["x", None, "y"]
    assert found[0]["size"] == "inf"
    Item.bulk_create(rows, on_error="continue", rejects="bad.csv")
    assert len(list(read_rows("bad.csv"))) == 3


def test_an_old_file_of_rejects_does_not_outlive_a_clean_call() -> None:
    """It would be taken for this call's; a file of somebody else's is never touched."""
    Item.bulk_create([{"size": 1}], on_error="continue", rejects="bad.csv")
    assert Path("bad.csv").exists()
    Item.bulk_create([{"name": "a"}], rejects="bad.csv")
    assert not Path("bad.csv").exists()
    Path("mine.csv").write_text("name\nprecious\n")
    Item.bulk_create([{"name": "a"}], rejects="mine.csv")
    assert Path("mine.csv").read_text() == "name\nprecious\n"


def test_rejects_are_there_when_nothing_was_sent() -> None:
    """Rows that the first look refuses are put aside as well."""
    with pytest.raises(BulkError, match="Nothing was sent"):
        Item.bulk_create([{"name": "a"}, {"size": 1}], rejects="bad.csv")
    assert len(list(read_rows("bad.csv"))) == 1
    with pytest.raises(BulkError, match="Nothing was sent"):
        Item.sync([{"name": "a"}, {"name": "b", "size": "x"}], key="name", rejects="sync.csv")
    assert len(list(read_rows("sync.csv"))) == 1


def test_the_source_is_never_written_over() -> None:
    """The rejects of a file go to another one, through a plan, too."""
    Path("in.csv").write_text("name,size\na,x\n")
    with pytest.raises(ConfigurationError, match="the rows come from"):
        Item.import_csv("in.csv", rejects="./in.csv")
    plan = Item.plan_sync_file("in.csv", "name")
    with pytest.raises(ConfigurationError, match="the rows come from"):
        plan.apply(on_error="continue", rejects="in.csv")
    with pytest.raises(FileFormatError, match="as csv, tsv, jsonl"):
        RejectsFile("bad.json")
    assert Path("in.csv").read_text() == "name,size\na,x\n"


def test_what_was_rejected_before_a_crash_is_kept(tmp_path) -> None:
    """Each row is written as it comes, beside the place of the file."""
    rejects = RejectsFile(tmp_path / "bad.csv")
    rejects.add({"name": "x"}, "because", 3)
    (part,) = tmp_path.glob("bad.csv.*.part")
    assert "because" in part.read_text()
    assert not (tmp_path / "bad.csv").exists()
    rejects.close()
    assert [file.name for file in tmp_path.iterdir()] == ["bad.csv"]


def test_no_file_of_the_users_is_written_through_or_taken_away(tmp_path) -> None:
    """The file beside the rejects has a name of its own; links and files of that kind stay."""
    precious = tmp_path / "precious.txt"
    precious.write_text("precious")
    (tmp_path / "bad.csv.part").symlink_to(precious)
    (tmp_path / "bad.csv").symlink_to(precious)
    rejects = RejectsFile(tmp_path / "bad.csv")
    rejects.add({"name": "x"}, "because", 3)
    rejects.close()
    assert precious.read_text() == "precious"
    assert (tmp_path / "bad.csv.part").is_symlink()
    assert "because" in (tmp_path / "bad.csv").read_text()


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl"])
def test_what_no_file_can_hold_does_not_end_the_call(suffix) -> None:
    """Half a surrogate pair, a time before all calendars: the reason of a rejection is written."""

    class Event(Record, table="Events"):
        name: str
        at: datetime | None = None
        amount: Decimal | None = None

    Event.create_table()
    rows = [
        {"name": "half \ud800"},
        {"name": "early", "at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))},
        {"name": "large", "amount": Decimal("1E+999999999")},
        {"name": "good"},
    ]
    result = Event.bulk_create(rows, on_error="continue", rejects=f"bad.{suffix}")
    assert result.counts() == {"failed": 3, "created": 1}
    half, early, large = read_rows(f"bad.{suffix}")
    assert half.cells["name"] == ("half \ud800" if suffix == "jsonl" else r"half \ud800")
    assert early.cells["at"] == "0001-01-01T00:00:00+01:00"
    assert large.cells["amount"] == "1E+999999999"


def test_a_place_where_no_file_can_be_is_refused_before_the_first_row() -> None:
    """Not at the first bad row, when half of the others are written."""
    for place in ("no such folder/bad.csv", "."):
        with pytest.raises(FileFormatError, match="cannot write rejected rows to it"):
            Item.bulk_create([{"name": "a"}, {"name": None}], on_error="continue", rejects=place)
    assert Item.count() == 0


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl"])
def test_every_key_of_every_row_is_kept(suffix) -> None:
    """Also one that the model does not have, and one that only a later row has."""
    path = Path(f"bad.{suffix}")
    rows = [
        {"name": "a", "size": "x", "colour": 'red, "dark"\nor blue'},
        {"size": 1},
        {"weight": 1.5, "name": "b", "sise": None},
        {"name": "c", "size": "y", "weight": math.nan, "airhaul error": "an earlier one"},
    ]
    result = Item.bulk_create([*rows, {"name": "ok"}], on_error="continue", rejects=path)
    assert result.counts() == {"failed": 4, "created": 1}
    found = [row.cells for row in read_rows(path)]
    for cells, given in zip(found, rows, strict=True):
        kept = {name: cells[name] for name in given if name != ERROR_COLUMN}
        if suffix == "jsonl":
            plain = {name: None if value != value else value for name, value in given.items()}
        else:
            plain = {name: "" if value is None or value != value else str(value) for name, value in given.items()}  # fmt: skip
        assert kept == {name: plain[name] for name in kept}
        assert cells[ERROR_COLUMN].startswith("row ")
    if suffix != "jsonl":
        header = path.read_text().splitlines()[0].split("\t" if suffix == "tsv" else ",")
        assert header == ["name", "size", "colour", "weight", "sise", LINE_COLUMN, ERROR_COLUMN]
        assert found[1]["colour"] == ""


class Code(BaseModel):
    content: str = Field(alias="text")


class Parcel(Record, table="Parcels"):
    name: str = airtable_field(column="title")
    title: str = airtable_field("", column="name")
    code: Code | None = airtable_field(None, type="barcode")
    files: list[dict[str, Any]] = airtable_field(default_factory=list, type="multipleAttachments")
    tags: frozenset[str] = airtable_field(frozenset(), choices=["a", "b, c"])
    pieces: int = 1


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl"])
@pytest.mark.parametrize("kind", ["dicts", "records"])
def test_nested_values_come_back_from_rejects(suffix, kind) -> None:
    """Objects, lists of objects and sets are read again as they were given, under their names."""
    Parcel.create_table()
    row: dict[str, Any] = {
        "title": "Lamp", "name": "L1", "code": {"text": "1, 2"},
        "files": [{"url": "https://a.example/x, y.png", "filename": "x.png"}], "tags": {"b, c", "a"}, "pieces": 2**60,
    }  # fmt: skip
    given = (
        Parcel.model_validate({**row, "name": "Lamp", "title": "L1"}) if kind == "records" else row
    )
    path = Path(f"bad.{suffix}")
    assert Parcel.bulk_create([given], on_error="continue", rejects=path).counts() == {"failed": 1}
    path.write_text(path.read_text().replace(str(2**60), "7"))
    (made,) = Parcel.import_file(path)
    found = Parcel.get(made.id)
    assert (found.name, found.title, found.pieces) == ("Lamp", "L1", 7)
    assert (found.code.content, found.tags) == ("1, 2", frozenset({"a", "b, c"}))
    assert [file["filename"] for file in found.files] == ["x.png"]


def test_long_cells_are_kept_when_a_column_is_added() -> None:
    """A CSV file is written again then; its rows may hold more than the csv module likes to read."""
    long = "x" * 200_000
    result = Item.bulk_create(
        [{"name": long, "size": "a"}, {"name": "b", "other": 1}], on_error="continue", rejects="bad.csv"
    )  # fmt: skip
    assert result.counts() == {"failed": 2}
    assert next(iter(read_rows("bad.csv"))).cells["name"] == long
    assert not list(Path().glob("*.wider"))


def test_a_full_disk_under_the_rejects_leaves_a_result_that_can_be_read(tmp_path) -> None:
    """The call ends, and what was written by then is reported."""
    rows = [
        {"name": f"n{n}"} if n % 2 else {"name": f"n{n}", "size": "x" * 500} for n in range(200)
    ]
    with files_up_to(20_000), pytest.raises(OSError, match="too large") as caught:
        Item.bulk_create(rows, on_error="continue", rejects=tmp_path / "bad.csv")
    result = result_of(caught.value)
    assert result is not None
    assert {one.id for one in result} == {one.id for one in Item.all()}
    assert len(result.outcomes) == 200
