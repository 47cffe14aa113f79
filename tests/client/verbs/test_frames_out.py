"""Data frames of records: their columns, types and values, for pandas, polars, pyarrow and DuckDB."""

from __future__ import annotations

import asyncio
import sys
import warnings
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest

from airhaul import Airtable, CellWarning, MissingFieldWarning, Record, airtable_field
from airhaul.client.aio.airtable import AsyncAirtable
from airhaul.errors import ConfigurationError, MissingExtraError

pyarrow = pytest.importorskip("pyarrow")
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
    kind: Literal["b", "a"] | None = None
    tags: list[str] = airtable_field(default_factory=list, choices=["red", "a, b"])


SEEN = datetime(2024, 5, 6, 7, 8, 9, 123_000, tzinfo=UTC)
FULL: dict[str, Any] = {
    "code": "007", "pieces": 28, "weight": 0.1, "price": Decimal("1.10"), "sold": True,
    "made": date(2024, 1, 2), "seen": SEEN, "took": timedelta(minutes=90), "kind": "a",
    "tags": ["red", "a, b"],
}  # fmt: skip
TYPES = {
    "id": "string",
    "created_time": "timestamp[ms, tz=UTC]",
    "code": "string",
    "pieces": "int64",
    "weight": "double",
    "price": "double",
    "sold": "bool",
    "made": "date32[day]",
    "seen": "timestamp[ms, tz=UTC]",
    "took": "duration[us]",
    "kind": "dictionary<values=string, indices=int32, ordered=0>",
    "tags": "list<item: string>",
}


@pytest.fixture
def airtable():
    with Airtable.local() as opened:
        opened.table(Part).create_table()
        yield opened


def types_of(table: Any) -> dict[str, str]:
    return {field.name: str(field.type) for field in table.schema}


def test_columns_have_the_types_of_their_fields(airtable) -> None:
    """As Arrow has them; empty cells are null, but a checkbox is false; 100 records a request."""
    (full, blank) = airtable.table(Part).bulk_create([FULL, {"code": "1e5"}])
    airtable.local_base.requests.clear()
    table = airtable.table(Part).where().order_by("code").to_arrow()
    assert len(airtable.local_base.requests) == 1
    assert types_of(table) == TYPES
    system = [{"id": one.id, "created_time": one.created_time} for one in (full, blank)]
    nothing: dict[str, Any] = dict.fromkeys(FULL)
    assert table.to_pylist() == [
        {**system[0], **FULL, "price": 1.1},
        {**system[1], **nothing, "code": "1e5", "sold": False},
    ]
    assert sorted(table["kind"].chunk(0).dictionary.to_pylist()) == ["a", "b"]


def test_an_empty_table_has_the_same_types(airtable) -> None:
    """No type depends on what the records hold."""
    parts = airtable.table(Part)
    assert types_of(parts.to_arrow()) == TYPES
    assert parts.to_polars().shape == parts.to_pandas().shape == (0, 12)


def test_a_table_without_a_model_has_its_own_names(airtable) -> None:
    """And whole numbers only where no cell can hold another."""
    airtable.table(Part).create(**FULL)
    table = airtable.table_named("Parts")
    assert types_of(table.to_arrow()) == TYPES | {"pieces": "double"}
    fields = [
        {"name": "Full Name", "type": "singleLineText"},
        {"name": "id", "type": "singleLineText"},
    ]
    airtable.create_table("Others", fields)
    others = airtable.table_named("Others")
    others.bulk_create([{"Full Name": "Ada", "id": "1"}])
    assert [*types_of(others.to_arrow())] == ["_airtable_id", "created_time", "Full Name", "id"]


NUMBERS: list[dict[str, Any]] = [
    {"name": "Name", "type": "singleLineText"},
    {"name": "Number", "type": "number", "options": {"precision": 0}},
    {"name": "Price", "type": "currency", "options": {"precision": 0, "symbol": "$"}},
    {"name": "Share", "type": "percent", "options": {"precision": 0}},
    {
        "name": "Stars",
        "type": "rating",
        "options": {"icon": "star", "color": "redBright", "max": 5},
    },
]


