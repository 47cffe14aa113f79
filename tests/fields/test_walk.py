"""Every field type, through every format and verb: what goes in is what is stored, and comes out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from airhaul import Airtable, Record, Table, airtable_field
from airhaul.fields import CARDS, card_of, default_options
from airhaul.local_base.base import LocalBase
from airhaul.tabular import Format
from airhaul.wire.ids import is_id
from airhaul.wire.shapes import FieldType
from tests.conftest import connection_to

COMPUTED = {type_ for type_, card in CARDS.items() if card.is_computed}
WRITABLE = sorted(CARDS.keys() - COMPUTED)
FORMATS: tuple[Format, ...] = get_args(Format)

# What no cell can hold: half of a surrogate pair. Text files cannot hold NUL.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
FILE_NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0/\\"), min_size=1, max_size=30
)
LARGEST = 2**53 - 1
# Each list has 20 values on average: the thorough search takes 10,000 of each type through dicts,
# as many through models, and as many through files of all formats together.
IS_THOROUGH = settings.default.max_examples >= 1_000
LISTS = 500 if IS_THOROUGH else 3
LISTS_OF_A_FORMAT = 125 if IS_THOROUGH else 3
LISTS_OF_A_FRAME = 125 if IS_THOROUGH else 1
NUMBER = st.one_of(
    st.integers(-LARGEST, LARGEST),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0),
)
# A data frame has durations in microseconds, in 64 bits.
DURATION = st.integers(-(10**12), 10**12).map(lambda milliseconds: milliseconds / 1_000)
CHOICES = [
    "Tea",
    "Milk, cold",
    'He said "no"',
    "[1]",
    "a; b",
    "ß",
    "007",
    "true",
    "1e5",
    "{x}",
    " x",
]
LINKED = ["Ada", "Lovelace, Ada", "1", "[x]"]


def _files(names: list[str]) -> list[dict[str, str]]:
    return [
        {"url": f"https://files.example.com/{place}.txt", "filename": name}
        for place, name in enumerate(names)
    ]


def _values(links: list[str]) -> dict[FieldType, st.SearchStrategy[Any]]:
    """Values of each type as a model has them; ``links`` are the records that can be linked to."""
    moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)).map(
        lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    )
    person = st.just({"email": "owner@example.com"})
    return {
        **dict.fromkeys(["singleLineText", "multilineText", "richText", "email", "url"], TEXT),
        "phoneNumber": TEXT,
        **dict.fromkeys(["number", "percent", "currency", "duration"], NUMBER),
        "rating": st.integers(0, 5),
        "checkbox": st.booleans(),
        "date": st.dates(),
        "dateTime": moments,
        "singleSelect": st.sampled_from(CHOICES),
        "multipleSelects": st.lists(st.sampled_from(CHOICES), unique=True),
        "multipleRecordLinks": st.lists(st.sampled_from(links), unique=True),
        "singleCollaborator": person,
        "multipleCollaborators": st.lists(person, max_size=1),
        # A cell without a type is the same as one to which Airtable has added it.
        "barcode": st.fixed_dictionaries(
            {"text": TEXT.filter(bool), "type": st.sampled_from(["ean13", "qr"])}
        ),
        "multipleAttachments": st.lists(FILE_NAMES, max_size=3).map(_files),
    }


def _stored(type_: FieldType, value: Any) -> Any:
    """The cell that Airtable answers for a value; None for an empty one."""
    match value:
        case None | "" | False | []:
            return None
        case 0 if type_ == "rating":
            return None
        case str() if type_ == "richText":
            text = re.sub(r"(?m)^\* ", "- ", value)
            return text if text.endswith("\n") else f"{text}\n"
        case datetime():
            return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return value


def _comparable(cell: Any) -> Any:
    """A cell without what differs from one answer to the next: ids and addresses of files."""
    match cell:
        case [{"filename": _}, *_]:
            return [file["filename"] for file in cell]
        case [{"email": _}, *_]:
            return [person["email"] for person in cell]
        case {"email": email}:
            return email
        case bool():
            return cell
        case int() | float():
            return float(cell)  # a number is a double: 28814295088892970 is 2.881429508889297e+16
        case [str(first), *_] if not is_id(first, "rec"):
            return sorted(cell)  # choices are compared in any order
        case "\n":
            return None  # a cleared rich text
        case _:
            return cell


class Walk:
    """Two tables with the same fields, empty, and what is written to them."""

    def __init__(self, airtable: Airtable, local_base: LocalBase, type_: FieldType) -> None:
        self.type_ = type_
        self._local_base = local_base
        linked = airtable.create_table("Linked", [{"name": "Name", "type": "singleLineText"}])
        made = airtable.table_named("Linked").bulk_create([{"Name": name} for name in LINKED])
        self.links = [record.id for record in made]
        options = default_options(type_, CHOICES)
        if type_ == "multipleRecordLinks":
            options = {"linkedTableId": linked["id"]}
        field: Any = {
            "name": "The Value",
            "type": type_,
            **({"options": options} if options else {}),
        }
        for name in ("First", "Second"):
            airtable.create_table(name, [{"name": "Key", "type": "singleLineText"}, field])
        self.first: Table[Any] = airtable.table_named("First")
        self.second: Table[Any] = airtable.table_named("Second")

        class Typed(Record, table="First"):
            key: str = airtable_field(column="Key")
            value: card_of(type_).python | None = airtable_field(  # type: ignore[valid-type]
                None, column="The Value", type=type_
            )

        self.model = Typed
        self.typed = airtable.table(Typed)

    def clear(self) -> None:
        for table in (self.first, self.second):
            table.bulk_delete([record.id for record in table.all()])

    def held(self, table: str) -> dict[str, Any]:
        """What the base holds, by key."""
        found = [record._cells for record in getattr(self, table).all()]
        return {cells["Key"]: _comparable(cells.get("The Value")) for cells in found}

    def wanted(self, values: list[Any]) -> dict[str, Any]:
        return {
            str(place): _comparable(_stored(self.type_, value))
            for place, value in enumerate(values)
        }

    def writes(self) -> int:
        """How many requests have written since the last time this was asked."""
        count = sum(
            request.method != "GET" and not request.path.endswith("listRecords")
            for request in self._local_base.requests
        )
        self._local_base.requests.clear()
        return count


@pytest.fixture(params=WRITABLE)
def walk(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    with LocalBase.open() as local_base:
        yield Walk(Airtable(connection=connection_to(local_base)), local_base, request.param)


def _each(
    walk: Walk, check: Callable[[list[Any]], None], lists: int = LISTS, *, in_frames: bool = False
) -> None:
    """Check lists of generated values; the tables are empty before each."""
    values = _values(walk.links)[walk.type_]
    if in_frames and walk.type_ == "duration":
        values = DURATION

    # Not shrunk, which takes minutes: the values that differ are in the message.
    @settings(max_examples=lists, phases=[Phase.generate])
    @given(st.lists(values, min_size=10, max_size=30))
    def property_of(values: list[Any]) -> None:
        walk.clear()
        check(values)

    property_of()


def test_every_type_has_a_card_and_values() -> None:
    """A type that is forgotten here would be walked by nobody."""
    assert CARDS.keys() == set(get_args(FieldType))
    assert _values(["rec"]).keys() == set(WRITABLE)


@pytest.mark.slow
def test_values_of_rows_are_stored_and_settle(walk: Walk) -> None:
    """Dicts: created, updated and synchronised to what they say; the second sync writes nothing."""

    def check(values: list[Any]) -> None:
        rows = [{"Key": str(place), "The Value": value} for place, value in enumerate(values)]
        walk.first.bulk_create(rows)
        assert walk.held("first") == walk.wanted(values)
        turned = values[1:] + values[:1]
        changed = [{**row, "The Value": value} for row, value in zip(rows, turned, strict=True)]
        walk.first.sync(changed, key="Key")
        assert walk.held("first") == walk.wanted(turned)
        walk.writes()
        walk.first.sync(changed, key="Key")
        assert walk.writes() == 0
        walk.first.sync([{**row, "The Value": None} for row in rows], key="Key")
        assert set(walk.held("first").values()) == {None}
        walk.first.bulk_upsert(rows, key="Key")
        assert walk.held("first") == walk.wanted(values)

    _each(walk, check)


@pytest.mark.slow
def test_values_of_models_are_stored_and_read_back(walk: Walk) -> None:
    """Models: created and updated to what they hold; what is read can be written unchanged."""

    def check(values: list[Any]) -> None:
        records = [walk.model(key=str(place), value=value) for place, value in enumerate(values)]
        walk.typed.bulk_create(records)
        assert walk.held("first") == walk.wanted(values)
        read = walk.typed.all()
        assert not any(record.cell_errors for record in read)
        walk.writes()
        walk.typed.bulk_update(read)
        assert walk.writes() == 0
        turned = values[1:] + values[:1]
        for record in read:
            record.value = turned[int(record.key)]
        walk.typed.bulk_update(read)
        assert walk.held("first") == walk.wanted(turned)

    _each(walk, check)


@pytest.mark.slow
@pytest.mark.parametrize("format", FORMATS)
def test_exports_import_again(walk: Walk, format: Format, tmp_path: Path) -> None:
    """Files: what is exported, imported, changed by key and synchronised, is the same everywhere."""
    suffix = "xlsx" if format == "excel" else format
    file = tmp_path / f"export.{suffix}"

    def check(values: list[Any]) -> None:
        rows = [{"Key": str(place), "The Value": value} for place, value in enumerate(values)]
        walk.first.bulk_create(rows)
        walk.first.where().view("Grid view").export_file(file)
        walk.second.import_file(file)
        assert walk.held("second") == walk.held("first")
        turned = values[1:] + values[:1]
        walk.first.sync(
            [{**row, "The Value": value} for row, value in zip(rows, turned, strict=True)],
            key="Key",
        )
        walk.first.where().view("Grid view").export_file(file)
        walk.second.sync_file(file, key="Key")
        assert walk.held("second") == walk.held("first") == walk.wanted(turned)
        walk.writes()
        walk.second.sync_file(file, key="Key")
        assert walk.writes() == 0
        again = tmp_path / f"again.{suffix}"
        # The addresses of attachments are new in each answer, and a workbook knows when it was made.
        if walk.type_ != "multipleAttachments" and format != "excel":
            walk.second.where().view("Grid view").export_file(again)
            assert again.read_bytes() == file.read_bytes()

    is_text = format not in ("parquet", "arrow", "excel")
    lists = LISTS_OF_A_FORMAT if is_text else LISTS_OF_A_FRAME
    _each(walk, check, lists, in_frames=format in ("parquet", "arrow"))


class OnlyStream:
    """What is a stream of Arrow data and nothing else."""

    def __init__(self, of: Any) -> None:
        self.__arrow_c_stream__ = of.__arrow_c_stream__


def _through_duckdb(table: Table[Any]) -> Any:
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    query = table.where()
    connection.register("query", query.to_arrow())
    return connection.sql("from query")


def _pandas_with_arrow(table: Table[Any]) -> Any:
    pandas = pytest.importorskip("pandas")
    return table.to_arrow().to_pandas(types_mapper=pandas.ArrowDtype)


FRAMES: dict[str, Callable[[Table[Any]], Any]] = {
    "pandas": lambda table: table.to_pandas(),
    "pandas-arrow": _pandas_with_arrow,
    "polars": lambda table: table.to_polars(),
    "pyarrow": lambda table: table.to_arrow(),
    "duckdb": _through_duckdb,
    "stream": lambda table: OnlyStream(table.where()),
}


@pytest.mark.slow
@pytest.mark.parametrize("frame", FRAMES)
def test_frames_go_in_again(walk: Walk, frame: str) -> None:
    """Frames: what is read as one is written as it was, settles, and comes out the same."""
    pytest.importorskip("pyarrow")

    def check(values: list[Any]) -> None:
        rows = [{"Key": str(place), "The Value": value} for place, value in enumerate(values)]
        walk.first.bulk_create(rows)
        assert walk.held("first") == walk.wanted(values)
        walk.second.bulk_create(FRAMES[frame](walk.first))
        assert walk.held("second") == walk.held("first")
        turned = values[1:] + values[:1]
        changed = [{**row, "The Value": value} for row, value in zip(rows, turned, strict=True)]
        walk.first.sync(changed, key="Key")
        walk.second.sync(FRAMES[frame](walk.first), key="Key")
        assert walk.held("second") == walk.held("first") == walk.wanted(turned)
        walk.writes()
        walk.second.sync(FRAMES[frame](walk.second), key="Key")
        walk.first.sync(FRAMES[frame](walk.first), key="Key")
        assert walk.writes() == 0

    _each(walk, check, LISTS_OF_A_FRAME, in_frames=True)


@pytest.mark.parametrize("type_", sorted(COMPUTED))
def test_computed_types_are_never_written(type_: FieldType) -> None:
    """A computed field is read-only in every model, whatever is declared."""

    class Typed(Record, table="First"):
        key: str
        value: Any = airtable_field(None, type=type_)

    with LocalBase.open() as local_base:
        airtable = Airtable(connection=connection_to(local_base))
        airtable.create_table("First", [{"name": "key", "type": "singleLineText"}])
        airtable.table(Typed).create(key="a")
        assert local_base.requests[-1].body["records"] == [{"fields": {"key": "a"}}]
