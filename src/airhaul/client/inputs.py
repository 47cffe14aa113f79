"""What callers hand over, as types."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel

from airhaul.bulk.engine.events import Event
from airhaul.errors import ConfigurationError
from airhaul.formula import Expression, Q

Rows = Iterable[Any]
"""Rows to write: mappings, records of the model, or a mixture."""

AsyncRows = Iterable[Any] | AsyncIterable[Any]
"""The same, or an asynchronous iterable of them."""


def refuse_a_single_row(rows: AsyncRows) -> None:
    """Refuse one row where several are due, which would be taken apart into its keys or letters.

    A data frame is refused, too: iterating it gives its columns.

    Raises:
        ConfigurationError: It is a dict, a record, a text or a data frame.
    """
    if type(rows).__name__ == "DataFrame":
        raise ConfigurationError(
            "Expected rows, and got a DataFrame; hand over its rows, with None where a value is "
            'missing: df.astype(object).where(df.notna(), None).to_dict("records"), or for polars '
            "df.to_dicts()."
        )
    if isinstance(rows, Mapping | BaseModel | str | bytes):
        raise ConfigurationError(
            f"Expected several rows, such as a list, and got one {type(rows).__name__}; "
            "put it into a list."
        )


def refuse_unknown_options(options: Iterable[str], known: Sequence[str]) -> None:
    """Refuse an option that is not there, in the words of the caller and not of what is inside.

    Args:
        options: The names that were given.
        known: The names that there are.

    Raises:
        TypeError: One of them is not known.
    """
    for name in options:
        if name not in known:
            raise TypeError(f"there is no option {name!r}; there are {', '.join(known)}")


Progress = bool | Callable[[int, int | None, Any], object]
"""``True`` for a bar; or a callable that gets (done, total, record) for each row written."""

OnEvent = Callable[[Event], object]

Condition = Q | Expression | str
"""A condition besides plain lookups: ``Q(age__gt=17) | Q(vip=True)``, ``F("Age") > 17``, or a
formula in Airtable's words, ``"{Age} > 17"``."""

SortKey = str | tuple[str, Literal["asc", "desc"]] | Mapping[str, str]
"""``"age"``, ``"-age"``, ``("age", "desc")``, or Airtable's object of field and direction."""
