"""Queries as people write them: iterated, asked for the only record, sorted by creation time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airhaul import Airtable, AsyncAirtable, Record, Table, airtable_field, configure
from airhaul.errors import (
    ConfigurationError,
    LookupValueError,
    NoRecordError,
    NotFoundError,
    SeveralRecordsError,
)
from airhaul.local_base.base import LocalBase
from tests.client.verbs.people import Person, rows
from tests.conftest import connection_to
from tests.local_base.clock import Clock

BEGAN = datetime(2024, 5, 1, 12, tzinfo=UTC)


# --- for x in query


@pytest.mark.slow
def test_a_query_is_iterated_page_by_page(people, local_base) -> None:
    """``for`` reads a page when it gets there, and no page that it does not get to."""
    people.bulk_create(rows(250))
    local_base.requests.clear()
    seen = []
    for person in people.where(age__gte=0).order_by("age"):
        seen.append(person.age)
        if len(seen) == 101:
            break
    assert seen == list(range(101))
    assert len(local_base.requests) == 2
    assert [person.age for person in people.where(age__lt=3).order_by("-age")] == [2, 1, 0]
    assert len(list(people.where())) == 250


def test_a_query_is_iterated_again_from_the_start(people) -> None:
    """A query is a question, not an answer: it may be asked twice."""
    people.bulk_create(rows(3))
    query = people.where()
    assert len(list(query)) == len(list(query)) == 3
    people.bulk_create(rows(1))
    assert len(list(query)) == 4


def test_an_awaited_query_is_iterated_too(local_base) -> None:
    """``async for`` on a query, of a connection and of a model."""

    async def ages() -> tuple[list[int], list[int]]:
        async with AsyncAirtable(connection=connection_to(local_base)) as airtable:
            table = airtable.table(Person)
            await table.create_table()
            await table.bulk_create(rows(120))
            local_base.requests.clear()
            found = [person.age async for person in table.where(age__gt=10).order_by("age")]
        configure(local=local_base)
        return found, [person.age async for person in Person.aio.where(age__lt=2).order_by("age")]

    assert asyncio.run(ages()) == (list(range(11, 120)), [0, 1])
    assert len(local_base.requests) == 3


def test_a_model_is_iterated_by_its_query(local_base) -> None:
    """``for person in Person.where(...)`` on the configured base."""
    configure(local=local_base)
    Person.create_table()
    Person.bulk_create(rows(5))
    assert [person.age for person in Person.where(age__gt=2).order_by("age")] == [3, 4]


def test_a_query_has_no_truth_value(people) -> None:
    """``if people.where(...)`` would always be true: an error names what to write instead."""
    with pytest.raises(TypeError, match=r"exists\(\)"):
        bool(people.where(age=1))


# --- one


def test_the_only_record_is_read_with_one_request_for_two(people, local_base) -> None:
    """Two records are enough to know that there are several."""
    people.bulk_create(rows(30))
    local_base.requests.clear()
    assert people.where(age=7).one().name == "N7"
    with pytest.raises(NoRecordError, match=r"No record.* = 70"):
        people.where(age=70).one()
    with pytest.raises(SeveralRecordsError, match=r"More than one record.*rec\w{14}, rec\w{14}"):
        people.where(age__gt=7).order_by("age").one()
    assert [dict(asked.query)["maxRecords"] for asked in local_base.requests] == ["2"] * 3
    assert people.where(age__gt=7).order_by("age").limit(1).one().age == 8


def test_the_only_record_is_awaited_alike(local_base) -> None:
    """The same errors from the async version."""

    async def run() -> None:
        async with AsyncAirtable(connection=connection_to(local_base)) as airtable:
            table = airtable.table(Person)
            await table.create_table()
            await table.bulk_create(rows(3))
            assert (await table.where(age=1).one()).age == 1
            with pytest.raises(LookupError):
                await table.where(age=9).one()
            with pytest.raises(SeveralRecordsError):
                await table.where().one()

    asyncio.run(run())


# --- get_or_none


def test_a_record_that_is_not_there_is_none(people, local_base) -> None:
    """Of any text that is no record's id, ``get`` finds none; a missing table is still an error."""
    (made,) = people.bulk_create(rows(1))
    local_base.requests.clear()
    assert people.get_or_none(made.id) == made
    people.delete(made)
    assert people.get_or_none(made.id) is None
    assert not people.exists(made.id)
    assert [asked.method for asked in local_base.requests] == ["GET", "DELETE", "GET", "GET"]
    for text in ("N0", "a'\"b", f" {made.id}"):
        assert people.get_or_none(text) is None
        assert not people.exists(text)
        with pytest.raises(NotFoundError):
            people.get(text)

    class Missing(Record, table="Missing"):
        name: str

    with pytest.raises(Exception, match="Missing"):
        people.airtable.table(Missing).get_or_none("N0")


@pytest.mark.parametrize(
    ("ask", "error", "said"),
    [
        (lambda p: p.where().order_by(["-age"]).all(), ConfigurationError, '"-name" or .*desc'),
        (lambda p: p.where().limit("2").all(), ConfigurationError, r"The limit \(max_records\)"),
        (lambda p: p.where().limit(0).all(), ConfigurationError, "at least 1, not 0"),
        (lambda p: p.get(None), LookupValueError, "None is not a record ID"),
        (lambda p: p.get(""), LookupValueError, "'' is not a record ID"),
        (lambda p: p.get_or_none(None), LookupValueError, "None is not a record ID"),
        (lambda p: p.get_or_none(""), LookupValueError, "'' is not a record ID"),
    ],
)
def test_what_no_query_takes_is_refused_by_name(
    people, local_base, ask: Any, error: type[Exception], said: str
) -> None:
    """Python's own errors, such as "not enough values to unpack", name nothing of the caller's."""
    local_base.requests.clear()
    with pytest.raises(error, match=said):
        ask(people)
    assert len(local_base.requests) == 0


