"""Values of files, against the type of their field: read as what they say, or refused by name."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import polars as pl
import pytest
from pydantic import AnyUrl, BeforeValidator, Field, field_validator

from airhaul import Airtable, BulkError, Record, airtable_field

NUMBER = {"precision": 2}
DATE = {"dateFormat": {"name": "iso"}}
MOMENT = {**DATE, "timeFormat": {"name": "24hour"}, "timeZone": "utc"}
OPTIONS: dict[str, Any] = {
    "number": NUMBER,
    "percent": NUMBER,
    "currency": {"precision": 2, "symbol": "$"},
    "rating": {"icon": "star", "color": "yellowBright", "max": 5},
    "duration": {"durationFormat": "h:mm"},
    "date": DATE,
    "dateTime": MOMENT,
    "checkbox": {"icon": "check", "color": "greenBright"},
    "singleSelect": {"choices": [{"name": "1"}, {"name": "red"}]},
}


@pytest.fixture
def airtable() -> Any:
    with Airtable.local() as opened:
        yield opened


def table_of(airtable: Airtable, type_: str, options: dict[str, Any] | None = None) -> Any:
    field: dict[str, Any] = {"name": "V", "type": type_}
    if options or type_ in OPTIONS:
        field["options"] = options or OPTIONS[type_]
    airtable.create_table("T", [{"name": "Name", "type": "singleLineText"}, field])
    return airtable.table_named("T")


def imported(table: Any, folder: Path, text: str, suffix: str = "csv") -> Any:
    """Import one row that has this text for V, as the file writes it; return V."""
    file = folder / f"in.{suffix}"
    row = f"Name,V\nx,{text}\n" if suffix == "csv" else f'{{"Name": "x", "V": {text}}}'
    file.write_text(row, encoding="utf-8")
    (record,) = table.import_file(file)
    return vars(table.get(record.id))["v"]


def moment(hour: int, day: int = 15) -> datetime:
    return datetime(2025, 1, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("number", " 5", 5),
        ("number", ".5", 0.5),
        ("number", "-.5 ", -0.5),
        ("number", "3.10", 3.1),
        ("number", "5.", 5),
        ("number", "+5", 5),
        ("number", "007", 7),
        ("number", "32.299076986939205", 32.299076986939205),
        ("number", "1.5e-05", 1.5e-05),
        ("number", "1e+05", 100_000),
        ("number", "1.0E10", 10**10),
        ("percent", " .25", 0.25),
        ("currency", " 3.50 ", 3.5),
        ("rating", " 4", 4),
        ("duration", " 90 ", 90),
        ("date", " 2024-01-31 ", date(2024, 1, 31)),
        ("dateTime", " 2025-01-15T18:00:00Z", moment(18)),
        ("dateTime", "2025-01-15 18:00 ", moment(18)),
        ("checkbox", " yes", True),
        ("checkbox", "checked", True),
        ("checkbox", " Checked ", True),
        ("checkbox", "1 ", True),
        ("checkbox", " no ", False),
        ("singleLineText", " 5 ", " 5 "),
        ("singleLineText", "checked", "checked"),
        ("singleLineText", "1_000", "1_000"),
        ("multilineText", "  ", "  "),
    ],
)
def test_the_text_of_a_cell_is_read_as_its_field_takes_it(
    airtable: Airtable, tmp_path: Path, type_: str, text: str, value: object
) -> None:
    """Spaces around it do not count, except in text, which stays as it is."""
    assert imported(table_of(airtable, type_), tmp_path, text) == value


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("singleLineText", "1", "1"),
        ("singleLineText", "2.50", "2.50"),
        ("singleLineText", "740245381351497731", "740245381351497731"),
        ("singleLineText", "1E400", "1E400"),
        ("singleLineText", "true", "true"),
        ("multilineText", "false", "false"),
        ("singleSelect", "1", "1"),
        ("number", '" 5 "', 5),
        ("number", "2.0", 2),
        ("checkbox", '"checked"', True),
        ("duration", "90.5", 90.5),
    ],
)
def test_a_json_value_is_read_as_its_field_takes_it(
    airtable: Airtable, tmp_path: Path, type_: str, text: str, value: object
) -> None:
    """A text column holds the text that a number has in the file, with all its digits."""
    assert imported(table_of(airtable, type_), tmp_path, text, "jsonl") == value


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize(
    ("type_", "text", "said"),
    [
        ("number", "1234_5678", "this is not a number"),
        ("number", "32E0134", "this is not a number"),
        ("number", "12E4", "this is not a number"),
        ("currency", "1_0.5", "this is not a number"),
        ("percent", "7e2", "this is not a number"),
        ("rating", "0_4", "this is not a number"),
        ("number", "٣", "this is not a number"),
        ("number", "5%", "valid number, .*; a number is written 1234 or 1234.5"),
        ("rating", "3.5", "valid integer, .*; a whole number is written 1234$"),
        ("duration", "1h", "not a duration, got '1h'; .* such as 1:30:00"),
        ("duration", "1:75:00", "not a duration"),
        ("number", "9007199254740993", "integers exactly only up to"),
        ("number", "1e+400", "NaN or infinity"),
        ("date", "20240131", "a number is not a date"),
        ("date", "45322", "a number is not a date"),
        ("date", "86400", "a number is not a date"),
        ("dateTime", "2024", "a number is not a date"),
        ("dateTime", "45322.5", "a number is not a date"),
        ("dateTime", " -5 ", "a number is not a date"),
        ("dateTime", "1735689600", "a number is not a date"),
        ("checkbox", "unchecked", "valid boolean.*; a checkbox is yes or no, true or false"),
    ],
)
def test_text_that_is_no_such_value_is_refused_with_its_line_and_field(
    airtable: Airtable, tmp_path: Path, type_: str, text: str, said: str, suffix: str
) -> None:
    """Python takes some of it for a number, and Pydantic numbers for seconds since 1970."""
    table = table_of(airtable, type_)
    with pytest.raises(BulkError, match=rf"line \d, row 0, field '[Vv]': .*({said})"):
        imported(table, tmp_path, text if suffix == "csv" else json.dumps(text), suffix)
    assert table.count() == 0


@pytest.mark.parametrize(
    ("type_", "text", "said"),
    [
        ("date", "0", "a number is not a date"),
        ("dateTime", "0", "a number is not a date"),
        ("dateTime", "1735689600.5", "a number is not a date"),
        ("dateTime", "true", "a number is not a date"),
        ("number", "true", "true and false are not numbers"),
        ("rating", "false", "true and false are not numbers"),
        ("checkbox", "2", "valid boolean"),
        ("singleLineText", '["a"]', "valid string"),
    ],
)
def test_a_json_value_of_another_kind_is_refused(
    airtable: Airtable, tmp_path: Path, type_: str, text: str, said: str
) -> None:
    """It would be converted into something that the file does not say."""
    table = table_of(airtable, type_)
    with pytest.raises(BulkError, match=f"in.jsonl line 1, row 0, field 'V': .*{said}"):
        imported(table, tmp_path, text, "jsonl")


@pytest.mark.parametrize("type_", [*OPTIONS, "singleLineText", "email"])
@pytest.mark.parametrize("text", ["", "  ", "null"])
def test_a_blank_cell_clears_the_field_in_a_sync(
    airtable: Airtable, tmp_path: Path, type_: str, text: str
) -> None:
    """Of every type, a ticked box included, and once: a second sync finds nothing to do."""
    table = table_of(airtable, type_)
    values = {"date": "2024-01-31", "dateTime": "2024-01-31T10:00:00Z", "checkbox": True}
    texts = {"singleLineText": "a", "email": "a@b.co", "singleSelect": "red"}
    table.create(name="x", v=values.get(type_, texts.get(type_, 3)))
    file = tmp_path / ("in.jsonl" if text == "null" else "in.csv")
    file.write_text('{"Name": "x", "V": null}' if text == "null" else f"Name,V\nx,{text}\n")
    is_kept = type_ in ("singleLineText", "email") and text.isspace()
    assert table.sync_file(file, key="Name").counts() == {"updated": 1}
    assert (table.first().v or None) == (text if is_kept else None)
    assert table.sync_file(file, key="Name").counts() == {"unchanged": 1}


@pytest.mark.parametrize(
    ("zone", "text", "hour"),
    [
        ("Europe/Paris", "2025-01-15 18:00", 17),
        ("Europe/Paris", "2025-01-15T18:00:00Z", 18),
        ("Europe/Paris", "2025-01-15T18:00:00+05:00", 13),
        ("America/New_York", " 2025-01-15T05:00 ", 10),
        ("Asia/Tokyo", "2025-01-15", -9),
        ("utc", "2025-01-15 18:00", 18),
        ("client", "2025-01-15 18:00", 18),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_time_without_a_zone_is_in_the_zone_of_its_field(
    airtable: Airtable, tmp_path: Path, zone: str, text: str, hour: int, suffix: str
) -> None:
    """As Airtable reads it; a zone that the file gives comes first."""
    table = table_of(airtable, "dateTime", {**MOMENT, "timeZone": zone})
    written = text if suffix == "csv" else json.dumps(text)
    expected = moment(0) + timedelta(hours=hour)
    assert imported(table, tmp_path, written, suffix) == expected
    file = tmp_path / f"in.{suffix}"
    assert table.sync_file(file, key="Name").counts() == {"unchanged": 1}


def test_the_zone_is_also_that_of_a_declared_field(airtable: Airtable, tmp_path: Path) -> None:
    """In Python, a naive datetime stays UTC, as everywhere in a model."""

    class Event(Record, table="Events"):
        name: str
        at: datetime | None = airtable_field(None, options={**MOMENT, "timeZone": "Europe/Paris"})

    events = airtable.table(Event)
    events.create_table()
    (tmp_path / "in.csv").write_text("name,at\nx,2025-07-15 18:00\n")
    (event,) = events.import_csv(tmp_path / "in.csv")
    assert event.at == datetime(2025, 7, 15, 16, tzinfo=UTC)
    naive = datetime(2025, 7, 15, 18)
    assert events.create(name="y", at=naive).at == naive.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("https://example.org/a.png", ["a.png"]),
        (' "https://example.org/a,b.png" ', ["a,b.png"]),
        ('"https://example.org/a.png, https://example.org/b.png"', ["a.png", "b.png"]),
        ('"https://example.org/a.png\nhttp://example.org/b.png"', ["a.png", "b.png"]),
    ],
)
def test_addresses_of_files_make_attachments(
    airtable: Airtable, tmp_path: Path, text: str, names: list[str]
) -> None:
    """They are what Airtable takes for an attachment; a second sync finds the files there."""
    table = table_of(airtable, "multipleAttachments")
    held = imported(table, tmp_path, text.strip())
    assert [attachment["filename"] for attachment in held] == names
    assert table.sync_file(tmp_path / "in.csv", key="Name").counts() == {"unchanged": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.png", "an attachment is the address of a file"),
        ("https://example.org/a.png and more", "an attachment is the address of a file"),
        ('"https://example.org/a,https://example.org/b"', "put a space between two of them"),
        ("https://example.org/a;https://example.org/b", "put a space between two of them"),
    ],
)
def test_a_text_that_is_no_address_makes_no_attachment(
    airtable: Airtable, tmp_path: Path, text: str, said: str
) -> None:
    """Airtable accepts any address, and drops an attachment later if nothing is there."""
    table = table_of(airtable, "multipleAttachments")
    with pytest.raises(BulkError, match=f"in.csv line 2, row 0, field '[Vv]': .*{said}"):
        imported(table, tmp_path, text)
    assert table.count() == 0


@pytest.mark.parametrize(
    ("type_", "value", "said"),
    [
        ("multipleAttachments", "https://example.org/a", r"such as \[{\"url\": \"https://...\"}\]"),
        ("multipleAttachments", ["https://example.org/a"], r"such as \[{\"url\""),
        ("multipleCollaborators", ["a@example.org"], r"such as \[{\"email\""),
        ("singleCollaborator", "a@example.org", r"written {\"email\""),
        ("barcode", "0012", r"written {\"text\""),
    ],
)
@pytest.mark.parametrize("verb", ["bulk_create", "bulk_update"])
def test_an_object_is_asked_for_as_python_writes_it(
    airtable: Airtable, type_: str, value: Any, said: str, verb: str
) -> None:
    """Rows of Python have no text for it, and "a valid dictionary" says nothing of its keys."""
    table = table_of(airtable, type_)
    row = {"id": "rec00000000000000"} if verb == "bulk_update" else {"Name": "x"}
    with pytest.raises(BulkError, match=said):
        getattr(table, verb)([{**row, "V": value}])


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("{12", "{12"),
        ("{a: 1}", "{a: 1}"),
        ('"{""text"": ""7""}"', "7"),
        ("007", "007"),
    ],
)
def test_a_code_may_begin_with_a_brace(
    airtable: Airtable, tmp_path: Path, text: str, held: str
) -> None:
    """Only what is JSON is read as an export writes a barcode with its type."""
    assert imported(table_of(airtable, "barcode"), tmp_path, text) == {"text": held}


def test_an_integer_is_refused_for_a_float_that_would_drop_digits(
    airtable: Airtable, tmp_path: Path
) -> None:
    """9007199254740993 would be stored as 9007199254740992, from a file or from Python."""

    class Part(Record, table="Parts"):
        name: str
        code: float | None = None

    parts = airtable.table(Part)
    parts.create_table()
    (tmp_path / "in.csv").write_text("name,code\na,9007199254740993\nb,12345678901234567000\n")
    (tmp_path / "in.json").write_text('[{"name": "a", "code": 9007199254740993}]')
    rows = [{"name": "a", "code": 9007199254740993}, {"name": "c", "code": 2**53}]
    for result in (
        parts.import_file(tmp_path / "in.csv", on_error="continue"),
        parts.import_file(tmp_path / "in.json", on_error="continue"),
        parts.bulk_create(rows, on_error="continue"),
    ):
        (failed,) = result.errors
        assert "row 0, field 'code': Airtable stores integers exactly only" in str(failed.error)
    assert {part.name: part.code for part in parts.all()} == {
        "b": 12345678901234567000.0,
        "c": 2.0**53,
    }


@pytest.mark.parametrize("type_", [float, Decimal])
def test_digits_that_airtable_would_drop_are_refused(
    airtable: Airtable, tmp_path: Path, type_: type
) -> None:
    """12345678901234567.89 would be stored as 12345678901234568, whatever the field's type."""

    class Part(Record, table="Parts"):
        name: str
        size: type_ | None = None  # type: ignore[valid-type]

    parts = airtable.table(Part)
    parts.create_table()
    kept = [
        "0.1",
        "2.50",
        "0.30000000000000004",
        "1.000000000000000056e-01",
        "-1e-07",
        "1.0000000000000000000",
    ]
    dropped = ["12345678901234567.89", "0.12345678901234567891", "1.00000000000000000001", "1e-400"]
    texts = [*kept, *dropped]
    (tmp_path / "in.csv").write_text("name,size\n" + "".join(f"{text},{text}\n" for text in texts))
    (tmp_path / "in.json").write_text(
        "[" + ",".join(f'{{"name": "{text}", "size": {text}}}' for text in texts) + "]"
    )
    rows = [{"name": text, "size": Decimal(text)} for text in texts]
    for write in (
        lambda: parts.import_file(tmp_path / "in.csv", on_error="continue"),
        lambda: parts.import_file(tmp_path / "in.json", on_error="continue"),
        lambda: parts.bulk_create(rows, on_error="continue"),
        lambda: airtable.table_named("Parts").bulk_create(rows, on_error="continue"),
        lambda: parts.bulk_create(
            pl.DataFrame({"name": texts, "size": texts}), on_error="continue"
        ),
    ):
        result = write()
        assert [error.index for error in result.errors] == [*range(len(kept), len(texts))]
        assert "field 'size': Airtable stores numbers as doubles" in str(result.errors[0].error)
        assert {part.name: part.size for part in parts.all()} == {
            text: type_(repr(float(text))) for text in kept
        }
        parts.bulk_delete(parts.all())


