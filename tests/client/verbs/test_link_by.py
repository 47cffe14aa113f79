"""Links by key: names are looked up once, in bulk, and what they mean is written as ids."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from airhaul import Airtable, AsyncAirtable, BulkError, Link, Record, Table, airtable_field
from airhaul.errors import (
    ConfigurationError,
    QuotaExceededError,
    RequestCeilingError,
    UnknownFieldError,
)
from airhaul.local_base import Fault, Faults
from airhaul.local_base.base import LocalBase
from tests.client.verbs.people import FAST, writes
from tests.conftest import connection_to

BY_NAME = {"company": "Name"}


class Deal(Record, table="Deals"):
    title: str = airtable_field(column="Title")
    company: list[str] = airtable_field(
        column="Company", type="multipleRecordLinks", default_factory=list
    )
    parents: list[str] = airtable_field(
        column="Parents", type="multipleRecordLinks", default_factory=list
    )
    amount: int | None = airtable_field(None, column="Amount")


@pytest.fixture
def airtable(local_base: LocalBase, tmp_path: Path) -> Airtable:
    return Airtable(
        connection=connection_to(local_base, retries=FAST, journal=tmp_path / "journal.db")
    )


@pytest.fixture
def companies(airtable: Airtable) -> Table[Any]:
    """The linked table; two have one name, and one has a comma in its name."""
    whole = {"precision": 0}
    airtable.create_table(
        "Companies",
        [
            {"name": "Name", "type": "singleLineText"},
            {"name": "Number", "type": "number", "options": whole},
        ],
    )
    table = airtable.table_named("Companies")
    names = ("Acme", "acme", "Acme ", "Globex, Inc.", "Twin", "Twin")
    table.bulk_create(
        [{"Name": name, "Number": number} for number, name in enumerate(names)], journal=False
    )
    return table


@pytest.fixture
def deals(
    airtable: Airtable, companies: Table[Any], local_base: LocalBase
) -> Iterator[Table[Deal]]:
    linked = {"linkedTableId": airtable.table_schema("Companies")["id"]}
    table = airtable.create_table(
        "Deals",
        [
            {"name": "Title", "type": "singleLineText"},
            {"name": "Company", "type": "multipleRecordLinks", "options": linked},
            {"name": "Amount", "type": "number", "options": {"precision": 0}},
        ],
    )
    own = {"name": "Parents", "type": "multipleRecordLinks"}
    airtable.create_field(table["id"], {**own, "options": {"linkedTableId": table["id"]}})  # type: ignore[arg-type, typeddict-item]
    local_base.requests.clear()
    yield airtable.table(Deal)


def linked(deals: Table[Deal], companies: Table[Any]) -> dict[str, list[str]]:
    """The names of the companies of each deal."""
    names = {company.id: company._cells.get("Name", "") for company in companies.all()}
    return {deal.title: [names[id_] for id_ in deal.company] for deal in deals.all()}


def lookups(local_base: LocalBase) -> list[str]:
    """The requests that read, by what they read."""
    return [
        request.path.split("/")[-1 if request.path.endswith("tables") else 3]
        for request in local_base.requests
        if request.method == "GET" or request.path.endswith("listRecords")
    ]


def test_each_distinct_name_is_looked_up_once(
    deals: Table[Deal], companies: Table[Any], local_base: LocalBase
) -> None:
    """2,000 rows with 300 names take 200 writes, 3 look-ups, and the schema once."""
    companies.bulk_create([{"Name": f"c{number}"} for number in range(300)], journal=False)
    local_base.requests.clear()
    rows = [{"title": f"d{n}", "company": [f"c{n % 300}"]} for n in range(2_000)]
    result = deals.bulk_create(rows, link_by=BY_NAME, journal=False)
    assert len(writes(local_base)) == 200
    assert len(lookups(local_base)) == 3 + 1
    assert result.requests == len(local_base.requests) == 204
    assert linked(deals, companies) == {f"d{n}": [f"c{n % 300}"] for n in range(2_000)}


@pytest.mark.parametrize("as_stream", [False, True], ids=["list", "stream"])
def test_a_name_is_compared_exactly(
    deals: Table[Deal], companies: Table[Any], as_stream: bool
) -> None:
    """Case and spaces count; ids stay as they are, and of several names each is found."""
    (acme, *_) = [company.id for company in companies.all(sort="number")]
    rows = [
        {"title": "a", "company": ["acme"]},
        {"title": "b", "company": ["Acme "]},
        {"title": "c", "company": ["Acme", "Globex, Inc."]},
        {"title": "d", "company": [acme]},
        {"title": "e", "company": ["Acme", acme]},
        {"title": "f"},
        {"title": "g", "company": None},
    ]
    deals.bulk_create((row for row in rows) if as_stream else rows, link_by=BY_NAME)
    assert linked(deals, companies) == {
        "a": ["acme"],
        "b": ["Acme "],
        "c": ["Acme", "Globex, Inc."],
        "d": ["Acme"],
        "e": ["Acme"],
        "f": [],
        "g": [],
    }


def test_a_stream_looks_names_up_as_they_come(
    deals: Table[Deal], companies: Table[Any], local_base: LocalBase
) -> None:
    """A stream is not held whole: known names wait for nothing, new ones for a hundred others."""
    companies.bulk_create([{"Name": f"c{number}"} for number in range(250)], journal=False)
    local_base.requests.clear()
    taken: list[int] = []

    def rows() -> Iterator[dict[str, Any]]:
        for number in range(3_000):
            taken.append(len(writes(local_base)))
            yield {"title": f"d{number}", "company": [f"c{number % 250}"]}

    result = deals.bulk_create(rows(), link_by=BY_NAME, journal=False)
    assert result.counts() == {"created": 3_000}
    assert len(lookups(local_base)) == 3 + 1
    assert result.requests == len(local_base.requests)
    assert taken[-1] > 250  # most rows were written by the time the last one was taken


@pytest.mark.parametrize("as_stream", [False, True], ids=["list", "stream"])
def test_names_that_mean_no_record_or_several_are_errors_of_their_rows(
    deals: Table[Deal], as_stream: bool
) -> None:
    """The error has row, field and name, and follows ``on_error`` as any bad row does."""
    rows = [
        {"title": "a", "company": ["Acme"]},
        {"title": "b", "company": ["Nobody"]},
        {"title": "c", "company": ["Twin"]},
        {"title": "d", "company": [""]},
    ]

    def given() -> Any:
        return (row for row in rows) if as_stream else rows

    result = deals.bulk_create(given(), link_by=BY_NAME, on_error="continue")
    assert result.counts() == {"created": 1, "failed": 3}
    unknown, twin, empty = [row.error for row in result.errors]
    assert (unknown.index, unknown.field, unknown.value) == (1, "company", "Nobody")  # type: ignore[union-attr]
    assert "no record of 'Companies' has the Name 'Nobody'" in str(unknown)
    assert "create_missing" in str(unknown)
    assert "several records of 'Companies' have the Name 'Twin': rec" in str(twin)
    assert "has the Name ''" in str(empty)
    assert "create_missing" not in str(empty)
    deals.bulk_delete(result.created)
    with pytest.raises(BulkError, match="Nobody"):
        deals.bulk_create(given(), link_by=BY_NAME)
    assert deals.count() == 0
    with pytest.raises(BulkError, match="Nobody"):
        deals.bulk_create(given(), link_by=BY_NAME, on_error="rollback")
    assert deals.count() == 0


VERBS: list[tuple[str, Callable[..., Any]]] = [
    ("bulk_upsert", lambda deals, rows, **more: deals.bulk_upsert(rows, "title", **more)),
    ("sync", lambda deals, rows, **more: deals.sync(rows, "title", **more)),
    (
        "plan_sync",
        lambda deals, rows, **more: deals.plan_sync(rows, "title", **more).apply(),
    ),
    (
        "plan_upsert",
        lambda deals, rows, **more: deals.plan_upsert(rows, "title", **more).apply(),
    ),
]


@pytest.mark.parametrize("verb", [verb for _, verb in VERBS], ids=[name for name, _ in VERBS])
def test_a_second_identical_write_writes_nothing(
    verb: Callable[..., Any], deals: Table[Deal], companies: Table[Any], local_base: LocalBase
) -> None:
    """Names are compared as ids, also those for which records were created the first time."""
    rows = [
        {"title": "a", "company": ["Acme", "New"], "amount": 1},
        {"title": "b", "company": [], "amount": 2},
        {"title": "c", "company": ["New", "acme"], "amount": 3},
    ]
    options = {"link_by": BY_NAME, "create_missing": True}
    assert verb(deals, rows, **options).counts() == {"created": 3}
    assert linked(deals, companies) == {"a": ["Acme", "New"], "b": [], "c": ["New", "acme"]}
    local_base.requests.clear()
    assert verb(deals, rows, **options).counts() == {"unchanged": 3}
    assert writes(local_base) == []
    assert Counter(company._cells.get("Name") for company in companies.all())["New"] == 1
    rows[0]["company"] = ["acme"]
    assert verb(deals, rows, **options).counts() == {"updated": 1, "unchanged": 2}
    assert linked(deals, companies)["a"] == ["acme"]


def test_records_and_ids_are_changed_by_key(
    deals: Table[Deal], companies: Table[Any], local_base: LocalBase
) -> None:
    """``bulk_update`` of mappings, own records and one change for all; ``save``, ``replace``."""
    made = deals.bulk_create([{"title": "a"}, {"title": "b"}])
    ids = [deal.id for deal in made]
    deals.bulk_update([{"id": ids[0], "company": ["Acme"]}], link_by=BY_NAME)
    deals.bulk_update([ids[1]], link_by=BY_NAME, company="acme")
    assert linked(deals, companies) == {"a": ["Acme"], "b": ["acme"]}
    first, second = deals.all(sort="title")
    first.company, second.company = ["Acme"], ["Acme"]
    local_base.requests.clear()
    assert deals.bulk_update([first, second], link_by=BY_NAME).counts() == {
        "unchanged": 1,
        "updated": 1,
    }
    assert [number for _, number in writes(local_base)] == [1]
    second.company = ["Globex, Inc."]
    deals.bulk_save([second, Deal(title="c", company=["acme"])], link_by=BY_NAME)
    assert linked(deals, companies) == {"a": ["Acme"], "b": ["Globex, Inc."], "c": ["acme"]}
    deals.bulk_replace([{"id": ids[0], "title": "A", "company": ["acme"]}], link_by=BY_NAME)
    deals.where(title="b").update(company=["New"], link_by=BY_NAME, create_missing="company")
    assert linked(deals, companies) == {"A": ["acme"], "b": ["New"], "c": ["acme"]}
    plan = deals.where(title="b").plan_update(company="acme", link_by=BY_NAME)
    assert plan.counts()["update"] == 1
    plan.apply()
    assert linked(deals, companies)["b"] == ["acme"]


def test_a_field_that_is_not_text_is_read_whole(
    deals: Table[Deal], companies: Table[Any], local_base: LocalBase
) -> None:
    """Numbers are compared as the texts that they print as; the linked table is read once."""
    rows = [{"title": "a", "company": ["0", "3"]}, {"title": "b", "company": ["1"]}]
    deals.bulk_create(iter(rows), link_by={"company": "Number"})
    assert lookups(local_base).count(companies.name) + len(lookups(local_base)) >= 2
    assert linked(deals, companies) == {"a": ["Acme", "Globex, Inc."], "b": ["acme"]}
    with pytest.raises(ConfigurationError, match="create_missing needs a field of text"):
        deals.bulk_create(rows, link_by={"company": "Number"}, create_missing=True)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"link_by": "Name"}, ConfigurationError, "link_by has a name for each field"),
        ({"link_by": {"nobody": "Name"}}, UnknownFieldError, "nobody"),
        ({"link_by": {"amount": "Name"}}, ConfigurationError, "has no links"),
        ({"link_by": {"company": "Nobody"}}, UnknownFieldError, "'Name', 'Number', 'Deals'"),
        ({"link_by": {"company": "Deals"}}, ConfigurationError, "no names"),
        ({"create_missing": True}, ConfigurationError, "create_missing needs link_by"),
        (
            {"link_by": BY_NAME, "create_missing": ["parents"]},
            ConfigurationError,
            "create_missing names Parents, which link_by does not",
        ),
        (
            {"link_by": {"company": "Name", "parents": "Title"}, "create_missing": True},
            ConfigurationError,
            "its own table",
        ),
    ],
)
def test_what_cannot_be_looked_up_is_named_before_anything_is_written(
    deals: Table[Deal], local_base: LocalBase, options: Any, error: type[Exception], match: str
) -> None:
    """A wrong field, a field without names, and records that could be created twice."""
    rows = [{"title": "a", "company": ["Acme"]}]
    if "parents" in options.get("link_by", ()):
        rows[0]["parents"] = ["a"]
    with pytest.raises(error, match=match):
        deals.bulk_create(rows, **options)
    assert writes(local_base) == []
    with pytest.raises(error, match=match):
        deals.plan_create(rows, **options)


@pytest.mark.parametrize("verb", ["bulk_create", "plan_create", "sync", "bulk_upsert"])
def test_a_single_name_is_a_list_of_one(
    deals: Table[Deal], companies: Table[Any], verb: str
) -> None:
    """Where links are a list, a row may have one name, under any name of the field."""
    rows = [{"title": "a", "company": "Acme"}, {"title": "b", "COMPANY ": "Globex, Inc."}]
    if verb == "plan_create":
        deals.plan_create(rows, link_by=BY_NAME).apply()
    elif verb == "bulk_create":
        deals.bulk_create(rows, link_by=BY_NAME)
    else:
        getattr(deals, verb)(rows, "title", link_by=BY_NAME)
    assert linked(deals, companies) == {"a": ["Acme"], "b": ["Globex, Inc."]}
    assert rows[0] == {"title": "a", "company": "Acme"}


def test_links_are_no_key(deals: Table[Deal]) -> None:
    """A record is not identified by its links, also not by names of them."""
    with pytest.raises(ConfigurationError, match="cannot be a key"):
        deals.bulk_upsert([{"company": ["Acme"]}], "company", link_by=BY_NAME)


def test_other_links_still_refuse_names(deals: Table[Deal]) -> None:
    """A name in a field that ``link_by`` does not have is refused, and the message names it."""
    with pytest.raises(BulkError, match=r"typecast=True or link_by=\{\"Parents\": \"NAME\"\}"):
        deals.bulk_create([{"title": "a", "parents": ["b"]}], link_by=BY_NAME)


def test_no_request_where_there_are_no_names(deals: Table[Deal], local_base: LocalBase) -> None:
    """Rows that have only ids, or no links at all, cost what they cost without ``link_by``."""
    deals.bulk_create([{"title": "a"}], link_by=BY_NAME, journal=False)
    assert len(local_base.requests) == 1


def test_a_plan_shows_what_was_looked_up_and_what_would_be_created(
    deals: Table[Deal], companies: Table[Any], local_base: LocalBase
) -> None:
    """Nothing is written by the plan; applying it creates the linked records first."""
    rows = [{"title": f"d{n}", "company": ["Acme", f"n{n}"]} for n in range(12)]
    plan = deals.plan_create(rows, link_by=BY_NAME, create_missing=True)
    assert writes(local_base) == []
    assert plan.requests == 2 + 2
    assert "First, 12 records would be created in 'Companies', with the Name 'n0'" in str(plan)
    assert "13 names were looked up in 'Companies' by Name." in plan.notes
    assert plan.to_dict()["new_linked"] == [
        {"table": "Companies", "field": "Name", "names": tuple(f"n{n}" for n in range(12))}
    ]
    assert "'company'" in str(
        deals.plan_create([{"title": "x", "company": ["X"]}], link_by=BY_NAME)
    )
    plan.apply()
    assert linked(deals, companies) == {f"d{n}": ["Acme", f"n{n}"] for n in range(12)}


RUNS: dict[str, Callable[..., Any]] = {
    "list": lambda deals, rows, **more: deals.bulk_create(rows, **more),
    "stream": lambda deals, rows, **more: deals.bulk_create(iter(rows), **more),
    "sync": lambda deals, rows, **more: deals.sync(rows, "title", **more),
    "file": lambda deals, rows, **more: deals.import_file(write_file("d.json", rows), **more),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_a_new_name_that_is_almost_another_is_noted(
    deals: Table[Deal], companies: Table[Any], caplog: Any, local_base: LocalBase, run: Any
) -> None:
    """They are names of different records; a plan and a run say that somebody may mean one."""
    companies.bulk_create([{"Name": " Zo\u00cb  "}, {"Name": "Other"}], journal=False)
    names = ["GLOBEX, INC.", "zo\u00eb", "caf\u00e9", "cafe\u0301", "Acme", "Free"]
    rows = [{"title": name, "company": name} for name in names]
    call: Any = {"link_by": BY_NAME, "create_missing": True}
    local_base.requests.clear()
    plan = deals.plan_create(rows, **call)
    assert len(lookups(local_base)) == 2
    (_, note) = plan.notes
    assert note in str(plan)
    assert note == (
        "In 'Companies', 3 new names differ from another one only in case, spaces or Unicode form, "
        "such as 'GLOBEX, INC.' from 'Globex, Inc.'. They are names of different records."
    )
    run(deals, rows, **call)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        note
    ]
    assert linked(deals, companies) == {name: [name] for name in names}
    caplog.clear()
    assert len(deals.plan_create(rows, **call).notes) == 1
    run(deals, rows, **call)
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_what_was_created_since_a_plan_is_linked(deals: Table[Deal], companies: Table[Any]) -> None:
    """A linked record that somebody else creates before a plan is applied is not created again."""
    rows = [{"title": "a", "company": ["X", "Y", "Acme"]}]
    plan = deals.plan_create(rows, link_by=BY_NAME, create_missing=True)
    companies.bulk_create([{"Name": "X"}], journal=False)
    plan.apply()
    assert linked(deals, companies) == {"a": ["X", "Y", "Acme"]}
    names = Counter(company._cells["Name"] for company in companies.all())
    assert names["X"] == names["Y"] == 1


def test_names_that_cannot_be_created_refuse_their_rows(
    deals: Table[Deal], companies: Table[Any], local_base: LocalBase
) -> None:
    """A linked record that the service refuses is an error of each row that names it."""
    local_base.faults = Faults(Fault("500-before", probability=1, path="/Companies", method="POST"))
    rows = [{"title": "a", "company": ["New"]}, {"title": "b", "company": ["Acme"]}]
    result = deals.bulk_create(rows, link_by=BY_NAME, create_missing=True, on_error="continue")
    assert result.counts() == {"created": 1, "failed": 1}
    assert "no record could be created in 'Companies' for 'New'" in str(result.errors[0].error)
    assert linked(deals, companies) == {"b": ["Acme"]}


@pytest.mark.parametrize("verb", ["bulk_create", "sync", "plan_create", "plan_sync"])
@pytest.mark.parametrize("name", ["", " ", "\u00a0\t"])
def test_no_record_is_created_for_a_blank_name(
    deals: Table[Deal], companies: Table[Any], verb: str, name: str
) -> None:
    """It would be a record that nobody can tell from others, and maybe another one each time."""
    key = {"key": "title"} if verb.endswith("sync") else {}
    rows = [{"title": "a", "company": [name]}]
    write = getattr(deals, verb)
    if verb.startswith("plan"):
        errors = write(rows, link_by=BY_NAME, create_missing=True, **key).errors
    else:
        with pytest.raises(BulkError) as caught:
            write(rows, link_by=BY_NAME, create_missing=True, **key)
        errors = caught.value.result.errors
    assert len(errors) == 1
    assert "create_missing" not in str(errors[0])
    assert (deals.count(), companies.count()) == (0, 6)


def test_rich_text_that_airtable_rewrites_names_no_new_record(
    airtable: Airtable, companies: Table[Any], deals: Table[Deal]
) -> None:
    """It would not be found by this name, so that each call would create another one."""
    companies_id = airtable.table_schema("Companies")["id"]
    airtable.create_field(companies_id, {"name": "Rich", "type": "richText"})
    by_rich: Any = {"link_by": {"company": "Rich"}, "create_missing": True}
    for name in ("a\n", "* a"):
        with pytest.raises(BulkError, match="one that is created would have another"):
            deals.sync([{"title": "a", "company": [name]}], "title", **by_rich)
    rows = [{"title": "a", "company": ["Acme"]}]
    assert deals.sync(rows, "title", **by_rich).counts() == {"created": 1}
    assert deals.sync(rows, "title", **by_rich).counts() == {"unchanged": 1}
    assert companies.count() == 7


def test_what_was_created_for_links_is_undone_with_the_run(
    airtable: Airtable, deals: Table[Deal], companies: Table[Any]
) -> None:
    """The linked records are a run of their own, and one undo takes both back."""
    before = companies.count()
    for rows in ([{"title": "a", "company": ["X", "Y"]}], iter([{"title": "b", "company": ["Z"]}])):
        result = deals.bulk_create(rows, link_by=BY_NAME, create_missing=True)
        of_links = [run for run in airtable.runs() if run.asked.links_of == result.run]
        assert len(of_links) == 1
        assert of_links[0].asked.table == "Companies"
        plan = airtable.plan_undo()
        assert plan.undoes is not None
        assert plan.undoes.run == result.run
        assert f"run {of_links[0].id} is undone" in str(plan)
        airtable.undo()
        assert (deals.count(), companies.count()) == (0, before)
    with pytest.raises(Exception, match="nothing left to undo|anything left to undo"):
        airtable.undo()


def test_a_linked_record_that_is_used_since_is_left(
    airtable: Airtable, deals: Table[Deal], companies: Table[Any]
) -> None:
    """An undo does not delete a company to which somebody has linked another deal."""
    deals.bulk_create([{"title": "a", "company": ["X", "Y"]}], link_by=BY_NAME, create_missing=True)
    deals.bulk_create([{"title": "b", "company": ["X"]}], link_by=BY_NAME, journal=False)
    airtable.undo()
    assert linked(deals, companies) == {"b": ["X"]}
    assert [one._cells["Name"] for one in companies.all() if one._cells["Name"] in "XY"] == ["X"]


@pytest.mark.parametrize("journal", [True, False], ids=["journal", "no journal"])
@pytest.mark.parametrize("as_stream", [False, True], ids=["list", "stream"])
def test_a_rollback_deletes_what_was_created_for_links(
    deals: Table[Deal],
    companies: Table[Any],
    tmp_path: Path,
    journal: bool,
    as_stream: bool,
) -> None:
    """When the policy undoes the call, no linked record of it stays."""
    before = companies.count()
    rows = [{"title": f"d{n}", "company": ["Acme", f"n{n}"]} for n in range(25)]
    rows.append({"title": "bad", "company": ["recNotThere000000"]})
    with pytest.raises(BulkError, match="Rolled back:"):
        deals.bulk_create(
            iter(rows) if as_stream else rows,
            link_by=BY_NAME,
            create_missing=True,
            on_error="rollback",
            journal=tmp_path / "journal.db" if journal else False,
        )
    assert (deals.count(), companies.count()) == (0, before)


@pytest.mark.parametrize("as_stream", [False, True], ids=["list", "stream"])
def test_the_ceiling_counts_look_ups_and_creates(deals: Table[Deal], as_stream: bool) -> None:
    """``max_requests`` is for the call as a whole, and so is the number that the error names."""
    rows = [{"title": f"d{n}", "company": [f"n{n}"]} for n in range(30)]
    call: dict[str, Any] = {"link_by": BY_NAME, "create_missing": True, "journal": False}
    with pytest.raises((BulkError, RequestCeilingError)) as caught:
        deals.bulk_create(iter(rows) if as_stream else rows, **call, max_requests=6)
    assert "The limit of 6 requests is reached" in str(caught.value)
    assert "raise max_requests" in str(caught.value)
    assert deals.count() == 10


@pytest.mark.parametrize("source", ["file", "stream", "list"])
def test_the_ceiling_within_the_creates_blames_no_row(
    airtable: Airtable, deals: Table[Deal], companies: Table[Any], source: str
) -> None:
    """Rows whose records could not be created yet are not refused for good: all can be written."""
    given = [{"title": f"d{n}", "company": [f"n{n}"]} for n in range(30)]
    Path("deals.json").write_text(json.dumps(given))
    options: dict[str, Any] = {"link_by": BY_NAME, "create_missing": True}

    def write(**more: Any) -> Any:
        if source == "file":
            return deals.import_file("deals.json", **options, **more)
        return deals.bulk_create(iter(given) if source == "stream" else given, **options, **more)

    before = companies.count()
    with pytest.raises(RequestCeilingError, match="limit of 4 requests .* 20 of 30 records"):
        write(max_requests=4)
    assert (deals.count(), companies.count()) == (0, before + 20)
    assert {state.counts.get("failed") for state in airtable.runs()} == {None}
    assert write().counts() == {"created": 30}
    assert linked(deals, companies) == {f"d{n}": [f"n{n}"] for n in range(30)}
    assert companies.count() == before + 30


@pytest.mark.parametrize("on_error", ["stop", "continue", "rollback"])
def test_an_exhausted_quota_within_the_creates_blames_no_row(
    airtable: Airtable,
    deals: Table[Deal],
    companies: Table[Any],
    local_base: LocalBase,
    on_error: Any,
) -> None:
    """Nothing is wrong with the rows, so no run has them as refused; later they can be written."""
    before = companies.count()
    rows = [{"title": f"d{n}", "company": [f"n{n}"]} for n in range(30)]
    call: dict[str, Any] = {"link_by": BY_NAME, "create_missing": True, "on_error": on_error}
    local_base.faults = Faults(Fault("quota", at=2, times=1, method="POST"))
    with pytest.raises(QuotaExceededError, match="month"):
        deals.bulk_create(rows, **call)
    left = 0 if on_error == "rollback" else 10
    assert (deals.count(), companies.count()) == (0, before + left)
    assert not [run for run in airtable.runs() if run.asked.table == "Deals"]
    assert deals.bulk_create(rows, **call).counts() == {"created": 30}
    assert companies.count() == before + 30


@pytest.mark.parametrize("as_stream", [False, True], ids=["list", "stream"])
@pytest.mark.parametrize("most", [4, 7])
def test_a_rollback_at_the_ceiling_leaves_no_linked_records(
    deals: Table[Deal], companies: Table[Any], most: int, as_stream: bool
) -> None:
    """What was created before the limit was reached is deleted again, by requests beyond it."""
    before = companies.count()
    rows = [{"title": f"d{n}", "company": [f"n{n}"]} for n in range(30)]
    call: dict[str, Any] = {"link_by": BY_NAME, "create_missing": True, "on_error": "rollback"}
    with pytest.raises((BulkError, RequestCeilingError)):
        deals.bulk_create(iter(rows) if as_stream else rows, **call, max_requests=most)
    assert (deals.count(), companies.count()) == (0, before)


CSV = """Title,Company
a,Acme
b,"Globex, Inc."
c,"Acme, acme"
d,"""


def test_a_file_has_names(deals: Table[Deal], companies: Table[Any], local_base: LocalBase) -> None:
    """One look-up for all rows of a file; a cell may be one name with a comma, or several names."""
    Path("deals.csv").write_text(CSV + "\n")
    deals.import_file("deals.csv", link_by=BY_NAME, journal=False)
    assert len(lookups(local_base)) == 2
    expected = {"a": ["Acme"], "b": ["Globex, Inc."], "c": ["Acme", "acme"], "d": []}
    assert linked(deals, companies) == expected
    local_base.requests.clear()
    assert deals.sync_file("deals.csv", "title", link_by=BY_NAME).counts() == {"unchanged": 4}
    assert writes(local_base) == []
    plan = deals.plan_sync_file("deals.csv", "title", link_by=BY_NAME)
    assert plan.is_empty
    plan = deals.plan_import_file("deals.csv", key="title", link_by=BY_NAME)
    assert plan.is_empty


def test_a_file_has_names_with_spaces_around_them(
    deals: Table[Deal], companies: Table[Any], local_base: LocalBase
) -> None:
    """The whole text of a cell is a name first; spaces around it count if a record has them."""
    names = ["red", "red ", " blue", "x, y", " x, y "]
    companies.bulk_create([{"Name": name} for name in names], journal=False)
    cells = ["red", "red ", " red", " blue", "blue, red ", "x, y", " x, y ", "x, y "]
    expected = [["red"], ["red "], ["red"], [" blue"], None, ["x, y"], [" x, y "], ["x, y"]]
    lines = [f'{place},"{cell}"' for place, cell in enumerate(cells)]
    Path("deals.csv").write_text("\n".join(["title,company", *lines]))
    result = deals.import_file("deals.csv", link_by=BY_NAME, on_error="continue", journal=False)
    assert [failed.index for failed in result.errors] == [4]
    held = {str(place): name for place, name in enumerate(expected) if name is not None}
    assert linked(deals, companies) == held
    local_base.requests.clear()
    again = deals.sync_file("deals.csv", "title", link_by=BY_NAME, on_error="continue")
    assert again.counts() == {"unchanged": 7, "failed": 1}
    plan = deals.plan_import_file("deals.csv", key="title", link_by=BY_NAME)
    assert plan.is_empty
    assert len(plan.errors) == 1
    assert writes(local_base) == []


FORMS = ["New, Inc.", '"New, Inc."', ' "New, Inc." ,', "New, Inc. ", '["New, Inc."]']
FILE_VERBS: dict[str, Callable[..., Any]] = {
    "import": lambda deals, **more: deals.import_file("deals.csv", **more),
    "continue": lambda deals, **more: deals.import_file("deals.csv", on_error="continue", **more),
    "upsert": lambda deals, **more: deals.import_file("deals.csv", key="title", **more),
    "sync": lambda deals, **more: deals.sync_file("deals.csv", "title", **more),
    "plan": lambda deals, **more: deals.plan_import_file("deals.csv", **more).apply(),
    "plan_sync": lambda deals, **more: deals.plan_sync_file("deals.csv", "title", **more).apply(),
}


@pytest.mark.parametrize("turn", [0, 1, 4])
@pytest.mark.parametrize("verb", FILE_VERBS.values(), ids=FILE_VERBS)
def test_a_name_is_created_once_however_it_is_written(
    deals: Table[Deal], companies: Table[Any], verb: Callable[..., Any], turn: int
) -> None:
    """A text is one name if another row says so, as it is if a record has the name."""
    call: Any = {"link_by": BY_NAME, "create_missing": True}
    there = {company.id for company in companies.all()}
    forms = [*FORMS[turn:], *FORMS[:turn]]
    with Path("deals.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["Title", "Company"])
        rows.writerows(enumerate([*forms, "Globex, Inc.", '"Globex, Inc."', "Some, Any"]))
    verb(deals, **call)
    created = [one._cells["Name"] for one in companies.all() if one.id not in there]
    assert sorted(created) == ["Any", "New, Inc.", "Some"]
    found = linked(deals, companies)
    assert [found[str(place)] for place in range(5)] == [["New, Inc."]] * 5
    assert [found["5"], found["6"], found["7"]] == [["Globex, Inc."]] * 2 + [["Some", "Any"]]
    assert deals.sync_file("deals.csv", "title", **call).counts() == {"unchanged": 8}


@pytest.mark.parametrize("on_error", ["stop", "continue"])
def test_rejects_keep_the_names(
    airtable: Airtable, deals: Table[Deal], companies: Table[Any], on_error: Any
) -> None:
    """A rejected row has its names, and can be sent again once the record is there."""
    Path("deals.csv").write_text(CSV.replace("d,", 'd,"Nobody, Acme"\ne,Twin') + "\n")
    call = {"link_by": BY_NAME, "on_error": on_error, "rejects": "no.csv"}
    if on_error == "continue":
        assert deals.import_file("deals.csv", **call).counts() == {"created": 3, "failed": 2}
    else:
        with pytest.raises(BulkError, match="Nothing was sent: 2 of 5 rows are not valid"):
            deals.import_file("deals.csv", **call)
    lines = Path("no.csv").read_text().splitlines()
    assert lines[1].startswith('d,"Nobody, Acme"')
    assert lines[2].startswith("e,Twin")
    if on_error == "continue":
        companies.bulk_create([{"Name": "Nobody"}], journal=False)
        Path("no.csv").write_text("\n".join(lines).replace("Twin", "acme") + "\n")
        assert airtable.retry().counts() == {"created": 2}
        assert linked(deals, companies)["d"] == ["Nobody", "Acme"]
        assert linked(deals, companies)["e"] == ["acme"]


def write_file(name: str, rows: list[dict[str, Any]]) -> str:
    """Write rows to a Parquet, JSON or JSON Lines file."""
    if name.endswith(".parquet"):
        parquet.write_table(pa.Table.from_pylist(rows), name)
    elif name.endswith(".json"):
        Path(name).write_text(json.dumps(rows))
    else:
        Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return name


@pytest.mark.parametrize("source", ["rows", "frame", "parquet", "json"])
@pytest.mark.parametrize("rejects", ["no.csv", "no.jsonl"])
def test_rejects_keep_a_single_name_whole(
    airtable: Airtable, deals: Table[Deal], companies: Table[Any], source: str, rejects: str
) -> None:
    """In text, a name with a comma, or with quotes or spaces around it, would read as another."""
    names = ["New, Inc.", " spaces ", '"quoted"', "[list]"]
    rows = [{"title": name, "COMPANY ": name, "amount": "x"} for name in names]
    call: Any = {"link_by": BY_NAME, "create_missing": True, "on_error": "continue"}
    if source in ("parquet", "json"):
        rows = [{"title": row["title"], "Firm": row["COMPANY "], "amount": "x"} for row in rows]
        file = write_file(f"deals.{source}", rows)
        failed = deals.import_file(file, rejects=rejects, columns={"firm": "Company"}, **call)
    else:
        given = pa.Table.from_pylist(rows) if source == "frame" else rows
        failed = deals.bulk_create(given, rejects=rejects, **call)
    assert failed.counts() == {"failed": 4}
    text = Path(rejects).read_text()
    Path(rejects).write_text(text.replace(",x,", ",1,").replace('"amount": "x"', '"amount": 1'))
    assert airtable.retry().counts() == {"created": 4}
    assert linked(deals, companies) == {name: [name] for name in names}


@pytest.mark.parametrize("file", ["deals.parquet", "deals.json", "deals.jsonl"])
def test_texts_of_a_file_with_lists_are_whole_names(
    deals: Table[Deal], companies: Table[Any], file: str
) -> None:
    """As in a data frame, a text is a single name there, and has its commas and spaces."""
    names = ["Acme", "Acme ", "Globex, Inc.", "New, Inc.", '"quoted"', "[1]"]
    write_file(file, [{"Title": name, "Company": name} for name in names])
    call: Any = {"link_by": BY_NAME, "create_missing": True}
    plan = deals.plan_import_file(file, **call)
    assert [new.names for new in plan.new_linked] == [tuple(names[3:])]
    assert deals.import_file(file, **call).counts() == {"created": 6}
    assert linked(deals, companies) == {name: [name] for name in names}
    assert deals.sync_file(file, "title", **call).counts() == {"unchanged": 6}
    assert companies.count() == 9


def test_rejected_texts_of_csv_may_be_several_names_in_json(
    airtable: Airtable, deals: Table[Deal], companies: Table[Any]
) -> None:
    """A rejects file of JSON Lines has the texts of its CSV file, which are read as there."""
    Path("deals.csv").write_text('Title,Company,Amount\na,"Acme, acme",x\nb,"Globex, Inc.",x\n')
    call: Any = {"link_by": BY_NAME, "on_error": "continue", "rejects": "no.jsonl"}
    assert deals.import_file("deals.csv", **call).counts() == {"failed": 2}
    Path("no.jsonl").write_text(Path("no.jsonl").read_text().replace('"x"', "1"))
    assert airtable.retry().counts() == {"created": 2}
    assert linked(deals, companies) == {"a": ["Acme", "acme"], "b": ["Globex, Inc."]}


@pytest.mark.parametrize("file", ["deals.parquet", "deals.json"])
def test_rejects_of_a_resumed_run_keep_a_single_name_whole(
    airtable: Airtable, deals: Table[Deal], companies: Table[Any], file: str
) -> None:
    """The journal knows which texts of a file are one name, and so do the rejects of the rest."""
    rows = [{"Title": f"d{n}", "Company": "Globex, Inc.", "Amount": "1"} for n in range(40)]
    rows[0] |= {"Company": "New, Inc.", "Amount": "x"}
    call: Any = {"link_by": BY_NAME, "create_missing": True, "on_error": "continue"}
    call["rejects"] = "no.jsonl"
    with pytest.raises(BulkError):
        deals.import_file(write_file(file, rows), max_requests=4, **call)
    Path("no.jsonl").unlink()
    run = next(run for run in airtable.runs() if run.asked.table == "Deals")
    assert airtable.resume(run.id, model=Deal).counts() == {"created": 39, "failed": 1}
    Path("no.jsonl").write_text(Path("no.jsonl").read_text().replace('"x"', "1"))
    assert airtable.retry(run.id).counts() == {"created": 1}
    assert linked(deals, companies)["d0"] == ["New, Inc."]


@pytest.mark.parametrize("source", ["file", "stream", "list"])
def test_a_resumed_run_doubles_nothing(
    airtable: Airtable,
    deals: Table[Deal],
    companies: Table[Any],
    source: str,
) -> None:
    """Names are looked up again, or their ids are in the journal; linked records are not doubled."""
    given = [{"title": f"d{n}", "company": ["Acme", f"n{n % 7}"]} for n in range(40)]
    options: dict[str, Any] = {"link_by": BY_NAME, "create_missing": ["company"]}
    options["max_requests"] = 6
    with pytest.raises(BulkError):
        if source == "file":
            Path("deals.json").write_text(json.dumps(given))
            deals.import_file("deals.json", **options)
        else:
            deals.bulk_create(iter(given) if source == "stream" else given, **options)
    assert 0 < deals.count() < 40
    run = next(run for run in airtable.runs() if run.asked.table == "Deals")
    rows = iter(given) if source == "stream" else None
    result = airtable.resume(run.id, model=Deal, rows=rows)
    assert result.is_complete
    assert linked(deals, companies) == {f"d{n}": ["Acme", f"n{n % 7}"] for n in range(40)}
    names = Counter(company._cells.get("Name") for company in companies.all())
    assert {names[f"n{n}"] for n in range(7)} == {1}
    airtable.undo(run.id)
    assert deals.count() == 0
    assert not {f"n{n}" for n in range(7)} & {one._cells.get("Name") for one in companies.all()}


def test_a_table_without_a_model_and_typecast(
    airtable: Airtable, deals: Table[Deal], companies: Table[Any]
) -> None:
    """The table's own names count; with typecast, the other columns are still Airtable's to convert."""
    table = airtable.table_named("Deals")
    rows = [{"Title": "a", "Company": ["Acme"], "Amount": "7"}]
    table.bulk_create(rows, link_by={"Company": "Name"}, typecast=True)
    assert linked(deals, companies) == {"a": ["Acme"]}
    assert table.sync(rows, "Title", link_by={"Company": "Name"}).counts() == {"unchanged": 1}


def test_awaited_verbs_link_by_key(local_base: LocalBase, deals: Table[Deal]) -> None:
    """The async verbs are the same, for lists and for asynchronous streams."""

    async def main() -> None:
        airtable = AsyncAirtable(connection=connection_to(local_base, retries=FAST))
        table = airtable.table(Deal)

        async def rows() -> Any:
            for number in range(150):
                yield {"title": f"d{number}", "company": [f"n{number}"]}

        result = await table.bulk_create(rows(), link_by=BY_NAME, create_missing=True)
        assert result.counts() == {"created": 150}
        same = await table.bulk_upsert(
            [{"title": "d1", "company": ["n1"]}], "title", link_by=BY_NAME
        )
        assert len(same) == 1

    anyio.run(main)
    assert deals.count() == 150


class TypedCompany(Record, table="Companies"):
    name: str = airtable_field(column="Name")
    number: int | None = airtable_field(None, column="Number")


class TypedDeal(Record, table="Deals"):
    title: str = airtable_field(column="Title")
    company: list[Link[TypedCompany]] = airtable_field([], column="Company")


class SingleDeal(Record, table="Deals"):
    title: str = airtable_field(column="Title")
    company: Link[TypedCompany] | None = airtable_field(None, column="Company")


def test_typed_links_need_no_schema(
    airtable: Airtable, deals: Table[Deal], companies: Table[Any], local_base: LocalBase
) -> None:
    """The model of the linked records says where names are; its fields go by their Python names."""
    typed = airtable.table(TypedDeal)
    rows = [{"title": f"d{n}", "company": ["Acme", f"n{n}"]} for n in range(10)]
    result = typed.bulk_create(
        rows, link_by={"company": "name"}, create_missing=True, journal=False
    )
    assert result.requests == len(local_base.requests) == 1 + 1 + 1
    assert linked(deals, companies) == {f"d{n}": ["Acme", f"n{n}"] for n in range(10)}
    assert all(link.id.startswith("rec") for deal in result for link in deal.company)
    local_base.requests.clear()
    assert typed.sync(rows, "title", link_by={"company": "name"}).counts() == {"unchanged": 10}
    assert [request.path.rsplit("/", 1)[-1] for request in local_base.requests] == [
        "Deals",
        "Companies",
    ]
    deal = typed.where(title="d0").one()
    deal.company = [Link("Acme"), "n1"]  # type: ignore[list-item]
    typed.bulk_save([deal], link_by={"company": "name"})
    assert linked(deals, companies)["d0"] == ["Acme", "n1"]


def test_a_single_link_is_one_name(
    airtable: Airtable, deals: Table[Deal], companies: Table[Any]
) -> None:
    """Of a link to one record, the whole text of a file is the name, whatever commas it has."""
    Path("deals.csv").write_text('title,company\na,"Globex, Inc."\nb,"Acme, acme"\nc,\n')
    single = airtable.table(SingleDeal)
    result = single.import_file("deals.csv", link_by={"company": "name"}, on_error="continue")
    assert result.counts() == {"created": 2, "failed": 1}
    assert "has the Name 'Acme, acme'" in str(result.errors[0].error)
    assert linked(deals, companies) == {"a": ["Globex, Inc."], "c": []}
    acme = airtable.table(TypedCompany).where(name="Acme").one()
    single.bulk_create(
        [{"title": "d", "company": acme}, SingleDeal(title="e", company=Link.to(acme))],
        link_by={"company": "number"},
    )
    assert linked(deals, companies)["d"] == linked(deals, companies)["e"] == ["Acme"]
    single.bulk_create([{"title": "f", "company": "3"}], link_by={"company": "Number"})
    assert linked(deals, companies)["f"] == ["Globex, Inc."]


NAMES = st.lists(
    st.text(
        st.one_of(
            st.sampled_from(list("aA \"'\\{}\n\t,[]&\r")),
            st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
        ),
        min_size=1,
        max_size=12,
    ),
    min_size=1,
    max_size=8,
    unique=True,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES)
def test_any_name_finds_its_own_record_only(
    deals: Table[Deal], companies: Table[Any], names: list[str]
) -> None:
    """Quotes, backslashes, line breaks, commas and spaces: each name is found as it is, or refused."""
    companies.bulk_delete(companies.all(), journal=False)
    deals.bulk_delete(deals.all(), journal=False)
    made = companies.bulk_create([{"Name": name} for name in names], journal=False)
    held = {company._cells["Name"]: company.id for company in companies.all()}
    assert len(made) == len(names)
    rows = [{"title": str(place), "company": [name]} for place, name in enumerate(names)]
    deals.bulk_create(rows, link_by=BY_NAME, journal=False)
    for deal in deals.all():
        assert deal.company == [held[names[int(deal.title)]]]
    assert deals.sync(rows, "title", link_by=BY_NAME, journal=False).counts() == {
        "unchanged": len(names)
    }
