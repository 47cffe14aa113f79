"""Binding all models to one base for a while, outside pytest."""

from __future__ import annotations

import asyncio

import pytest

from airhaul import Airtable, AsyncAirtable, Config, Record, airtable_model, configure, configured
from airhaul.errors import ConfigurationError
from airhaul.testing import models_on


class User(Record, table="Users"):
    name: str


@airtable_model(table_name="Users", config=Config(local="own.db"))
class Own(Record):
    name: str


def test_all_models_work_on_the_base_until_the_end_of_the_block() -> None:
    """Configured or not, with a connection of their own or not; blocks may be nested."""
    with Airtable.local() as outer, Airtable.local() as inner:
        with models_on(outer):
            User.create_table()
            User.create(name="a")
            with models_on(inner):
                User.create_table()
                assert (User.count(), Own.count()) == (0, 0)
                assert configured().local_base is inner.local_base
            configure(local=":memory:")
            assert (User.count(), Own.count()) == (1, 1)
    with pytest.raises(Exception, match="Users"):
        User.count()  # the base in memory that was configured meanwhile


def test_what_fails_inside_leaves_nothing_bound() -> None:
    """A test that fails does not bind the models of the next one."""
    with Airtable.local() as airtable, pytest.raises(ZeroDivisionError), models_on(airtable):
        _ = 1 / 0
    with pytest.raises(ConfigurationError, match="not configured"):
        User.count()


def test_an_awaited_connection_binds_as_well() -> None:
    """For suites of awaited tests."""

    async def run() -> int:
        async with AsyncAirtable.local() as airtable:
            with models_on(airtable):
                await User.aio.create_table()
                await User.aio.create(name="a")
                return await airtable.table(User).count()

    assert asyncio.run(run()) == 1