@pytest.mark.parametrize(
    ("zone", "text", "held"),
    [
        ("America/New_York", "2024-03-10 02:30", None),
        ("Europe/Paris", "2024-03-31 02:00:00", None),
        ("Europe/Paris", "2024-03-31 01:59", "2024-03-31T00:59"),
        ("Europe/Paris", "2024-03-31 03:00", "2024-03-31T01:00"),
        ("Europe/Paris", "2024-10-27 02:30", "2024-10-27T00:30"),  # the first of two
        ("Europe/Paris", "9999-12-31 23:30", "9999-12-31T22:30"),
    ],
)
def test_a_time_that_clocks_skip_is_refused(
    airtable: Airtable, tmp_path: Path, zone: str, text: str, held: str | None
) -> None:
    """Where clocks go forward it would be stored as another; it was not meant in this zone."""
    table = table_of(airtable, "dateTime", {**MOMENT, "timeZone": zone})
    if held is not None:
        assert imported(table, tmp_path, text) == datetime.fromisoformat(held).replace(tzinfo=UTC)
        return
    with pytest.raises(BulkError, match=f"line 2, row 0, field '[Vv]': there is no .* {zone}"):
        imported(table, tmp_path, text)
    assert table.count() == 0


def test_durations_are_asked_for_as_they_are_written(items: Any, tmp_path: Path) -> None:
    """Pydantic speaks of a "day" identifier, where only the seconds are missing."""
    (tmp_path / "in.csv").write_text("name,length\na,1:30\n")
    result = items.import_csv(tmp_path / "in.csv", on_error="continue")
    (failed,) = items.bulk_create([{"name": "a", "length": "soon"}], on_error="continue").errors
    assert "such as 1:30:00" in str(failed.error)
    assert "1:30:00" in str(result.errors[0].error)


