"""The record ids that a filter asks for, so that a list of known records needs no table scan.

Clients read records by their ids in this way, a hundred in each request; scanning the whole table
for each hundred would take longer the larger the table is.
"""

from __future__ import annotations

from collections.abc import Iterable

from airhaul.formula import Node
from airhaul.formula.nodes import Binary, Call, Text

Ids = frozenset[str]


def ids_allowed(node: Node) -> Ids | None:
    """Find the ids of the records for which a formula can be true.

    Args:
        node: The formula.

    Returns:
        Ids that include every record for which it is true; None if it may be true for any record.
    """
    match node:
        case Binary("=", Call("RECORD_ID"), Text(id_)) | Binary("=", Text(id_), Call("RECORD_ID")):
            return frozenset((id_,))
        case Call("OR", alternatives):
            found = [ids_allowed(alternative) for alternative in alternatives]
            known = [ids for ids in found if ids is not None]
            return frozenset().union(*known) if len(known) == len(found) else None
        case Call("AND", conditions):
            return in_all(map(ids_allowed, conditions))
        case _:
            return None


def in_all(conditions: Iterable[Ids | None]) -> Ids | None:
    """Return the ids that all of some conditions allow; None if no condition names ids."""
    known = [ids for ids in conditions if ids is not None]
    return frozenset.intersection(*known) if known else None
