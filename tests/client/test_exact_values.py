"""Values that a field cannot hold as they are: refused with row, field and reason, never changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import pytest

from airhaul import Airtable, BulkError, Record, airtable_field
from airhaul.errors import RowError


class Part(Record, table="Parts"):
    name: str = ""
    size: float | None = None
    pieces: int | None = None
    rating: int | None = None
    grade: Literal[1, 2] | None = None
    day: date | None = None
    moment: datetime | None = None
    lasts: timedelta | None = None
    seconds: float | None = airtable_field(
        None, type="duration", options={"durationFormat": "h:mm:ss"}
    )


TOO_LONG = timedelta(days=999_999_999, microseconds=1)
MISFITS: list[tuple[str, Any]] = [
    ("size", Decimal("12345678901234567.89")),
    ("size", 2**53 + 1),
    ("size", "12345678901234567.89"),
    ("size", "12E4"),
    ("size", "1_000"),
    ("size", True),
    ("pieces", True),
    ("pieces", False),
    ("pieces", "1_000"),
    ("rating", False),
    ("grade", True),
    ("day", 0),
    ("moment", 1706659200),
    ("moment", np.longdouble("1.5")),
    ("lasts", True),
    ("lasts", TOO_LONG),
    ("lasts", np.timedelta64(1, "M")),
    ("seconds", TOO_LONG),
    ("seconds", True),
    ("seconds", np.timedelta64(1, "Y")),
    ("size", np.timedelta64(5)),
    ("name", np.timedelta64(1, "M")),
    ("moment", np.timedelta64(1, "M")),
]
if np.finfo(np.longdouble).nmant > np.finfo(np.float64).nmant:  # not on every machine
    MISFITS.append(("size", np.longdouble(1) / 3))


@pytest.fixture
def airtable() -> Iterator[Airtable]:
    with Airtable.local() as opened:
        yield opened


@pytest.mark.parametrize(("field", "value"), MISFITS, ids=repr)
def test_a_value_that_would_change_is_refused_in_every_verb(
    airtable: Airtable, field: str, value: Any
) -> None:
    """In a row, in keyword arguments, and assigned to a record: refused by name, and not sent."""
    parts = airtable.table(Part)
    parts.create_table()
    there = parts.create(name="there", size=1.5, lasts=timedelta(seconds=1))
    sent = airtable.requests_made

    def assign(record: Part) -> Part:
        setattr(record, field, value)
        return record

    for write in (
        lambda: parts.create(**{field: value}),
        lambda: parts.bulk_create([{field: value}]),
        lambda: parts.bulk_update([{"id": there.id, field: value}]),
        lambda: parts.bulk_replace([{"id": there.id, field: value}]),
        lambda: parts.bulk_upsert([{"name": "there", field: value}], key="name"),
        lambda: parts.bulk_create([assign(Part(name="new"))]),
        lambda: parts.save(assign(there)),
        lambda: parts.bulk_save([assign(there)]),
        lambda: parts.bulk_upsert([assign(Part(name="there"))], key="name"),
    ):
        with pytest.raises((RowError, BulkError), match=rf"field '{field}'"):
            write()
    assert airtable.requests_made == sent
    (stored,) = parts.all()
    assert (stored.name, stored.size, stored.lasts) == ("there", 1.5, timedelta(seconds=1))


@pytest.mark.parametrize(
    ("field", "value", "exact"),
    [
        ("lasts", np.timedelta64(1500, "ms"), timedelta(seconds=1.5)),
        ("day", np.datetime64("2024-01-31"), date(2024, 1, 31)),
    ],
    ids=repr,
)
def test_times_of_numpy_keep_their_unit(
    airtable: Airtable, field: str, value: Any, exact: object
) -> None:
    """1,500 milliseconds are no 1,500 seconds: read in a row, and refused if they are assigned."""
    parts = airtable.table(Part)
    parts.create_table()
    part = parts.create(**{field: value})
    assert getattr(part, field) == exact
    setattr(part, field, value)
    with pytest.raises(RowError, match=rf"field '{field}'"):
        parts.save(part)


def test_numbers_that_are_kept_are_taken(airtable: Airtable) -> None:
    """What is refused is refused for a reason: each of these is stored as it is."""
    parts = airtable.table(Part)
    parts.create_table()
    kept: list[dict[str, Any]] = [
        {"size": Decimal("2.50")},
        {"size": np.longdouble("0.5")},
        {"size": np.float32(0.1)},
        {"size": " 2.5 "},
        {"pieces": np.uint8(5)},
        {"pieces": 0},
        {"grade": "2"},
        {"lasts": timedelta(days=36_500, microseconds=1)},
        {"lasts": "1:30:00"},
        {"seconds": timedelta(days=-1, microseconds=1)},
        {"moment": datetime(2024, 1, 31, tzinfo=UTC)},
    ]
    assert [record._cells for record in parts.bulk_create(kept)] == [
        {"size": 2.5},
        {"size": 0.5},
        {"size": 0.10000000149011612},
        {"size": 2.5},
        {"pieces": 5},
        {"pieces": 0},
        {"grade": 2},
        {"lasts": 3_153_600_000.000001},
        {"lasts": 5400},
        {"seconds": -86_399.999999},
        {"moment": "2024-01-31T00:00:00.000Z"},
    ]


@pytest.mark.parametrize("field", ["size", "pieces", "rating", "seconds"])
def test_booleans_of_a_frame_are_no_numbers(airtable: Airtable, tmp_path: Path, field: str) -> None:
    """A rating of false would clear the cell; so a column of booleans is refused as in JSON."""
    parts = airtable.table(Part)
    parts.create_table()
    frame = pl.DataFrame({field: [True, False, None]})
    frame.write_parquet(tmp_path / "in.parquet")
    (tmp_path / "in.jsonl").write_text(frame.write_ndjson())
    for write in (
        lambda: parts.bulk_create(frame, on_error="continue"),
        lambda: parts.bulk_create(frame.to_pandas(), on_error="continue"),
        lambda: parts.import_file(tmp_path / "in.parquet", on_error="continue"),
        lambda: parts.import_file(tmp_path / "in.jsonl", on_error="continue"),
    ):
        result = write()
        assert [error.index for error in result.errors] == [0, 1]
        assert "true and false are not numbers" in str(result.errors[0].error)


@pytest.mark.parametrize("interval", [np.timedelta64(1, "M"), np.timedelta64(1, "Y")], ids=repr)
def test_a_month_is_no_tick(airtable: Airtable, interval: Any) -> None:
    """One month is not true."""
    airtable.create_table(
        "T",
        [
            {"name": "Name", "type": "singleLineText"},
            {
                "name": "Done",
                "type": "checkbox",
                "options": {"icon": "check", "color": "greenBright"},
            },
        ],
    )
    with pytest.raises(BulkError, match="field 'Done'"):
        airtable.table_named("T").bulk_create([{"Done": interval}])


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_bytes_in_a_file_of_rejects_are_the_text_that_a_field_has(
    airtable: Airtable, tmp_path: Path, suffix: str
) -> None:
    """They would come back as b'caf...', though a good row has them as text."""
    parts = airtable.table(Part)
    parts.create_table()
    rows: list[dict[str, Any]] = [{"name": "café".encode(), "size": "?"}, {"name": "café".encode()}]
    rejects = tmp_path / f"rejects.{suffix}"
    parts.bulk_create(rows, on_error="continue", rejects=rejects)
    parts.import_file(rejects, ignore=["size"])
    assert [part.name for part in parts.all()] == ["café", "café"]