class Item(Record, table="Items"):
    name: str
    tries: int = 5
    sold: bool = True
    note: str = "none"
    tags: list[str] = airtable_field(default_factory=list, choices=["a"])
    length: timedelta | None = None
    at: datetime | None = None


@pytest.fixture
def items(airtable: Airtable) -> Any:
    table = airtable.table(Item)
    table.create_table()
    return table


def test_a_blank_cell_is_the_default_of_a_new_record(items: Any, tmp_path: Path) -> None:
    """Of a spreadsheet, but for text, where it is one; a null of JSON is the type's empty value."""
    (tmp_path / "in.csv").write_text("name,tries,sold,tags,note\na, ,,,\n")
    (item,) = items.import_csv(tmp_path / "in.csv")
    assert (item.tries, item.sold, item.tags, item.note) == (5, True, [], "")
    (tmp_path / "in.csv").write_text("name\na\n")
    assert items.import_csv(tmp_path / "in.csv")[0].note == "none"
    nulls = {"name": "b", "tries": None, "sold": None, "tags": None}
    (tmp_path / "in.json").write_text(json.dumps([nulls]))
    (item,) = items.import_json(tmp_path / "in.json")
    assert (item.tries, item.sold, item.tags) == (5, False, [])


def test_a_blank_cell_is_none_for_what_is_kept_as_text(airtable: Airtable, tmp_path: Path) -> None:
    """Cells hold text for a UUID, and "" is none: an export with empty cells has to import again."""

    class Visit(Record, table="Visits"):
        name: str
        key: UUID | None = None
        page: AnyUrl | None = None
        opens: time | None = None
        pieces: int | None = airtable_field(None, type="singleLineText")

    visits = airtable.table(Visit)
    visits.create_table()
    full = {"key": UUID(int=7), "page": "https://example.org/", "opens": "18:00"}
    visits.bulk_create([{"name": "a", **full}, {"name": "b"}])
    visits.export_csv(file := tmp_path / "visits.csv")
    assert visits.sync_file(file, key="name").counts() == {"unchanged": 2}
    assert len(visits.import_csv(file)) == 2
    visits.where().delete()
    file.write_text("name,key,page,opens,pieces\nc,, , ,\n")
    visits.import_csv(file)
    visits.bulk_create([{"name": "d", "key": "", "page": "", "opens": "", "pieces": ""}])
    for visit in visits.all():
        assert (visit.key, visit.page, visit.opens, visit.pieces) == (None, None, None, None)


