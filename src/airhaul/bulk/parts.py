"""Dividing a list into parts that can be read at once, by the last letter of the record id.

A list is read page by page, each page naming the next, so one chain makes one request after the
other: over a slow link it cannot fill five requests a second. Several chains can. A record's id
never changes, so each record is in one part whatever is written meanwhile, and ``FIND`` tells
upper case from lower case (https://support.airtable.com/docs/formula-field-reference).
"""

from __future__ import annotations

import string
from dataclasses import replace
from typing import Final

from airhaul.formula import Node, parse, print_formula
from airhaul.formula.build import all_of, literal
from airhaul.formula.nodes import Binary, Call
from airhaul.wire.endpoints import ListParameters

_LETTERS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase


def parts_of_list(parameters: ListParameters, count: int) -> list[ListParameters]:
    """Divide what is to be read.

    Args:
        parameters: The whole list, without a sort and a limit.
        count: Into how many parts; at least 1.

    Returns:
        What to read for each part. Together they hold each record once: the last one has all that
        are in none of the others, whatever their ids look like.
    """
    if count == 1:
        return [parameters]
    last = Call("RIGHT", (Call("RECORD_ID"), literal(1)))
    groups = [_LETTERS[place::count] for place in range(min(count, len(_LETTERS)))]
    tests: list[Node] = [
        Binary(">", Call("FIND", (last, literal(group))), literal(0)) for group in groups[:-1]
    ]
    others = Binary("=", Call("FIND", (last, literal("".join(groups[:-1])))), literal(0))
    own = [] if parameters.formula is None else [parse(parameters.formula)]
    return [
        replace(parameters, formula=print_formula(all_of([test, *own])))
        for test in [*tests, others]
    ]
