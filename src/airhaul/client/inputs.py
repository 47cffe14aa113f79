"""The types of the arguments that callers pass, and checks of them."""

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
"""Rows to write, or an asynchronous iterable of them."""


def refuse_a_single_row(rows: AsyncRows) -> None:
    """Refuse a single row where several are expected.

    Iterating a dict gives its keys, iterating a string its characters, and iterating a data frame
    its columns.

    Args:
        rows: The rows.

    Raises:
        ConfigurationError: It is a mapping, a record, a string or a data frame.
    """
    if type(rows).__name__ == "DataFrame":
        raise ConfigurationError(
            "Expected rows, got a DataFrame; pass its rows, with None where a value is "
            'missing: df.astype(object).where(df.notna(), None).to_dict("records"), or for polars '
            "df.to_dicts()."
        )
    if isinstance(rows, Mapping | BaseModel | str | bytes):
        raise ConfigurationError(
            f"Expected several rows, such as a list, got one {type(rows).__name__}; "
            "put it in a list."
        )


def refuse_unknown_options(options: Iterable[str], known: Sequence[str]) -> None:
    """Refuse unknown options, with a message about the call and not about what is inside.

    Args:
        options: The names that were given.
        known: The names of all options.

    Raises:
        TypeError: An option is not known.
    """
    for name in options:
        if name not in known:
            raise TypeError(f"there is no option {name!r}; the options are {', '.join(known)}")


Progress = bool | Callable[[int, int | None, Any], object]
"""``True`` for a progress bar, or a callable for (done, total, record) of each row written."""

OnEvent = Callable[[Event], object]

Condition = Q | Expression | str
"""A condition in addition to lookups: ``Q(age__gt=17) | Q(vip=True)``, ``F("Age") > 17``, or a
formula as text, ``"{Age} > 17"``."""

SortKey = str | tuple[str, Literal["asc", "desc"]] | Mapping[str, str]
"""``"age"``, ``"-age"``, ``("age", "desc")``, or Airtable's object of field and direction."""