def test_a_blank_cell_is_no_text_where_a_text_has_to_have_some_form(
    airtable: Airtable, tmp_path: Path
) -> None:
    """It is None where the type takes that, the default of a new record, or a missing value."""

    class Part(Record, table="Parts"):
        name: Annotated[str, Field(min_length=1)]
        code: Annotated[str, Field(pattern="^P")] | None = None
        unit: Annotated[str, Field(min_length=2)] = "kg"

    parts = airtable.table(Part)
    parts.create_table()
    (tmp_path / "in.csv").write_text("name,code,unit\na,,\n ,P1,pc\n,P1,pc\n")
    result = parts.import_csv(tmp_path / "in.csv", on_error="continue")
    assert [(part.name, part.code, part.unit) for part in result] == [
        ("a", None, "kg"),
        (" ", "P1", "pc"),
    ]
    (failed,) = result.errors
    assert "line 4, row 2, field 'name': a value is required, and the cell is blank" in str(
        failed.error
    )
    parts.export_csv(tmp_path / "out.csv")
    assert parts.sync_file(tmp_path / "out.csv", key="name").counts() == {"unchanged": 2}


def test_a_blank_cell_clears_a_list_of_a_model(items: Any, tmp_path: Path) -> None:
    """A type that has an empty value of its own needs no None for it."""
    items.create(name="a", tags=["a"], sold=True)
    (tmp_path / "in.csv").write_text("name,sold,tags\na,,\n")
    items.sync_file(tmp_path / "in.csv", key="name")
    item = items.first()
    assert (item.sold, item.tags) == (False, [])


