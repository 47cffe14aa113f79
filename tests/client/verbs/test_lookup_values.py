"""A value that was written finds its record again, in each form in which it can be written."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AnyUrl, StringConstraints

from airhaul import Airtable, Q, Record, Table, airtable_field

ID = "ebfd195f-96e7-4c2c-91b2-1e31643d5f46"


class Shop(Record, table="Shops"):
    name: str = ""
    opens: time | None = None
    page: AnyUrl | None = None
    key: UUID | None = None
    code: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True)] = ""
    tags: set[Literal["p", "q", "r", "s"]] = set()
    pages: list[AnyUrl] = airtable_field(default_factory=list, choices=["https://example.org/"])
    signs: set[Literal["p", "p, q", "q"]] = set()


@pytest.fixture
def shops() -> Any:
    with Airtable.local() as airtable:
        table = airtable.table(Shop)
        table.create_table()
        yield table


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("opens", "18:00"),
        ("opens", time(18)),
        ("page", "https://example.org"),
        ("page", "HTTPS://Example.org/"),
        ("key", ID.upper()),
        ("key", UUID(ID)),
        ("pages", ["https://example.org"]),
    ],
)
def test_what_was_created_is_found_and_not_created_twice(
    shops: Table[Shop], name: str, written: Any
) -> None:
    """Cells hold 18:00:00 for 18:00: if only that were found, ``get_or_create`` would double it."""
    made, is_new = shops.get_or_create(**{name: written})
    assert is_new
    assert shops.get_or_create(**{name: written}) == (made, False)
    among = written if isinstance(written, list) else [written]
    assert shops.where(**{f"{name}__in": among}).one() == made
    assert shops.where(**{f"{name}__ne": written}).count() == 0
    assert len(shops.all()) == 1


def test_a_part_of_a_text_is_looked_for_as_it_is(shops: Table[Shop]) -> None:
    """The beginning of an address is no address: made a whole one, it would find nothing."""
    made = shops.create(page="https://example.org/a", opens="18:00", key=ID)
    for found in (
        Q(page__startswith="https://example"),
        Q(page__contains="example.org"),
        Q(opens__startswith="18:0"),
        Q(key__icontains="EBFD195F"),
    ):
        assert shops.where(found).one() == made
    assert shops.where(page="no address").count() == 0


def test_a_text_that_its_validators_change_is_not_created_twice(shops: Table[Shop]) -> None:
    """The record holds ``ab``: a look for `` AB `` would miss it each time, unlike an upsert."""
    made, is_new = shops.get_or_create({"name": "x"}, code=" AB ")
    assert (made.code, is_new) == ("ab", True)
    assert shops.get_or_create(code=" AB ") == (made, False)
    assert shops.plan_get_or_create(code=" AB ").counts()["unchanged"] == 1
    assert shops.update_or_create({"name": "y"}, code=" AB ")[1] is False
    assert len(shops.all()) == 1


@pytest.mark.parametrize("name", ["tags", "signs"])
def test_a_set_is_found_in_any_order(shops: Table[Shop], name: str) -> None:
    """A set has no order of its own, so the one in which Python lists it may not decide."""
    items = ["p", "q", "r", "s"] if name == "tags" else ["p", "p, q"]
    kept = shops.bulk_create(
        [{"name": "all", name: items}, {"name": "back", name: items[::-1]}, {name: items[:-1]}]
    )
    made = {one.id for one in kept[:2]}
    assert {one.id for one in shops.where(**{name: set(items)}).all()} == made
    assert {one.id for one in shops.where(**{name: frozenset(items)}).all()} == made
    assert shops.where(~Q(**{name: set(items)})).one() == kept[2]
    assert shops.where(**{f"{name}__ne": set(items)}).count() == 1
    assert not shops.get_or_create(**{name: set(items)})[1]
