"""Values at the edge: what no cell can hold is a bad row with its address, and nothing worse."""

from __future__ import annotations

import time
import warnings
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NewType
from uuid import UUID, uuid4

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, computed_field
from pydantic.alias_generators import to_pascal

from airhaul import Airtable, BulkError, Record, airtable_field
from airhaul.model.read import CellWarning, Reader
from airhaul.model.write import cells_to_update
from airhaul.tabular import FileSettings, read_rows

EAST = timezone(timedelta(hours=5))
WEST = timezone(timedelta(hours=-5))


@pytest.fixture
def airtable():
    with Airtable.local() as opened:
        yield opened


class Item(Record, table="Items"):
    name: str
    at: datetime | None = None
    amount: Decimal | None = None
    pieces: int | None = None
    extra: float | None = None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"at": datetime(1, 1, 1, tzinfo=EAST)}, "outside the years 1 to 9999 in UTC"),
        ({"at": datetime(9999, 12, 31, 23, tzinfo=WEST)}, "outside the years 1 to 9999 in UTC"),
        ({"amount": "1E+999999999"}, "integers exactly only up to"),
        ({"pieces": 10**5000}, "integers exactly only up to"),
        ({"amount": Decimal(10**5000)}, "integers exactly only up to"),
        ({"extra": 10**5000}, "too long to print"),
    ],
)
def test_a_value_beyond_all_bounds_costs_its_own_row_only(
    airtable: Airtable, values: dict[str, Any], said: str
) -> None:
    """The call goes on, and the row is named; nothing overflows, and nothing takes for ever."""
    items = airtable.table(Item)
    items.create_table()
    began = time.process_time()
    result = items.bulk_create([{"name": "bad", **values}, {"name": "good"}], on_error="continue")
    assert time.process_time() - began < 5
    assert result.counts() == {"failed": 1, "created": 1}
    assert said in result.explain()[0]


def test_a_point_in_time_at_the_edge_of_the_calendar_is_written(airtable: Airtable) -> None:
    """The first and the last day are days like others, where UTC has them."""
    items = airtable.table(Item)
    items.create_table()
    for moment in (datetime(1, 1, 1, 5, tzinfo=EAST), datetime(9999, 12, 31, 18, tzinfo=WEST)):
        assert items.create(name="edge", at=moment).at == moment


class Code(BaseModel):
    content: str = Field(alias="text")
    kind: str | None = Field(None, alias="type")


def test_a_nested_model_is_written_under_the_names_that_it_is_read_by(airtable: Airtable) -> None:
    """Its aliases are Airtable's names, in both directions."""

    class Box(Record, table="Boxes"):
        name: str
        code: Code | None = airtable_field(None, type="barcode")

    boxes = airtable.table(Box)
    boxes.create_table()
    box = boxes.create(name="a", code=Code(text="123", type="ean"))
    assert box.code == Code(text="123", type="ean")
    box.code = Code(text="456")
    box.save()
    found = boxes.first()
    assert found is not None
    assert found.code is not None
    assert found.code.content == "456"


class Shape(BaseModel):
    size: float


def test_what_is_nested_is_looked_at_like_any_other_value(airtable: Airtable) -> None:
    """A number that is none, or half a character, inside of an object is a bad row."""

    class Box(Record, table="Boxes"):
        name: str
        shape: Shape | None = airtable_field(None, type="barcode")
        code: dict[str, Any] | None = airtable_field(None, type="barcode")

    boxes = airtable.table(Box)
    boxes.create_table()
    rows = [
        {"name": "a", "shape": {"size": float("nan")}},
        {"name": "b", "code": {"te\ud800": "x"}},
        {"name": "c"},
    ]
    result = boxes.bulk_create(rows, on_error="continue")
    assert result.counts() == {"failed": 2, "created": 1}
    assert ["cannot hold NaN" in result.explain()[0], "lone surrogate" in result.explain()[1]] == [
        True,
        True,
    ]


Name = NewType("Name", str)
Age = NewType("Age", int)


def test_a_new_type_is_the_type_that_it_is_made_of(airtable: Airtable) -> None:
    """``NewType`` is for checkers; the column is that of the type itself."""

    class Person(Record, table="People"):
        name: Name
        nick: Name | None = None
        age: Age | None = None

    people = airtable.table(Person)
    table = people.create_table()
    assert [field["type"] for field in table["fields"]] == [
        "singleLineText",
        "singleLineText",
        "number",
    ]
    assert people.create(name="Ada", age=36).age == 36


