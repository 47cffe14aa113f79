"""A base and a table of people, in process and over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from airhaul import Airtable, Table
from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from tests.client.verbs.people import FAST, Person
from tests.conftest import connect, connection_to


@pytest.fixture
def local_base() -> Iterator[LocalBase]:
    with LocalBase.open(hold_s=1.0) as opened:
        yield opened


@pytest.fixture(params=["in process", "over HTTP"])
def people(request: pytest.FixtureRequest, local_base: LocalBase) -> Iterator[Table[Person]]:
    """The table, empty, with its requests not counted yet."""
    with _connected(local_base, request.param) as airtable:
        table = airtable.table(Person)
        table.create_table()
        local_base.requests.clear()
        yield table


@contextmanager
def _connected(local_base: LocalBase, how: str) -> Iterator[Airtable]:
    if how == "in process":
        yield Airtable(connection=connection_to(local_base, retries=FAST))
        return
    with (
        LocalServer(local_base) as server,
        connect(server, retries=FAST, timeout_s=0.5) as airtable,
    ):
        yield airtable
