"""Lookups on single values: text, numbers, checkboxes, dates and times, and record ids.

An empty cell never matches a comparison, as in SQL and unlike in Airtable, where it counts as 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from airhaul.formula.build import all_of, any_of, literal
from airhaul.formula.lookups.field import Subject
from airhaul.formula.nodes import Binary, BinaryOperator, Call, Node, Text

Build = Callable[[Subject, object], Node]
"""Builds the formula of a lookup from the field and the value."""


def exact(subject: Subject, value: object) -> Node:
    """Build the test for a value."""
    if subject.is_nothing(value):
        return subject.is_empty
    match subject.kind:
        case "checkbox":
            return subject.node if subject.encode(value) else Call("NOT", (subject.node,))
        case "number":
            return _number_equals(subject, value)
        case "date":
            return _if_filled(subject, Call("IS_SAME", (*_sides(subject, value), Text("day"))))
        case "datetime" | "created_time":
            return _if_filled(subject, Call("IS_SAME", _sides(subject, value)))
        case _:
            return Binary("=", subject.node, subject.value(value))


def _sides(subject: Subject, value: object) -> tuple[Node, Node]:
    return subject.node, subject.value(value)


def _number_equals(subject: Subject, value: object) -> Node:
    test = Binary("=", subject.node, subject.value(value))
    # An empty cell equals 0 in Airtable.
    return all_of([subject.is_filled, test]) if subject.encode(value) == 0 else test


def _if_filled(subject: Subject, test: Node) -> Node:
    """Make a test that is false for an empty date.

    If a date function gives an error for an empty date, AND returns the error, and NOT around it
    loses the record; IF computes only the branch that it takes.
    """
    if subject.kind == "created_time":
        return test
    return Call("IF", (subject.is_filled, test, Call("FALSE")))


def not_exact(subject: Subject, value: object) -> Node:
    """Build the test for any other value."""
    if subject.is_nothing(value):
        return subject.is_filled
    return Call("NOT", (exact(subject, value),))


def ordering(operator: BinaryOperator) -> Build:
    """Return what builds the tests for values before or after a value."""

    def build(subject: Subject, value: object) -> Node:
        sides = _sides(subject, value)
        if subject.kind == "number":
            return all_of([subject.is_filled, Binary(operator, *sides)])
        before, after = Call("IS_BEFORE", sides), Call("IS_AFTER", sides)
        test: dict[str, Node] = {
            "<": before,
            ">": after,
            "<=": Call("NOT", (after,)),
            ">=": Call("NOT", (before,)),
        }
        return _if_filled(subject, test[operator])

    return build


def is_in(subject: Subject, value: object) -> Node:
    """Build the test for any of some values."""
    return any_of([exact(subject, member) for member in subject.members(value)])


def not_in(subject: Subject, value: object) -> Node:
    """Build the test for none of some values."""
    if not subject.members(value):
        return Call("TRUE")
    return Call("NOT", (is_in(subject, value),))


def contains(subject: Subject, value: object) -> Node:
    """Build the test for text that contains a text."""
    needle = subject.part(value)
    return _found(subject, Call("FIND", (needle, subject.as_text)), ">", literal(0))


def _lower(node: Node) -> Node:
    return Call("LOWER", (node,))


def _found(subject: Subject, position: Node, operator: BinaryOperator, place: Node) -> Node:
    return all_of([subject.is_filled, Binary(operator, position, place)])


def icontains(subject: Subject, value: object) -> Node:
    """Build the test for text that contains a text, in upper or lower case."""
    position = Call("FIND", (_lower(subject.part(value)), _lower(subject.as_text)))
    return _found(subject, position, ">", literal(0))


def edge(side: Literal["LEFT", "RIGHT"], *, any_case: bool = False) -> Build:
    """Return what builds the tests for text that begins or ends with a text."""

    def build(subject: Subject, value: object) -> Node:
        needle, hay = subject.part(value), subject.as_text
        if any_case:
            needle, hay = _lower(needle), _lower(hay)
        return _found(subject, Call(side, (hay, Call("LEN", (needle,)))), "=", needle)

    return build


def regex(subject: Subject, value: object) -> Node:
    """Build the test for text that a regular expression matches."""
    # Imported here: few lookups need it.
    from airhaul.formula.functions.regex import PatternError, compile_pattern

    pattern = subject.part(value)
    if isinstance(pattern, Text):
        try:
            compile_pattern(pattern.value)
        except ImportError:
            pass  # no RE2 on this platform: Airtable validates the pattern
        except PatternError as error:
            raise subject.fault(
                value, f"expected a regular expression of RE2, but it has {error}"
            ) from None
    test = Call("REGEX_MATCH", (subject.as_text, pattern))
    return all_of([subject.is_filled, test])


def empty(subject: Subject, value: object) -> Node:
    """Build the test for empty cells, or for cells that are not."""
    if not isinstance(value, bool):
        raise subject.fault(value, "expected True or False")
    return subject.is_empty if value else subject.is_filled


def between(subject: Subject, value: object) -> Node:
    """Build the test for values from the lowest to the highest."""
    bounds = subject.members(value)
    if len(bounds) != 2:
        raise subject.fault(value, "expected two values, the lowest and the highest")
    return all_of([ordering(">=")(subject, bounds[0]), ordering("<=")(subject, bounds[1])])


def part(function: Literal["YEAR", "MONTH"]) -> Build:
    """Return what builds the tests for the year or the month of a time."""

    def build(subject: Subject, value: object) -> Node:
        if not isinstance(value, int) or isinstance(value, bool):
            raise subject.fault(value, "expected a whole number")
        test = Binary("=", Call(function, (subject.node,)), literal(value))
        return _if_filled(subject, test)

    return build


def on_day(subject: Subject, value: object) -> Node:
    """Build the test for times on a day."""
    return _if_filled(subject, Call("IS_SAME", (*_sides(subject, value), Text("day"))))
