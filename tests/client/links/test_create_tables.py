"""Creating the tables of models that link to each other, and comparing them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from airhaul import Airtable, AsyncAirtable, Link, Record, airtable_field, configure, create_tables
from airhaul.errors import ConfigurationError, SchemaError
from airhaul.local_base import LocalBase
from tests.client.links.crm import MODELS, Activity, Company, Contact, Deal


def links_of(airtable: Airtable) -> dict[str, dict[str, str]]:
    """The links of each table: the name of the field, and of the linked table."""
    tables = airtable.schema()
    names = {table["id"]: table["name"] for table in tables}
    return {
        table["name"]: {
            field["name"]: names[field["options"]["linkedTableId"]]
            for field in table["fields"]
            if field["type"] == "multipleRecordLinks"
        }
        for table in tables
    }


CRM = {
    "Activities": {"deal": "Deals", "follows": "Activities"},
    "Companies": {"contacts": "Contacts", "Our Deals": "Deals"},
    "Contacts": {"company": "Companies", "Deals": "Deals"},
    "Deals": {"company": "Companies", "contacts": "Contacts", "Activities": "Activities"},
}


def test_tables_are_created_in_the_order_of_their_links(
    airtable: Airtable, local_base: LocalBase
) -> None:
    """Whatever the order of the models: circles, self references, and both sides of a link."""
    tables = airtable.create_tables(*MODELS)
    assert [table["name"] for table in tables] == ["Activities", "Companies", "Contacts", "Deals"]
    # The schema twice, four tables, a link to itself, and two names of other sides.
    assert local_base.counts() == {"GET": 2, "POST": 5, "PATCH": 2}
    assert links_of(airtable) == CRM
    for model in MODELS:
        assert airtable.table(model).check_table() == []
        assert airtable.table(model).plan_table().is_empty


def test_existing_tables_are_left_alone_if_allowed(
    airtable: Airtable, local_base: LocalBase
) -> None:
    """A second call changes nothing, and without ``exist_ok`` nothing is created at all."""
    airtable.table(Company).create_table()
    with pytest.raises(SchemaError, match=r"the tables 'Companies' already.*exist_ok=True"):
        airtable.create_tables(*MODELS)
    assert [table["name"] for table in airtable.schema()][1:] == []
    airtable.create_tables(*MODELS, exist_ok=True)
    assert links_of(airtable) == CRM  # links to the table that was there are created all the same
    before = airtable.schema()
    local_base.requests.clear()
    airtable.create_tables(*MODELS, exist_ok=True)
    assert local_base.counts() == {"GET": 1}
    assert airtable.schema() == before


def test_a_circle_is_closed_once_its_tables_are_there(airtable: Airtable) -> None:
    """Two models that link to each other, by two links of their own."""

    class Team(Record, table="Teams"):
        name: str
        lead: Link[Person] | None = None

    class Person(Record, table="People"):
        name: str
        team: Link[Team] | None = None

    airtable.create_tables(Team, Person)
    assert links_of(airtable) == {
        "Teams": {"lead": "People", "People": "People"},
        "People": {"team": "Teams", "Teams": "Teams"},
    }


def test_names_of_other_sides_do_not_get_in_each_others_way(airtable: Airtable) -> None:
    """Airtable names the other sides of two links alike, one of them as the other is to be named."""

    class Firm(Record, table="Firms"):
        name: str
        sold: list[Link[Sale]] = airtable_field([], column="Sales", inverse="seller")
        bought: list[Link[Sale]] = airtable_field([], column="sales 2", inverse="buyer")

    class Sale(Record, table="Sales"):
        title: str
        agent: Link[Firm] | None = None
        buyer: Link[Firm] | None = None
        seller: Link[Firm] | None = None

    airtable.create_tables(Firm, Sale)
    assert airtable.table(Firm).check_table() == []
    fields = {field["name"]: field for field in airtable.table_schema("Sales")["fields"]}
    inverses = {
        field.get("id"): field["name"] for field in airtable.table_schema("Firms")["fields"]
    }
    assert inverses[fields["seller"]["options"]["inverseLinkFieldId"]] == "Sales"
    assert inverses[fields["buyer"]["options"]["inverseLinkFieldId"]] == "sales 2"
    assert len(inverses) == 4  # with the other side of the agent's, under any name


def test_one_table_is_created_if_those_that_it_links_to_are_there(airtable: Airtable) -> None:
    """``create_table`` looks up the ids of the tables, and names the call that creates both."""
    with pytest.raises(SchemaError, match=r"create_tables\(Company, Contact\)"):
        airtable.table(Contact).create_table()
    airtable.table(Company).create_table()
    fields = airtable.table(Contact).create_table()["fields"]
    assert [field["name"] for field in fields] == ["name", "email", "company"]
    assert links_of(airtable)["Companies"] == {"contacts": "Contacts"}


def test_the_function_uses_the_connection_of_the_models(local_base: LocalBase) -> None:
    """Sync and async; models of several bases are refused."""
    configure(local=local_base)
    create_tables(Company, Contact, Deal)
    asyncio.run(create_tables.aio(*MODELS, exist_ok=True))
    with Airtable.local() as other:
        assert links_of(Airtable(local=local_base)) == CRM

        class Elsewhere(Record, table="Elsewhere"):
            name: str

        Elsewhere.__airhaul_config__ = other.config
        with pytest.raises(ConfigurationError, match="Company and Elsewhere are models of several"):
            create_tables(Company, Elsewhere)
    assert create_tables() == []


def test_the_async_client_creates_the_same(local_base: LocalBase) -> None:
    """And ``sync_table`` adds links, with the names of their other sides."""

    class Plain(Record, table="Contacts"):
        name: str

    async def create() -> None:
        async with AsyncAirtable(local=local_base) as airtable:
            await airtable.create_tables(Company, Plain)
            plan = await airtable.table(Contact).sync_table()
            assert [field["name"] for field in plan.fields] == ["email", "company"]
            await airtable.table(Deal).sync_table()
            await airtable.table(Activity).sync_table()

    asyncio.run(create())
    airtable = Airtable(local=local_base)
    assert links_of(airtable) == CRM
    assert all(airtable.table(model).check_table() == [] for model in MODELS)


def test_a_link_to_another_table_is_a_difference(airtable: Airtable) -> None:
    """As is a field that is limited to one record, where the model has several; not the reverse."""
    airtable.create_tables(*MODELS)

    class Wrong(Record, table="Deals"):
        title: str
        company: list[Link[Contact]] = []
        contacts: Link[Contact] | None = None
        owner: Link[Contact] | None = None

    found = {one.column: one for one in airtable.table(Wrong).check_table()}
    assert found.keys() == {"company", "owner"}
    assert (found["company"].kind, found["company"].expected) == ("options", "Contacts")
    assert "links to the table 'Companies', and the model to 'Contacts'" in str(found["company"])
    plan = airtable.table(Wrong).sync_table()
    assert [field["name"] for field in plan.fields] == ["owner"]
    assert [one.column for one in plan.by_hand] == ["company"]


def test_a_field_for_one_record_does_not_fit_several(local_base: LocalBase) -> None:
    """The preference of Airtable's own interface is compared in the direction that matters."""
    airtable = Airtable(local=local_base)
    companies = airtable.table(Company).create_table()
    airtable.create_table("Leads", [{"name": "title", "type": "singleLineText"}])
    one = {"linkedTableId": companies["id"], "prefersSingleRecordLink": True}
    field = {"name": "companies", "type": "multipleRecordLinks", "options": one}
    local_base.add_field(airtable.base_id, "Leads", field)

    class Lead(Record, table="Leads"):
        title: str
        companies: list[Link[Company]] = []

    class OneLead(Record, table="Leads"):
        title: str
        companies: Link[Company] | None = None

    (difference,) = airtable.table(Lead).check_table()
    assert difference.found == "one record"
    assert "declare Link[Company] | None" in difference.remedy
    assert airtable.table(OneLead).check_table() == []