def test_a_column_called_id_is_not_the_record_id(airtable, local_base) -> None:
    """A table without a model may have a column ``id``: records are found by their own ids."""
    airtable.create_table("Things", [{"name": "id", "type": "singleLineText"}])
    things = airtable.table_named("Things")
    made = things.bulk_create([{"id": "a"}])[0]
    (found,) = things.all()
    assert things.get_or_none(found.id) == found
    assert things.exists(found.id)
    assert made.id == found.id


# --- order_by("created_time")


@pytest.fixture
def aged() -> Iterator[Table[Person]]:
    """130 people, created at one a minute, in an order that neither id nor name has."""
    clock = Clock(BEGAN)
    with LocalBase.open(wall_clock=clock) as base:
        table = Airtable(connection=connection_to(base)).table(Person)
        table.create_table()
        for number in range(130):
            clock.now = BEGAN + timedelta(minutes=number * 37 % 130)
            table.create(**rows(1)[0] | {"age": number * 37 % 130})
        base.requests.clear()
        yield table


def ages(found) -> list[int]:
    return [person.age for person in found]


def test_a_query_is_sorted_by_creation_time(aged) -> None:
    """Airtable cannot: the list is read to its end and sorted, in every way to read a query."""
    query = aged.where(age__gte=10)
    assert ages(query.order_by("created_time")) == list(range(10, 130))
    assert ages(query.order_by("-created_time").all()) == list(range(129, 9, -1))
    assert ages(query.order_by("-created_time").iterate()) == list(range(129, 9, -1))
    assert ages(aged.all(sort=("created_time", "desc"))) == list(range(129, -1, -1))
    assert ages(query.order_by("-created_time").all(parallel=3)) == list(range(129, 9, -1))
    assert ages(query.only("age").order_by("created_time"))[:3] == [10, 11, 12]


def test_limits_are_right_when_sorted_by_creation_time(aged) -> None:
    """The newest three are the newest of all, and not of the first page."""
    newest = aged.where(age__lt=120).order_by("-created_time")
    before = len(aged.airtable.local_base.requests)
    assert newest.first().age == 119
    assert len(aged.airtable.local_base.requests) - before == 2  # a page of 100, and the rest
    assert ages(newest.limit(3)) == [119, 118, 117]
    assert ages(newest.limit(3).all(parallel=2)) == [119, 118, 117]
    assert newest.limit(3).count() == 3
    assert newest.exists()
    assert newest.limit(1).one().age == 119
    assert newest.export_file("newest.csv") == 120
    with pytest.raises(ConfigurationError, match="at least 1"):
        newest.limit(0).all()


def test_the_oldest_are_updated_and_deleted(aged) -> None:
    """A limit on a sorted query writes the records that it reads, and no others."""
    oldest = aged.where().order_by("created_time").limit(4)
    assert ages(oldest.update(notes="old")) == [0, 1, 2, 3]
    assert sorted(ages(aged.find_by(notes="old"))) == [0, 1, 2, 3]
    assert oldest.plan_delete().counts()["delete"] == 4
    assert len(oldest.delete().deleted) == 4
    assert min(ages(aged.all())) == 4


def test_records_of_one_second_keep_the_order_of_the_other_keys(aged) -> None:
    """Other keys come after the creation time; before it they are refused with the reason."""
    aged.bulk_create([{"name": name, "email": "e", "age": 500} for name in "bca"])
    latest = aged.where(age=500)
    names = [person.name for person in latest.order_by("-created_time", "name")]
    assert names == ["a", "b", "c"]
    names = [person.name for person in latest.order_by("created_time", "-name")]
    assert names == ["c", "b", "a"]
    with pytest.raises(ConfigurationError, match="created_time has to come first"):
        aged.where().order_by("name", "created_time").all()


def test_a_field_for_the_creation_time_is_sorted_by_airtable(local_base) -> None:
    """Where the model has such a field, the newest record is one request for one record."""

    class Note(Record, table="Notes"):
        text: str
        added: datetime | None = airtable_field(None, column="Added", type="createdTime")

    notes = Airtable(connection=connection_to(local_base)).table(Note)
    notes.create_table()
    local_base.add_field(
        local_base.default_base_id, "Notes", {"name": "Added", "type": "createdTime"}
    )
    notes.bulk_create([{"text": str(n)} for n in range(120)])
    local_base.requests.clear()
    assert notes.where().order_by("-created_time").first() is not None
    (asked,) = local_base.requests
    assert dict(asked.query)["sort[0][field]"] == "Added"
    assert dict(asked.query)["maxRecords"] == "1"


def test_a_column_called_created_time_is_a_column(airtable, local_base) -> None:
    """A table's own names come first."""
    airtable.create_table("Things", [{"name": "created_time", "type": "singleLineText"}])
    things = airtable.table_named("Things")
    things.airtable.table_named("Things").bulk_create([{"created_time": text} for text in "bca"])
    local_base.requests.clear()
    things.all(sort="created_time", max_records=2)
    assert dict(local_base.requests[-1].query)["sort[0][field]"] == "created_time"
    assert dict(local_base.requests[-1].query)["maxRecords"] == "2"