class Person(Record, table="People"):
    name: str
    token: UUID = Field(default_factory=uuid4)
    length: int = Field(default_factory=lambda data: len(data["name"]))
    joined: datetime = Field(default_factory=lambda: datetime.now(UTC))
    day: date | None = None
    box: dict[str, Any] = airtable_field(default_factory=dict, type="barcode")


def _with_empty_cells(airtable: Airtable) -> Any:
    people = airtable.table(Person)
    people.create_table()
    airtable.table_named("People").bulk_create([{"name": "Ada"}, {"name": "Grace"}])
    return people


def test_a_default_that_is_made_anew_is_no_change(airtable: Airtable) -> None:
    """Saving what was read, and left alone, sends nothing, whatever the model makes up."""
    people = _with_empty_cells(airtable)
    ada, grace = people.all(sort="name")
    assert ada.token != grace.token
    assert (ada.length, grace.length) == (3, 5)
    before = airtable.requests_made
    assert people.bulk_save([ada, grace]).counts() == {"unchanged": 2}
    ada.save()
    assert airtable.requests_made == before


def test_what_is_set_over_such_a_default_is_written(airtable: Airtable) -> None:
    """Also where the value is put into an object that the default has made."""
    people = _with_empty_cells(airtable)
    ada, grace = people.all(sort="name")
    ada.token = token = uuid4()
    grace.box["text"] = "123"
    assert people.bulk_save([ada, grace]).counts() == {"updated": 2}
    raw_ada, raw_grace = airtable.table_named("People").all(sort="name")
    assert (raw_ada.token, raw_ada.length, raw_ada.box) == (str(token), None, None)
    assert (raw_grace.token, raw_grace.box) == (None, {"text": "123"})


def test_a_default_made_of_other_fields_is_there_beside_a_bad_cell() -> None:
    """Reading field by field makes it of what is good."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = Reader(Person).read(
            {
                "id": "rec00000000000001",
                "createdTime": "2024-01-01T00:00:00.000Z",
                "fields": {"name": "Ada", "day": "whenever"},
            }
        )
    assert found is not None
    assert found.length == 3
    assert [error.field for error in found.cell_errors] == ["day"]


def test_what_a_model_dumps_can_be_written_again(airtable: Airtable) -> None:
    """Computed fields, and the aliases of the id, are read over like the id itself."""

    class Guest(Record, table="Guests"):
        model_config = ConfigDict(alias_generator=to_pascal)
        first_name: str

        @computed_field
        @property
        def greeting(self) -> str:
            return f"Hello {self.first_name}"

    guests = airtable.table(Guest)
    guests.create_table()
    guests.create(first_name="Ada")
    for by_alias in (False, True):
        rows = [guest.model_dump(by_alias=by_alias) for guest in guests.all()]
        assert guests.sync(rows, key="first_name").counts() == {"unchanged": 1}


def test_what_has_no_column_is_refused_where_a_model_allows_more(airtable: Airtable) -> None:
    """It would be lost without a word; only a model that says so ignores it."""

    class Guest(Record, table="Guests"):
        model_config = ConfigDict(extra="allow")
        name: str

    class Careless(Record, table="Guests"):
        model_config = ConfigDict(extra="ignore")
        name: str

    guests = airtable.table(Guest)
    guests.create_table()
    rows = [{"name": "Ada", "nick": "A"}]
    (said,) = guests.bulk_create(rows, on_error="continue").errors
    assert "Guest has no field 'nick'" in str(said.error)
    assert airtable.table(Careless).bulk_create(rows).counts() == {"created": 1}


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({"id": 77}, "id"),
        ({"id": "77"}, "id"),
        ({"id": "A-1"}, "id"),
        ({"id": "recTooShort"}, "id"),
        ({"created_time": "2024-01-01"}, "created_time"),
        ({"createdTime": "2024-01-01T10:00:00Z"}, "createdTime"),
        ({"id": "rec00000000000000"}, None),
        ({"id": "rec00000000000000", "createdTime": "2024-01-01T10:00:00Z"}, None),
        ({"id": "", "created_time": ""}, None),
        ({"id": None, "created_time": None}, None),
    ],
)
@pytest.mark.parametrize("from_file", [False, True])
def test_an_id_of_the_callers_own_is_not_dropped(
    airtable: Airtable, tmp_path: Path, more: dict[str, Any], refused: str | None, from_file: bool
) -> None:
    """Only what belongs to a record is ignored; another id column would be lost silently."""

    class Guest(Record, table="Guests"):
        name: str

    guests = airtable.table(Guest)
    guests.create_table()
    row = {"name": "Ada", **more}
    if from_file:
        path = tmp_path / "a.csv"
        path.write_text(
            ",".join(row) + "\n" + ",".join(str(cell or "") for cell in row.values()) + "\n"
        )
        result = guests.import_csv(path, on_error="continue")
    else:
        result = guests.bulk_create([row], on_error="continue")
    if refused is None:
        assert result.counts() == {"created": 1}
    else:
        assert f"Guest has no field {refused!r}" in result.explain()[0]


def test_a_column_of_the_table_named_id_is_written(airtable: Airtable) -> None:
    """The table's own columns come first, whatever they are called."""
    names = ("name", "id", "created_time")
    airtable.create_table("T", [{"name": name, "type": "singleLineText"} for name in names])
    row = {"name": "Ada", "id": "77", "created_time": "2024-01-01"}
    table = airtable.table_named("T")
    assert table.bulk_create([row]).counts() == {"created": 1}
    (record,) = table.all()
    assert record._cells == row


