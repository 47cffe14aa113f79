"""Results of streams: every record is at hand, in a file once they are many."""

from __future__ import annotations

import contextlib
import csv
import gc
import json
import pickle
import random
import time
from pathlib import Path

import pytest
from pydantic import field_validator

from airhaul import BulkError, Record, airtable_field, configure, configured, result_of
from airhaul.events import Event, RowsChecked
from tests.local_base.gate.test_limits_and_store import files_up_to

pytestmark = pytest.mark.slow  # long streams


class Item(Record, table="Items"):
    number: int


def test_every_record_of_a_long_stream_is_at_hand() -> None:
    """Those beyond the first thousands are read back from a file, in order, as often as asked."""
    configure(local=":memory:")
    Item.create_table()
    result = Item.bulk_create({"number": number} for number in range(6_500))
    assert [item.number for item in result] == list(range(6_500))
    assert result[6_123].number == 6_123
    assert [item.number for item in result[6_498:]] == [6_498, 6_499]
    assert result.outcomes[6_123].record.id == result[6_123].id
    assert len({item.id for item in result}) == 6_500
    late = result[6_400]
    late.number = -1
    late.save()  # it knows where it came from
    assert Item.get(late.id).number == -1
    again = pickle.loads(pickle.dumps(result))
    assert [item.number for item in again] == list(range(6_500))
    del result, again
    gc.collect()  # and the file is closed without a warning


def test_records_of_a_long_list_are_the_same_objects_each_time() -> None:
    """Those that were used are kept, so that changes of them can be saved; the caller's own are."""
    configure(local=":memory:")
    Item.create_table()
    result = Item.bulk_create([{"number": number} for number in range(1_500)])
    assert [item.number for item in result] == list(range(1_500))
    for item in result:
        item.number += 1
    again = pickle.loads(pickle.dumps(result))
    assert [item.number for item in again] == list(range(1, 1_501))
    assert Item.bulk_save(result).counts() == {"updated": 1_500}
    own = [Item(number=number) for number in range(1_500)]
    result = Item.bulk_create(own)
    assert all(made is mine for made, mine in zip(result, own, strict=True))
    assert all(item.id is not None for item in own)


def test_a_stream_that_breaks_late_has_its_records_too() -> None:
    """What was written before the source broke can be read from the result."""
    configure(local=":memory:")
    Item.create_table()

    def source():
        yield from ({"number": number} for number in range(6_000))
        raise OSError("gone")

    try:
        Item.bulk_create(source())
    except OSError as error:
        result = result_of(error)
    assert result is not None
    assert [item.number for item in result] == list(range(6_000))


def test_a_full_disk_under_the_records_of_a_result_loses_none() -> None:
    """Those that do not fit on the disk stay in memory."""
    configure(local=":memory:")
    Item.create_table()
    with files_up_to(50_000):
        result = Item.bulk_create({"number": number} for number in range(6_500))
    assert [item.number for item in result] == list(range(6_500))


def test_the_rows_of_a_file_are_validated_once(tmp_path: Path) -> None:
    """What was checked is what is sent, in order, though the file is long."""
    seen: list[str] = []

    class Note(Record, table="Notes"):
        text: str

        @field_validator("text")
        @classmethod
        def _seen(cls, text: str) -> str:
            seen.append(text)
            return text

    configure(local=":memory:")
    Note.create_table()
    path = tmp_path / "notes.jsonl"
    texts = [f"note {number}" for number in range(1_234)]
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    result = Note.import_file(path)
    assert seen[: len(texts)] == texts
    assert [note.text for note in result] == texts
    assert [outcome.line for outcome in result.outcomes] == [*range(1, 1_235)]
    assert sorted(note.text for note in Note.all()) == sorted(texts)


