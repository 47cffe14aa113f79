"""Prefetching linked records: each is read once, a hundred a request, and shared."""

from __future__ import annotations

import asyncio
import itertools
import warnings
from typing import Any

import pytest

from airhaul import Airtable, AsyncAirtable, Link, MissingRecordWarning, Record, airtable_field
from airhaul.client.default import models_on
from airhaul.errors import LinkNotLoadedError, SchemaError, UnknownFieldError
from airhaul.local_base import LocalBase
from tests.client.links.crm import MODELS, Activity, Company, Contact, Deal
from tests.conftest import connection_to


@pytest.fixture
def many(crm: Airtable, local_base: LocalBase) -> int:
    """A thousand deals of 300 companies; 250 contacts of 30 of the companies."""
    inner = Airtable(connection=connection_to(local_base))  # writes faster than over HTTP
    rows = ({"name": f"Company {n}", "size": n} for n in range(300))
    companies = inner.table(Company).bulk_create(rows)
    contacts = inner.table(Contact).bulk_create(
        {"name": f"Contact {n}", "company": companies[n % 30]} for n in range(250)
    )
    inner.table(Deal).bulk_create(
        {
            "title": f"Deal {n}",
            "company": companies[n % 300],
            "contacts": [contacts[n % 250], contacts[(n + 1) % 250]],
        }
        for n in range(1000)
    )
    local_base.requests.clear()
    return 1000


def fits(deal: Deal) -> bool:
    assert deal.company is not None
    number = int(deal.title.partition(" ")[2])
    return deal.company.record.name == f"Company {number % 300}"


def test_each_linked_record_is_read_once(many: int, local_base: LocalBase) -> None:
    """A thousand deals of 300 companies take ten requests and three, all at once or one by one."""
    deals = Deal.where().prefetch("company").all()
    assert local_base.counts().total() == 10 + 3
    assert len(deals) == many
    assert all(map(fits, deals))
    records = {deal.company.id: deal.company.record for deal in deals if deal.company}
    assert len(records) == 300
    assert all(deal.company.record is records[deal.company.id] for deal in deals if deal.company)
    local_base.requests.clear()
    assert sum(fits(deal) for deal in Deal.where().prefetch("company")) == many
    assert local_base.counts().total() == 10 + 3


def test_paths_lead_from_link_to_link(many: int, local_base: LocalBase) -> None:
    """Links of one level to one table share requests, and no record is read a second time."""
    deals = Deal.where().prefetch("company", "contacts__company").all()
    assert local_base.counts().total() == 10 + 3 + 3  # the contacts' companies are there already
    for deal in deals:
        for contact in deal.contacts:
            assert contact.record.company is not None
            assert contact.record.company.record.name.startswith("Company ")
    local_base.requests.clear()
    Deal.where().prefetch("contacts__company").all()
    assert local_base.counts().total() == 10 + 3 + 1


def test_only_the_columns_of_the_model_are_read(many: int, local_base: LocalBase) -> None:
    """Of a model with fewer fields, fewer; and of parents in any order."""

    class Name(Record, table="Companies"):
        name: str

    class Titled(Record, table="Deals"):
        title: str
        company: Link[Name] | None = None

    deals = Titled.all(parallel=2)
    local_base.requests.clear()
    Titled.prefetch(deals, "company")
    asked = [[v for k, v in one.query if k == "fields[]"] for one in local_base.requests]
    assert asked == [["name"]] * 3
    assert all(deal.company and deal.company.record.name for deal in deals)


def test_records_at_hand_are_completed(crm: Airtable, local_base: LocalBase) -> None:
    """Loaded links stay as they are, and are shared; a second time costs nothing."""
    acme, other = Company.bulk_create([{"name": "Acme"}, {"name": "Other"}])
    Deal.bulk_create([{"title": n, "company": one} for n, one in zip("abc", [acme, acme, other])])
    first, second, third = Deal.where().order_by("title")
    assert first.company and second.company and third.company
    loaded = first.company.load()
    local_base.requests.clear()
    assert Deal.prefetch(iter([first, second, third]), "company") == [first, second, third]
    assert local_base.counts().total() == 1
    assert second.company.record is loaded is first.company.record
    assert third.company.record.name == "Other"
    Deal.prefetch([first, second, third], "company")
    Deal.prefetch([], "company")
    assert local_base.counts().total() == 1


def test_records_of_the_same_table_are_shared(crm: Airtable, local_base: LocalBase) -> None:
    """Of links from a table to itself, those that were read anyway are not read again."""
    previous: Any = None
    for n in range(4):
        previous = Activity.create(what=str(n), follows=previous)
    local_base.requests.clear()
    chain = Activity.where().order_by("what").prefetch("follows__follows").all()
    assert local_base.counts().total() == 1
    for before, after in itertools.pairwise(chain):
        assert after.follows is not None
        assert after.follows.record is before
    local_base.requests.clear()
    last = Activity.where(what="3").prefetch("follows__follows__follows").one()
    assert local_base.counts().total() == 1 + 3
    assert last.follows is not None
    assert last.follows.record.follows is not None
    assert last.follows.record.follows.record.what == "1"