def test_two_values_for_one_field_are_a_bad_row(airtable: Airtable) -> None:
    """One of them would be lost; the same value twice is no harm."""

    class Guest(Record, table="Guests"):
        full_name: str = airtable_field(column="Full Name")

    guests = airtable.table(Guest)
    guests.create_table()
    rows = [
        {"full_name": "Ada", "Full Name": "Alan"},
        {"full_name": "Ada", "Full Name": "Ada"},
    ]
    result = guests.bulk_create(rows, on_error="continue")
    assert result.counts() == {"failed": 1, "created": 1}
    assert "the row has two different values for it" in result.explain()[0]


class Loose(Record, table="Prices"):
    name: str
    price: str = ""
    status: str = ""


class Tight(Record, table="Prices"):
    name: str
    price: Decimal | None = airtable_field(None, type="singleLineText")
    status: Literal["new", "old"] = "new"


@pytest.fixture
def odd(airtable: Airtable) -> Any:
    """A record that the tighter model reads with two cells that do not fit."""
    airtable.table(Loose).create_table()
    airtable.table(Loose).create(name="lamp", price="ask", status="gone")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield airtable.table(Tight).first()


def test_a_cell_that_did_not_fit_can_be_set_to_what_it_reads_as(
    airtable: Airtable, odd: Any
) -> None:
    """None clears it, and the default is written over it, where the caller says so."""
    assert (odd.price, odd.status, len(odd.cell_errors)) == (None, "new", 2)
    odd.name = "a lamp"
    odd.save()
    assert airtable.table(Loose).all()[0].price == "ask"
    odd.price, odd.status = None, "new"
    odd.save()
    (held,) = airtable.table(Loose).all()
    assert (held.name, held.price, held.status) == ("a lamp", "", "new")
    assert odd.cell_errors == ()


@pytest.mark.parametrize("verb", ["bulk_upsert", "sync"])
def test_a_cell_that_did_not_fit_is_not_cleared_by_the_way(
    airtable: Airtable, odd: Any, verb: str
) -> None:
    """What was only read, and badly, is no value to write."""
    getattr(airtable.table(Tight), verb)([odd], key="name")
    (held,) = airtable.table(Loose).all()
    assert (held.price, held.status) == ("ask", "gone")


def test_what_is_put_into_a_list_that_did_not_fit_is_written(airtable: Airtable) -> None:
    """The list is empty for the model; what is in it afterwards was put there."""

    class Text(Record, table="Lists"):
        name: str
        tags: str = ""

    class Many(Record, table="Lists"):
        name: str
        tags: list[str] = airtable_field(default_factory=list, type="multilineText")

    airtable.table(Text).create_table()
    airtable.table(Text).create(name="a", tags="no list")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (found,) = airtable.table(Many).all()
    assert cells_to_update(found) == {}
    found.tags.append("x")
    assert cells_to_update(found) == {"tags": ["x"]}


@pytest.mark.parametrize("format", ["csv", "json"])
def test_an_export_holds_cells_that_do_not_fit_as_they_are(
    airtable: Airtable, odd: Any, tmp_path: Path, format: Any
) -> None:
    """A file that is kept as a copy holds what the table does, and no defaults in its place."""
    assert odd.cell_errors
    path = tmp_path / "prices"
    with pytest.warns(CellWarning):
        airtable.table(Tight).export_file(path, format)
    (row,) = read_rows(path, FileSettings(format))
    assert row.cells == {"name": "lamp", "price": "ask", "status": "gone"}


class Job(Record, table="Jobs"):
    name: str
    tries: int = 5
    state: Literal["new", "done"] = "new"


@pytest.fixture
def jobs(airtable: Airtable) -> Any:
    """One job of which nothing is known but its name."""
    table = airtable.table(Job)
    table.create_table()
    airtable.table_named("Jobs").create(name="a")
    return table


