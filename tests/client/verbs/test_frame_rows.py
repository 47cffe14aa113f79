"""Data frames as rows: of pandas, polars and pyarrow, relations of DuckDB, and Arrow streams."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest

from airhaul import Airtable, BulkError, Record, airtable_field
from airhaul.client.aio.airtable import AsyncAirtable
from airhaul.errors import ConfigurationError

pytestmark = pytest.mark.slow  # it imports four large libraries


class Part(Record, table="Parts"):
    code: str
    pieces: int | None = None
    weight: float | None = None
    price: Decimal | None = airtable_field(None, type="currency")
    sold: bool = False
    made: date | None = None
    seen: datetime | None = None
    took: timedelta | None = None
    kind: Literal["a", "b"] | None = None
    tags: list[str] = airtable_field(default_factory=list, choices=["red", "a, b"])


SEEN = datetime(2024, 5, 6, 7, 8, 9, 123_000, tzinfo=UTC)
ROWS: list[dict[str, Any]] = [
    {"code": "007", "pieces": 28, "weight": 0.1, "price": Decimal("1.10"), "sold": True,
     "made": date(2024, 1, 2), "seen": SEEN, "took": timedelta(minutes=90), "kind": "a",
     "tags": ["red", "a, b"]},
    {"code": "", "pieces": None, "weight": None, "price": None, "sold": False, "made": None,
     "seen": None, "took": None, "kind": None, "tags": None},
    {"code": "1e5", "pieces": -3, "weight": 1e300, "price": Decimal("-0.05"), "sold": False,
     "made": date(1999, 12, 31), "seen": SEEN, "took": timedelta(seconds=1), "kind": "b",
     "tags": []},
]  # fmt: skip


def pandas_frame(rows: list[dict[str, Any]]) -> Any:
    """With NumPy's types: a blank makes integers floats."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(rows)
    frame["kind"] = frame["kind"].astype("category")
    frame["made"] = pandas.to_datetime(frame["made"]).dt.date
    return frame


def pandas_with_arrow(rows: list[dict[str, Any]]) -> Any:
    """With Arrow's types, whose blanks are ``pandas.NA``."""
    pandas = pytest.importorskip("pandas")
    return arrow_table(rows).to_pandas(types_mapper=pandas.ArrowDtype)


def polars_frame(rows: list[dict[str, Any]]) -> Any:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(rows, infer_schema_length=None)
    return frame.with_columns(polars.col("kind").cast(polars.Categorical))


def arrow_table(rows: list[dict[str, Any]]) -> Any:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.Table.from_pylist(rows)
    return table.set_column(8, "kind", table["kind"].dictionary_encode())


def arrow_batch(rows: list[dict[str, Any]]) -> Any:
    return arrow_table(rows).combine_chunks().to_batches()[0]


def arrow_stream(rows: list[dict[str, Any]]) -> Any:
    return arrow_table(rows).to_reader(max_chunksize=2)


def duckdb_relation(rows: list[dict[str, Any]]) -> Any:
    duckdb = pytest.importorskip("duckdb")
    return duckdb.connect().from_arrow(arrow_table(rows))