@pytest.mark.filterwarnings("error")
def test_decimals_that_a_field_does_not_show_are_in_the_frame(airtable) -> None:
    """A field shows 1.5 as 2, and holds it: a null would clear the cell when it is written back."""
    airtable.create_table("Numbers", NUMBERS)
    numbers = airtable.table_named("Numbers")
    rows = [
        {"Name": "a", "Number": 1.5, "Price": -0.25, "Share": 0.125, "Stars": 3},
        {"Name": "b", "Number": 2.0**53, "Price": 1e300, "Share": 1, "Stars": None},
    ]
    numbers.bulk_create(rows)
    table = numbers.to_arrow().drop_columns(["id", "created_time"])
    assert [*types_of(table).values()] == ["string", "double", "double", "double", "int64"]
    assert table.sort_by("Name").to_pylist() == rows
    for frame in (table, numbers.to_polars(), numbers.to_pandas()):
        assert numbers.sync(frame, "Name").counts() == {"unchanged": 2}


def test_what_is_computed_has_the_type_of_its_result(airtable) -> None:
    """Also without a model; lookups are lists."""
    airtable.create_table("Makers", [{"name": "Name", "type": "singleLineText"}])
    makers = airtable.table_named("Makers")
    (ada,) = makers.bulk_create([{"Name": "Ada"}])
    link = {"linkedTableId": airtable.find_table("Makers")["id"]}
    airtable.create_table(
        "Things",
        [
            {"name": "Name", "type": "singleLineText"},
            {"name": "Size", "type": "number", "options": {"precision": 1}},
            {"name": "Maker", "type": "multipleRecordLinks", "options": link},
        ],
    )
    ids = {field["name"]: field["id"] for field in airtable.find_table("Things")["fields"]}
    names = airtable.find_table("Makers")["fields"][0]["id"]
    lookup = {"recordLinkFieldId": ids["Maker"], "fieldIdInLinkedTable": names}
    for name, type_, options in (
        ("Twice", "formula", {"formula": "{Size} * 2"}),
        ("Loud", "formula", {"formula": "UPPER({Name})"}),
        ("Made by", "multipleLookupValues", lookup),
    ):
        field = {"name": name, "type": type_, "options": options}
        airtable.local_base.add_field(airtable.base_id, "Things", field)
    things = airtable.table_named("Things")
    things.bulk_create([{"Name": "a", "Size": 1.5, "Maker": [ada.id]}])
    table = things.to_arrow().drop_columns(["id", "created_time"])
    assert types_of(table) == {
        "Name": "string",
        "Size": "double",
        "Maker": "list<item: string>",
        "Twice": "double",
        "Loud": "string",
        "Made by": "list<item: string>",
    }
    assert table.to_pylist() == [
        {
            "Name": "a",
            "Size": 1.5,
            "Maker": [ada.id],
            "Twice": 3.0,
            "Loud": "A",
            "Made by": ["Ada"],
        }
    ]


class Counted(Record, table="Parts"):
    code: str
    pieces: int | None = None
    weight: int | None = airtable_field(None, type="number")


