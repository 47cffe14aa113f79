"""What checkers make of users' code; checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import assert_type

from airhaul import (
    Airtable,
    AsyncAirtable,
    AsyncQuery,
    AsyncTable,
    BulkError,
    BulkResult,
    F,
    Q,
    Query,
    Record,
    RowOutcome,
    Table,
    airtable_field,
    airtable_model,
)


class User(Record, table="Users"):
    name: str
    age: int | None = None
    full_name: str = airtable_field("", column="Full name")


@airtable_model(table_name="Tasks")
class Task(Record):
    title: str


def blocking(airtable: Airtable) -> None:
    assert_type(User.bulk_create([{"name": "a"}]), BulkResult[User])
    assert_type(User.bulk_create([User(name="a")], progress=True)[0], User)
    assert_type(User.bulk_create([])[1:], list[User])
    assert_type(User.bulk_create([]).outcomes[0], RowOutcome[User])
    assert_type(User.first(name="a"), User | None)
    assert_type(User.find_by(age__gt=3), list[User])
    assert_type(User.all(sort="-age", max_records=3), list[User])
    assert_type(User.iterate(), Iterator[User])
    assert_type(User.get("rec"), User)
    assert_type(User.where(Q(age=1) | F("Age").__gt__(3)), Query[User])
    assert_type(User.where(age=1).order_by("-age").limit(3).first(), User | None)
    assert_type(User.create(name="a"), User)
    assert_type(User.create(name="a").save(), User)
    assert_type(User.import_csv("a.csv"), BulkResult[User])
    assert_type(User.count(), int)
    assert_type(User.exists(name="a"), bool)
    assert_type(User.using(airtable), Table[User])
    assert_type(airtable.table(User).all(), list[User])
    assert_type(Task.first(), Task | None)
    try:
        User.bulk_create([])
    except BulkError as error:
        print(error.result)


async def awaited(airtable: AsyncAirtable) -> None:
    assert_type(await User.aio.bulk_create([{"name": "a"}]), BulkResult[User])
    assert_type(await User.aio.first(name="a"), User | None)
    assert_type(await User.aio.find_by(age__gt=3), list[User])
    assert_type(await User.aio.all(), list[User])
    assert_type(User.aio.iterate(), AsyncIterator[User])
    assert_type(User.aio.where(age=1), AsyncQuery[User])
    assert_type(await User.aio.where(age=1).all(), list[User])
    assert_type(User.using(airtable), AsyncTable[User])
    assert_type(await airtable.table(User).get("rec"), User)
