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
def emulator() -> Iterator[LocalBase]:
    with LocalBase.open(hold_s=1.0) as opened:
        yield opened


@pytest.fixture(params=["in process", "over HTTP"])
def people(request: pytest.FixtureRequest, emulator: LocalBase) -> Iterator[Table[Person]]:
    """The table, empty, with its requests not counted yet."""
    with _connected(emulator, request.param) as airtable:
        table = airtable.table(Person)
        table.create_table()
        emulator.requests.clear()
        yield table


@contextmanager
def _connected(emulator: LocalBase, how: str) -> Iterator[Airtable]:
    if how == "in process":
        yield Airtable(connection=connection_to(emulator, retries=FAST))
        return
    with (
        LocalServer(emulator) as server,
        connect(server, retries=FAST, timeout_s=0.5) as airtable,
    ):
        yield airtable
