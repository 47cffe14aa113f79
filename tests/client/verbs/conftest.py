"""A base and a table of people, in process and over HTTP, with each of its models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from airhaul import Airtable, Table
from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from tests.client.verbs.people import FAST, Person, SpacedPerson, person_by_id
from tests.conftest import connect, connection_to


@pytest.fixture
def local_base() -> Iterator[LocalBase]:
    with LocalBase.open(hold_s=1.0) as opened:
        yield opened


@pytest.fixture(params=["in process", "over HTTP", "names with spaces", "field IDs"])
def people(request: pytest.FixtureRequest, local_base: LocalBase) -> Iterator[Table[Any]]:
    """The table, empty, with its requests not counted yet."""
    with _connected(local_base, over_http=request.param == "over HTTP") as airtable:
        table: Table[Any] = airtable.table(
            SpacedPerson if request.param in ("names with spaces", "field IDs") else Person
        )
        # Not over HTTP, where a reply that is late on a busy machine would be an error.
        Airtable(connection=connection_to(local_base)).table(table.model).create_table()
        if request.param == "field IDs":
            table = airtable.table(person_by_id(airtable))
        local_base.requests.clear()
        yield table


@contextmanager
def _connected(local_base: LocalBase, *, over_http: bool) -> Iterator[Airtable]:
    if not over_http:
        yield Airtable(connection=connection_to(local_base, retries=FAST))
        return
    with (
        LocalServer(local_base) as server,
        connect(server, retries=FAST, timeout_s=0.5) as airtable,
    ):
        yield airtable