def test_a_required_value_that_is_blank_is_named(airtable: Airtable, tmp_path: Path) -> None:
    """Whether the cell is empty, or has spaces, or is null."""

    class Box(Record, table="Boxes"):
        name: str
        size: int

    boxes = airtable.table(Box)
    boxes.create_table()
    (tmp_path / "in.csv").write_text("name,size\na,\nb, \n")
    (tmp_path / "in.jsonl").write_text('{"name": "c", "size": null}\n')
    for name, count in (("in.csv", 2), ("in.jsonl", 1)):
        result = boxes.import_file(tmp_path / name, on_error="continue")
        said = "field 'size': a value is required, and the cell is blank"
        assert [said in str(outcome.error) for outcome in result.errors] == [True] * count


def test_a_number_is_no_date_in_a_row_of_python_either(items: Any) -> None:
    """Rows of csv.DictReader have texts, and others numbers; neither is meant as seconds."""
    for value in ("45322", 45322, 0, 1.5, True):
        (failed,) = items.bulk_create([{"name": "a", "at": value}], on_error="continue").errors
        assert "field 'at': a number is not a date" in str(failed.error)


def test_a_validator_of_the_model_reads_numbers_as_it_likes(
    airtable: Airtable, tmp_path: Path
) -> None:
    """It is declared to see the value before anybody else does."""

    def from_excel(value: Any) -> Any:
        start = datetime(1899, 12, 30, tzinfo=UTC)
        return start + timedelta(days=int(value)) if str(value).isdigit() else value

    class Event(Record, table="Events"):
        name: str
        at: Annotated[datetime, BeforeValidator(from_excel)]
        size: int = 0

        @field_validator("size", mode="before")
        @classmethod
        def _of_text(cls, value: Any) -> Any:
            if not isinstance(value, str):
                return value
            return 1 if value == " " else value.replace("_", "")

    events = airtable.table(Event)
    events.create_table()
    (tmp_path / "in.csv").write_text("name,at,size\na,45322,1_0\nb,2024-01-31, \n")
    result = events.import_csv(tmp_path / "in.csv")
    assert [event.at.date() for event in result] == [date(2024, 1, 31)] * 2
    assert [event.size for event in result] == [10, 1]
    assert events.bulk_create([{"name": "c", "at": 45322}])[0].at == result[0].at


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json"])
def test_durations_come_back_from_an_export(items: Any, tmp_path: Path, suffix: str) -> None:
    """An export has them in seconds."""
    items.create(name="a", length=timedelta(hours=1, minutes=30))
    items.export_file(file := tmp_path / f"items.{suffix}")
    assert items.sync_file(file, key="name").counts() == {"unchanged": 1}


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_rejected_numbers_keep_their_text(airtable: Airtable, tmp_path: Path, suffix: str) -> None:
    """The text of a number is the value of a text column, also when its row comes a second time."""
    airtable.create_table(
        "T",
        [
            {"name": "Code", "type": "singleLineText"},
            {"name": "N", "type": "number", "options": NUMBER},
        ],
    )
    table = airtable.table_named("T")
    (tmp_path / "in.jsonl").write_text(
        '{"Code": 2.50, "N": "x"}\n{"Code": 1e400, "N": "x"}\n{"Code": 1.5, "N": "x"}\n'
    )
    rejects = tmp_path / f"bad.{suffix}"
    table.import_file(tmp_path / "in.jsonl", on_error="continue", rejects=rejects)
    x = ",x," if suffix == "csv" else '"x"'
    rejects.write_text(rejects.read_text().replace(x, x.replace('"x"', "1").replace("x", "1")))
    assert [record.code for record in table.import_file(rejects)] == ["2.50", "1e400", "1.5"]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "json", "jsonl"])
