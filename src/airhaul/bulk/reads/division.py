"""Dividing a list into parts, each of which is read page by page, side by side."""

from __future__ import annotations

import math
import string
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final, Literal

from airhaul.errors import ConfigurationError
from airhaul.formula import Node, parse, print_formula
from airhaul.formula.build import all_of, literal
from airhaul.formula.nodes import Binary
from airhaul.formula.nodes import Call as FormulaCall
from airhaul.wire.endpoints import ListParameters
from airhaul.wire.limits import REQUESTS_PER_SECOND_PER_BASE

Parallel = int | Literal["auto"]
"""How many page chains read a list at the same time: a number, or ``"auto"`` for as many as the
latency of the first page shows to be needed."""

_LETTERS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
# The share of the rate limit that one chain has to reach by itself, for others to be of no use.
_ENOUGH: Final = 0.75
# More than just enough: replies take longer at times, and some chains end before the others.
_CHAINS_FOR_EACH: Final = 1.2


@dataclass(frozen=True, slots=True)
class ListPart:
    """A part of a list.

    Args:
        parameters: What to read.
        share: With how many of the 62 letters the ids of its records can end.
    """

    parameters: ListParameters
    share: int = len(_LETTERS)


def check_parallel(parallel: Parallel) -> None:
    """Check a number of page chains.

    Raises:
        ConfigurationError: It is neither a number of at least 1 nor ``"auto"``.
    """
    is_number = isinstance(parallel, int) and not isinstance(parallel, bool)
    if parallel != "auto" and not (is_number and parallel >= 1):
        raise ConfigurationError(f'parallel is "auto" or at least 1, not {parallel!r}.')


def chains_needed(latency_s: float, requests_per_second: float | None, most: int) -> int:
    """Return how many page chains keep the rate limit busy.

    A chain sends its next request when it has the reply to the one before. So at a latency of a
    second, five chains send five requests a second; two more make sure that it stays so.

    Args:
        latency_s: How long a reply takes, in seconds.
        requests_per_second: The rate limit; None for a service without one, which gets no more
            requests at the same time than Airtable would.
        most: The most requests that may be in flight.

    Returns:
        The number; 1 if one chain comes close to the limit.
    """
    needed = latency_s * (requests_per_second or REQUESTS_PER_SECOND_PER_BASE)
    return 1 if needed <= _ENOUGH else min(math.ceil(needed * _CHAINS_FOR_EACH) + 1, most)


def parts_of_list(
    parameters: ListParameters, count: int, already: Collection[str] = ()
) -> list[ListPart]:
    """Divide what is to be read.

    Args:
        parameters: The whole list, without a sort and a limit.
        count: Into how many parts; at least 1.
        already: The ids of records that were read already, and are in no part: a page of them at
            most, because the formulas name them.

    Returns:
        The parts. Together they hold each record once: the last one has all that are in none of the
        others, whatever their ids look like.
    """
    if count == 1 and not already:
        return [ListPart(parameters)]
    record_id = FormulaCall("RECORD_ID")
    last = FormulaCall("RIGHT", (record_id, literal(1)))
    groups = [_LETTERS[place::count] for place in range(min(count, len(_LETTERS)))]
    named = "".join(groups[:-1])
    own = [] if parameters.formula is None else [parse(parameters.formula)]
    parts: list[ListPart] = []
    for group in groups:
        is_last = group is groups[-1]
        letters = named if is_last else group
        tests = [_find(last, letters, is_there=not is_last)]
        left_out = [id_ for id_ in already if (id_[-1:] in letters) is not is_last]
        if left_out:
            tests.append(_find(record_id, ",".join(left_out), is_there=False))
        formula = print_formula(all_of([*tests, *own]))
        parts.append(ListPart(replace(parameters, formula=formula), len(group)))
    return parts


def _find(what: Node, text: str, *, is_there: bool = True) -> Node:
    """Return a test of whether a text contains something."""
    return Binary(">" if is_there else "=", FormulaCall("FIND", (what, literal(text))), literal(0))