def test_cells_that_do_not_fit_are_null_and_counted(airtable) -> None:
    """In one warning for each column, at the caller's line, with the first of them."""
    parts = airtable.table(Part)
    parts.bulk_create([{"code": str(n), "weight": n / 2} for n in range(2_500)])
    with pytest.warns(CellWarning) as caught:
        frame = airtable.table(Counted).to_polars()
    assert caught[0].filename == __file__
    assert "1,250 cells of 'weight' did not fit the type int64; they are null" in str(
        caught[0].message
    )
    assert len(caught) == 1
    assert frame["weight"].null_count() == 1_250
    assert frame["weight"].sum() == sum(n // 2 for n in range(0, 2_500, 2))


class Wider(Record, table="Parts"):
    code: str
    lost: bool = False
    missing: date | None = None


def test_fields_that_the_table_lacks_are_null(airtable) -> None:
    """With their types, and a warning for each."""
    airtable.table(Part).create(**FULL)
    with pytest.warns(MissingFieldWarning) as caught:
        table = airtable.table(Wider).where().to_arrow()
    assert len(caught) == 2
    assert types_of(table.select(["lost", "missing"])) == {"lost": "bool", "missing": "date32[day]"}
    assert table["lost"].to_pylist() == table["missing"].to_pylist() == [None]


def test_only_reads_some_columns(airtable) -> None:
    """In the order that was asked for."""
    airtable.table(Part).create(**FULL)
    frame = airtable.table(Part).where(code="007").only("kind", "code").to_polars()
    assert frame.columns == ["id", "created_time", "kind", "code"]
    assert frame.row(0)[2:] == ("a", "007")


@pytest.mark.parametrize("verb", ["to_arrow", "to_polars", "to_pandas"])
def test_a_frame_settles(airtable, verb) -> None:
    """What came out goes in again: nothing is to be changed."""
    parts = airtable.table(Part)
    parts.bulk_create([FULL, {"code": "1e5"}, {"code": "2", "pieces": -3, "kind": "b"}])
    frame = getattr(parts.where(), verb)(parallel=2)
    assert parts.plan_sync(frame, key="code").counts()["unchanged"] == 3
    without_model = airtable.table_named("Parts")
    frame = getattr(without_model, verb)()
    assert without_model.plan_sync(frame, key="code").counts()["unchanged"] == 3


def test_a_frame_of_pandas_has_whole_numbers_with_blanks(airtable) -> None:
    """NumPy alone would make them floats."""
    airtable.table(Part).bulk_create([FULL, {"code": "1e5"}])
    frame = airtable.table(Part).to_pandas()
    assert str(frame["pieces"].dtype) == "Int64"
    assert str(frame["seen"].dtype) == "datetime64[ms, UTC]"
    assert str(frame["kind"].dtype) == "category"


def test_a_query_is_a_stream_of_arrow_data(airtable) -> None:
    """DuckDB, polars and pyarrow take it as it is, and read no more than they need."""
    duckdb, polars = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    rows = [{"code": str(n), "pieces": n, "kind": "ab"[n % 2]} for n in range(2_345)]
    airtable.table(Part).bulk_create(rows)
    parts = airtable.table(Part).where(pieces__gte=0)
    found = duckdb.sql("select kind, sum(pieces) from parts group by kind order by kind").fetchall()
    assert found == [("a", sum(range(0, 2_345, 2))), ("b", sum(range(1, 2_345, 2)))]
    assert polars.DataFrame(parts)["pieces"].sum() == sum(range(2_345))
    airtable.local_base.requests.clear()
    reader = pyarrow.RecordBatchReader.from_stream(parts)
    assert len(airtable.local_base.requests) == 0
    assert len(reader.read_next_batch()) == 1_000
    assert len(airtable.local_base.requests) == 10


def test_a_query_as_rows_is_its_records(airtable) -> None:
    """Not a data frame: what was read is not written again."""
    parts = airtable.table(Part)
    parts.bulk_create([FULL])
    assert parts.bulk_update(parts.where()).counts() == {"unchanged": 1}


def test_a_library_that_is_missing_is_named(airtable, monkeypatch) -> None:
    """With the command that installs it, before anything is sent."""
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtraError, match="pip install polars"):
        airtable.table(Part).to_polars()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    airtable.local_base.requests.clear()
    with pytest.raises(MissingExtraError, match=r'pip install "airhaul\[arrow\]"'):
        airtable.table(Part).to_pandas()
    assert len(airtable.local_base.requests) == 0


async def _asynchronous() -> list[Any]:
    async with AsyncAirtable.local() as airtable:
        parts = airtable.table(Part)
        await parts.create_table()
        await parts.bulk_create([FULL])
        with pytest.raises(ConfigurationError, match=r"await query\.to_arrow"):
            pyarrow.table(parts.where())
        return [
            (await parts.to_arrow(code="007")).num_rows,
            (await parts.where().to_polars()).height,
            len(await parts.where().to_pandas(parallel=2)),
        ]


def test_the_asynchronous_client_has_frames() -> None:
    """With await; but a stream of Arrow data cannot wait."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert asyncio.run(_asynchronous()) == [1, 1, 1]
