"""Links as values: declared, assigned, written, read, loaded and serialized."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import warnings
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from airhaul import (
    Airtable,
    AsyncAirtable,
    BulkError,
    CellWarning,
    Link,
    Record,
    RowError,
    airtable_field,
)
from airhaul.client.default import models_on
from airhaul.errors import ConfigurationError, LinkNotLoadedError, NotFoundError, SchemaError
from airhaul.local_base import LocalBase
from tests.client.links.crm import Activity, Company, Contact, Deal

ID = "rec00000000000001"
OTHER_ID = "rec00000000000002"


def cells(airtable: Airtable, table: str) -> list[dict[str, Any]]:
    """What a table holds, in the order of its creation."""
    untyped = airtable.table_named(table)
    records = untyped.where().view("Grid view").all()
    return [record._cells or {} for record in records]


@pytest.mark.parametrize(
    ("annotation", "spelling"),
    [
        (Company, r"Link\[Company\] \| None\."),
        (Company | None, r"Link\[Company\] \| None\."),
        (list[Company], r"list\[Link\[Company\]\]\."),
        (Link, r"a link names the model .* Link\[Company\]"),
        (Link[int], r"a link names the model .* Link\[Company\]"),
    ],
)
def test_a_record_is_linked_and_not_contained(annotation: Any, spelling: str) -> None:
    """An annotation that no cell can hold is refused where it is declared, with the right one."""
    with pytest.raises(SchemaError, match=f"field 'company'.*{spelling}"):
        type(
            "Wrong",
            (Record,),
            {"__annotations__": {"name": str, "company": annotation}, "__module__": __name__},
            table="Wrong",
        )


def test_models_may_be_named_before_they_are_declared() -> None:
    """In quotes or not, in a module or in a function, and in a circle."""

    class First(Record, table="First"):
        name: str
        second: Link[Second] | None = None
        quoted: list[Link["Second"]] = []  # noqa: UP037 - quotes are what is tested
        own: Link[First] | None = None

    class Second(Record, table="Second"):
        name: str
        firsts: list[Link[First]] = []

    second = Second(id=ID, name="s")
    first = First(id=OTHER_ID, name="f", second=second, quoted=[second], own=OTHER_ID)
    assert first.second is not None
    assert first.second.record is second
    assert first.quoted[0].record is second
    assert Second(name="t", firsts=[first]).firsts == [Link.to(OTHER_ID)]


def test_a_name_that_no_model_has_is_reported() -> None:
    """When the link needs its model, with what to do."""

    class Lost(Record, table="Lost"):
        name: str
        other: Link["Nowhere"] | None = None  # type: ignore[name-defined] # noqa: F821, UP037

    lost = Lost(name="x", other=ID)
    assert lost.other is not None
    with pytest.raises(SchemaError, match="no model is called Nowhere"):
        lost.other.load()


def test_a_link_takes_a_record_a_link_or_an_id(crm: Airtable) -> None:
    """In the constructor, in an assignment, and in the rows of bulk verbs."""
    acme = Company.create(name="Acme")
    ada = Contact.create(name="Ada", company=acme)
    bob = Contact.create(name="Bob", company=Link.to(acme))
    deal = Deal(title="a", company=acme, contacts=[ada, bob.id, Link.to(ada)])
    assert deal.contacts == [Link.to(one) for one in (ada, bob, ada)]
    deal.contacts = [bob, ada]
    deal.save()
    rows: list[Any] = [
        {"title": "b", "company": acme.id, "contacts": [ada.id, bob]},
        {"title": "c", "company": Link.to(acme), "contacts": []},
        {"title": "d", "company": [acme.id]},
        {"title": "e", "company": None},
        Deal(title="f", company=Link.to(acme)),
    ]
    Deal.bulk_create(rows)
    assert cells(crm, "Deals") == [
        {"title": "a", "company": [acme.id], "contacts": [bob.id, ada.id]},  # in this order
        {"title": "b", "company": [acme.id], "contacts": [ada.id, bob.id]},
        {"title": "c", "company": [acme.id]},
        {"title": "d", "company": [acme.id]},
        {"title": "e"},
        {"title": "f", "company": [acme.id]},
    ]
    Deal.bulk_upsert([{"title": "e", "company": acme}], key="title")
    Deal.where(title="f").update(company=None)
    assert [row.get("company") for row in cells(crm, "Deals")][4:] == [[acme.id], None]


def test_the_other_side_is_written_too(crm: Airtable) -> None:
    """What one model writes, the other reads, under the name that it has for it."""
    acme = Company.create(name="Acme")
    ada, bob = Contact.bulk_create([{"name": "Ada", "company": acme}, {"name": "Bob"}])
    acme.refresh()
    assert [link.id for link in acme.contacts] == [ada.id]
    acme.contacts = [bob]
    acme.save()
    assert ada.refresh().company is None
    assert bob.refresh().company == Link.to(acme)


def test_only_a_changed_link_is_sent(crm: Airtable, local_base: LocalBase) -> None:
    """Links that are assigned again are no change; another order is one."""
    ada, bob = Contact.bulk_create([{"name": "Ada"}, {"name": "Bob"}])
    deal = Deal.create(title="a", contacts=[ada, bob])
    local_base.requests.clear()
    deal.contacts = [ada.id, bob]
    deal.save()
    assert len(local_base.requests) == 0
    deal.contacts = [bob, ada]
    deal.save()
    deal.contacts.append(Link.to(ada))
    deal.contacts.remove(Link.to(bob))
    deal.contacts.remove(Link.to(ada))
    deal.save()
    bodies = [request.body["fields"] for request in local_base.requests]
    assert bodies == [{"contacts": [bob.id, ada.id]}, {"contacts": [ada.id]}]


def test_a_second_sync_writes_nothing(crm: Airtable, local_base: LocalBase) -> None:
    """Rows with records, links and ids are compared as ids."""
    acme = Company.create(name="Acme")
    rows = [{"title": "a", "company": acme}, {"title": "b", "company": Link.to(acme)}]
    assert Deal.sync(rows, key="title").counts() == {"created": 2}
    local_base.requests.clear()
    assert Deal.sync(rows, key="title").counts() == {"unchanged": 2}
    assert local_base.counts() == {"GET": 1}


@pytest.mark.parametrize("value", [Company(name="new"), Contact(id=ID, name="Ada"), " ", 5])
def test_what_is_no_link_is_refused(crm: Airtable, local_base: LocalBase, value: Any) -> None:
    """A record that was never saved or is of another model, blank text, anything else."""
    with pytest.raises(ValidationError):
        Deal(title="a", company=value)
    deal = Deal(title="a")
    with pytest.raises(RowError, match="field 'company'"):
        deal.company = value
        deal.save()
    with pytest.raises(BulkError, match="row 0, field 'company'"):
        Deal.bulk_create([{"title": "a", "company": value}])
    assert len(local_base.requests) == 0


def test_the_errors_of_links_say_what_to_do() -> None:
    """They name the field, the model, and the way out."""
    deal = Deal(title="a")
    with pytest.raises(RowError, match=r"'company': this Company has no id.*save it first"):
        deal.company = Company(name="new")
    with pytest.raises(RowError, match="expected a record of Company, got one of Contact"):
        deal.company = Contact(id=ID, name="Ada")
    with pytest.raises(RowError, match="expected a record of Contact, got one of Company"):
        deal.contacts = [Company(id=ID, name="Acme")]
    with pytest.raises(ValueError, match="expected one record, got 2"):
        Deal(title="a", company=[ID, OTHER_ID])
    with pytest.raises(ValueError, match="not a record ID; expected rec"):
        Link.to("Acme")
    with pytest.raises(ValueError, match="never saved"):
        Link.to(Company(name="new"))


def test_names_need_typecast(crm: Airtable) -> None:
    """A text that is no id is a name, which Airtable looks up only if it may."""
    acme = Company.create(name="Acme, Inc.")
    with pytest.raises(BulkError, match="'Acme, Inc.' is not a record ID; to link by name"):
        Deal.bulk_create([{"title": "a", "company": "Acme, Inc."}])
    with pytest.raises(RowError, match="not a record ID"):
        Deal(title="a", company="Acme, Inc.").save()
    Deal.bulk_create([{"title": "a", "company": "Acme, Inc."}], typecast=True)
    assert Deal.where().one().company == Link.to(acme)


def test_a_link_to_another_model_of_the_table_keeps_its_id(crm: Airtable) -> None:
    """The record of another class would not be what the annotation says."""

    class Name(Record, table="Companies"):
        name: str

    deal = Deal(title="a", company=Name.create(name="Acme"))
    assert deal.company is not None
    assert not deal.company.is_loaded
    assert deal.company.load() == Company.where().one()


def test_the_record_of_a_link_is_read_once(crm: Airtable, local_base: LocalBase) -> None:
    """By ``load``, from the base that the link was read from, and never by ``record``."""
    acme = Company.create(name="Acme")
    Deal.create(title="a", company=acme)
    deal = Deal.where().one()
    assert deal.company is not None
    local_base.requests.clear()
    with pytest.raises(
        LinkNotLoadedError, match=r'Company rec.*prefetch\("company"\).*load\(\)'
    ) as e:
        _ = deal.company.record
    assert e.value.record_id == acme.id
    assert len(local_base.requests) == 0
    assert deal.company.load() is deal.company.load() is deal.company.record
    assert deal.company.record.name == "Acme"
    assert local_base.counts() == {"GET": 1}
    acme.delete()
    lost = Deal(title="b", company=acme.id).company
    assert lost is not None
    with pytest.raises(NotFoundError):
        lost.load()


def test_links_are_loaded_where_they_were_read(local_base: LocalBase) -> None:
    """Also if the models have no connection of their own; a record of ``load`` is saved there."""
    airtable = Airtable(local=local_base)
    airtable.create_tables(Company, Contact, Deal)
    acme = airtable.table(Company).create(name="Acme")
    airtable.table(Deal).create(title="a", company=acme)
    deal = airtable.table(Deal).where().one()
    assert deal.company is not None
    deal.company.load().name = "Acme Inc."
    deal.company.record.save()
    assert airtable.table(Company).where().one().name == "Acme Inc."
    with pytest.raises(ConfigurationError, match="not configured"):
        Deal(title="b", company=acme.id).company.load()


def test_links_are_loaded_by_async_code(local_base: LocalBase) -> None:
    """``await link.aio.load()``, of records that the async client has read, and of others."""

    async def main() -> None:
        async with AsyncAirtable(local=local_base) as airtable:
            await airtable.create_tables(Company, Contact, Deal)
            acme = await airtable.table(Company).create(name="Acme")
            await airtable.table(Deal).create(title="a", company=acme)
            deal = await airtable.table(Deal).where().one()
            assert deal.company is not None
            assert (await deal.company.aio.load()).name == "Acme"
            assert deal.company.record is await deal.company.aio.load()
            with models_on(airtable):
                other = Deal(title="b", company=acme.id)
                assert other.company is not None
                assert (await other.company.aio.load()).id == acme.id

    asyncio.run(main())
    assert local_base.counts()["GET"] == 2 + 1 + 1 + 1  # schema twice; one(), and two loads


def test_linked_records_stay_loaded_when_the_record_is_written(crm: Airtable) -> None:
    """A reply has ids only; what was there before is not forgotten."""
    acme = Company.create(name="Acme")
    deal = Deal.create(title="a", company=acme, contacts=[Contact.create(name="Ada")])
    assert deal.company is not None
    assert deal.company.record is acme
    deal.title = "b"
    deal.save()
    assert deal.company.record is acme
    assert deal.contacts[0].record.name == "Ada"
    saved = Deal(title="c", company=acme).save()
    assert saved.company is not None
    assert saved.company.record is acme


def test_a_cell_with_several_links_does_not_fit_one(crm: Airtable) -> None:
    """It is listed and not overwritten; a cell with one link reads and writes as one."""

    class OneContact(Record, table="Deals"):
        title: str
        contacts: Link[Contact] | None = None

    people = Contact.bulk_create([{"name": "Ada"}, {"name": "Bob"}])
    Deal.bulk_create(
        [{"title": "a", "contacts": people[:]}, {"title": "b", "contacts": people[:1]}]
    )
    with pytest.warns(CellWarning, match="expected one record, got 2"):
        two, one = OneContact.where().order_by("title")
    assert (two.contacts, two.cell_errors[0].field) == (None, "contacts")
    assert one.contacts == Link.to(people[0])
    two.title = "c"
    two.save()
    assert len(cells(crm, "Deals")[0]["contacts"]) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one.contacts = people[1]
        one.save()
    assert cells(crm, "Deals")[1]["contacts"] == [people[1].id]


def test_links_are_values() -> None:
    """Equal and hashed by id; copied with their record, and pickled without the connection."""
    acme = Company(id=ID, name="Acme")
    deal = Deal(title="a", company=acme, contacts=[OTHER_ID])
    assert deal.company == Link.to(ID) != Link.to(OTHER_ID)
    assert deal.company != ID
    assert {deal.company, Link.to(ID)} == {Link.to(acme)}
    for same in (
        copy.deepcopy(deal),
        deal.model_copy(deep=True),
        pickle.loads(pickle.dumps(deal)),
    ):
        assert same == deal
        assert same.company.record == acme
        assert not same.contacts[0].is_loaded
    assert str(deal.company) == ID
    assert repr(deal.company) == f"<Link to Company {ID}, loaded>"
    assert repr(deal.contacts[0]) == f"<Link to Contact {OTHER_ID}>"


def test_links_are_serialized_as_ids_or_as_records() -> None:
    """Ids by default; nested records on request, once within themselves; both are valid input."""
    acme = Company(id=ID, name="Acme")
    ada = Contact(id=OTHER_ID, name="Ada", company=acme)
    acme.contacts = [ada]
    deal = Deal(title="a", company=acme, contacts=["rec00000000000003"])
    plain = deal.model_dump()
    assert (plain["company"], plain["contacts"]) == (ID, ["rec00000000000003"])
    assert json.loads(deal.model_dump_json())["company"] == ID
    text = deal.model_dump_json(context={"links": "records"}, exclude_none=True)
    assert json.loads(text) == {
        "title": "a",
        "company": {
            "id": ID,
            "name": "Acme",
            "contacts": [{"id": OTHER_ID, "name": "Ada", "email": "", "company": ID}],
            "deals": [],
        },
        "contacts": ["rec00000000000003"],
    }
    assert Deal.model_validate_json(text) == Deal.model_validate(plain) == deal
    properties = Deal.model_json_schema()["properties"]
    assert properties["contacts"]["items"] == {"type": "string"}

    class Answer(BaseModel):
        deal: Deal
        main: Link[Contact]

    answer = Answer(deal=deal, main=ada)
    assert answer.model_dump(mode="json")["main"] == OTHER_ID


def test_files_have_the_ids(crm: Airtable) -> None:
    """An export of links is imported as it was; the id of one link, and several as a list."""
    acme = Company.create(name="Acme")
    people = Contact.bulk_create([{"name": "Ada"}, {"name": "Bob"}])
    Deal.bulk_create([{"title": "a", "company": acme, "contacts": people[:]}, {"title": "b"}])
    for name in ("deals.csv", "deals.jsonl"):
        Deal.where().view("Grid view").export_file(name)
        assert Deal.sync_file(name, key="title").counts() == {"unchanged": 2}
    with open("deals.csv", encoding="utf-8") as file:
        assert f'a,{acme.id},"{people[0].id}, {people[1].id}"' in file.read()


def test_a_model_with_field_ids_has_links(crm: Airtable) -> None:
    """Links do not depend on the names of fields."""
    table = crm.table_schema("Deals")
    ids = {field["name"]: field.get("id", "") for field in table["fields"]}

    class ById(Record, table=table["id"], field_ids=True):
        title: str = airtable_field(column=ids["title"])
        firm: Link[Company] | None = airtable_field(None, column=ids["company"])

    acme = Company.create(name="Acme")
    ById.create(title="a", firm=acme)
    assert ById.where(firm__contains=acme).one().firm == Link.to(acme)
    assert ById.check_table() == []


def test_an_undo_restores_both_sides(local_base: LocalBase) -> None:
    """A run that moved links moves them back."""
    airtable = Airtable(local=local_base, journal="runs.journal")
    airtable.create_tables(Company, Contact, Deal)
    companies, contacts = airtable.table(Company), airtable.table(Contact)
    acme, other = companies.bulk_create([{"name": "Acme"}, {"name": "Other"}])
    contacts.bulk_create([{"name": "Ada", "company": acme}, {"name": "Bob", "company": other}])
    before = cells(airtable, "Companies"), cells(airtable, "Contacts")
    rows = [{"name": "Ada", "company": other}, {"name": "Bob", "company": None}]
    result = contacts.sync(rows, key="name")
    assert cells(airtable, "Contacts")[0]["company"] == [other.id]
    assert cells(airtable, "Companies")[1]["contacts"] == [contacts.where(name="Ada").one().id]
    assert result.run is not None
    airtable.undo(result.run)
    assert (cells(airtable, "Companies"), cells(airtable, "Contacts")) == before


def test_a_chain_of_links_is_followed(crm: Airtable) -> None:
    """Of a table to itself, and from there to others."""
    deal = Deal.create(title="a", company=Company.create(name="Acme"))
    call = Activity.create(what="call", deal=deal)
    Activity.create(what="visit", follows=call)
    visit = Activity.where(what="visit").one()
    assert visit.follows is not None
    before = visit.follows.load()
    assert before.deal is not None
    company = before.deal.load().company
    assert company is not None
    assert company.load().name == "Acme"