class OnlyStream:
    """What has the Arrow stream and nothing else, as nanoarrow and arro3 have it."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


FRAMES: list[Callable[[list[dict[str, Any]]], Any]] = [
    pandas_frame,
    pandas_with_arrow,
    polars_frame,
    arrow_table,
    arrow_batch,
    arrow_stream,
    duckdb_relation,
    lambda rows: OnlyStream(arrow_table(rows)),
]


@pytest.fixture
def airtable():
    with Airtable.local(journal="journal.db") as opened:
        opened.table(Part).create_table()
        yield opened


def held(airtable: Airtable) -> list[dict[str, Any]]:
    return [
        record.model_dump(exclude={"id", "created_time"})
        for record in airtable.table(Part).where().view("Grid view").all()
    ]


def in_airtable() -> list[dict[str, Any]]:
    return [{**row, "tags": row["tags"] or []} for row in ROWS]


@pytest.mark.parametrize("frame_of", FRAMES)
def test_every_value_is_stored_as_from_dicts(airtable, frame_of) -> None:
    """Blanks of every kind are empty cells, categories texts, and no value changes."""
    result = airtable.table(Part).bulk_create(frame_of(ROWS))
    assert result.counts() == {"created": 3}
    assert result.requests == 1
    assert held(airtable) == in_airtable()
    assert airtable.undo().is_complete
    assert held(airtable) == []


@pytest.mark.parametrize("frame_of", FRAMES)
def test_a_sync_with_a_frame_settles(airtable, frame_of) -> None:
    """A plan shows the three changes, and a second sync of the same frame writes nothing."""
    parts = airtable.table(Part)
    parts.bulk_create(ROWS[:1])
    parts.bulk_create([{"code": "old"}])
    changed = [{**ROWS[0], "pieces": 29}, {**ROWS[1], "code": "blank"}, ROWS[2]]
    plan = parts.plan_sync(frame_of(changed), key="code", delete_missing=True)
    assert plan.counts() == {"create": 2, "update": 1, "delete": 1, "unchanged": 0}
    result = parts.sync(frame_of(changed), key="code", delete_missing=True)
    assert result.counts() == {"created": 2, "updated": 1, "deleted": 1}
    airtable.local_base.requests.clear()
    assert parts.sync(frame_of(changed), key="code").counts() == {"unchanged": 3}
    assert airtable.local_base.counts()["PATCH"] == airtable.local_base.counts()["POST"] == 0


@pytest.mark.parametrize("frame_of", [pandas_frame, polars_frame, arrow_table])
def test_a_bad_row_of_a_frame_is_found_before_anything_is_sent(airtable, frame_of) -> None:
    """As with a list: the row is named by its position, whatever the index of the frame."""
    frame = frame_of([*ROWS[:2], {**ROWS[2], "kind": "z"}])
    if frame_of is pandas_frame:
        frame.index = [7, 7, 7]
    airtable.local_base.requests.clear()
    with pytest.raises(BulkError, match="row 2, field 'kind'"):
        airtable.table(Part).bulk_create(frame)
    assert airtable.local_base.counts()["POST"] == 0
    result = airtable.table(Part).bulk_create(frame, on_error="continue", rejects="r.csv")
    assert result.counts() == {"created": 2, "failed": 1}


@pytest.mark.parametrize("frame_of", [pandas_frame, polars_frame, arrow_table, arrow_stream])
def test_frames_of_many_batches(airtable, frame_of) -> None:
    """More rows than are made at once: in their order, each once."""
    rows = [{**ROWS[0], "code": str(number), "tags": None} for number in range(10_001)]
    plan = airtable.table(Part).plan_create(frame_of(rows))
    assert plan.counts()["create"] == len(rows)
    assert [change.cells["code"][1] for change in plan.differences] == [row["code"] for row in rows]


def test_updates_and_deletions_take_frames(airtable) -> None:
    """A frame with the column ``id``, as it comes from the table."""
    polars = pytest.importorskip("polars")
    made = list(airtable.table(Part).bulk_create(ROWS))
    frame = polars.DataFrame({"id": [one.id for one in made], "pieces": [1, 2, None]})
    assert airtable.table(Part).bulk_update(frame).counts() == {"updated": 3}
    assert [row["pieces"] for row in held(airtable)] == [1, 2, None]
    upserted = polars.DataFrame({"code": ["007", "new"], "pieces": [5, 6]})
    result = airtable.table(Part).bulk_upsert(upserted, key="code")
    assert result.counts() == {"updated": 1, "created": 1}


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (lambda pandas: pandas.DataFrame([[1, 2]]), "names that are text, and one is 0; rename"),
        (lambda pandas: pandas.DataFrame([[1, 2]], columns=["a", "a"]), "several columns 'a'"),
    ],
)
def test_frames_whose_columns_cannot_be_told_apart_are_refused(airtable, frame, said) -> None:
    """Before anything is sent."""
    with pytest.raises(ConfigurationError, match=said):
        airtable.table(Part).bulk_create(frame(pytest.importorskip("pandas")))


def test_a_lazy_frame_is_refused_with_what_to_do(airtable) -> None:
    """It has no rows yet."""
    polars = pytest.importorskip("polars")
    with pytest.raises(ConfigurationError, match=r"pass frame\.collect\(\)"):
        airtable.table(Part).bulk_create(polars.LazyFrame(ROWS))


def test_a_stream_is_read_by_the_library_that_is_there(airtable, monkeypatch) -> None:
    """By polars without pyarrow; without both, the error says what to install."""
    stream = OnlyStream(polars_frame(ROWS))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    airtable.table(Part).bulk_create(stream)
    assert held(airtable) == in_airtable()
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ConfigurationError, match="OnlyStream, install pyarrow or polars"):
        airtable.table(Part).bulk_create(stream)


def test_a_frame_of_one_library_needs_no_other(airtable, monkeypatch) -> None:
    """One of polars is read without pandas and pyarrow."""
    frame = polars_frame(ROWS)
    for name in ("pandas", "pyarrow"):
        monkeypatch.setitem(sys.modules, name, None)
    assert airtable.table(Part).bulk_create(frame).counts() == {"created": 3}
    assert held(airtable) == in_airtable()


async def _created(frame: Any) -> dict[str, int]:
    async with AsyncAirtable.local() as airtable:
        await airtable.table(Part).create_table()
        return dict((await airtable.table(Part).bulk_create(frame)).counts())


@pytest.mark.parametrize("frame_of", FRAMES)
def test_the_asynchronous_verbs_take_frames(frame_of) -> None:
    """With await."""
    assert asyncio.run(_created(frame_of(ROWS))) == {"created": 3}
