"""Filters of records: what Airtable's formula language can say, and what it cannot.

Formulas see a link as the names of the linked records, joined by commas, and a multiple select as
its choices, joined by commas. A test of ids, or of choices that contain commas, is made in two
steps: a formula keeps all records that may meet the condition (``wide``), and what was read of them
decides. For a negation there is a formula that keeps only records that meet it (``narrow``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from airhaul.formula.build import all_of, any_of
from airhaul.formula.nodes import Call, Node, field_names
from airhaul.formula.q import Q
from airhaul.formula.values import Value, is_kept
from airhaul.wire.shapes import RecordJson

Test = Callable[[RecordJson], bool]
"""Whether a record that was read meets a condition."""

ValuesOf = Callable[[str], Callable[["ReadRecord"], Value]]
"""Returns for a column the function that reads its value for a formula from a record; raises
``LookupValueError`` if what is read does not have that value."""


class LinkedCondition(Protocol):
    """A condition on linked records: which of them meet it has to be read first."""

    @property
    def target(self) -> Any:
        """The linked model."""
        ...

    @property
    def condition(self) -> Q:
        """The condition on its records."""
        ...


Matches = Mapping[str, str | None]
"""Linked records that meet a condition by id, with their names as far as they are known."""


class Filter(Protocol):
    """A condition on records, as formulas and as a test of what was read."""

    @property
    def wide(self) -> Node:
        """A formula that keeps every record that meets it, and maybe others."""
        ...

    @property
    def narrow(self) -> Node:
        """A formula that keeps only records that meet it, and maybe not all."""
        ...

    @property
    def is_exact(self) -> bool:
        """Whether both formulas are the same."""
        ...

    @property
    def needs_test(self) -> bool:
        """Whether the formula alone says something else, and not only less exactly."""
        ...

    @property
    def columns(self) -> frozenset[str]:
        """The columns that its test needs."""
        ...

    @property
    def linked(self) -> Mapping[str, frozenset[str]]:
        """The ids of linked records that its test compares, by column."""
        ...

    @property
    def through(self) -> Sequence[LinkedCondition]:
        """The conditions on linked records that it has, in order."""
        ...

    def answered(self, matches: Iterator[Matches]) -> Filter:
        """Return the same filter with the linked records that meet these conditions.

        Args:
            matches: For each of ``through``, the linked records that meet it.
        """
        ...

    def narrowed(self, names: Mapping[str, str]) -> Filter:
        """Return the same filter, with formulas that keep fewer records.

        Args:
            names: The names of linked records by id, as far as they are known.
        """
        ...

    def holds(self, values_of: ValuesOf) -> Test:
        """Make the test of any record that was read.

        Args:
            values_of: Reads the values of columns.

        Raises:
            LookupValueError: A part cannot be tested by what is read.
        """
        ...

    def check(self, values_of: ValuesOf) -> Test:
        """Make the test of records that ``wide`` has kept; arguments and errors as of ``holds``."""
        ...


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A record that was read, as a formula sees it.

    Args:
        raw: The record.
    """

    raw: RecordJson

    @property
    def record_id(self) -> str:
        """Its id."""
        return self.raw["id"]

    @property
    def created_time(self) -> datetime:
        """When it was created."""
        return datetime.fromisoformat(self.raw["createdTime"])

    @property
    def now(self) -> datetime:
        """The current time."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Exact:
    """A condition that a formula decides.

    Args:
        node: The formula.
    """

    node: Node
    is_exact = True
    needs_test = False
    through = ()

    def answered(self, matches: Iterator[Matches]) -> Filter:  # noqa: ARG002 - it asks nothing
        """Return itself."""
        return self

    @property
    def wide(self) -> Node:
        """The formula."""
        return self.node

    @property
    def narrow(self) -> Node:
        """The formula."""
        return self.node

    @property
    def columns(self) -> frozenset[str]:
        """The columns in the formula."""
        return frozenset(field_names(self.node))

    @property
    def linked(self) -> Mapping[str, frozenset[str]]:
        """None: the formula compares names."""
        return {}

    def narrowed(self, names: Mapping[str, str]) -> Filter:  # noqa: ARG002 - there are no ids
        """Return itself."""
        return self

    def holds(self, values_of: ValuesOf) -> Test:
        """Compute the formula of a record that was read."""
        # Imported here: only a condition that is joined to one on links or choices is computed.
        from airhaul.formula.evaluate import compile_formula

        compute: Callable[[Any], Value] = compile_formula(self.node, values_of)
        return lambda record: is_kept(compute(ReadRecord(record)))

    def check(self, values_of: ValuesOf) -> Test:  # noqa: ARG002 - the formula has decided
        """Accept every record that the formula has kept."""
        return lambda _: True


@dataclass(frozen=True, slots=True)
class Decided:
    """A condition that what was read decides.

    Args:
        wide: A formula that keeps every record that meets it.
        narrow: A formula that keeps only records that meet it.
        column: The column that decides.
        fits: Whether a cell of it meets the condition; None for an empty cell.
        needs_test: Whether ``wide`` alone says something else, and not only less exactly.
        ids: The ids of linked records that are compared.
        by_names: Makes a narrower ``wide`` of the names of these records.
        is_exact: Whether both formulas are the same; the cell decides only where it is joined to a
            condition that they do not decide.
    """

    wide: Node
    narrow: Node
    column: str
    fits: Callable[[Any], bool]
    needs_test: bool = False
    ids: frozenset[str] = frozenset()
    by_names: Callable[[list[str]], Node] | None = None
    is_exact: bool = False
    through = ()

    def answered(self, matches: Iterator[Matches]) -> Filter:  # noqa: ARG002 - it asks nothing
        """Return itself."""
        return self

    @property
    def columns(self) -> frozenset[str]:
        """The column that decides."""
        return frozenset((self.column,))

    @property
    def linked(self) -> Mapping[str, frozenset[str]]:
        """The ids that it compares."""
        return {self.column: self.ids} if self.ids else {}

    def narrowed(self, names: Mapping[str, str]) -> Filter:
        """Keep only records that link to others of these names, if all of the names are known."""
        known = [names[id_] for id_ in sorted(self.ids) if id_ in names]
        if self.by_names is None or len(known) < len(self.ids):
            return self
        return replace(self, wide=self.by_names(known))

    def holds(self, values_of: ValuesOf) -> Test:  # noqa: ARG002 - the cell decides
        """Test the cell."""
        return lambda record: self.fits(record["fields"].get(self.column))

    def check(self, values_of: ValuesOf) -> Test:
        """Test the cell."""
        return self.holds(values_of)


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions joined by and, or by or; at least one can be tested by cells.

    Args:
        how: By what.
        parts: The conditions.
    """

    how: Literal["and", "or"]
    parts: Sequence[Filter]

    @property
    def is_exact(self) -> bool:
        """Whether all parts are."""
        return all(part.is_exact for part in self.parts)

    @property
    def through(self) -> Sequence[LinkedCondition]:
        """Those of the parts."""
        return [one for part in self.parts for one in part.through]

    def answered(self, matches: Iterator[Matches]) -> Filter:
        """Answer those of the parts."""
        return Joined(self.how, [part.answered(matches) for part in self.parts])

    @property
    def needs_test(self) -> bool:
        """Whether any part needs it."""
        return any(part.needs_test for part in self.parts)

    @property
    def wide(self) -> Node:
        """The formulas of the parts, joined."""
        return _join(self.how)([part.wide for part in self.parts])

    @property
    def narrow(self) -> Node:
        """The formulas of the parts, joined."""
        return _join(self.how)([part.narrow for part in self.parts])

    @property
    def columns(self) -> frozenset[str]:
        """The columns of the parts that are tested."""
        return frozenset[str]().union(*(part.columns for part in self.parts))

    @property
    def linked(self) -> Mapping[str, frozenset[str]]:
        """The ids that the parts compare."""
        found: dict[str, frozenset[str]] = {}
        for part in self.parts:
            for column, ids in part.linked.items():
                found[column] = found.get(column, frozenset()) | ids
        return found

    def narrowed(self, names: Mapping[str, str]) -> Filter:
        """Narrow the parts."""
        return Joined(self.how, [part.narrowed(names) for part in self.parts])

    def holds(self, values_of: ValuesOf) -> Test:
        """Test all parts."""
        tests = [part.holds(values_of) for part in self.parts]
        together = all if self.how == "and" else any
        return lambda record: together(test(record) for test in tests)

    def check(self, values_of: ValuesOf) -> Test:
        """Test the parts that the formula has not decided."""
        if self.how == "or":
            return self.holds(values_of)
        tests = [part.check(values_of) for part in self.parts if not part.is_exact]
        return lambda record: all(test(record) for test in tests)


