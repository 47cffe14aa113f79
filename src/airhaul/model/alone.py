"""Validating one field by itself: with its own validators, without those of the whole model."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from pydantic import create_model, field_validator

from airhaul.model.base import RecordBase
from airhaul.model.columns import Column, columns_of


@functools.lru_cache(maxsize=4096)
def validator_of(model: type[RecordBase], name: str) -> Callable[[Any], Any]:
    """Make the function that validates one field.

    Args:
        model: The model.
        name: The field's name.

    Returns:
        A function from a value to the validated value; it raises pydantic's ``ValidationError``.
    """
    column = columns_of(model).by_name[name]
    decorators = [
        decorator
        for decorator in model.__pydantic_decorators__.field_validators.values()
        if name in decorator.info.fields or "*" in decorator.info.fields
    ]
    if not decorators:
        return functools.partial(column.validator.validate_python, strict=False)
    validators: dict[str, Any] = {
        f"validator_{place}": field_validator(name, mode=decorator.info.mode)(
            staticmethod(decorator.func)
        )
        for place, decorator in enumerate(decorators)
    }
    return _by_a_model_of_one_field(column, validators)


def _by_a_model_of_one_field(column: Column, validators: dict[str, Any]) -> Callable[[Any], Any]:
    definition: Any = {column.name: (column.field_info.annotation, column.field_info)}
    alone = create_model("Alone", __validators__=validators, **definition)

    def validate(value: Any) -> Any:
        given = {column.input_name: value}
        return getattr(
            alone.__pydantic_validator__.validate_python(given, strict=False), column.name
        )

    return validate
