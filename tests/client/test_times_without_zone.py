"""Times without a zone, of files and of data frames: they are in the zone of their field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from airhaul import Airtable, BulkError, Record, airtable_field
from airhaul.errors import RowError

pytestmark = pytest.mark.slow  # it imports the libraries of frames and of workbooks

ZONE = "Europe/Paris"
OPTIONS: dict[str, Any] = {
    "dateFormat": {"name": "iso"},
    "timeFormat": {"name": "24hour"},
    "timeZone": ZONE,
}
FIELDS: list[dict[str, Any]] = [
    {"name": "Name", "type": "singleLineText"},
    {"name": "At", "type": "dateTime", "options": OPTIONS},
]
SUMMER, WINTER = datetime(2025, 7, 15, 18), datetime(2025, 1, 15, 18, 0, 0, 123_000)
SKIPPED = datetime(2024, 3, 31, 2, 30)
ROWS: list[dict[str, Any]] = [
    {"Name": "summer", "At": SUMMER},
    {"Name": "winter", "At": WINTER},
    {"Name": "never", "At": None},
]
HELD = {
    "summer": datetime(2025, 7, 15, 16, tzinfo=UTC),
    "winter": datetime(2025, 1, 15, 17, 0, 0, 123_000, tzinfo=UTC),
    "never": None,
}

Rows = list[dict[str, Any]]


def polars_frame(rows: Rows) -> Any:
    return pytest.importorskip("polars").DataFrame(rows)


def pandas_frame(rows: Rows) -> Any:
    """With times of nanoseconds, as pandas reads them from most files."""
    frame = pytest.importorskip("pandas").DataFrame(rows)
    frame["At"] = frame["At"].astype("datetime64[ns]")
    return frame


def pandas_with_texts(rows: Rows) -> Any:
    """As ``pandas.read_csv`` reads them, unless it is asked for times."""
    texts = [row | {"At": row["At"] and str(row["At"])} for row in rows]
    return pytest.importorskip("pandas").DataFrame(texts)


def arrow_table(rows: Rows) -> Any:
    return pytest.importorskip("pyarrow").Table.from_pylist(rows)


def arrow_stream(rows: Rows) -> Any:
    return arrow_table(rows).to_reader()


def duckdb_relation(rows: Rows) -> Any:
    return pytest.importorskip("duckdb").from_arrow(arrow_table(rows))


FRAMES = [
    polars_frame,
    pandas_frame,
    pandas_with_texts,
    arrow_table,
    arrow_stream,
    duckdb_relation,
]
FORMATS = ["parquet", "arrow", "xlsx", "csv"]


def write(rows: Rows, path: Path) -> Path:
    """Write rows as other programs do."""
    match path.suffix:
        case ".parquet":
            pytest.importorskip("pyarrow.parquet").write_table(arrow_table(rows), path)
        case ".arrow":
            table = arrow_table(rows)
            with pytest.importorskip("pyarrow").ipc.new_file(path, table.schema) as file:
                file.write_table(table)
        case ".xlsx":
            options = {"default_date_format": "yyyy-mm-dd hh:mm:ss.000"}
            with pytest.importorskip("xlsxwriter").Workbook(path, options) as book:
                sheet = book.add_worksheet()
                for place, cells in enumerate([["Name", "At"], *(row.values() for row in rows)]):
                    sheet.write_row(place, 0, cells)
        case _:
            lines = (f"{row['Name']},{row['At'] or ''}\n" for row in rows)
            path.write_text("Name,At\n" + "".join(lines))
    return path


@pytest.fixture
def calls():
    with Airtable.local(journal="journal.db") as airtable:
        airtable.create_table("Calls", FIELDS)
        yield airtable.table_named("Calls")


def held(calls: Any) -> dict[str, datetime | None]:
    return {record.name: record.at for record in calls.all()}


@pytest.mark.parametrize("frame_of", FRAMES)
def test_those_of_a_frame_are_in_the_zone_of_the_field(calls, frame_of) -> None:
    """As those of a file; a second identical sync writes nothing, and so says the plan."""
    calls.bulk_create(frame_of(ROWS))
    assert held(calls) == HELD
    assert calls.sync(frame_of(ROWS), "Name").counts() == {"unchanged": 3}
    assert calls.plan_sync(frame_of(ROWS), "Name").counts()["unchanged"] == 3
    later = [row | {"At": row["At"] and row["At"].replace(hour=19)} for row in ROWS]
    changed = calls.bulk_upsert(frame_of(later), "Name")
    assert changed.counts() == {"updated": 2, "unchanged": 1}
    assert held(calls)["summer"] == datetime(2025, 7, 15, 17, tzinfo=UTC)


@pytest.mark.parametrize("format", FORMATS)
def test_those_of_a_file_are_in_the_zone_of_the_field(calls, format, tmp_path) -> None:
    """In every format that other programs write them in."""
    file = write(ROWS, tmp_path / f"calls.{format}")
    calls.import_file(file)
    assert held(calls) == HELD
    assert calls.sync_file(file, "Name").counts() == {"unchanged": 3}


def test_days_are_midnight_in_the_zone(calls) -> None:
    """As a date of a spreadsheet is; in UTC it would be shown as another hour."""
    frame = polars_frame([{"Name": "day", "At": date(2025, 7, 15)}])
    calls.bulk_create(frame)
    assert held(calls) == {"day": datetime(2025, 7, 14, 22, tzinfo=UTC)}


@pytest.mark.parametrize("frame_of", FRAMES)
def test_a_zone_that_a_frame_has_comes_first(calls, frame_of) -> None:
    """Only what has none is in that of the field."""
    rows = [row | {"At": row["At"] and row["At"].replace(tzinfo=UTC)} for row in ROWS[:2]]
    if frame_of is pandas_frame:
        frame = pytest.importorskip("pandas").DataFrame(rows)
    else:
        frame = frame_of(rows)
    calls.bulk_create(frame)
    assert held(calls) == {row["Name"]: row["At"] for row in rows}
    assert calls.sync(rows, "Name").counts() == {"unchanged": 2}


def test_in_python_a_time_without_a_zone_is_utc(calls) -> None:
    """In dicts as in models, also where a sync compares them with what is stored."""
    calls.bulk_create(ROWS)
    assert held(calls)["summer"] == SUMMER.replace(tzinfo=UTC)
    assert calls.sync(ROWS, "Name").counts() == {"unchanged": 3}


def test_the_zone_of_a_declared_field_holds_for_frames() -> None:
    """For a model without its options, the zone is not known, and UTC is meant."""

    class Call(Record, table="Calls"):
        name: str
        at: datetime | None = airtable_field(None, options=OPTIONS)
        seen: datetime | None = None

    with Airtable.local() as airtable:
        calls = airtable.table(Call)
        calls.create_table()
        calls.bulk_create(polars_frame([{"name": "summer", "at": SUMMER, "seen": SUMMER}]))
        (call,) = calls.all()
    assert (call.at, call.seen) == (HELD["summer"], SUMMER.replace(tzinfo=UTC))


@pytest.mark.parametrize("source", [*FRAMES, *FORMATS])
def test_a_time_that_clocks_skip_is_refused_and_can_be_corrected(
    calls, source: str | Callable[[Rows], Any], tmp_path
) -> None:
    """Rejected rows keep their times as they were given, so that corrected ones have that zone."""
    rows = [{"Name": "skipped", "At": SKIPPED}]
    if isinstance(source, str):
        verb, given = calls.import_file, write(rows, tmp_path / f"calls.{source}")
    else:
        verb, given = calls.bulk_create, source(rows)
    rejects = tmp_path / "rejects.csv"
    with pytest.raises(BulkError, match=f"there is no such time in {ZONE}") as caught:
        verb(given, rejects=rejects)
    (failed,) = caught.value.result.errors
    assert isinstance(failed.error, RowError)
    assert (failed.index, failed.error.field) == (0, "At")
    assert held(calls) == {}

    rejected = rejects.read_text()
    assert "2024-03-31 02:30:00," in rejected
    rejects.write_text(rejected.replace("02:30", "03:30"))
    calls.import_file(rejects)
    assert held(calls) == {"skipped": datetime(2024, 3, 31, 1, 30, tzinfo=UTC)}


def test_a_frame_that_is_resumed_keeps_its_times(calls, tmp_path) -> None:
    """A run that ended early has the rows of its list in the journal, in the zone of the field."""
    with pytest.raises(BulkError) as caught:
        calls.bulk_create(polars_frame(ROWS), max_requests=0)
    calls.airtable.resume(caught.value.result.run)
    assert held(calls) == HELD