def test_large_whole_numbers_come_back_from_an_export(
    airtable: Airtable, tmp_path: Path, suffix: str
) -> None:
    """A double beyond 2^53 is whole; the digits that Airtable prints for it are read again."""
    table = table_of(airtable, "number", {"precision": 0})
    numbers = [1.78784e16, -1.5e20, 1e300, 1152921504606847000]
    table.bulk_create([{"Name": str(number), "V": number} for number in numbers])
    out = tmp_path / f"out.{suffix}"
    table.export_file(out)
    assert table.sync_file(out, "Name").counts() == {"unchanged": len(numbers)}
    table.import_file(out)
    assert sorted(vars(record)["v"] for record in table.all()) == sorted(numbers * 2)
    with pytest.raises(BulkError, match="declare the field as str to keep all digits"):
        imported(table, tmp_path, "1152921504606846976")


def test_typecast_converts_text_where_the_model_takes_text(airtable: Airtable) -> None:
    """As the page on bulk_create says; a number of a table without a model is validated as one."""

    class Offer(Record, table="Offers"):
        name: str
        price: float | str | None = airtable_field(None, type="currency")

    offers = airtable.table(Offer)
    offers.create_table()
    rows = [{"name": "a", "price": "$1,200.50"}]
    assert offers.sync(rows, key="name", typecast=True).counts() == {"created": 1}
    assert offers.sync(rows, key="name", typecast=True).counts() == {"unchanged": 1}
    assert offers.where().one().price == 1200.5
    untyped: Any = airtable.table_named("Offers")
    with pytest.raises(BulkError, match="valid number"):
        untyped.sync(rows, key="name", typecast=True)


