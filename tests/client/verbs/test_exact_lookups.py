"""Lookups on links and lists: exactly the records that are meant, for every verb that has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airhaul import Airtable, F, Q, Record, Table, airtable_field
from airhaul.errors import LookupValueError
from airhaul.local_base.base import LocalBase
from tests.client.verbs.people import FAST
from tests.conftest import connection_to

NAME = {"name": "Name", "type": "singleLineText"}
CHOICES = ("p", "q", "p, q")


class Deal(Record, table="Deals"):
    title: str = airtable_field(column="Name")
    firms: list[str] = airtable_field(
        column="Firms", type="multipleRecordLinks", default_factory=list
    )
    tags: list[str] = airtable_field(column="Tags", type="multipleSelects", default_factory=list)
    stage: str = airtable_field("", column="Stage")


@pytest.fixture
def firms(local_base: LocalBase) -> dict[str, str]:
    """The ids of the linked records by name; two have the same name, one has a comma in it."""
    airtable = Airtable(connection=connection_to(local_base, retries=FAST))
    airtable.create_table("Firms", [NAME])
    table = airtable.table_named("Firms")
    made = table.bulk_create([{"Name": name} for name in ("Acme", "Inc", "Acme, Inc", "Acme")])
    return {
        key: str(one.id) for key, one in zip(("acme", "inc", "comma", "twin"), made, strict=True)
    }


@pytest.fixture
def deals(local_base: LocalBase, firms: dict[str, str]) -> Table[Deal]:
    airtable = Airtable(connection=connection_to(local_base, retries=FAST))
    link = {"linkedTableId": airtable.table_schema("Firms")["id"]}
    choices = {"choices": [{"name": name} for name in CHOICES]}
    airtable.create_table(
        "Deals",
        [
            NAME,
            {"name": "Firms", "type": "multipleRecordLinks", "options": link},
            {"name": "Tags", "type": "multipleSelects", "options": choices},
            {"name": "Stage", "type": "singleLineText"},
        ],
    )
    table = airtable.table(Deal)
    acme, inc, comma, twin = firms.values()
    table.bulk_create(
        [
            {"title": "a", "firms": [acme], "tags": ["p"], "stage": "new"},
            {"title": "b", "firms": [acme, inc], "tags": ["p", "q"], "stage": "won"},
            {"title": "c", "firms": [comma], "tags": ["p, q"], "stage": "new"},
            {"title": "d", "firms": [twin], "tags": ["q", "p, q"], "stage": "won"},
            {"title": "e", "firms": [], "tags": [], "stage": "new"},
        ]
    )
    local_base.requests.clear()
    return table


ALL = "abcde"
LOOKUPS: list[tuple[Callable[[dict[str, str]], Q], str]] = [
    (lambda f: Q(firms=f["acme"]), "a"),
    (lambda f: Q(firms=[f["inc"], f["acme"]]), "b"),
    (lambda f: Q(firms__contains=f["acme"]), "ab"),
    (lambda f: Q(firms__in=[f["acme"], f["twin"]]), "abd"),
    (lambda f: Q(firms__not_in=[f["acme"], f["twin"]]), "ce"),
    (lambda f: Q(firms__ne=f["acme"]), "bcde"),
    (lambda f: Q(firms=[]), "e"),
    (lambda _: Q(firms__contains="Acme"), "abd"),
    (lambda _: Q(firms__contains="Inc"), "b"),
    (lambda _: Q(firms="Acme, Inc"), "c"),
    (lambda _: Q(firms__empty=True), "e"),
    (lambda _: Q(tags__contains="p"), "ab"),
    (lambda _: Q(tags__contains="p, q"), "cd"),
    (lambda _: Q(tags=["p", "q"]), "b"),
    (lambda _: Q(tags="p, q"), "c"),
    (lambda _: Q(tags__in=["q", "p, q"]), "bcd"),
    (lambda f: Q(firms__contains=f["acme"]) & Q(tags__contains="q"), "b"),
    (lambda f: Q(firms__contains=f["acme"]) | Q(tags__contains="p, q"), "abcd"),
    (lambda f: Q(firms__contains=f["acme"]) | Q(stage="new"), "abce"),
    (lambda f: ~Q(firms__contains=f["acme"]) & Q(stage="won"), "d"),
    (lambda f: ~(Q(firms__contains=f["acme"]) | ~Q(stage="won")), "d"),
    (lambda f: Q(firms__contains=f["acme"]) & (F("Stage") == "won"), "b"),
]
CASES = pytest.mark.parametrize(("make", "titles"), LOOKUPS, ids=map(str, range(len(LOOKUPS))))


def both(make: Any, firms: dict[str, str], titles: str) -> list[tuple[Q, list[str]]]:
    """A lookup with what it finds, and its negation with the others."""
    others = [title for title in ALL if title not in titles]
    return [(make(firms), list(titles)), (~make(firms), others)]


@CASES
def test_what_is_read(
    deals: Table[Deal], firms: dict[str, str], tmp_path: Any, make: Any, titles: str
) -> None:
    """all, first, exists, count, iterate, parallel reads, limits and exports agree."""
    for q, expected in both(make, firms, titles):
        query = deals.where(q)
        assert [deal.title for deal in query.view("Grid view").all()] == expected
        assert sorted(deal.title for deal in query.iterate()) == expected
        assert sorted(deal.title for deal in query.all(parallel=2)) == expected
        assert query.count() == len(expected)
        assert query.exists() == bool(expected)
        first = query.view("Grid view").first()
        assert (first and first.title) == (expected[0] if expected else None)
        last = query.order_by("-title").limit(2).all()
        assert [deal.title for deal in last] == expected[::-1][:2]
        newest = query.order_by("-created_time").limit(1).all()
        assert len(newest) == min(1, len(expected))
        (only,) = query.only("title").limit(1).all() if expected else (None,)
        assert only is None or only.not_fetched == {"firms", "tags", "stage"}
        path = tmp_path / "out.jsonl"
        assert query.export_file(path) == len(expected)


@CASES
def test_what_is_written(deals: Table[Deal], firms: dict[str, str], make: Any, titles: str) -> None:
    """update and delete of a query write its records and no others, and their plans show that."""
    for q, expected in both(make, firms, titles):
        plan = deals.where(q).plan_update(stage="changed")
        assert len(plan.differences) == len(expected)
        assert len(deals.where(q).plan_delete().differences) == len(expected)
    q, expected = both(make, firms, titles)[0]
    ids = [deal.id for deal in deals.where(q).all()]
    assert len(deals.where(q).limit(1).plan_update(stage="x").differences) == min(1, len(expected))
    assert len(deals.where(q).delete().deleted) == len(expected)
    left = deals.all(sort="title")
    assert [deal.title for deal in left] == [title for title in ALL if title not in expected]
    assert not {deal.id for deal in left} & set(ids)


def test_get_or_create_finds_by_link(deals: Table[Deal], firms: dict[str, str]) -> None:
    """A record with this very link is found, and not one of a firm of the same name."""
    deal, is_new = deals.get_or_create(firms=[firms["twin"]])
    assert (deal.title, is_new) == ("d", False)
    deal, is_new = deals.get_or_create({"title": "f"}, firms=[firms["inc"]])
    assert (deal.title, is_new) == ("f", True)
    assert deals.count() == 6


def test_a_record_is_looked_up_as_its_id(deals: Table[Deal], firms: dict[str, str]) -> None:
    """A record that was read stands for its id; one that was never saved has none."""
    firm = deals.airtable.table_named("Firms").get(firms["inc"])
    assert [deal.title for deal in deals.find_by(firms__contains=firm)] == ["b"]
    with pytest.raises(LookupValueError, match="never saved"):
        deals.where(firms=Deal(title="x"))


def test_fields_that_are_not_asked_for_can_be_restored(
    deals: Table[Deal], firms: dict[str, str], tmp_path: Any
) -> None:
    """A query of some fields deletes whole records, and an undo brings them back whole."""
    airtable = Airtable(connection=connection_to(deals.airtable.local_base, journal=tmp_path / "j"))
    table = airtable.table(Deal)
    query = table.where(firms__contains=firms["acme"]).only("stage")
    result = query.delete()
    assert len(result.deleted) == 2
    airtable.undo(result.run)
    assert sorted(deal.title for deal in table.where(tags__contains="p").all()) == ["a", "b"]


@pytest.mark.slow
def test_what_it_costs(deals: Table[Deal], firms: dict[str, str], local_base: LocalBase) -> None:
    """A page that is not the last one is followed by the names of the ids, and what these leave."""
    inc = [{"title": f"n{n}", "firms": [firms["inc"]]} for n in range(900)]
    comma = [{"title": f"c{n}", "firms": [firms["comma"]]} for n in range(150)]
    deals.bulk_create([*inc, *comma])

    def cost(read: Callable[[], object]) -> int:
        local_base.requests.clear()
        read()
        return len(local_base.requests)

    by_id = deals.where(firms__contains=firms["twin"])
    assert cost(by_id.all) == 1 + 2 + 2  # "Acme" is in "Acme, Inc" as well
    assert cost(by_id.count) == 1 + 2 + 2
    assert cost(by_id.view("Grid view").first) == 1  # found before the thousand others
    assert cost(by_id.view("Grid view").exists) == 1
    assert cost(lambda: by_id.all(parallel=2)) <= 2 + 3
    assert cost(lambda: by_id.order_by("-title").limit(3).all()) <= 1 + 2 + 2
    assert cost(lambda: deals.where(firms__contains=firms["comma"]).all()) == 1 + 2 + 2
    assert cost(lambda: deals.where(firms__in=[firms["acme"], firms["twin"]]).count()) == 1 + 2 + 2
    assert cost(lambda: deals.where(firms=[firms["acme"], firms["inc"]]).count()) == 1 + 2 + 2
    assert (
        cost(lambda: deals.where(firms__contains=firms["inc"]).view("Grid view").limit(50).all())
        == 1
    )
    assert cost(lambda: deals.where(firms__contains="Acme").all()) == 1
    assert cost(lambda: deals.where(tags__contains="p").all()) == 1
    for key, expected in (("twin", 1), ("acme", 2), ("comma", 151), ("inc", 901)):
        assert deals.where(firms__contains=firms[key]).count() == expected
        assert deals.where(~Q(firms__contains=firms[key])).count() == 1055 - expected
        assert len(deals.where(firms__contains=firms[key]).all(parallel=3)) == expected


def test_what_cannot_be_decided_is_refused(deals: Table[Deal], firms: dict[str, str]) -> None:
    """A name and an id joined by "or" would need what no request shows; said before any is sent."""
    by_id, by_name = Q(firms=firms["acme"]), Q(firms__contains="Inc")
    assert [deal.title for deal in deals.find_by(by_id & ~by_name)] == ["a"]
    with pytest.raises(LookupValueError, match=r"cannot be joined by \| or ~"):
        deals.where(by_id | by_name)
