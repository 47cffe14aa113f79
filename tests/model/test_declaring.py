"""Declaring models: what pydantic lets a class say has a column, or is refused where it is said."""

from __future__ import annotations

import warnings
from datetime import datetime
from typing import Any

import pytest
from pydantic import BaseModel, Field

from airhaul import Airtable, Record, airtable_field, airtable_model
from airhaul.errors import ConfigurationError


@pytest.fixture
def airtable():
    with Airtable.local() as opened:
        yield opened


def test_a_field_that_hides_a_verb_is_refused_where_it_is_declared() -> None:
    """Pydantic would take the method for the default, and ``Item.count()`` would be gone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(
            ConfigurationError, match=r"Item: the fields count, first are named like methods"
        ):

            class Item(Record, table="Items"):
                first: str = "x"
                name: str
                count: int


@pytest.mark.parametrize(
    ("name", "annotation", "default"),
    [
        ("id", int, ...),
        ("id", str, ...),
        ("id", str | None, airtable_field(None, column="ID")),
        ("created_time", datetime, ...),
        ("created_time", str, ""),
    ],
)
def test_a_column_of_ones_own_cannot_be_called_id(name: str, annotation: Any, default: Any) -> None:
    """Its values would never be written, and nobody would be told."""
    plain = type("Plain", (BaseModel,), {"__annotations__": {name: annotation}, name: default})
    with pytest.raises(
        ConfigurationError, match=rf"the field '{name}' is the (record ID|creation time)"
    ):
        airtable_model(table_name="Items")(plain)


def test_an_id_declared_as_every_record_has_it_is_let_be() -> None:
    """Plain pydantic models may say it themselves."""

    @airtable_model(table_name="Items")
    class Item(BaseModel):
        id: str | None = None
        created_time: datetime | None = Field(None, description="when")
        name: str

    assert issubclass(Item, Record)
