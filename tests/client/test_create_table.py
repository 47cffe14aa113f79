"""``create_table(exist_ok=True)``: a program may be started again."""

from __future__ import annotations

import asyncio

import pytest

from airhaul import Airtable, AsyncAirtable, Record, airtable_field, configure
from airhaul.errors import InvalidRequestError
from airhaul.local_base.base import LocalBase
from tests.conftest import connection_to


class User(Record, table="Users"):
    name: str
    age: int | None = None


class Other(Record, table="Users"):
    name: int
    email: str


def requests(local_base: LocalBase) -> list[tuple[str, int]]:
    found = [(request.method, request.status) for request in local_base.requests]
    local_base.requests.clear()
    return found


def test_a_table_is_created_once(airtable, local_base) -> None:
    """The second call reads the schema, writes nothing, and gives the same table."""
    users = airtable.table(User)
    made = users.create_table(exist_ok=True)
    assert requests(local_base) == [("GET", 200), ("POST", 200)]
    assert users.create_table(exist_ok=True) == made
    assert requests(local_base) == [("GET", 200)]
    with pytest.raises(InvalidRequestError, match="DUPLICATE_TABLE_NAME"):
        users.create_table()


def test_a_table_that_differs_is_left_as_it_is(airtable, local_base) -> None:
    """Neither its fields nor its records change, and no field is added."""
    airtable.table(User).create_table()
    airtable.table(User).create(name="Ada")
    before = airtable.schema()
    requests(local_base)
    assert airtable.table(Other).create_table(exist_ok=True) == before[0]
    assert airtable.create_table("Users", [], exist_ok=True) == before[0]
    assert requests(local_base) == [("GET", 200)] * 2
    assert airtable.schema() == before
    assert airtable.table(User).count() == 1


def test_a_table_is_known_by_its_id_too(airtable, local_base) -> None:
    """A model that is bound to the id of a table uses that one."""
    made = airtable.table(User).create_table()

    class ById(Record, table=made["id"]):
        name: str

    assert airtable.table(ById).create_table(exist_ok=True) == made
    assert airtable.find_table(made["id"]) == made
    assert airtable.find_table("Nobody") is None


def test_a_table_that_no_api_could_create_is_used_where_it_exists(airtable) -> None:
    """A link needs its other table to be created, and nothing to be used."""

    class Linked(Record, table="Users"):
        name: str
        friends: list[str] = airtable_field(default_factory=list, type="multipleRecordLinks")

    airtable.table(User).create_table()
    assert airtable.table(Linked).create_table(exist_ok=True)["name"] == "Users"


def test_models_and_awaited_tables_take_it_too(local_base) -> None:
    """``User.create_table(exist_ok=True)`` and ``await User.aio.create_table(exist_ok=True)``."""
    configure(local=local_base)
    made = User.create_table(exist_ok=True)
    assert User.create_table(exist_ok=True) == made
    assert asyncio.run(User.aio.create_table(exist_ok=True)) == made

    async def run():
        async with AsyncAirtable(connection=connection_to(local_base)) as airtable:
            return await airtable.create_table("Users", [], exist_ok=True)

    assert asyncio.run(run()) == made


def test_two_programs_that_start_together_use_one_table(local_base) -> None:
    """Whoever comes second between look and create is not refused."""
    first = Airtable(connection=connection_to(local_base))

    class Second(Airtable):
        def find_table(self, name):
            found = super().find_table(name)
            if found is None:
                first.create_table(name, [{"name": "name", "type": "singleLineText"}])
            return found

    second = Second(connection=connection_to(local_base))
    table = second.create_table("Users", [{"name": "x", "type": "number"}], exist_ok=True)
    assert [field["name"] for field in table["fields"]] == ["name"]
    assert len(first.schema()) == 1
