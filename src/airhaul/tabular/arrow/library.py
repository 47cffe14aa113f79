"""The library of Arrow, imported when it is needed; and its types."""

from __future__ import annotations

import importlib
from typing import Any

from airhaul.errors import MissingExtraError
from airhaul.fields.arrow import ArrowType


def arrow_library(use: str) -> Any:
    """Import pyarrow.

    Args:
        use: What needs it, for the message.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        return importlib.import_module("pyarrow")
    except ImportError as error:
        raise MissingExtraError(
            f'{use} needs pyarrow; install it with: pip install "airhaul[arrow]"'
        ) from error


def arrow_type(type_: ArrowType, arrow: Any) -> Any:
    """Return a type as pyarrow has it.

    Args:
        type_: The type.
        arrow: The library.
    """
    match type_.kind:
        case "text" | "json":
            return arrow.string()
        case "choice":
            return arrow.dictionary(arrow.int32(), arrow.string())
        case "integer":
            return arrow.int64()
        case "number":
            return arrow.float64()
        case "checkbox":
            return arrow.bool_()
        case "day":
            return arrow.date32()
        case "moment":
            return arrow.timestamp("ms", "UTC")
        case "duration":
            return arrow.duration("us")
        case "list":
            assert type_.item is not None, "the type of a list has that of its items"
            return arrow.list_(arrow_type(type_.item, arrow))
        case "object":
            return arrow.struct([(name, arrow_type(one, arrow)) for name, one in type_.members])
