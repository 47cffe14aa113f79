"""dlt: from a base to DuckDB and back, twice, while jobs fail; nothing is lost, doubled or changed."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import pytest

from airhaul import Airtable, Record, Table, airtable_field
from airhaul.local_base import Fault, Faults, LocalBase, LocalServer
from tests.conftest import connection_to

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what dlt imports warns
    dlt = pytest.importorskip("dlt", reason="dlt is not installed")
    from dlt.pipeline.exceptions import PipelineStepFailed

    from airhaul.dlt import airtable_destination, airtable_source, rejected_rows

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


class Deal(Record, table="Deals"):
    """A field of each kind."""

    name: str = airtable_field(column="Deal Name")
    amount: float | None = None
    pieces: int | None = None
    is_open: bool = False
    closed_on: date | None = None
    seen_at: datetime | None = None
    took: timedelta | None = None
    stage: Literal["new", "won"] | None = None
    tags: list[Literal["a", "b"]] = []
    notes: str = ""


class Company(Record, table="Companies"):
    """Another table."""

    name: str
    city: str = ""


FULL: dict[str, Any] = {
    "name": "Zoë\n☃", "amount": 0.1, "pieces": -3, "is_open": True, "closed_on": date(2024, 2, 29),
    "seen_at": datetime(2024, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC), "took": timedelta(minutes=90),
    "stage": "won", "tags": ["b", "a"], "notes": "1e5",
}  # fmt: skip
ROWS: list[dict[str, Any]] = [FULL, *({"name": f"Deal {n}", "pieces": n} for n in range(150))]


@pytest.fixture
def airtable(local_base: LocalBase) -> Airtable:
    """The base from inside: what the tests do counts for nobody."""
    return Airtable(connection=connection_to(local_base))


@pytest.fixture
def deals(airtable: Airtable) -> Table[Deal]:
    """A table with records."""
    airtable.table(Deal).create_table()
    airtable.table(Deal).bulk_create(ROWS)
    return airtable.table(Deal)


@pytest.fixture
def reached(server: LocalServer) -> dict[str, str]:
    """How to reach the base."""
    base_id = server.local_base.default_base_id
    return {"access_token": "patDlt.x", "base_id": base_id, "endpoint_url": server.url}


def pipeline(name: str, destination: Any) -> Any:
    """A pipeline; its state lasts as long as the test."""
    return dlt.pipeline(name, destination=destination, dataset_name="crm")


@pytest.fixture
def to_duckdb() -> Any:
    """A pipeline to DuckDB."""
    return pipeline("to_duckdb", dlt.destinations.duckdb("warehouse.duckdb"))


def loaded(to_duckdb: Any, query: str) -> list[tuple[Any, ...]]:
    """What DuckDB holds."""
    with to_duckdb.sql_client() as client:
        found: list[tuple[Any, ...]] = client.execute_sql(query)
    return found


@pytest.fixture
def requests_of(local_base: LocalBase) -> Callable[..., int]:
    """Counts the requests since the last time, those of some methods or all."""

    def count(*methods: str) -> int:
        found = [one.method for one in local_base.requests]
        local_base.requests.clear()
        return sum(not methods or method in methods for method in found)

    return count


def test_every_cell_is_loaded_with_its_type(deals, reached, to_duckdb) -> None:
    """Each field has the type of its card, an empty cell is null, and a list is JSON."""
    to_duckdb.run(airtable_source(**reached))
    names = "deal_name, amount, pieces, is_open, closed_on, seen_at, took, stage, tags, notes"
    kinds = loaded(
        to_duckdb,
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_name = 'deals' AND table_schema = 'crm'",
    )
    assert dict(kinds) == {
        "_airtable_id": "VARCHAR", "_created_time": "TIMESTAMP WITH TIME ZONE",
        "_base_id": "VARCHAR", "_rescued": "JSON",
        "deal_name": "VARCHAR", "amount": "DOUBLE", "pieces": "DOUBLE", "is_open": "BOOLEAN",
        "closed_on": "DATE", "seen_at": "TIMESTAMP WITH TIME ZONE", "took": "DOUBLE",
        "stage": "VARCHAR", "tags": "JSON", "notes": "VARCHAR",
        "_dlt_load_id": "VARCHAR", "_dlt_id": "VARCHAR",
    }  # fmt: skip
    found = {row[0]: row[1:] for row in loaded(to_duckdb, f"SELECT {names} FROM deals")}
    assert found == {
        FULL["name"]: (
            0.1, -3, True, FULL["closed_on"], FULL["seen_at"], 5400.0, "won", '["b","a"]', "1e5",
        ),
        **{f"Deal {n}": (None, n, False, *[None] * 6) for n in range(150)},
    }  # fmt: skip
    ids = loaded(to_duckdb, "SELECT deal_name, _airtable_id FROM deals")
    assert dict(ids) == {deal.name: deal.id for deal in deals.all()}


def test_a_second_load_reads_only_what_has_changed(deals, reached, to_duckdb, requests_of) -> None:
    """A page instead of all; a changed record replaces its row, and a new one is added."""
    time.sleep(1.1)  # times are compared by the second
    to_duckdb.run(airtable_source(**reached, settle_s=0))
    assert requests_of() >= 3  # the schema and two pages
    time.sleep(1.1)
    to_duckdb.run(airtable_source(**reached, settle_s=0))
    assert requests_of() == 2
    deals.bulk_update([{"id": deals.first(name="Deal 7").id, "pieces": 1_000}])
    deals.create(name="new", pieces=1)
    requests_of()
    to_duckdb.run(airtable_source(**reached, settle_s=0))
    assert requests_of() == 2
    wanted = sorted((deal.name, deal.pieces) for deal in deals.all())
    assert sorted(loaded(to_duckdb, "SELECT deal_name, pieces FROM deals")) == wanted
    requests_of()
    to_duckdb.run(airtable_source(**reached, settle_s=60))
    assert requests_of() == 2  # from now on, this much is read again
    to_duckdb.run(airtable_source(**reached))
    assert requests_of() == 3
    assert sorted(loaded(to_duckdb, "SELECT deal_name, pieces FROM deals")) == wanted


def test_a_refresh_forgets_what_was_deleted(deals, reached, to_duckdb) -> None:
    """Also after a load that had no changes: dlt must still know that there is a table to drop."""
    for _ in range(2):
        time.sleep(1.1)  # times are compared by the second
        to_duckdb.run(airtable_source(**reached, settle_s=0))
    deals.bulk_delete([deals.first(name="Deal 7").id])
    to_duckdb.run(airtable_source(**reached), refresh="drop_resources")
    names = {name for (name,) in loaded(to_duckdb, "SELECT deal_name FROM deals")}
    assert names == {deal.name for deal in deals.all()}


@pytest.mark.parametrize("lists", ["json", "tables"])
def test_a_field_that_is_added_becomes_a_column(
    airtable, deals, reached, to_duckdb, lists: Literal["json", "tables"]
) -> None:
    """Also if no record has changed when it is first seen.

    dlt would note a column then that it does not create, and no later load of the table succeed.
    """
    airtable.create_table("Others", text_fields("Name"))

    def load() -> None:
        time.sleep(1.1)  # times are compared by the second
        to_duckdb.run(airtable_source(**reached, lists=lists, settle_s=0))

    load()
    for field, others in (("Color", []), ("Shape", [{"Name": "a"}, {"Name": "b"}])):
        airtable.local_base.add_field(airtable.base_id, "Deals", text_fields(field)[0])
        airtable.table_named("Others").bulk_create(others)
        load()
        table = airtable.table_named("Deals")
        table.bulk_upsert([{"Deal Name": "Deal 1", field: "x"}], key="Deal Name")
        load()
    query = "SELECT deal_name, color, shape FROM deals WHERE color IS NOT NULL"
    assert loaded(to_duckdb, query) == [("Deal 1", "x", "x")]
    assert len(loaded(to_duckdb, "SELECT name FROM others")) == 2


def test_lists_may_be_tables_and_attachments_left_out(deals, reached, to_duckdb) -> None:
    """As dlt does it by itself: a child table with a row for each item."""
    to_duckdb.run(airtable_source(**reached, tables=["Deals"], lists="tables", attachments=False))
    tags = loaded(
        to_duckdb,
        "SELECT deal_name, value FROM deals JOIN deals__tags ON deals._dlt_id = _dlt_parent_id "
        "ORDER BY _dlt_list_idx",
    )
    assert tags == [(FULL["name"], "b"), (FULL["name"], "a")]


@pytest.mark.parametrize(("first", "then"), [("json", "tables"), ("tables", "json")])
def test_lists_are_in_one_place(deals, reached, to_duckdb, first, then) -> None:
    """A load of changes would put new lists elsewhere than those that are there."""
    for _ in range(2):
        to_duckdb.run(airtable_source(**reached, lists=first))
    with pytest.raises(PipelineStepFailed, match=f"another way than lists='{then}'"):
        to_duckdb.run(airtable_source(**reached, lists=then))
    to_duckdb.run(airtable_source(**reached, lists=then), refresh="drop_resources")
    query = {
        "json": "SELECT tags::VARCHAR FROM deals WHERE tags IS NOT NULL",
        "tables": "SELECT string_agg(value, ',' ORDER BY _dlt_list_idx) FROM deals__tags",
    }
    found = {"json": '["b","a"]', "tables": "b,a"}
    assert loaded(to_duckdb, query[then]) == [(found[then],)]


def test_items_that_look_like_times_stay_text(airtable, reached, to_duckdb) -> None:
    """dlt takes the first for a time, and would make 1970-01-01T00:00:07Z of "7" then."""
    texts = ["2024-05-01T08:00:00Z", "7", "b"]
    tags = {"type": "multipleSelects", "options": {"choices": [{"name": text} for text in texts]}}
    airtable.create_table("Deals", [*text_fields("Name"), {"name": "Tags", **tags}])
    airtable.table_named("Deals").bulk_create([{"Name": "a", "Tags": texts}])
    to_duckdb.run(airtable_source(**reached, lists="tables"))
    items = loaded(to_duckdb, "SELECT value FROM deals__tags ORDER BY _dlt_list_idx")
    assert items == [(text,) for text in texts]


def test_a_cell_that_does_not_fit_is_kept_beside(airtable, reached, to_duckdb) -> None:
    """The error of a formula is null in its column, and is not lost."""
    airtable.create_table(
        "Sums",
        [
            {"name": "Name", "type": "singleLineText"},
            {"name": "Half", "type": "number", "options": {"precision": 1}},
        ],
    )
    formula = "IF({Half} = 1, ERROR(), 1 / {Half})"
    inverse = {"name": "Inverse", "type": "formula", "options": {"formula": formula}}
    airtable.local_base.add_field(airtable.base_id, "Sums", inverse)
    airtable.table_named("Sums").bulk_create([{"Name": "a", "Half": 2}, {"Name": "b", "Half": 1}])
    to_duckdb.run(airtable_source(**reached))
    found = loaded(to_duckdb, "SELECT name, inverse, _rescued FROM sums ORDER BY name")
    assert found[0] == ("a", 0.5, None)
    assert found[1][1] is None
    assert "Inverse" in found[1][2]


def text_fields(*names: str) -> list[Any]:
    """Descriptions of text fields."""
    return [{"name": name, "type": "singleLineText"} for name in names]


def test_a_second_base_is_read_from_its_beginning(to_duckdb) -> None:
    """What was read of one base says nothing of the table of that name in another."""
    for file in ("first.db", "second.db"):
        with Airtable.local(file) as airtable:
            airtable.create_table("Deals", text_fields("Name"))
            airtable.table_named("Deals").bulk_create([{"Name": f"of {file}"}])
    time.sleep(1.1)  # times are compared by the second
    for _ in range(2):
        for file in ("first.db", "second.db"):
            to_duckdb.run(airtable_source(local=file, settle_s=0))
        names = loaded(to_duckdb, "SELECT name FROM deals ORDER BY name")
        assert names == [("of first.db",), ("of second.db",)]


def test_the_records_of_a_duplicated_base_are_kept_apart(to_duckdb) -> None:
    """Airtable duplicates a base with the IDs of its records: one must not replace the other."""
    table = {"id": "tbl00000000000001", "name": "Deals", "fields": text_fields("Name")}
    for file, base_id in (("first.db", "app00000000000001"), ("second.db", "app00000000000002")):
        with LocalBase.open(file, schema={"id": base_id, "tables": [table]}) as base:
            record = {"id": "rec00000000000001", "createdTime": "2026-01-31T12:00:00.000Z"}
            base.restore_records(base_id, "Deals", [{**record, "fields": {"Name": f"of {file}"}}])
    for _ in range(2):
        for file in ("first.db", "second.db"):
            to_duckdb.run(airtable_source(local=file))
    found = loaded(to_duckdb, "SELECT _base_id, _airtable_id, name FROM deals ORDER BY name")
    assert found == [
        ("app00000000000001", "rec00000000000001", "of first.db"),
        ("app00000000000002", "rec00000000000001", "of second.db"),
    ]
    # What is dropped of the other base comes back with its next load.
    to_duckdb.run(airtable_source(local="first.db", settle_s=0), refresh="drop_resources")
    assert loaded(to_duckdb, "SELECT name FROM deals") == [("of first.db",)]
    to_duckdb.run(airtable_source(local="second.db", settle_s=0))
    assert len(loaded(to_duckdb, "SELECT name FROM deals")) == 2


def test_a_field_of_another_type_than_its_column_is_refused(airtable, reached, to_duckdb) -> None:
    """Before anything is read: the warehouse would refuse it in the middle of the load.

    After a refresh all is there, with the new type.
    """
    airtable.create_table("Deals", text_fields("Name", "Size"))
    airtable.table_named("Deals").bulk_create([{"Name": "a", "Size": "8"}])
    to_duckdb.run(airtable_source(**reached))
    number = {"name": "Size", "type": "number", "options": {"precision": 1}}
    with Airtable.local("other.db") as other:
        other.create_table("Deals", [*text_fields("Name"), number])
        other.table_named("Deals").bulk_create([{"Name": "b", "Size": 9}])
    with pytest.raises(PipelineStepFailed, match="'Size'.* as double into a column that has text"):
        to_duckdb.run(airtable_source(local="other.db"))
    assert loaded(to_duckdb, "SELECT name, size FROM deals") == [("a", "8")]
    to_duckdb.run(airtable_source(local="other.db"), refresh="drop_resources")
    assert loaded(to_duckdb, "SELECT name, size FROM deals") == [("b", 9.0)]


def test_what_dlt_appends_to_names_is_no_other_name(airtable, reached, to_duckdb) -> None:
    """The list of a field becomes a table, and the member of an object a column."""
    tags = {"name": "Tags", "type": "multipleSelects", "options": {"choices": [{"name": "a"}]}}
    code = {"name": "Code", "type": "barcode"}
    airtable.create_table("Deals", [*text_fields("Name", "code__text"), tags, code])
    airtable.create_table("deals__tags", text_fields("Name"))
    row = {"Name": "n", "Tags": ["a"], "Code": {"text": "c"}, "code__text": "t"}
    airtable.table_named("Deals").bulk_create([row])
    with pytest.raises(PipelineStepFailed, match=r"tables 'Deals' \(Tags\) and 'deals__tags'"):
        to_duckdb.run(airtable_source(**reached, lists="tables"))
    with pytest.raises(PipelineStepFailed, match=r"fields '.*' and '.*'.*column 'code__text'"):
        to_duckdb.run(airtable_source(**reached, tables=["Deals"], lists="tables"))
    to_duckdb.run(airtable_source(**reached))
    found = loaded(to_duckdb, "SELECT name, code__text, code->>'text', tags FROM deals")
    assert found == [("n", "t", "c", '["a"]')]


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"Deals": ["Deal Name", "deal-name"]}, "'Deal Name' and 'deal-name'.*column 'deal_name'"),
        ({"Deals": ["名前", "住所"]}, "'名前' and '住所'.*column 'xx?'"),
        ({"Deals": ["Name", "Airtable ID"], "Calls": ["N"]}, None),
        ({"Deals": ["Name", "_airtable_id"]}, "'_airtable_id'.*which each record has anyway"),
        ({"Deals": ["Name", "_dlt_id"]}, "'_dlt_id'.*which each record has anyway"),
        ({"My Deals": ["N"], "my-deals": ["N"]}, "tables 'My Deals' and 'my-deals'"),
        ({"_dlt_loads": ["N"]}, "where dlt keeps its own notes"),
        ({"Deals": ["Name", "#", "€"]}, "'#' and '€'.*column 'x'"),
        ({"Deals": ["Name", "__"]}, "no character of the name of the field '__'"),
        ({"__": ["Name"]}, "no character of the name of the table '__'"),
    ],
)
def test_no_name_becomes_that_of_another(airtable, reached, to_duckdb, tables, said) -> None:
    """Two columns that dlt gives one name would be one, with the values of the last."""
    for table, fields in tables.items():
        airtable.create_table(table, text_fields(*fields))
        airtable.table_named(table).bulk_create([{name: f"cell of {name}" for name in fields}])
    if said is None:
        to_duckdb.run(airtable_source(**reached))
        row = loaded(to_duckdb, "SELECT name, airtable_id FROM deals")
        assert row == [("cell of Name", "cell of Airtable ID")]
    else:
        with pytest.raises(PipelineStepFailed, match=said):
            to_duckdb.run(airtable_source(**reached))


def test_names_may_stay_as_they_are(airtable, reached, monkeypatch) -> None:
    """As the refusal proposes it: then all of them are loaded."""
    monkeypatch.setenv("SCHEMA__NAMING", "direct")
    names = ("Deal Name", "deal_name", "名前", "住所")
    airtable.create_table("My Deals", text_fields(*names))
    airtable.create_table("my_deals", text_fields("N"))
    airtable.table_named("My Deals").bulk_create([{name: f"cell of {name}" for name in names}])
    to_duckdb = pipeline("to_duckdb", dlt.destinations.duckdb("warehouse.duckdb"))
    to_duckdb.run(airtable_source(**reached))
    columns = ", ".join(f'"{name}"' for name in names)
    found = loaded(to_duckdb, f'SELECT {columns} FROM "My Deals"')
    assert found == [tuple(f"cell of {name}" for name in names)]
    airtable.create_table("Quoted", text_fields("Bo's", 'Bo"s'))
    with pytest.raises(PipelineStepFailed, match="Rename one of them\\.$"):  # and nothing else
        to_duckdb.run(airtable_source(**reached, tables=["Quoted"]))


@pytest.fixture
def to_airtable(reached) -> Callable[..., Any]:
    """Makes a pipeline to the base."""

    def make(**options: Any) -> Any:
        return pipeline("to_airtable", airtable_destination(**reached, **options))

    return make


def both(rows: list[dict[str, Any]], companies: list[dict[str, Any]]) -> list[Any]:
    """Rows for two tables."""
    return [
        dlt.resource(rows, name="Deals", primary_key="Deal Name", write_disposition="merge"),
        dlt.resource(companies, name="Companies", primary_key="name", write_disposition="merge"),
    ]


def as_loaded(row: dict[str, Any]) -> dict[str, Any]:
    """A row with the names of the table; dlt knows no durations."""
    return {
        "Deal Name" if name == "name" else name: (
            value.total_seconds() if isinstance(value, timedelta) else value
        )
        for name, value in row.items()
    }


def test_from_duckdb_to_a_base_while_a_job_fails(
    airtable, reached, to_airtable, local_base, requests_of
) -> None:
    """A job is refused in its middle and a reply is lost: the second run completes both tables.

    The third changes nothing.
    """
    airtable.create_tables(Deal, Company)
    rows = [as_loaded(row) for row in ROWS]
    companies = [{"name": f"Company {n}", "city": "Paris"} for n in range(30)]
    # The quota of the month ends amid the writes; before that, one is carried out and not answered.
    local_base.faults = Faults(
        Fault("close-after", method="PATCH", at=2), Fault("quota", method="PATCH", at=6)
    )
    pipe = to_airtable()
    with pytest.raises(PipelineStepFailed, match="quota|limit"):
        pipe.run(both(rows, companies))
    assert 0 < airtable.table(Deal).count() + airtable.table(Company).count() < 181
    local_base.faults = None
    pipe.run()
    requests_of()
    held = {deal.name: deal for deal in airtable.table(Deal).all()}
    assert len(held) == airtable.table(Deal).count() == len(ROWS)
    full = held.pop(FULL["name"])
    assert {name: getattr(full, name) for name in FULL} == FULL
    assert {name: deal.pieces for name, deal in held.items()} == {
        f"Deal {n}": n for n in range(150)
    }
    assert airtable.table(Company).count() == 30

    requests_of()
    to_airtable().run(both(rows, companies))
    assert requests_of("POST", "PATCH", "PUT", "DELETE") == 0


def test_a_null_empties_its_cell(deals, to_airtable) -> None:
    """dlt leaves it out of its rows; the cell must not stay as it was."""
    rows = [
        {**as_loaded(FULL), "amount": None, "tags": None},
        {"Deal Name": "Deal 1", "amount": 2.5, "tags": ["a"]},
    ]
    to_airtable().run(rows, table_name="Deals", primary_key="Deal Name")
    found = deals.first(name=FULL["name"])
    assert (found.amount, found.tags, found.notes) == (None, [], "1e5")
    found = deals.first(name="Deal 1")
    assert (found.amount, found.tags) == (2.5, ["a"])


def test_rejected_rows_can_be_loaded_as_a_table(deals, to_airtable, to_duckdb) -> None:
    """A value of another type is not put elsewhere: its row is refused, with the reason."""
    rows = [{"Deal Name": f"Deal {n}", "pieces": n + 1} for n in range(20)]
    rows[3]["pieces"] = "many"
    with pytest.raises(PipelineStepFailed, match="pieces.*many"):
        to_airtable().run(rows, table_name="Deals", primary_key="Deal Name")
    assert deals.first(name="Deal 2").pieces == 2
    pipe = to_airtable(on_error="continue", rejects="refused")
    pipe.drop_pending_packages()
    for _ in range(2):
        pipe.run(rows, table_name="Deals", primary_key="Deal Name")
        to_duckdb.run(rejected_rows("refused"))
        ((table, error, row),) = loaded(to_duckdb, 'SELECT "table", error, row FROM rejected_rows')
        assert (table, '"pieces":"many"' in row.replace(" ", "")) == ("Deals", True)
        assert "pieces" in error
    assert deals.first(name="Deal 2").pieces == 3
    assert deals.first(name="Deal 3").pieces == 3


def test_a_null_may_leave_its_cell_alone(deals, to_airtable) -> None:
    """With nulls="keep", also in data frames; so may a column that a row lacks."""
    pyarrow: Any = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    pipe = to_airtable(nulls="keep")
    rows: list[dict[str, Any]] = [
        {"Deal Name": FULL["name"], "amount": None, "pieces": 5},
        {"Deal Name": "Deal 1", "amount": 2.5},
        {"Deal Name": "new", "amount": None, "pieces": None},
    ]
    pipe.run(rows, table_name="Deals", primary_key="Deal Name")
    frame = pyarrow.table({"Deal Name": ["Deal 2"], "amount": [7.5], "pieces": [None]})
    pipe.run(frame, table_name="Deals", primary_key="Deal Name")
    held = {deal.name: (deal.amount, deal.pieces) for deal in deals.all()}
    assert held[FULL["name"]] == (0.1, 5)
    assert [held[name] for name in ("Deal 1", "Deal 2")] == [(2.5, 1), (7.5, 2)]
    assert held["new"] == (None, None)


SCD2 = {"disposition": "merge", "strategy": "scd2"}
INSERTS = {"disposition": "merge", "strategy": "insert-only"}
GONE = {"is_open": {"hard_delete": True, "data_type": "bool"}}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "has no primary key"),
        ({"primary_key": "Deal Name", "write_disposition": "replace"}, "write disposition replace"),
        ({"primary_key": "Deal Name", "table_name": "Nowhere"}, "Nowhere"),
        ({"primary_key": "Deal Name", "extra": 1}, "has no field 'extra'"),
        ({"primary_key": "notes", "notes": "n", "deal_name": "d"}, "resource: 'Deal Name'"),
        ({"primary_key": "Deal Name", "notes": b"n"}, "'notes'.*holds bytes"),
        ({"primary_key": "Deal Name", "batch_size": 0}, "set to batch_size=0"),
        ({"primary_key": "Deal Name", "write_disposition": SCD2}, "merge strategy scd2"),
        ({"primary_key": "Deal Name", "write_disposition": INSERTS}, "merge strategy insert-only"),
        ({"primary_key": "Deal Name", "columns": GONE}, "'is_open'.*deletes no records"),
        ({"primary_key": "Deal Name", "max_table_nesting": 2}, "'Deals▶tags', which is none"),
    ],
)
def test_what_cannot_be_loaded_is_refused(deals, to_airtable, requests_of, options, said) -> None:
    """Once, with the reason and what to do; nothing is written."""
    of_row, of_destination = (
        {name: options[name] for name in names if name in options}
        for names in (("extra", "notes", "deal_name"), ("batch_size", "max_table_nesting"))
    )
    of_run = {name: one for name, one in options.items() if name not in of_row | of_destination}
    row = {"Deal Name": "Deal 1", "is_open": True, "tags": ["a"], **of_row}
    requests_of()
    with pytest.raises(PipelineStepFailed, match=said):
        to_airtable(**of_destination).run([row], **{"table_name": "Deals", **of_run})
    assert requests_of("POST", "PATCH") == 0


def test_lists_in_tables_are_put_back_into_cells(deals, to_airtable) -> None:
    """What the refusal proposes works, with the pipeline that was refused."""
    row = {"Deal Name": "Deal 1", "tags": ["a"]}
    target = {"table_name": "Deals", "primary_key": "Deal Name"}
    pipe = to_airtable(max_table_nesting=2)
    with pytest.raises(PipelineStepFailed, match="max_table_nesting"):
        pipe.run([row], **target)
    pipe.abort_packages()
    to_airtable().run([row], **target, refresh="drop_resources")
    to_airtable().run([row], **target)
    assert deals.first(name="Deal 1").tags == ["a"]


def test_no_row_is_refused_unseen(deals, to_airtable, requests_of) -> None:
    """A load that goes on without the rows that are refused has to keep them somewhere."""
    rows = [{"Deal Name": "Deal 1", "pieces": 7}, {"Deal Name": "Deal 2", "pieces": "many"}]
    requests_of()
    with pytest.raises(PipelineStepFailed, match="rejects="):
        to_airtable(on_error="continue").run(rows, table_name="Deals", primary_key="Deal Name")
    assert requests_of() == 0


def test_an_argument_that_is_misspelt_is_refused(deals, reached, to_airtable, requests_of) -> None:
    """It must not count as the other of two choices."""
    rows = [{"Deal Name": "Deal 1", "pieces": 7}]
    requests_of()
    with pytest.raises(PipelineStepFailed, match=r'nulls="leave" does not exist.*"clear", "keep"'):
        to_airtable(nulls="leave").run(rows, table_name="Deals", primary_key="Deal Name")
    with pytest.raises(Exception, match='lists="table" does not exist.*"json", "tables"'):
        list(airtable_source(**reached, lists="table"))
    assert requests_of() == 0


def test_quotes_in_names_arrive(airtable, to_airtable, requests_of) -> None:
    """dlt makes "_" of them: the table, its key and its fields are found all the same."""
    airtable.create_table(
        'Ann\'s "deals"',
        [
            *text_fields("Customer's name"),
            {"name": "1st year's", "type": "number", "options": {"precision": 1}},
        ],
    )
    rows = [
        {"Customer's name": "Bo", "1st year's": 1.5},
        {"Customer's name": "Cy", "1st year's": None},
        {"Customer's name": "Di", "1st year's": "2.5"},  # of another type than its column
    ]
    for _ in range(2):
        requests_of()
        to_airtable(typecast=True).run(
            rows, table_name='Ann\'s "deals"', primary_key="Customer's name"
        )
        writes = requests_of("POST", "PATCH", "PUT", "DELETE")
    assert writes == 0
    found = airtable.table_named('Ann\'s "deals"').all()
    held = [tuple(one.model_dump(exclude={"id", "created_time"}).values()) for one in found]
    assert sorted(held) == [("Bo", 1.5), ("Cy", None), ("Di", 2.5)]


def test_a_name_that_could_be_either_of_two_is_refused(airtable, to_airtable, requests_of) -> None:
    """A value must not get into a field that was not meant."""
    airtable.create_table("Deals", text_fields("Name", "Bo's", "Bo_s"))
    requests_of()
    with pytest.raises(PipelineStepFailed, match="not clear which of them is meant"):
        to_airtable().run([{"Name": "a", "Bo's": "b"}], table_name="Deals", primary_key="Name")
    assert requests_of("POST", "PATCH") == 0
    to_airtable().abort_packages()
    to_airtable().run([{"Name": "a"}], table_name="Deals", primary_key="Name")
    assert [one.name for one in airtable.table_named("Deals").all()] == ["a"]


def test_a_pipeline_of_its_own_leaves_other_columns_alone(deals, reached, to_airtable) -> None:
    """A row that lacks a column empties its cell only where the pipeline knows the column."""
    first = to_airtable()
    first.run([{"Deal Name": "Deal 1", "notes": "n"}], table_name="Deals", primary_key="Deal Name")
    row = {"Deal Name": "Deal 1", "amount": 2.5}
    own = pipeline("amounts", airtable_destination(**reached))
    own.run([row], table_name="Deals", primary_key="Deal Name")
    found = deals.first(name="Deal 1")
    assert (found.amount, found.pieces, found.notes) == (2.5, 1, "n")
    first.run([row], table_name="Deals", primary_key="Deal Name")
    found = deals.first(name="Deal 1")
    assert (found.amount, found.pieces, found.notes) == (2.5, 1, "")


def test_text_that_looks_like_a_time_stays_text_where_it_is_declared(deals, to_airtable) -> None:
    """dlt takes it for a time; as such it would not be written as it was."""
    row = {"Deal Name": "Deal 1", "notes": "2024-05-01T08:00:00+02:00"}
    target = {"table_name": "Deals", "primary_key": "Deal Name"}
    for typecast in (False, True):  # not with it either: dlt has made 1970-01-01T00:00:07Z of "7"
        refused = to_airtable(typecast=typecast)
        with pytest.raises(PipelineStepFailed, match="'notes' holds text, and dlt made times"):
            refused.run([row, {"Deal Name": "Deal 2", "notes": "7"}], **target)
        refused.abort_packages()
    assert deals.first(name="Deal 2").notes == ""
    pipe = pipeline("declared", to_airtable().destination)
    pipe.run([row], **target, columns={"notes": {"data_type": "text"}})
    assert deals.first(name="Deal 1").notes == row["notes"]


def test_data_frames_are_loaded(deals, to_airtable, requests_of) -> None:
    """dlt passes them on as Arrow: the same cells, and nothing is written twice."""
    pyarrow: Any = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    rows = [
        {name: value for name, value in as_loaded(FULL).items() if name not in ("took", "tags")},
        {"Deal Name": "Deal 1", "amount": 2.5, "is_open": True},
    ]
    columns: tuple[str, ...] = tuple(rows[0])
    frame = pyarrow.table({name: [row.get(name) for row in rows] for name in columns})
    for _ in range(2):
        requests_of()
        to_airtable().run(frame, table_name="Deals", primary_key="Deal Name")
        writes = requests_of("POST", "PATCH", "PUT", "DELETE")
    assert writes == 0
    found = deals.first(name=FULL["name"])
    assert {name: getattr(found, name) for name in FULL} == FULL
    found = deals.first(name="Deal 1")
    assert (found.amount, found.pieces, found.is_open) == (2.5, None, True)
    assert deals.count() == len(ROWS)
