"""Lookups through links: conditions on the records that a field links to.

Which linked records meet the condition is read first. Then the ids in the cells decide; the names
of the linked records, which is what formulas see of a link, narrow what is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from airhaul.formula.build import any_of, literal
from airhaul.formula.lookups.field import LookupField, Subject
from airhaul.formula.lookups.filter import Filter, LinkedCondition, Matches, Test, ValuesOf
from airhaul.formula.nodes import Binary, Call, Node, Text
from airhaul.formula.q import Q

_NOTHING: Final[Node] = Call("FALSE")
# More names would make a formula that costs Airtable more than the records that it leaves out.
_MOST_NAMES: Final = 300


@dataclass(frozen=True, slots=True)
class Through:
    """A condition that is met if any of the linked records meets one.

    Args:
        field: The field with the links.
        target: The linked model.
        condition: The condition on its records.
        matches: The linked records that meet it; None as long as they are not read.
    """

    field: LookupField
    target: Any
    condition: Q
    matches: Matches | None = None
    is_exact = False
    needs_test = True
    narrow = _NOTHING

    @property
    def wide(self) -> Node:
        """Cells that link to any record; once the matches are read, to one of such a name."""
        subject = Subject(self.field, "exact")
        if self.matches is None:
            return subject.is_filled
        if not self.matches:
            return _NOTHING
        names = list(dict.fromkeys(name for name in self.matches.values() if name is not None))
        if None in self.matches.values() or len(names) > _MOST_NAMES:
            return subject.is_filled
        # Anywhere in the text: what is read decides, and no record may be missed.
        found = [Call("FIND", (Text(name), subject.as_text)) for name in names]
        return any_of([Binary(">", place, literal(0)) for place in found])

    @property
    def columns(self) -> frozenset[str]:
        """The column of the links."""
        return frozenset((self.field.column,))

    @property
    def linked(self) -> Mapping[str, frozenset[str]]:
        """None: the names of the matches are read with them."""
        return {}

    @property
    def through(self) -> Sequence[LinkedCondition]:
        """Itself."""
        return (self,)

    def answered(self, matches: Iterator[Matches]) -> Filter:
        """Take the matches."""
        return replace(self, matches=next(matches))

    def narrowed(self, names: Mapping[str, str]) -> Filter:  # noqa: ARG002 - it has its own names
        """Return itself."""
        return self

    def holds(self, values_of: ValuesOf) -> Test:  # noqa: ARG002 - the cell decides
        """Test whether a cell has one of the matches."""
        column, matches = self.field.column, self.matches or {}
        return lambda record: any(id_ in matches for id_ in record["fields"].get(column) or ())

    def check(self, values_of: ValuesOf) -> Test:
        """Test whether a cell has one of the matches."""
        return self.holds(values_of)