@pytest.mark.parametrize(
    ("inverse", "message"),
    [
        ("title", "Deal has no link 'title'"),
        ("nothing", "Deal has no link 'nothing'"),
        ("contacts", "Deal.contacts is no link to Wrong"),
    ],
)
def test_an_inverse_has_to_be_one(airtable: Airtable, inverse: str, message: str) -> None:
    """What is declared as the other side of a link is checked before anything is created."""

    class Wrong(Record, table="Wrong"):
        name: str
        deals: list[Link[Deal]] = airtable_field([], inverse=inverse)

    with pytest.raises(SchemaError, match=message):
        airtable.create_tables(*MODELS, Wrong)
    assert airtable.schema() == []


def test_a_link_to_itself_has_no_inverse(airtable: Airtable) -> None:
    """Airtable makes none, so none can be named."""

    class Node(Record, table="Nodes"):
        name: str
        parent: Link[Node] | None = None
        children: list[Link[Node]] = airtable_field([], inverse="parent")

    with pytest.raises(SchemaError, match="no inverse of a link from a table to itself"):
        airtable.create_tables(Node)


def test_the_other_side_cannot_be_created_alone(airtable: Airtable) -> None:
    """The plan says with which link it is created, or that it has another name by now."""
    airtable.create_tables(Company)
    (difference,) = airtable.table(Company).check_table()[:1]
    assert "Airtable creates it together with Contact.company" in difference.remedy
    made = airtable.create_table("Deals", [{"name": "title", "type": "singleLineText"}])
    link: Any = {"linkedTableId": airtable.table_schema("Companies")["id"]}
    field: Any = {"name": "company", "type": "multipleRecordLinks", "options": link}
    airtable.create_field(made["id"], field)
    found = {one.field: one for one in airtable.table(Company).check_table()}
    assert "rename the other side of Deal.company to 'Our Deals'" in found["deals"].remedy