@pytest.mark.parametrize("verb", ["bulk_upsert", "sync", "bulk_save"])
def test_a_default_that_an_empty_cell_reads_as_is_not_written(
    airtable: Airtable, jobs: Any, verb: str
) -> None:
    """Reading and writing back changes nothing, by whatever verb."""
    options = {} if verb == "bulk_save" else {"key": "name"}
    getattr(jobs, verb)(jobs.all(), **options)
    (held,) = airtable.table_named("Jobs").all()
    assert (held.tries, held.state) == (None, None)


def test_a_default_that_is_set_is_written(airtable: Airtable, jobs: Any) -> None:
    """The cell is empty, and was set to what it reads as: then it holds that."""
    (job,) = jobs.all()
    job.tries, job.state = 5, "new"
    job.save()
    (held,) = airtable.table_named("Jobs").all()
    assert (held.tries, held.state) == (5, "new")


def test_a_record_of_a_derived_model_is_not_cut_short(airtable: Airtable) -> None:
    """A model's verbs refuse a record with more columns than it knows."""

    class Late(Job):
        reason: str = ""

    late = airtable.table(Late)
    late.create_table()
    jobs = airtable.table(Job)
    for verb, options in (("bulk_create", {}), ("bulk_save", {}), ("sync", {"key": "name"})):
        with pytest.raises(BulkError, match=r"Late has columns that Job lacks \(reason\)"):
            getattr(jobs, verb)([Late(name="a", reason="rain")], **options)
    assert jobs.count() == 0
    assert late.bulk_create([Late(name="a", reason="rain")])[0].reason == "rain"


def test_an_export_holds_no_default_where_a_cell_is_empty(jobs: Any, tmp_path: Path) -> None:
    """What nobody wrote into the table stands in no copy of it."""
    jobs.export_file(tmp_path / "jobs.json")
    (row,) = read_rows(tmp_path / "jobs.json")
    assert row.cells == {"name": "a", "tries": None, "state": None}


@pytest.mark.parametrize("suffix", ["csv", "tsv", "json"])
def test_what_is_nested_comes_back_from_an_export(
    airtable: Airtable, tmp_path: Path, suffix: str
) -> None:
    """Files, barcodes and people stand in a cell of CSV as JSON, and are read as such."""

    class Part(Record, table="Parts"):
        name: str
        files: list[dict[str, Any]] = airtable_field([], type="multipleAttachments")
        code: Code | None = airtable_field(None, type="barcode")
        links: list[str] = airtable_field([], type="multipleSelects", choices=["a", "b"])

    parts = airtable.table(Part)
    parts.create_table()
    files = [{"url": "https://example.org/a.png"}, {"url": "https://example.org/b.png"}]
    parts.create(name="a", files=files, code=Code(text="1"), links=["a", "b"])
    parts.export_file(path := tmp_path / f"parts.{suffix}")
    assert parts.sync_file(path, key="name").counts() == {"unchanged": 1}
    parts.where().delete()
    (again,) = parts.import_file(path, typecast=True, on_error="continue")
    assert (again.code, again.links) == (Code(text="1"), ["a", "b"])


def test_a_row_may_name_a_field_by_any_of_its_aliases(airtable: Airtable) -> None:
    """``AliasChoices`` are for input from several sources, and rows are such."""

    class Guest(Record, table="Guests"):
        mail: str = Field(validation_alias=AliasChoices("e_mail", "email"))

    guests = airtable.table(Guest)
    guests.create_table()
    rows = [{"mail": "a@x.org"}, {"e_mail": "b@x.org"}, {"email": "c@x.org"}]
    assert guests.bulk_create(rows).counts() == {"created": 3}
    assert sorted(guest.mail for guest in guests.all()) == ["a@x.org", "b@x.org", "c@x.org"]
    fields = {"mail": "a@x.org", "email": "another column"}
    found = Reader(Guest).read(
        {"id": "rec1", "createdTime": "2024-01-01T00:00:00Z", "fields": fields}
    )
    assert found is not None
    assert found.mail == "a@x.org"


@pytest.mark.parametrize("pieces", [2**53, 10**19, -(10**22)])
def test_an_integer_that_a_number_holds_exactly_comes_back(airtable: Airtable, pieces: int) -> None:
    """Airtable's numbers are doubles, which hold many integers beyond 64 bits."""
    items = airtable.table(Item)
    items.create_table()
    items.bulk_create([{"name": "big", "pieces": pieces}])
    (read,) = items.all()
    assert read.pieces == pieces
    assert read.cell_errors == ()