@pytest.mark.parametrize("typecast", [False, True])
def test_a_text_of_json_is_one_item(airtable: Airtable, tmp_path: Path, typecast: bool) -> None:
    """JSON has lists: a text is never several choices, as it may be in a cell of CSV."""
    choices = [{"name": name} for name in ("Tea", "Milk", "Tea, Milk")]
    table = table_of(airtable, "multipleSelects", {"choices": choices[:2]})
    file = tmp_path / "in.json"
    file.write_text('[{"Name": "a", "V": "Tea"}, {"Name": "b", "V": "Tea, Milk"}]')
    result = table.import_file(
        file, on_error="continue", rejects=tmp_path / "no.csv", typecast=typecast
    )
    if typecast:
        assert [vars(one)["v"] for one in table.all(sort="Name")] == [["Tea"], ["Tea, Milk"]]
        return
    assert result.counts() == {"created": 1, "failed": 1}
    assert '"""Tea, Milk"""' in (tmp_path / "no.csv").read_text()


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_typecast_links_one_name_of_json(airtable: Airtable, tmp_path: Path, suffix: str) -> None:
    """A linked name with a comma is one name in JSON; in CSV it is one if a record has it."""
    airtable.create_table("Firms", [{"name": "Name", "type": "singleLineText"}])
    airtable.table_named("Firms").create(Name="Old, Inc.")
    linked = {"linkedTableId": airtable.table_schema("Firms")["id"]}
    table = table_of(airtable, "multipleRecordLinks", linked)
    rows = [{"Name": "a", "V": "Old, Inc."}, {"Name": "b", "V": "New, Inc."}]
    file = tmp_path / f"in.{suffix}"
    file.write_text(
        json.dumps(rows) if suffix == "json" else 'Name,V\na,"Old, Inc."\nb,"New, Inc."\n'
    )
    table.import_file(file, typecast=True)
    names = {firm._cells["Name"] for firm in airtable.table_named("Firms").all()}
    assert names == ({"Old, Inc.", *(["New, Inc."] if suffix == "json" else ["New", "Inc."])})
