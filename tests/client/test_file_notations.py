"""Files of people who write 3,50 and 31.12.2024, and files that Airtable itself writes."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airhaul import Airtable, BulkError, Record, airtable_field
from airhaul.local_base.base import LocalBase
from airhaul.wire.call import Call

US = {"dateFormat": {"name": "us"}}
EUROPEAN = {"dateFormat": {"name": "european"}}
FRIENDLY = {"dateFormat": {"name": "friendly"}}
LOCAL = {"dateFormat": {"name": "local"}}
ISO = {"dateFormat": {"name": "iso"}}
NUMBER = {"precision": 2}
EURO = {"precision": 2, "symbol": "€"}
NOON = {"timeFormat": {"name": "12hour"}}
EVENING = {"timeFormat": {"name": "24hour"}}
BERLIN = {"timeZone": "Europe/Berlin"}
COMMA: dict[str, Any] = {"decimal_comma": True}
OWN: dict[str, Any] = {"from_airtable_csv": True}


@pytest.fixture
def airtable() -> Iterator[Airtable]:
    with Airtable.local() as opened:
        yield opened


def table_of(airtable: Airtable, type_: str, options: dict[str, Any] | None) -> Any:
    field: dict[str, Any] = {"name": "V", "type": type_}
    if options is not None:
        field["options"] = options
    airtable.create_table("T", [{"name": "Name", "type": "singleLineText"}, field])
    return airtable.table_named("T")


def imported(table: Any, folder: Path, text: str, **options: Any) -> Any:
    """Import one row that has this text for V; return V."""
    file = folder / "in.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([["Name", "V"], ["x", text]])
    (record,) = table.import_file(file, **options)
    return vars(table.get(record.id))["v"]


def dotted(format: str = "DD.MM.YYYY") -> dict[str, Any]:
    return {"date_format": format}


@pytest.mark.parametrize(
    ("type_", "field", "text", "options", "value"),
    [
        ("number", NUMBER, "3,50", COMMA, 3.5),
        ("number", NUMBER, "1.234,50", COMMA, 1234.5),
        ("number", NUMBER, "1.234.567", COMMA, 1_234_567),
        ("number", NUMBER, "-1 234,5", COMMA, -1234.5),
        ("number", NUMBER, "1\u202f234\u202f567,5", COMMA, 1_234_567.5),
        ("number", NUMBER, " ,5 ", COMMA, 0.5),
        ("number", NUMBER, "1,5E+05", COMMA, 150_000),
        ("number", NUMBER, "42", COMMA, 42),
        ("currency", EURO, "1.234,50 €", COMMA, 1234.5),
        ("currency", EURO, "-€3,50", COMMA, -3.5),
        ("percent", NUMBER, "12,5 %", COMMA, 0.125),
        ("singleLineText", None, "1.234,50", COMMA, "1.234,50"),
        ("date", ISO, "31.12.2024", dotted(), date(2024, 12, 31)),
        ("date", US, "31.12.2024", dotted(), date(2024, 12, 31)),
        ("date", ISO, "2024-12-31", dotted(), date(2024, 12, 31)),
        ("date", ISO, "01/02/2024", dotted("M/D/YYYY"), date(2024, 1, 2)),
        ("date", ISO, "01/02/2024", dotted("D/M/YYYY"), date(2024, 2, 1)),
        ("date", ISO, "20240131", dotted("YYYYMMDD"), date(2024, 1, 31)),
        ("date", ISO, "31.12.2024 0:00:00", dotted(), date(2024, 12, 31)),
        (
            "dateTime",
            {**ISO, **EVENING, **BERLIN},
            "31.12.2024 18:00",
            dotted(),
            datetime(2024, 12, 31, 17, tzinfo=UTC),
        ),
        (
            "dateTime",
            {**ISO, **EVENING, "timeZone": "utc"},
            "31.12.2024",
            dotted(),
            datetime(2024, 12, 31, tzinfo=UTC),
        ),
        ("singleLineText", None, "31.12.2024", dotted(), "31.12.2024"),
        # As Airtable shows values, and nobody else means by them.
        ("currency", EURO, "€1200.00", {}, 1200),
        ("percent", NUMBER, "12%", {}, 0.12),
        ("percent", NUMBER, "-0.7%", {}, -0.007),
        ("duration", {"durationFormat": "h:mm"}, "1:30:00", {}, 5400),
        ("duration", {"durationFormat": "h:mm:ss.S"}, "-100:00:01.5", {}, -360_001.5),
        ("barcode", None, "0012", {}, {"text": "0012"}),
        # As only a file of Airtable means it.
        ("number", NUMBER, "1,200.00", OWN, 1200),
        ("currency", {"precision": 2, "symbol": "$"}, "-$1,200.00", OWN, -1200),
        ("currency", {"precision": 0, "symbol": "$"}, "$1,200", OWN, 1200),
        ("currency", EURO, "€1.200,50", {**OWN, **COMMA}, 1200.5),
        ("duration", {"durationFormat": "h:mm"}, "1:30", OWN, 5400),
        ("date", US, "1/2/2024", OWN, date(2024, 1, 2)),
        ("date", EUROPEAN, "1/2/2024", OWN, date(2024, 2, 1)),
        ("date", FRIENDLY, "February 1, 2024", OWN, date(2024, 2, 1)),
        ("date", LOCAL, "1/2/2024", {**OWN, **dotted("M/D/YYYY")}, date(2024, 1, 2)),
        ("date", EUROPEAN, "1/2/2024", {**OWN, **dotted("M/D/YYYY")}, date(2024, 2, 1)),
        (
            "dateTime",
            {**US, **NOON, **BERLIN},
            "12/31/2024 6:00pm",
            OWN,
            datetime(2024, 12, 31, 17, tzinfo=UTC),
        ),
    ],
)
def test_a_text_is_read_as_the_caller_says(
    airtable: Airtable, tmp_path: Path, type_: str, field: Any, text: str, options: Any, value: Any
) -> None:
    """And as its field shows it, where that can mean nothing else."""
    assert imported(table_of(airtable, type_, field), tmp_path, text, **options) == value


@pytest.mark.parametrize(
    ("type_", "field", "text", "options", "said"),
    [
        ("number", NUMBER, "3,50", {}, "decimal_comma=True"),
        ("number", NUMBER, "1.234,50", {}, "decimal_comma=True"),
        ("number", NUMBER, "1,200", {}, "thousands.*from_airtable_csv=True.*decimal_comma=True"),
        ("number", NUMBER, "1,200.50", {}, "thousands.*from_airtable_csv=True"),
        ("number", NUMBER, "3.5", COMMA, "with a decimal comma, a number is written 1234,5"),
        ("number", NUMBER, "1234.567", COMMA, "with a decimal comma"),
        ("number", NUMBER, "0.123", COMMA, "with a decimal comma"),
        ("number", NUMBER, "12E4", COMMA, "this is not a number"),
        ("number", NUMBER, "1,20", OWN, "decimal_comma=True"),
        ("number", NUMBER, "12%", {}, "valid number"),
        ("number", NUMBER, "n/a", {}, r'nulls=\["n/a"\]'),
        ("currency", EURO, "$5", {}, "the symbol of the field is €"),
        ("currency", EURO, "$1,200.50", OWN, "the symbol of the field is €"),
        ("duration", {"durationFormat": "h:mm"}, "1:30", {}, "1:30:00.*from_airtable_csv=True"),
        ("duration", {"durationFormat": "h:mm:ss"}, "1:30", OWN, "1:30:00 or in seconds$"),
        ("duration", {"durationFormat": "h:mm"}, "1:75:00", {}, "not a duration"),
        ("date", ISO, "31.12.2024", {}, 'date_format="DD.MM.YYYY"'),
        ("date", ISO, "1/2/2024", {}, 'format="DD/MM/YYYY" or date_format="MM/DD/YYYY"$'),
        ("date", US, "1/2/2024", {}, 'date_format="MM/DD/YYYY" or from_airtable_csv=True'),
        ("date", LOCAL, "1/2/2024", OWN, 'date_format="MM/DD/YYYY"$'),
        ("date", US, "31/12/2024", OWN, "no such date"),
        ("date", ISO, "12.31.2024", dotted(), "no such date"),
        ("date", ISO, "12/31/2024", dotted(), "dates are read as DD.MM.YYYY or 2024-12-31"),
        ("date", ISO, "45322", dotted(), "a number is not a date"),
        ("date", ISO, "31.12.2024 18:00", dotted(), "zero time"),
        ("date", US, "31/12/2024", {}, 'date_format="DD/MM/YYYY"$'),
        ("date", ISO, "NA", {}, r'nulls=\["NA"\]'),
        ("checkbox", {"icon": "check", "color": "redBright"}, "n/a", {}, r'nulls=\["n/a"\]'),
        ("dateTime", {**ISO, **EVENING, **BERLIN}, "31.12.2024 18:00", {}, "DD.MM.YYYY"),
        (
            "dateTime",
            {**US, **NOON, "timeZone": "client"},
            "12/31/2024 6:00pm",
            OWN,
            "give the field a time zone",
        ),
        ("singleCollaborator", None, "Ada", {}, "identified by an e-mail address.*ignore"),
    ],
)
def test_a_text_that_may_mean_two_things_is_refused_with_the_option_that_helps(
    airtable: Airtable, tmp_path: Path, type_: str, field: Any, text: str, options: Any, said: str
) -> None:
    """Nothing is guessed, neither from the field nor from other rows."""
    table = table_of(airtable, type_, field)
    with pytest.raises(BulkError, match=f"line 2, row 0, field 'V': .*({said})"):
        imported(table, tmp_path, text, **options)
    assert table.count() == 0


class Trip(Record, table="Trips"):
    name: str
    price: float | None = None
    took: timedelta | None = None
    day: date | None = None
    at: datetime | None = airtable_field(default=None, options={**US, **NOON, **BERLIN})


def test_a_model_gets_the_formats_of_its_fields_from_the_table(
    airtable: Airtable, tmp_path: Path
) -> None:
    """A model need not repeat how Airtable shows its fields; one more request reads that."""
    airtable.create_table(
        "Trips",
        [
            {"name": "name", "type": "singleLineText"},
            {"name": "price", "type": "currency", "options": EURO},
            {"name": "took", "type": "duration", "options": {"durationFormat": "h:mm"}},
            {"name": "day", "type": "date", "options": EUROPEAN},
            {"name": "at", "type": "dateTime", "options": {**US, **NOON, **BERLIN}},
        ],
    )
    file = tmp_path / "trips.csv"
    file.write_text('name,price,took,day,at\nx,"€1,200.50",1:30,1/2/2024,1/2/2024 6:05pm\n')
    trips = airtable.table(Trip)
    with pytest.raises(BulkError, match="symbol of the field, set from_airtable_csv=True"):
        trips.import_csv(file)
    (made,) = trips.import_csv(file, from_airtable_csv=True)
    assert airtable.requests_made == 3  # the table, its schema, the record
    assert (made.price, made.took, made.day) == (
        1200.5,
        timedelta(hours=1, minutes=30),
        date(2024, 2, 1),
    )
    assert made.at == datetime(2024, 1, 2, 17, 5, tzinfo=UTC)
    assert trips.plan_sync_file(file, "name", from_airtable_csv=True).counts()["unchanged"] == 1


SHOWN: list[dict[str, Any]] = [
    {"name": "Name", "type": "singleLineText"},
    {"name": "Notes", "type": "multilineText"},
    {"name": "Mail", "type": "email"},
    {"name": "Number", "type": "number", "options": {"precision": 3}},
    {"name": "Money", "type": "currency", "options": {"precision": 2, "symbol": "$"}},
    {"name": "Share", "type": "percent", "options": {"precision": 1}},
    {"name": "Stars", "type": "rating", "options": {"icon": "star", "color": "redBright", "max": 5}},
    {"name": "Done", "type": "checkbox", "options": {"icon": "check", "color": "greenBright"}},
    {"name": "Choice", "type": "singleSelect", "options": {"choices": [{"name": "a, b"}]}},
    {"name": "Choices", "type": "multipleSelects", "options": {"choices": [{"name": "x"}, {"name": "y z"}]}},
    {"name": "Code", "type": "barcode"},
    {"name": "Files", "type": "multipleAttachments"},
    *({"name": f"Took {form}", "type": "duration", "options": {"durationFormat": form}}
      for form in ("h:mm", "h:mm:ss", "h:mm:ss.S", "h:mm:ss.SS", "h:mm:ss.SSS")),
    *({"name": f"Day {form}", "type": "date", "options": {"dateFormat": {"name": form}}}
      for form in ("iso", "us", "european", "friendly")),
    *({"name": f"At {form} {clock}", "type": "dateTime",
       "options": {"dateFormat": {"name": form}, "timeFormat": {"name": clock}, **BERLIN}}
      for form in ("iso", "us", "european", "friendly") for clock in ("12hour", "24hour")),
]  # fmt: skip


def shown_cells(number: int) -> dict[str, Any]:
    """The cells of a record; some are empty in every third."""
    cells: dict[str, Any] = {
        "Name": f"n{number}",
        "Notes": 'line 1\nline "2", with a comma',
        "Mail": "a@example.org",
        "Number": -1234.125 * number,
        "Money": 1200.5 * number,
        "Share": 0.125,
        "Stars": 1 + number % 5,
        "Done": True,
        "Choice": "a, b",
        "Choices": ["x", "y z"],
        "Code": {"text": "00123"},
        "Files": [
            {"url": f"https://example.org/{number}.pdf", "filename": "a, b (1).pdf"},
            {"url": "https://example.org/c.png", "filename": "c.png"},
        ],
    }
    for field in SHOWN:
        name, options = field["name"], field.get("options", {})
        if field["type"] == "duration":
            digits = len(options["durationFormat"].partition(".")[2])
            minutes = 60 * (90 + number)
            is_short = options["durationFormat"] == "h:mm"
            cells[name] = minutes if is_short else minutes + round(7 + 1 / 8, digits)
        if field["type"] == "date":
            cells[name] = f"2024-0{1 + number}-02"
        if field["type"] == "dateTime":
            cells[name] = f"2024-0{1 + number}-02T1{number}:05:00.000Z"
    return {name: cell for name, cell in cells.items() if number % 3 or name in ("Name", "Done")}


def test_what_airtable_shows_of_a_record_imports_as_that_record(tmp_path: Path) -> None:
    """Every type of field, in every format that it can have; what is computed is left alone."""
    with LocalBase.open() as base, Airtable(local=base) as airtable:
        airtable.create_table("Shown", SHOWN)  # type: ignore[arg-type]
        name = base.default_base_id
        for field in ({"type": "autoNumber"}, {"type": "createdTime"}):
            base.add_field(name, "Shown", {"name": field["type"], "options": {}, **field})
        made = [shown_cells(number) for number in range(1, 7)]
        body = {"records": [{"fields": cells} for cells in made]}
        airtable.call(Call("POST", f"/v0/{name}/Shown", "create", body=body, base_id=name))
        query = (
            ("cellFormat", "string"),
            ("timeZone", "Europe/Berlin"),
            ("userLocale", "en"),
            ("view", "Grid view"),
        )
        call = Call("GET", f"/v0/{name}/Shown", "read", query=query, base_id=name)
        rows = [record["fields"] for record in airtable.call(call)["records"]]
        file = tmp_path / "shown.csv"
        columns = [*(field["name"] for field in SHOWN), "autoNumber", "createdTime"]
        with file.open("w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, columns)
            writer.writeheader()
            writer.writerows(rows)
        table = airtable.table_named("Shown")
        before = table.all(view="Grid view")
        assert len(table.import_file(file, from_airtable_csv=True)) == 6
        again = table.all(view="Grid view")[6:]
        for old, new in zip(before, again, strict=True):
            assert held(new) == held(old)


def held(record: Any) -> dict[str, Any]:
    """What a record holds besides what Airtable makes; of files, their names and addresses."""
    made = ("id", "created_time", "autonumber", "createdtime")
    cells = {name: value for name, value in vars(record).items() if name not in made}
    cells["files"] = [(file["filename"], file["url"]) for file in cells["files"] or ()]
    return cells