@dataclass(frozen=True, slots=True)
class Negated:
    """The negation of a condition that can be tested by cells.

    Args:
        part: The condition.
    """

    part: Filter

    @property
    def is_exact(self) -> bool:
        """Whether the condition is."""
        return self.part.is_exact

    @property
    def through(self) -> Sequence[LinkedCondition]:
        """Those of the condition."""
        return self.part.through

    def answered(self, matches: Iterator[Matches]) -> Filter:
        """Answer those of the condition."""
        return Negated(self.part.answered(matches))

    @property
    def needs_test(self) -> bool:
        """Whether the condition needs it."""
        return self.part.needs_test

    @property
    def wide(self) -> Node:
        """The negation of the narrow formula."""
        return Call("NOT", (self.part.narrow,))

    @property
    def narrow(self) -> Node:
        """The negation of the wide formula."""
        return Call("NOT", (self.part.wide,))

    @property
    def columns(self) -> frozenset[str]:
        """The columns of the condition."""
        return self.part.columns

    @property
    def linked(self) -> Mapping[str, frozenset[str]]:
        """None: its formula comes from the narrow one, which the names do not change."""
        return {}

    def narrowed(self, names: Mapping[str, str]) -> Filter:
        """Narrow the condition: that changes the formula only where it is negated again."""
        return Negated(self.part.narrowed(names))

    def holds(self, values_of: ValuesOf) -> Test:
        """Test the condition, and negate it."""
        test = self.part.holds(values_of)
        return lambda record: not test(record)

    def check(self, values_of: ValuesOf) -> Test:
        """Test the condition, and negate it."""
        return self.holds(values_of)


def joined(how: Literal["and", "or"], parts: Iterable[Filter]) -> Filter:
    """Join conditions by and, or by or.

    Args:
        how: By what.
        parts: The conditions.
    """
    parts = list(parts)
    if all(isinstance(part, Exact) for part in parts):
        return Exact(_join(how)([part.wide for part in parts]))
    return parts[0] if len(parts) == 1 else Joined(how, parts)


def negated(part: Filter) -> Filter:
    """Negate a condition."""
    return Exact(Call("NOT", (part.wide,))) if isinstance(part, Exact) else Negated(part)


def _join(how: Literal["and", "or"]) -> Callable[[list[Node]], Node]:
    return all_of if how == "and" else any_of