def test_deleted_records_are_reported(crm: Airtable, local_base: LocalBase) -> None:
    """By name, once for each field; the others are there."""
    acme, other = Company.bulk_create([{"name": "Acme"}, {"name": "Other"}])
    Deal.bulk_create([{"title": n, "company": one} for n, one in zip("abc", [acme, acme, other])])
    deals = Deal.where().order_by("title").all()
    acme.delete()
    with pytest.warns(MissingRecordWarning) as caught:
        Deal.prefetch(deals, "company")
    (warning,) = caught
    assert warning.filename == __file__
    assert str(warning.message) == (
        "Deal.company links to a record of the table 'Companies' that cannot be read, and may have "
        f"been deleted since: {acme.id}."
    )
    assert [deal.company.is_missing for deal in deals if deal.company] == [True, True, False]
    assert deals[0].company is not None
    with pytest.raises(LinkNotLoadedError, match="was not there when it was read"):
        _ = deals[0].company.record
    assert deals[2].company is not None
    assert deals[2].company.record.name == "Other"


def test_what_cannot_be_followed_is_refused(crm: Airtable, local_base: LocalBase) -> None:
    """Where the query is made, before anything is sent; links that are not read are an error."""

    class ByIds(Record, table="Deals"):
        title: str
        contacts: list[str] = airtable_field(
            default_factory=list, type="multipleRecordLinks", options={"linkedTableId": "tbl"}
        )

    with pytest.raises(UnknownFieldError, match="did you mean 'company'"):
        Deal.where().prefetch("compny")
    with pytest.raises(UnknownFieldError, match="Contact has no field 'compny'"):
        Deal.where().prefetch("contacts__compny")
    with pytest.raises(SchemaError, match="Deal.title has no links to follow"):
        Deal.where().prefetch("title")
    with pytest.raises(SchemaError, match=r"declared as Link\[...\]"):
        ByIds.where().prefetch("contacts")
    with pytest.raises(SchemaError, match="which only.* leaves out"):
        Deal.where().only("title").prefetch("company").all()
    assert len(local_base.requests) == 0
    assert Deal.where().only("title", "company").prefetch("company").all() == []


def test_other_verbs_do_not_prefetch(crm: Airtable, local_base: LocalBase) -> None:
    """Counting and exporting read no more than without; one record is completed."""
    acme = Company.create(name="Acme")
    Deal.bulk_create([{"title": n, "company": acme} for n in "abc"])
    local_base.requests.clear()
    query = Deal.where().prefetch("company")
    assert query.count() == 3
    assert query.exists()
    assert query.export_file("deals.csv") == 3
    found = list(local_base.requests)
    assert all("Companies" not in request.path for request in found)
    first = query.first()
    assert first is not None
    assert first.company is not None
    assert first.company.record == acme.refresh()
    assert query.where(title="b").one().company == first.company


def test_async_code_prefetches_the_same(local_base: LocalBase) -> None:
    """Queries, records at hand, and iterating."""

    async def main() -> None:
        async with AsyncAirtable(local=local_base) as airtable:
            await airtable.create_tables(*MODELS)
            companies = await airtable.table(Company).bulk_create(
                {"name": f"Company {n}"} for n in range(120)
            )
            deals = airtable.table(Deal)
            await deals.bulk_create({"title": str(n), "company": companies[n]} for n in range(120))
            local_base.requests.clear()
            read = await deals.where().prefetch("company").all()
            assert local_base.counts().total() == 2 + 2
            assert all(deal.company and deal.company.is_loaded for deal in read)
            async for deal in deals.where().prefetch("company"):
                assert deal.company is not None
                assert deal.company.record.name == f"Company {deal.title}"
            local_base.requests.clear()
            with models_on(airtable):
                read = await Deal.aio.where().all()
                await Deal.aio.prefetch(read, "company")
            assert local_base.counts().total() == 2 + 2
            assert all(deal.company and deal.company.is_loaded for deal in read)

    asyncio.run(main())


def test_a_missing_column_of_the_linked_model_is_reported(crm: Airtable) -> None:
    """As it is when the table is read itself."""

    class Larger(Record, table="Companies"):
        name: str
        city: str = ""

    class Titled(Record, table="Deals"):
        title: str
        company: Link[Larger] | None = None

    Deal.create(title="a", company=Company.create(name="Acme"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        deal = Titled.where().prefetch("company").one()
    assert "has no field 'city'" in str(caught[0].message)
    assert deal.company is not None
    assert deal.company.record.not_fetched == {"city"}
