"""Validating one field by itself: as strictly, and as kindly, as the whole model would."""

from __future__ import annotations

import warnings
from datetime import date
from enum import StrEnum
from typing import Any

import pytest
from pydantic import ConfigDict, Field, ValidationInfo, field_validator, validator

from airhaul import Airtable, Record, airtable_field
from airhaul.model.read import Reader


@pytest.fixture
def airtable():
    with Airtable.local() as opened:
        yield opened


class Span(Record, table="Spans"):
    name: str
    start: date
    end: date
    pieces: int | None = None

    @field_validator("end")
    @classmethod
    def comes_after(cls, value: date, info: ValidationInfo) -> date:
        if value < info.data["start"]:
            raise ValueError("it ends before it starts")
        return value


def raw(**fields: Any) -> Any:
    return {"id": "rec00000000000001", "createdTime": "2024-01-01T00:00:00.000Z", "fields": fields}


def test_a_bad_cell_leaves_the_validators_of_others_what_they_look_at() -> None:
    """A validator that compares two fields finds the other one, also beside a bad cell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        good = Reader(Span).read(raw(name="a", start="2024-01-01", end="2024-01-02", pieces="x"))
        bad = Reader(Span).read(raw(name="b", start="2024-01-03", end="2024-01-02"))
    assert good is not None
    assert bad is not None
    assert (good.start, good.end) == (date(2024, 1, 1), date(2024, 1, 2))
    assert [error.field for error in good.cell_errors] == ["pieces"]
    assert [error.field for error in bad.cell_errors] == ["end"]


def test_a_change_of_two_fields_is_validated_with_both(airtable: Airtable) -> None:
    """The row of an update has what its validators compare."""
    spans = airtable.table(Span)
    spans.create_table()
    span = spans.create(name="a", start=date(2024, 1, 1), end=date(2024, 1, 2))
    row = {"id": span.id, "start": "2025-01-01", "end": "2025-02-01"}
    (changed,) = spans.bulk_update([row])
    assert (changed.start, changed.end) == (date(2025, 1, 1), date(2025, 2, 1))
    wrong = {"id": span.id, "start": "2026-01-01", "end": "2025-02-01"}
    (said,) = spans.bulk_update([wrong], on_error="continue").errors
    assert "it ends before it starts" in str(said.error)
    alone = {"id": span.id, "end": "2025-03-01"}
    (said,) = spans.bulk_update([alone], on_error="continue").errors
    assert "its validator needs 'start', which the row does not have" in str(said.error)


def test_what_is_frozen_in_python_can_be_changed_in_the_table(airtable: Airtable) -> None:
    """Freezing protects the object; an update by id has none."""

    class Item(Record, table="Items"):
        model_config = ConfigDict(frozen=True)
        name: str = Field(frozen=True)

    items = airtable.table(Item)
    items.create_table()
    created = items.create(name="a")
    items.bulk_update([{"id": created.id, "name": "b"}])
    assert items.get(created.id or "").name == "b"


def test_an_update_is_validated_by_the_models_configuration(airtable: Airtable) -> None:
    """What a create strips and converts, an update of the same value does too."""

    class Size(StrEnum):
        SMALL = "small"

    class Item(Record, table="Items"):
        model_config = ConfigDict(
            str_strip_whitespace=True, coerce_numbers_to_str=True, use_enum_values=True
        )
        code: str
        size: Size | None = None

    items = airtable.table(Item)
    items.create_table()
    created = items.create(code=5, size="small")
    assert (created.code, created.size) == ("5", "small")
    items.bulk_update([{"id": created.id, "code": " 6 "}])
    assert items.get(created.id or "").code == "6"
    items.bulk_update([{"id": created.id, "code": 7}])
    assert items.get(created.id or "").code == "7"


def test_a_type_that_pydantic_does_not_know_can_be_updated_too(airtable: Airtable) -> None:
    """``arbitrary_types_allowed`` holds for single fields as for the whole model."""

    class Opaque:
        pass

    class Item(Record, table="Items"):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        name: str
        more: Opaque | None = airtable_field(None, type="singleLineText")

    items = airtable.table(Item)
    items.create_table()
    created = items.create(name="a")
    assert items.bulk_update([{"id": created.id, "more": None}]).counts() == {"updated": 1}


def test_validators_of_pydantic_1_hold_for_single_fields_too(airtable: Airtable) -> None:
    """Models that still have them are validated as strictly when one field is changed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")

        class Item(Record, table="Items"):
            name: str
            pieces: int = 0

            @validator("pieces")
            @classmethod
            def is_not_negative(cls, value: int) -> int:
                if value < 0:
                    raise ValueError("less than nothing")
                return value

    items = airtable.table(Item)
    items.create_table()
    created = items.create(name="a")
    (said,) = items.bulk_update([{"id": created.id, "pieces": -1}], on_error="continue").errors
    assert "less than nothing" in str(said.error)
