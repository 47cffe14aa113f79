"""Warnings point at the line of the program that led to them, whatever lies between."""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airhaul import AsyncAirtable, CellWarning, Record, configure, configured
from airhaul.local_base import LocalBase


class Thing(Record, table="Things"):
    name: str
    size: int | None = None  # the table has text there


@pytest.fixture
def things(local_base: LocalBase) -> Iterator[str]:
    """The id of one of 120 records, none of which has a number for its size."""
    configure(local=local_base)
    text = {"type": "singleLineText"}
    configured().create_table("Things", [{"name": "name", **text}, {"name": "size", **text}])
    raw = configured().table_named("Things")
    made = raw.bulk_create([{"name": f"n{n}", "size": "big"} for n in range(120)])
    yield made[0].id


def by_get(id_: str) -> Any:
    return Thing.get(id_)


def by_get_or_none(id_: str) -> Any:
    return Thing.get_or_none(id_)


def by_first(id_: str) -> Any:
    return Thing.first(name="n3")


def by_one(id_: str) -> Any:
    return Thing.where(name="n3").one()


def by_all(id_: str) -> Any:
    return Thing.all()


def by_all_in_parallel(id_: str) -> Any:
    return Thing.all(parallel=3)


def by_find(id_: str) -> Any:
    return Thing.find_by(name="n3")


def by_for(id_: str) -> Any:
    return [thing for thing in Thing.where()]


def by_iterate(id_: str) -> Any:
    return list(Thing.iterate())


def by_sorting(id_: str) -> Any:
    return list(Thing.where().order_by("created_time"))


def by_table(id_: str) -> Any:
    return configured().table(Thing).all()


def by_query_of_table(id_: str) -> Any:
    return next(iter(configured().table(Thing).where()))


def by_export(id_: str) -> Any:
    return Thing.export_file("things.csv")


def by_export_in_parallel(id_: str) -> Any:
    return Thing.where().export_file("things.csv", parallel=2)


def by_update(id_: str) -> Any:
    return Thing.bulk_update([{"id": id_, "name": "other"}])


def by_update_of_a_query(id_: str) -> Any:
    return Thing.where(name="n3").update(name="other")


def by_upsert(id_: str) -> Any:
    return Thing.bulk_upsert([{"name": "n3"}], key="name")


def by_update_or_create(id_: str) -> Any:
    return Thing.update_or_create(name="n3")


def by_get_or_create(id_: str) -> Any:
    return Thing.get_or_create(name="n3")


def by_sync(id_: str) -> Any:
    return list(Thing.sync([{"name": "n3"}], key="name"))


def by_a_generator_of_rows(id_: str) -> Any:
    return Thing.bulk_update({"id": one, "name": "other"} for one in [id_])


def by_awaiting(id_: str) -> Any:
    async def main() -> Any:
        return await Thing.aio.all()

    return asyncio.run(main())


def by_awaiting_one(id_: str) -> Any:
    async def main() -> Any:
        return await Thing.aio.get(id_)

    return asyncio.run(main())


def by_async_for(id_: str) -> Any:
    async def main() -> Any:
        return [thing async for thing in Thing.aio.where()]

    return asyncio.run(main())


def by_a_task(id_: str) -> Any:
    async def read() -> Any:
        return await Thing.aio.where().first()

    async def main() -> Any:
        return await asyncio.gather(asyncio.create_task(read()))

    return asyncio.run(main())


def by_awaiting_an_export(id_: str) -> Any:
    async def main() -> Any:
        return await Thing.aio.export_file("things.csv", parallel=2)

    return asyncio.run(main())


def by_awaiting_an_update(id_: str) -> Any:
    async def main() -> Any:
        return await Thing.aio.bulk_update([{"id": id_, "name": "other"}])

    return asyncio.run(main())


def by_an_async_connection(id_: str) -> Any:
    async def main() -> Any:
        async with AsyncAirtable(connection=configured().connection) as airtable:
            return await airtable.table(Thing).all()

    return asyncio.run(main())


WAYS = [value for name, value in list(vars().items()) if name.startswith("by_")]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_warning_points_at_the_line_of_the_caller(things, way: Callable[[str], Any]) -> None:
    """Not into airhaul, asyncio or the test's own helpers: at the verb that was called."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        way(things)
    told = [warning for warning in caught if warning.category is CellWarning]
    assert len(told) == 1
    assert told[0].filename == __file__
    source, start = inspect.getsourcelines(way)
    line = source[told[0].lineno - start]
    assert "Thing" in line, line
    assert "'size'" in str(told[0].message)


def test_a_warning_can_be_filtered_by_its_class(things) -> None:
    """The class is public, as filters name it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", CellWarning)
        assert len(Thing.all()) == 120
