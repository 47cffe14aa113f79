"""Links by name: a second identical write finds nothing to do, and a name goes where it belongs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from airhaul import Airtable, BulkError, BulkResult, Record, RowError, Table, airtable_field
from airhaul.local_base import Fault, Faults, LocalServer, Token
from airhaul.local_base.base import LocalBase
from airhaul.messages import Message, Option
from tests.client.verbs.people import FAST, writes
from tests.conftest import connect, connection_to

NAME = {"name": "Name", "type": "singleLineText"}
CHOICES = {"choices": [{"name": "red"}, {"name": "p, q"}]}


class Deal(Record, table="Deals"):
    title: str = airtable_field(column="Name")
    who: list[str] = airtable_field(column="Who", type="multipleRecordLinks", default_factory=list)
    kind: str | None = airtable_field(None, column="Kind", type="singleSelect")
    tags: list[str] = airtable_field(column="Tags", type="multipleSelects", default_factory=list)


class Owned(Record, table="Deals"):
    """A link that is one name: its cell is a list all the same, which reads as a bad cell."""

    title: str = airtable_field(column="Name")
    owner: str | None = airtable_field(None, column="Owner", type="multipleRecordLinks")


class Bare(Record, table="Deals"):
    title: str = airtable_field(column="Name")
    who: list[str] = airtable_field(column="Who", type="multipleRecordLinks", default_factory=list)


@pytest.fixture
def airtable(local_base: LocalBase) -> Airtable:
    return Airtable(connection=connection_to(local_base, retries=FAST))


@pytest.fixture
def people(airtable: Airtable) -> Table[Any]:
    """The linked table: one Ada, one with a comma in the name, two of the name Bob."""
    airtable.create_table("People", [NAME])
    table = airtable.table_named("People")
    table.bulk_create([{"Name": name} for name in ("Ada", "Smith, John", "Bob", "Bob")])
    return table


@pytest.fixture
def deals(airtable: Airtable, people: Table[Any], local_base: LocalBase) -> Iterator[Table[Deal]]:
    link = {"linkedTableId": airtable.table_schema("People")["id"]}
    airtable.create_table(
        "Deals",
        [
            NAME,
            {"name": "Who", "type": "multipleRecordLinks", "options": link},
            {"name": "Owner", "type": "multipleRecordLinks", "options": link},
            {"name": "Kind", "type": "singleSelect", "options": CHOICES},
            {"name": "Tags", "type": "multipleSelects", "options": CHOICES},
        ],
    )
    local_base.requests.clear()
    yield airtable.table(Deal)


def names(people: Table[Any]) -> list[str]:
    return [person.name for person in people.all(view="Grid view")]


class Mixed(Record, table="Mixed"):
    """Values of every kind that Airtable stores in another form than it is sent."""

    name: str = airtable_field(column="Name")
    numbers: tuple[str, ...] = airtable_field((), column="Numbers", type="multipleRecordLinks")
    days: list[str] = airtable_field(
        column="Days", type="multipleRecordLinks", default_factory=list
    )
    tags: set[str] = airtable_field(column="Tags", type="multipleSelects", default_factory=set)
    price: Decimal | str | None = airtable_field(None, column="Price", type="currency")
    at: datetime | None = airtable_field(None, column="At", type="dateTime")
    length: timedelta | str | None = airtable_field(None, column="Length", type="duration")
    done: bool | str = airtable_field(False, column="Done", type="checkbox")


@pytest.mark.filterwarnings("ignore::airhaul.model.read.CellWarning")
def test_values_of_all_kinds_settle(airtable: Airtable, local_base: LocalBase) -> None:
    """Links to tables named by numbers and dates, tuples, sets, Decimals, naive times and texts."""
    whole = {"precision": 0}
    numbers = airtable.create_table("N", [{"name": "N", "type": "number", "options": whole}])
    iso = {"dateFormat": {"name": "iso"}}
    days = airtable.create_table("D", [{"name": "D", "type": "date", "options": iso}])
    zone = {**iso, "timeFormat": {"name": "24hour"}, "timeZone": "Europe/Berlin"}
    types = {
        "Numbers": ("multipleRecordLinks", {"linkedTableId": numbers["id"]}),
        "Days": ("multipleRecordLinks", {"linkedTableId": days["id"]}),
        "Tags": ("multipleSelects", {"choices": []}),
        "Price": ("currency", {"precision": 2, "symbol": "$"}),
        "At": ("dateTime", zone),
        "Length": ("duration", {"durationFormat": "h:mm:ss"}),
        "Done": ("checkbox", {"icon": "check", "color": "greenBright"}),
    }
    fields: Any = [
        {"name": name, "type": type_, "options": options}
        for name, (type_, options) in types.items()
    ]
    airtable.create_table("Mixed", [NAME, *fields])
    rows: list[dict[str, Any]] = [
        {"name": "a", "numbers": ("12", "7"), "days": ["2024-01-31"], "tags": {"x", "p, q"},
         "price": Decimal("12.50"), "at": datetime(2024, 1, 1, 12), "length": timedelta(minutes=5),
         "done": True},
        {"name": "b", "price": "$1,200.50", "length": "1:30", "done": "checked"},
        {"name": "c", "price": None, "tags": set(), "done": "no"},
    ]  # fmt: skip
    table = airtable.table(Mixed)
    assert table.sync(rows, key="name", typecast=True).counts() == {"created": 3}
    local_base.requests.clear()
    assert not table.plan_sync(rows, key="name", typecast=True).differences
    assert table.sync(rows, key="name", typecast=True).counts() == {"unchanged": 3}
    assert writes(local_base) == []


CELLS: list[Any] = [
    {"who": ["Ada"]},
    {"who": ["Ada", "New"]},
    {"who": ["New", "Ada"]},
    {"who": ["New", "New"]},
    {"who": ["Smith, John", "Ada"]},
    {"who": ["Bob"]},
    {"who": ["Bob", "Ada"]},
    {"who": [" Ada "]},
    {"kind": "new choice"},
    {"kind": "p, q"},
    {"tags": ["p, q", "new, choice", "x"]},
    {"who": []},
]


@pytest.mark.parametrize("cells", CELLS, ids=str)
def test_a_second_sync_writes_nothing(
    deals: Table[Deal], people: Table[Any], local_base: LocalBase, cells: dict[str, Any]
) -> None:
    """Names are compared as the ids that Airtable has stored, so that nothing is written twice."""
    rows = [{"title": "x", **cells}, {"title": "y", **cells}]
    assert deals.sync(rows, key="title", typecast=True).counts() == {"created": 2}
    there = names(people)
    local_base.requests.clear()
    plan = deals.plan_sync(rows, key="title", typecast=True)
    assert not plan.differences, plan
    assert deals.sync(rows, key="title", typecast=True).counts() == {"unchanged": 2}
    assert writes(local_base) == []
    assert names(people) == there


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("Ada, New", ["Ada", "New"]),
        ("Smith, John", ["Smith, John"]),
        ('"New, one", Ada', ["New, one", "Ada"]),
        ("Bob", ["Bob"]),
    ],
)
def test_a_second_sync_of_a_file_writes_nothing(
    deals: Table[Deal], people: Table[Any], local_base: LocalBase, tmp_path: Any, text: str,
    linked: list[str],
) -> None:  # fmt: skip
    """A cell of a file may be one name with a comma, or several."""
    file = tmp_path / "deals.csv"
    quoted = text.replace('"', '""')
    file.write_text(f'Name,Who\nx,"{quoted}"\n', encoding="utf-8")
    deals.sync_file(file, key="title", typecast=True)
    by_id = {person.id: person.name for person in people.all()}
    assert [by_id[one] for one in deals.all()[0].who] == linked
    local_base.requests.clear()
    assert deals.sync_file(file, key="title", typecast=True).counts() == {"unchanged": 1}
    assert writes(local_base) == []


@pytest.mark.filterwarnings("ignore::airhaul.model.read.CellWarning")
@pytest.mark.parametrize("name", ["Ada", "Smith, John", "New, one"])
def test_a_single_link_is_one_name(
    airtable: Airtable, deals: Table[Deal], people: Table[Any], local_base: LocalBase,
    tmp_path: Any, name: str,
) -> None:  # fmt: skip
    """A field for one link has one name, whether or not it has a comma and comes from a file."""
    file = tmp_path / "deals.csv"
    file.write_text(f'Name,Owner\nx,"{name}"\n', encoding="utf-8")
    owned = airtable.table(Owned)
    owned.import_file(file, typecast=True)
    by_id = {person.id: person.name for person in people.all()}
    (cell,) = [deal._cells["Owner"] for deal in owned.all() if deal._cells]
    assert [by_id[one] for one in cell] == [name]
    local_base.requests.clear()
    owned.sync_file(file, key="title", typecast=True)
    assert writes(local_base) == []


def test_a_plan_shows_what_a_name_changes(deals: Table[Deal], people: Table[Any]) -> None:
    """The difference is in ids as they will be stored, and a name that no record has stays one."""
    ada, smith = people.all(view="Grid view")[:2]
    deals.bulk_create([{"title": "x", "who": ["Ada"]}], typecast=True)
    plan = deals.plan_sync([{"title": "x", "who": ["Smith, John", "New"]}], "title", typecast=True)
    (difference,) = plan.differences
    assert difference.cells == {"Who": ([ada.id], [smith.id, "New"])}
    plan.apply()
    assert names(people)[-1] == "New"
    by_id = {person.id: person.name for person in people.all()}
    assert [by_id[one] for one in deals.all()[0].who] == ["Smith, John", "New"]


@pytest.mark.parametrize("count", [1, 100, 101, 250])
def test_what_the_look_up_costs(
    deals: Table[Deal], people: Table[Any], local_base: LocalBase, count: int
) -> None:
    """One request for the schema, and one for 100 different names; none if there are no names."""
    rows = [{"title": f"t{n}", "who": [f"n{n}"]} for n in range(count)]
    deals.sync(rows, key="title", typecast=True)
    assert deals.sync([{"title": "other"}], key="title", typecast=True).requests == 1 + -(
        -count // 100
    )
    pages = -(-(count + 1) // 100)
    local_base.requests.clear()
    assert deals.sync(rows, key="title", typecast=True).counts() == {"unchanged": count}
    looked_up = {1: 1, 100: 1, 101: 2, 250: 3}[count]
    assert len(local_base.requests) == pages + 1 + looked_up
    ids = [{"title": deal.title, "who": deal.who} for deal in deals.all() if deal.who]
    local_base.requests.clear()
    deals.sync(ids, key="title", typecast=True)
    assert len(local_base.requests) == pages


@pytest.mark.parametrize("as_file", [False, True])
def test_a_second_upsert_writes_nothing_where_it_reads_first(
    people: Table[Any], deals: Table[Deal], local_base: LocalBase, tmp_path: Any, as_file: bool
) -> None:
    """An upsert that reads the records first, as for a journal, compares names as well."""
    journal = tmp_path / "journal.db"
    airtable = Airtable(connection=connection_to(local_base, journal=journal))
    table = airtable.table(Deal)
    rows = [{"title": f"t{n}", "who": ["Ada", "Smith, John", f"n{n}"]} for n in range(150)]
    file = tmp_path / "deals.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    def upsert() -> BulkResult[Deal]:
        if as_file:
            return table.import_file(file, key="title", typecast=True)
        return table.bulk_upsert(rows, key="title", typecast=True)

    assert upsert().counts() == {"created": 150}
    there = names(people)
    local_base.requests.clear()
    assert upsert().counts() == {"unchanged": 150}
    assert writes(local_base) == []
    # Two look-ups of records, the schema, and names of which the last rows have other ones.
    assert len(local_base.requests) <= 2 + 2 + 4
    assert names(people) == there
    rows[7]["who"] = ["Ada"]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert upsert().counts() == {"updated": 1, "unchanged": 149}


def test_an_upsert_without_the_schema_writes_links_by_name_again(tmp_path: Any) -> None:
    """A token that may not read the schema loses nothing but the comparison."""
    file = tmp_path / "base.db"
    with Airtable.local(file) as airtable:
        airtable.create_table("People", [NAME])
        link = {"linkedTableId": airtable.table_schema("People")["id"]}
        airtable.create_table(
            "Deals", [NAME, {"name": "Who", "type": "multipleRecordLinks", "options": link}]
        )
    token = Token("patTest.secret", scopes=frozenset({"data.records:read", "data.records:write"}))
    with (
        LocalBase.open(file, tokens=[token]) as local_base,
        LocalServer(local_base) as server,
        connect(server, journal=tmp_path / "journal.db") as airtable,
    ):
        rows = [{"Name": "x", "Who": ["Ada"]}]
        table = airtable.table(Bare)
        assert table.bulk_upsert(rows, key="title", typecast=True).counts() == {"created": 1}
        assert table.bulk_upsert(rows, key="title", typecast=True).counts() == {"updated": 1}
        plan = table.plan_upsert(rows, key="title", typecast=True)
        assert "may not read the schema" in str(plan)


@pytest.mark.parametrize("verb", ["plan_update", "plan_upsert", "plan_replace", "where"])
def test_all_plans_compare_names(deals: Table[Deal], verb: str) -> None:
    """Every plan that compares with what is stored knows what a name means."""
    (deal,) = deals.bulk_create([{"title": "x", "who": ["Ada", "Bob"]}], typecast=True)
    row = {"id": deal.id, "title": "x", "who": ["Bob", "Ada"]}
    if verb == "where":
        plan = deals.where().plan_update(who=["Bob", "Ada"], typecast=True)
        assert deals.where().update(who=["Bob", "Ada"], typecast=True).counts() == {"unchanged": 1}
    elif verb == "plan_upsert":
        del row["id"]
        plan = deals.plan_upsert([row], key="title", typecast=True)
    else:
        plan = getattr(deals, verb)([row], typecast=True)
    assert not plan.differences


def test_one_record_is_written_by_name(deals: Table[Deal], people: Table[Any]) -> None:
    """create, save, get_or_create and update_or_create take names and new choices, too."""
    ada, smith = (person.id for person in people.all(view="Grid view")[:2])
    deal = deals.create(title="x", who=["Ada"], kind="new", typecast=True)
    assert (deal.who, deal.kind) == ([ada], "new")
    deal.kind, deal.who = "newer", ["Smith, John"]
    deals.save(deal, typecast=True)
    assert (deal.kind, deal.who) == ("newer", [smith])
    found, is_new = deals.get_or_create(
        {"who": ["Ada"], "kind": "newest"}, title="y", typecast=True
    )
    assert (is_new, found.who) == (True, [ada])
    found, is_new = deals.update_or_create({"kind": "other"}, title="y", typecast=True)
    assert (is_new, found.kind) == (False, "other")


def test_a_name_is_refused_before_anything_is_sent(
    deals: Table[Deal], local_base: LocalBase
) -> None:
    """Without typecast a name cannot be a link, which is known without a request."""
    rows = [{"title": f"t{n}", "who": ["Ada"]} for n in range(1_000)]
    result = deals.bulk_create([*rows, {"title": "good"}], on_error="continue")
    assert result.counts() == {"failed": 1_000, "created": 1}
    assert len(local_base.requests) == 1
    said = result.errors[0].error.message
    assert isinstance(said, Message)
    assert [part for part in said.parts if not isinstance(part, str)] == [
        Option("typecast", value=True),
        Option("link_by", {"Who": "NAME"}),
    ]
    local_base.requests.clear()
    for write in (
        lambda: deals.bulk_create(rows),
        lambda: deals.create(title="x", who=["Ada"]),
        lambda: deals.where().update(who=["Ada"]),
        lambda: deals.sync(rows, key="title"),
    ):
        with pytest.raises(
            (BulkError, RowError), match="'Ada' is not a record ID; to link by name"
        ):
            write()
    assert all(request.method == "GET" for request in local_base.requests)


def test_a_lost_create_with_names_is_found(
    deals: Table[Deal], people: Table[Any], local_base: LocalBase
) -> None:
    """What was sent are names and what is stored are ids: it is the same row, and not sent again."""
    local_base.faults = Faults(Fault("close-after", at=1, method="POST"))
    rows = [{"title": f"t{n}", "who": ["Ada", "New"], "kind": "new"} for n in range(12)]
    assert deals.bulk_create(rows, typecast=True).counts() == {"created": 12}
    assert deals.count() == 12
    assert names(people).count("New") == 1


def test_a_lost_update_with_names_is_not_called_failed(
    deals: Table[Deal], local_base: LocalBase
) -> None:
    """Airtable has carried out every try, which the ids of the linked records do not show."""
    (deal,) = deals.bulk_create([{"title": "x"}])
    local_base.faults = Faults(Fault("close-after", probability=1, method="PATCH"))
    row = {"id": deal.id, "who": ["Ada"]}
    result = deals.bulk_update([row], typecast=True, on_error="continue")
    assert result.counts() == {"unknown": 1}
    assert len(deals.get(str(deal.id)).who) == 1


def test_what_was_linked_by_name_can_be_undone(
    deals: Table[Deal], people: Table[Any], local_base: LocalBase, tmp_path: Any
) -> None:
    """The id that Airtable has stored for a name is no change that somebody made since."""
    journal = tmp_path / "journal.db"
    airtable = Airtable(connection=connection_to(local_base, journal=journal))
    again = airtable.table(Deal)
    created = again.bulk_create(
        [{"title": "x", "who": ["Ada"]}, {"title": "y", "who": ["Bob"]}], typecast=True
    )
    changed = again.sync([{"title": "x", "who": ["Smith, John"]}], key="title", typecast=True)
    assert changed.counts() == {"updated": 1}
    assert airtable.undo(changed.run).counts() == {"updated": 1}
    deal = deals.first(title="y")
    deal.who = [people.first(name="Ada").id]
    deals.save(deal)
    plan = airtable.plan_undo(created.run)
    assert [one.verb for one in plan.differences] == ["delete"]
    assert "'Who' was changed since" in str(plan.errors[0])