@pytest.mark.parametrize(("kind", "total"), [("jsonl", None), ("parquet", 2_500)])
def test_checking_a_long_file_is_told(tmp_path: Path, kind: str, total: int | None) -> None:
    """How many rows were checked, and of how many if the file says so; none was sent before."""
    configure(local=":memory:")
    Item.create_table()
    path = tmp_path / f"items.{kind}"
    rows = [{"number": number} for number in range(2_500)]
    if kind == "parquet":
        arrow, parquet = (pytest.importorskip(f"pyarrow{name}") for name in ("", ".parquet"))
        parquet.write_table(arrow.Table.from_pylist(rows), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    told: list[tuple[int, int | None, int]] = []

    def note(event: Event) -> None:
        if isinstance(event, RowsChecked):
            told.append((event.done, event.total, configured().requests_made))

    before = configured().requests_made
    result = Item.import_file(path, on_event=note)
    assert result.counts() == {"created": 2_500}
    assert told == [(1_000, total, before), (2_000, total, before), (2_500, 2_500, before)]


@pytest.mark.parametrize("is_slow", [True, False])
@pytest.mark.parametrize("is_valid", [True, False])
def test_one_bar_is_left_of_an_import(tmp_path: Path, capsys, is_slow, is_valid) -> None:
    """That of sending; a bar for checking is there only as long as that takes, if it takes long."""

    class Slow(Record, table="Items"):
        number: int

        @field_validator("number")
        @classmethod
        def slowly(cls, value: int) -> int:
            if is_slow:
                time.sleep(0.001)
            return value

    configure(local=":memory:")
    Slow.create_table()
    rows = [{"number": number} for number in range(1_500)] + [{} for _ in range(not is_valid)]
    path = tmp_path / "items.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with contextlib.nullcontext() if is_valid else pytest.raises(BulkError):
        Slow.import_file(path, progress=True)
    printed = capsys.readouterr().err
    assert ("Items, checked: 1000 rows" in printed) is is_slow
    assert ("Items, checked" in printed) is is_slow
    # What stands there in the end: each carriage return goes back to the start of the line.
    lines = [line.rstrip("\r").rpartition("\r")[2].strip() for line in printed.split("\n")]
    assert [line.partition("|")[0] for line in lines if line] == ["Items: 100%"] * is_valid


def test_rows_of_a_file_that_airtable_refuses_are_kept_as_they_are_in_it(tmp_path: Path) -> None:
    """Their values wait on disk with those of all others, and are told from them."""

    class Task(Record, table="Tasks"):
        name: str
        state: str = airtable_field(type="singleSelect", options={"choices": [{"name": "open"}]})

    configure(local=":memory:")
    Task.create_table()
    path, rejects = tmp_path / "tasks.csv", tmp_path / "rejects.csv"
    states = {5: "shut", 249: "ajar"}
    lines = [f"{number:03},{states.get(number, 'open')},left out" for number in range(250)]
    path.write_text("Title,state,note\n" + "\n".join(lines) + "\n")
    result = Task.import_file(
        path, columns={"Title": "name"}, ignore="note", on_error="continue", rejects=rejects
    )
    assert result.counts() == {"created": 248, "failed": 2}
    with rejects.open(newline="") as file:
        found = [(row["Title"], row["state"], row["note"]) for row in csv.DictReader(file)]
    assert found == [("005", "shut", "left out"), ("249", "ajar", "left out")]


@pytest.mark.parametrize("on_error", ["stop", "continue"])
def test_a_full_disk_under_the_rows_of_a_file_loses_none(tmp_path: Path, on_error: str) -> None:
    """The file is read again then."""

    class Note(Record, table="Notes"):
        text: str

    configure(local=":memory:")
    Note.create_table()
    path = tmp_path / "notes.jsonl"
    noise = random.Random(7)  # which does not become small
    texts = [noise.randbytes(1_000).hex() for _ in range(1_500)]
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    with files_up_to(50_000):
        result = Note.import_file(path, on_error=on_error)
    assert [note.text for note in result] == texts
    assert sorted(note.text for note in Note.all()) == sorted(texts)
