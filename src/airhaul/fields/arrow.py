"""The types that cells have in data frames, and cells as values of these types.

The types are those of Arrow (https://arrow.apache.org/docs/format/Columnar.html), described without
a library that has them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal

Kind = Literal[
    "text",
    "choice",
    "integer",
    "number",
    "checkbox",
    "day",
    "moment",
    "duration",
    "json",
    "list",
    "object",
]
"""A ``choice`` is text of which few values are different, and ``json`` is the JSON of a cell as
text, or the cell itself if it is text."""

_SPECIAL_NUMBERS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_LIMIT: Final = 2**63  # of integers


@dataclass(frozen=True, slots=True)
class ArrowType:
    """The type of a column of a data frame.

    Args:
        kind: What its values are.
        item: The type of the items of a list.
        members: The types of the members of an object, in order.
    """

    kind: Kind
    item: ArrowType | None = None
    members: tuple[tuple[str, ArrowType], ...] = ()


TEXT: Final = ArrowType("text")
CHOICE: Final = ArrowType("choice")
INTEGER: Final = ArrowType("integer")
NUMBER: Final = ArrowType("number")
CHECKBOX: Final = ArrowType("checkbox")
DAY: Final = ArrowType("day")
MOMENT: Final = ArrowType("moment")
DURATION: Final = ArrowType("duration")
JSON: Final = ArrowType("json")


def list_of(item: ArrowType) -> ArrowType:
    """Return the type of lists of such items; a choice is text in a list."""
    return ArrowType("list", item=TEXT if item == CHOICE else item)


def object_of(**members: ArrowType) -> ArrowType:
    """Return the type of objects with these members."""
    return ArrowType("object", members=tuple(members.items()))


TEXTS: Final = list_of(TEXT)
PERSON: Final = object_of(id=TEXT, email=TEXT, name=TEXT, permissionLevel=TEXT, profilePicUrl=TEXT)
_PICTURE: Final = object_of(url=TEXT, width=NUMBER, height=NUMBER)
ATTACHMENT: Final = object_of(
    id=TEXT,
    url=TEXT,
    filename=TEXT,
    size=INTEGER,
    type=TEXT,
    width=NUMBER,
    height=NUMBER,
    thumbnails=object_of(small=_PICTURE, large=_PICTURE, full=_PICTURE),
)


def arrow_value(cell: Any, type_: ArrowType) -> Any:
    """Turn a cell into a value of a type.

    Args:
        cell: JSON; None for an empty cell.
        type_: The type.

    Returns:
        The value as Python has it: dates, moments in UTC, ``timedelta``; None for an empty cell.

    Raises:
        ValueError: The cell does not fit the type; so do the error values of formulas.
    """
    return None if cell is None else _READERS[type_.kind](cell, type_)


def _text(cell: Any, _: ArrowType) -> str:
    if not isinstance(cell, str):
        raise ValueError("this is no text")
    cell.encode()  # raises a ValueError for half of a surrogate pair
    return cell


def _integer(cell: Any, _: ArrowType) -> int:
    is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
    if not is_number or not -_LIMIT <= cell < _LIMIT or cell != int(cell):
        raise ValueError("this is no whole number")
    return int(cell)


def _number(cell: Any, _: ArrowType) -> float:
    if isinstance(cell, dict) and cell.get("specialValue") in _SPECIAL_NUMBERS:
        return _SPECIAL_NUMBERS[cell["specialValue"]]
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        raise ValueError("this is no number")
    try:
        return float(cell)
    except OverflowError:
        raise ValueError("the number is too large") from None


def _tick(cell: Any, _: ArrowType) -> bool:
    if not isinstance(cell, bool):
        raise ValueError("this is neither true nor false")
    return cell


def _day(cell: Any, type_: ArrowType) -> date:
    return date.fromisoformat(_text(cell, type_))


def _moment(cell: Any, type_: ArrowType) -> datetime:
    moment = datetime.fromisoformat(_text(cell, type_))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _duration(cell: Any, type_: ArrowType) -> timedelta:
    try:
        return timedelta(seconds=_number(cell, type_))
    except OverflowError:
        raise ValueError("the duration is too long") from None


def _json(cell: Any, type_: ArrowType) -> str:
    if isinstance(cell, dict) and "error" in cell:
        raise ValueError("this is an error")
    return _text(cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False), type_)


def _list(cell: Any, type_: ArrowType) -> list[Any]:
    if not isinstance(cell, list):
        raise ValueError("this is no list")
    assert type_.item is not None, "the type of a list has that of its items"
    return [arrow_value(item, type_.item) for item in cell]


def _object(cell: Any, type_: ArrowType) -> dict[str, Any]:
    if not isinstance(cell, dict) or "error" in cell:
        raise ValueError("this is no object")
    return {name: arrow_value(cell.get(name), member) for name, member in type_.members}


_READERS: Final[dict[Kind, Callable[[Any, ArrowType], Any]]] = {
    "text": _text,
    "choice": _text,
    "integer": _integer,
    "number": _number,
    "checkbox": _tick,
    "day": _day,
    "moment": _moment,
    "duration": _duration,
    "json": _json,
    "list": _list,
    "object": _object,
}
