"""Validating one field: which validators of its own it has, and only with these."""

from __future__ import annotations

import contextlib
import copy
import functools
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError, create_model, field_validator
from pydantic.functional_validators import BeforeValidator, PlainValidator, WrapValidator

from airhaul.model.base import RecordBase
from airhaul.model.columns import Column, columns_of

_OWN_READING: Final = (BeforeValidator, PlainValidator, WrapValidator)


def validate_alone(
    model: type[RecordBase], name: str, value: Any, others: Mapping[str, Any]
) -> Any:
    """Validate one field.

    Args:
        model: The model.
        name: The field's name.
        value: The value.
        others: Other valid fields by name, for validators that use them.

    Returns:
        The validated value.

    Raises:
        ValidationError: The value does not fit.
    """
    alone = _without_its_own_validators(model)
    held = alone.__new__(alone)
    for slot, content in (
        ("__dict__", dict(others)),
        ("__pydantic_fields_set__", set[str]()),
        ("__pydantic_extra__", None),
        ("__pydantic_private__", None),
    ):
        object.__setattr__(held, slot, content)
    alone.__pydantic_validator__.validate_assignment(held, name, value, strict=False)
    return vars(held)[name]


def texts_as_written(model: type[RecordBase], values: Mapping[str, Any]) -> dict[str, Any]:
    """Change texts as the validators of their fields do, such as to lower case.

    Args:
        model: The model.
        values: Values by the name of a field or column.

    Returns:
        The values as a record of them would hold them; those that are not valid, and those that are
        no text, as they are.
    """
    found = dict(values)
    for key, value in values.items():
        if not isinstance(value, str):
            continue
        with contextlib.suppress(ValidationError, KeyError):  # a validator may need other fields
            text = validate_alone(model, columns_of(model).find(key).name, value, {})
            found[key] = text if isinstance(text, str) else value
    return found


@functools.lru_cache(maxsize=1024)
def _without_its_own_validators(model: type[RecordBase]) -> type[BaseModel]:
    """Make a model with the same fields, field validators and configuration.

    It has no validators of the whole model and nothing is frozen, because fields are assigned.
    """
    columns_of(model)  # resolves forward references
    definitions: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        field = copy.copy(info)
        field.frozen = None
        definitions[name] = (info.annotation, field)
    validators: dict[str, Any] = {}
    decorators = model.__pydantic_decorators__
    # Validators in the style of pydantic 1 are called in the same way.
    both: tuple[Any, ...] = (*decorators.field_validators.values(), *decorators.validators.values())
    for place, decorator in enumerate(both):
        options: dict[str, Any] = {"mode": decorator.info.mode, "check_fields": False}
        wrap: Any = field_validator(*decorator.info.fields, **options)
        validators[f"validator_{place}"] = wrap(staticmethod(decorator.func))
    config = model.model_config.copy()
    config["frozen"] = config["defer_build"] = False
    return create_model("Alone", __config__=config, __validators__=validators, **definitions)


def reads_itself(model: type[RecordBase], column: Column) -> bool:
    """Whether validators that the model declares look at a value before Pydantic does.

    Args:
        model: The model.
        column: One of its columns.
    """
    if any(isinstance(item, _OWN_READING) for item in column.shape.metadata):
        return True
    decorators = model.__pydantic_decorators__
    validators: tuple[Any, ...] = (
        *decorators.field_validators.values(),
        *decorators.validators.values(),
    )
    return any(
        validator.info.mode != "after" and {"*", column.name} & set(validator.info.fields)
        for validator in validators
    )
