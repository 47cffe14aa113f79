"""Lookups on links and through them: exact, and at the cost that the documentation states."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul import Airtable, AsyncAirtable, Link, Q
from airhaul.errors import LookupValueError, UnknownFieldError
from airhaul.local_base import LocalBase, LocalServer, Token
from tests.client.links.crm import MODELS, Activity, Company, Contact, Deal
from tests.conftest import connect


@pytest.fixture
def companies(here: Airtable, local_base: LocalBase) -> dict[str, Any]:
    """Two companies of one name, one whose name contains it, and one with quotes and commas."""
    named = {
        "acme": {"name": "Acme", "size": 5},
        "other": {"name": "Acme", "size": 50},
        "longer": {"name": "Acme Corp", "size": 500},
        "odd": {"name": 'The "Best", Inc.', "size": None},
    }
    made: dict[str, Any] = dict(zip(named, Company.bulk_create(named.values()), strict=True))
    people = Contact.bulk_create(
        [
            {"name": "Ada", "email": "ada@a.org", "company": made["acme"]},
            {"name": "Bob", "email": "bob@a.org", "company": made["longer"]},
            {"name": "Ada", "email": "ada@c.org"},
        ]
    )
    Deal.bulk_create(
        [
            {"title": "1", "company": made["acme"], "contacts": people[:2]},
            {"title": "2", "company": made["other"], "contacts": people[2:]},
            {"title": "3", "company": made["longer"]},
            {"title": "4", "company": made["odd"], "contacts": people[1:2]},
            {"title": "5"},
        ]
    )
    made.update(ada=people[0], bob=people[1], ada2=people[2])
    local_base.requests.clear()
    return made


def titles(*conditions: Q, **lookups: Any) -> str:
    """The titles of the deals that are found; counting, and the number of each, agree."""
    query = Deal.where(*conditions, **lookups)
    found = "".join(sorted(deal.title for deal in query))
    assert query.count() == len(found)
    assert query.exists() == bool(found)
    assert "".join(sorted(deal.title for deal in query.all(parallel=2))) == found
    assert len(query.limit(1).all()) == min(1, len(found))
    return found


def test_a_link_is_looked_up_by_record_link_or_id(companies: dict[str, Any]) -> None:
    """Exactly it, whatever others are called; ``~`` finds exactly the others."""
    acme, other = companies["acme"], companies["other"]
    for value in (acme, acme.id, Link.to(acme)):
        assert titles(company=value) == "1"
        assert titles(~Q(company=value)) == "2345"
        assert titles(company__ne=value) == "2345"
    assert titles(company__in=[acme, other.id, Link.to(companies["odd"])]) == "124"
    assert titles(~Q(company__in=[acme, other])) == "345"
    assert titles(company__not_in=[acme]) == "2345"
    assert titles(company=None) == titles(company__isnull=True) == "5"
    assert titles(company__isnull=False) == titles(company__empty=False) == "1234"
    assert titles(contacts__contains=companies["bob"]) == "14"
    assert titles(contacts={companies["ada"].id, companies["bob"].id}) == "1"
    assert titles(Q(company=acme) | Q(title="5")) == "15"


def test_lookups_lead_through_links(companies: dict[str, Any]) -> None:
    """To any field of the linked model, with any of its lookups, and from there on."""
    assert titles(company__name="Acme") == "12"
    assert titles(~Q(company__name="Acme")) == "345"
    assert titles(company__name__startswith="Acme") == "123"
    assert titles(company__size__gt=5) == "23"
    assert titles(company__size=None) == "4"
    assert titles(company__name='The "Best", Inc.') == "4"
    assert titles(company__name__in=["Acme Corp", "Nobody"]) == "3"
    assert titles(company__name="Nobody") == ""
    assert titles(~Q(company__name="Nobody")) == "12345"
    assert titles(company__id=companies["other"].id) == "2"
    assert titles(contacts__name="Ada") == "12"
    assert titles(contacts__company__name="Acme Corp") == "14"
    assert titles(contacts__company=companies["acme"]) == "1"
    assert titles(contacts__company__isnull=True) == "2"
    assert titles(contacts__company__name="Nobody") == ""
    assert titles(Q(company__name="Acme") | Q(company__isnull=True)) == "125"
    assert titles(Q(company__name="Acme") & ~Q(contacts__name="Bob")) == "2"
    assert titles(company=companies["acme"], contacts__name="Ada") == "1"


def test_lookups_of_one_condition_mean_one_linked_record(companies: dict[str, Any]) -> None:
    """As in Django: one ``where`` asks for one contact, two ask for one each."""
    assert titles(contacts__name="Ada", contacts__email="bob@a.org") == ""
    assert titles(contacts__name="Ada", contacts__email="ada@a.org") == "1"
    assert titles(Q(contacts__name="Ada"), Q(contacts__email="bob@a.org")) == "1"
    twice = Deal.where(contacts__name="Ada").where(contacts__email="bob@a.org")
    assert twice.one().title == "1"


def test_updates_and_deletes_follow_links(companies: dict[str, Any], local_base: LocalBase) -> None:
    """They change exactly what is found; their plans do, too; all requests are counted."""
    assert len(Deal.where(company__name="Acme").plan_update(title="0").differences) == 2
    assert len(Deal.where(~Q(company__name="Acme")).plan_delete().differences) == 3
    local_base.requests.clear()
    result = Deal.where(company__name="Acme").update(title="0")
    assert result.counts() == {"updated": 2}
    assert (
        result.requests == len(local_base.requests) == 1 + 1 + 1 + 1
    )  # schema, names, list, write
    assert titles(title="0") == "00"
    assert Deal.where(company__name="Nobody").delete().counts() == {}
    assert Deal.where(company=companies["odd"]).delete().counts() == {"deleted": 1}
    assert Deal.where(contacts__name="Ada").delete().counts() == {"deleted": 2}
    assert titles() == "35"


def test_what_does_not_fit_is_refused_where_the_query_is_made(
    companies: dict[str, Any], local_base: LocalBase
) -> None:
    """A field or lookup that the linked model lacks, a record of another model, or a bad value."""
    with pytest.raises(UnknownFieldError, match="Company has no field 'nmae'; did you mean 'name'"):
        Deal.where(company__nmae="Acme")
    with pytest.raises(UnknownFieldError, match="Contact has no field 'x__name'"):
        Deal.where(contacts__x__name="Acme")
    with pytest.raises(LookupValueError, match="'size'.*valid number|'size'.*valid integer"):
        Deal.where(company__size__gt="big")
    with pytest.raises(LookupValueError, match="expected a record of Company, got one of Contact"):
        Deal.where(company=companies["ada"])
    with pytest.raises(LookupValueError, match="never saved"):
        Deal.where(company=Company(name="new"))
    with pytest.raises(LookupValueError, match="field 'title' has no lookup 'name'"):
        Deal.where(title__name="x")
    assert len(local_base.requests) == 0
    assert "company__name" not in repr(Deal.where(company__name="Acme"))
    assert "through a link: Q(name='Acme')" in repr(Deal.where(company__name="Acme"))


@pytest.fixture
def many(here: Airtable, local_base: LocalBase) -> list[Company]:
    """A thousand deals of 100 companies; 150 of them belong to 15 companies of one name."""
    rows = [{"name": "Same" if n < 15 else f"Company {n:03}", "size": n} for n in range(100)]
    made = Company.bulk_create(rows)
    Deal.bulk_create({"title": f"{n}", "company": made[n % 100]} for n in range(1000))
    local_base.requests.clear()
    return made[:]


def cost(local_base: LocalBase, found: int, *conditions: Q, **lookups: Any) -> int:
    """The requests of reading what is found."""
    local_base.requests.clear()
    assert len(Deal.where(*conditions, **lookups).all()) == found
    return len(local_base.requests)


def test_lookups_cost_what_the_documentation_states(
    many: list[Company], local_base: LocalBase
) -> None:
    """Through a link one request for the schema, and one for each hundred linked records."""
    plain = 2  # pages of 150 deals
    assert cost(local_base, 150, company__name="Same") == plain + 1 + 1
    assert cost(local_base, 10, company__name="Company 050") == 1 + 1 + 1
    assert cost(local_base, 0, company__name="Nobody") == 1 + 1
    assert cost(local_base, 1000, company__size__gte=0) == 10 + 1 + 1
    # By id: a page, then the schema and the names, and the list with these names.
    assert cost(local_base, 10, company=many[50]) == 1 + 1 + 1 + 1
    assert cost(local_base, 10, company=many[0]) == 1 + 1 + 1 + 2
    assert cost(local_base, 990, ~Q(company=many[50])) == 10
    # A small page decides at once.
    assert cost(local_base, 1, Q(company=many[50]) & Q(title="50")) == 1


def test_more_matches_than_a_formula_names_are_decided_here(
    here: Airtable, local_base: LocalBase
) -> None:
    """With hundreds of linked records that fit, the list is read whole, and tested."""
    made = Company.bulk_create({"name": f"C{n}", "size": n} for n in range(402))
    Deal.bulk_create({"title": f"{n}", "company": made[n]} for n in range(402))
    # The schema, four pages of companies, and five of deals.
    assert cost(local_base, 401, company__size__gt=0) == 1 + 5 + 5


def test_async_code_looks_up_the_same(local_base: LocalBase) -> None:
    """By the same flows."""

    async def main() -> None:
        async with AsyncAirtable(local=local_base) as airtable:
            await airtable.create_tables(*MODELS)
            acme = await airtable.table(Company).create(name="Acme")
            deals = airtable.table(Deal)
            await deals.bulk_create([{"title": "a", "company": acme}, {"title": "b"}])
            assert (await deals.where(company__name="Acme").one()).title == "a"
            assert await deals.where(~Q(company__name="Acme")).count() == 1
            assert [deal.title async for deal in deals.where(company=acme)] == ["a"]
            await deals.where(company__name="Acme").update(title="c")
            assert (await deals.first(company=acme)).title == "c"  # type: ignore[union-attr]

    asyncio.run(main())


def test_links_without_a_model_are_not_led_through(crm: Airtable) -> None:
    """A list of ids does not know its model; a link to its own table does."""
    call = Activity.create(what="call")
    Activity.create(what="visit", follows=call)
    assert Activity.where(follows__what="call").one().what == "visit"
    assert Activity.where(follows__follows__isnull=True).one().what == "visit"
    untyped = crm.table_named("Activities")
    with pytest.raises(LookupValueError, match="has no lookup 'what'"):
        untyped.where(follows__what="call")


def test_a_token_without_the_schema_reads_more(tmp_path: Path) -> None:
    """The answer is the same: the names only narrow what is read."""
    with Airtable.local(tmp_path / "base.db") as airtable:
        airtable.create_tables(*MODELS)
        acme = airtable.table(Company).create(name="Acme")
        airtable.table(Deal).bulk_create([{"title": "a", "company": acme}, {"title": "b"}])
    token = Token("patTest.secret", scopes=frozenset({"data.records:read"}))
    with (
        LocalBase.open(tmp_path / "base.db", tokens=[token]) as local_base,
        LocalServer(local_base) as server,
        connect(server) as airtable,
    ):
        deals = airtable.table(Deal)
        assert deals.where(company__name="Acme").one().title == "a"
        assert deals.where(~Q(company__name="Acme")).one().title == "b"


SIZES = [0, 1, 1, None]
NAMES = ["A", "B", "A", "A, B"]
PEOPLE = [("A", 0), ("B", 1), ("A", None), ("B", 3)]
DEALS = [(None, ()), (0, (0,)), (1, (0, 1)), (2, (2,)), (3, (1, 2, 3)), (0, ())]

Condition = tuple[Q, Callable[[int], bool]]


@pytest.fixture(scope="module")
def small() -> Iterator[Airtable]:
    """A few records with all that links can differ in."""
    with Airtable.local() as airtable:
        airtable.create_tables(*MODELS)
        rows = [{"name": n, "size": s} for n, s in zip(NAMES, SIZES, strict=True)]
        companies = airtable.table(Company).bulk_create(rows)
        people = airtable.table(Contact).bulk_create(
            {"name": name, "company": None if at is None else companies[at]} for name, at in PEOPLE
        )
        airtable.table(Deal).bulk_create(
            {
                "title": str(n),
                "company": None if at is None else companies[at],
                "contacts": [people[one] for one in several],
            }
            for n, (at, several) in enumerate(DEALS)
        )
        yield airtable


def company_of(deal: int) -> int | None:
    return DEALS[deal][0]


def firms_of_people(deal: int) -> list[int]:
    return [at for one in DEALS[deal][1] if (at := PEOPLE[one][1]) is not None]


def conditions(airtable: Airtable) -> list[Condition]:
    """Each kind of condition, with what it means."""
    ids = [one.id for one in airtable.table(Company).where().view("Grid view")]
    return [
        (Q(title__in=["1", "3"]), lambda deal: deal in (1, 3)),
        (Q(company=ids[0]), lambda deal: company_of(deal) == 0),
        (Q(company__in=[ids[1], ids[3]]), lambda deal: company_of(deal) in (1, 3)),
        (Q(company__isnull=True), lambda deal: company_of(deal) is None),
        (Q(company__name="A"), lambda deal: company_of(deal) in (0, 2)),
        (Q(company__name="A, B"), lambda deal: company_of(deal) == 3),
        (Q(company__name="A", company__size=1), lambda deal: company_of(deal) == 2),
        (Q(company__size__gt=0), lambda deal: company_of(deal) in (1, 2)),
        (Q(contacts__name="A"), lambda deal: any(PEOPLE[one][0] == "A" for one in DEALS[deal][1])),
        (Q(contacts__company=ids[1]), lambda deal: 1 in firms_of_people(deal)),
        (Q(contacts__company__size=0), lambda deal: 0 in firms_of_people(deal)),
        (~Q(contacts__company__size=0), lambda deal: 0 not in firms_of_people(deal)),
    ]


@given(
    tree=st.recursive(
        st.integers(0, 11),
        lambda inner: (
            st.tuples(st.sampled_from("&|"), inner, inner) | st.tuples(st.just("~"), inner)
        ),
        max_leaves=4,
    )
)
def test_joined_conditions_find_exactly_what_they_mean(small: Airtable, tree: Any) -> None:
    """However conditions on links and through them are joined and negated."""
    known = conditions(small)

    def build(part: Any) -> Condition:
        match part:
            case int():
                return known[part]
            case ("~", inner):
                q, holds = build(inner)
                return ~q, lambda deal: not holds(deal)
            case (how, one, other):
                (q, holds), (r, too) = build(one), build(other)
                if how == "&":
                    return q & r, lambda deal: holds(deal) and too(deal)
                return q | r, lambda deal: holds(deal) or too(deal)
        raise AssertionError(part)

    q, holds = build(tree)
    found = {deal.title for deal in small.table(Deal).where(q)}
    assert found == {str(deal) for deal in range(len(DEALS)) if holds(deal)}
