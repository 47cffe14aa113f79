"""Which records a formula can hold for, where it asks for them by their ids.

Clients read records that they know so, a hundred in a request; to go through the whole table for
each hundred would take longer the larger the table is.
"""

from __future__ import annotations

from collections.abc import Iterable

from airhaul.formula import Node
from airhaul.formula.nodes import Binary, Call, Text

Ids = frozenset[str]


def ids_allowed(node: Node) -> Ids | None:
    """Find the ids of all records that a formula can hold for.

    Args:
        node: The formula.

    Returns:
        Some ids, those of all records that it holds for among them; None if any record may be one.
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
    """The ids that all of some conditions allow; None if none of them says any."""
    known = [ids for ids in conditions if ids is not None]
    return frozenset.intersection(*known) if known else None
