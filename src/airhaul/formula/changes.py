"""The formula for the records that were changed in a span of time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from airhaul.formula.build import Expression, all_of, literal
from airhaul.formula.nodes import Call, Field, Node

_MODIFIED: Final = Call("LAST_MODIFIED_TIME")


def changed_since(
    since: datetime | None, before: datetime | None = None, field: str | None = None
) -> Expression:
    """Return the formula for the records that were created or changed in a span of time.

    Computed fields do not count
    (https://support.airtable.com/docs/en/formula-field-reference).

    Args:
        since: When the span begins; None for all records before its end.
        before: When it ends, that moment left out; None for no end.
        field: The field with the time of the last modification; None for that of any field.
    """
    modified = _MODIFIED if field is None else Field(field)
    # Whether a record has a modification time before its first modification is not documented.
    changed = Call("IF", (modified, modified, Call("CREATED_TIME")))
    tests: list[Node] = []
    if since is not None:
        tests.append(Call("NOT", (Call("IS_BEFORE", (changed, literal(since))),)))
    if before is not None:
        tests.append(Call("IS_BEFORE", (changed, literal(before))))
    return Expression(all_of(tests))
