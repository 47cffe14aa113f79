"""A base with the tables of the CRM."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airhaul import Airtable
from airhaul.client.default import models_on
from airhaul.local_base import LocalBase
from tests.client.links.crm import MODELS
from tests.conftest import connection_to


@pytest.fixture
def crm(airtable: Airtable, local_base: LocalBase) -> Iterator[Airtable]:
    """The tables, in process and over HTTP; all models use them."""
    yield from _with_tables(airtable, local_base)


@pytest.fixture
def here(local_base: LocalBase) -> Iterator[Airtable]:
    """The tables, in process only; all models use them."""
    yield from _with_tables(Airtable(connection=connection_to(local_base)), local_base)


def _with_tables(airtable: Airtable, local_base: LocalBase) -> Iterator[Airtable]:
    airtable.create_tables(*MODELS)
    local_base.requests.clear()
    with models_on(airtable):
        yield airtable
