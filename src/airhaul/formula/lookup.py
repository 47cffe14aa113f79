"""Lookups as in Django: ``age__gt=17``, ``name__contains="a"``, joined by ``Q``.

An empty cell never matches a comparison, as in SQL and unlike in Airtable, where it counts as 0.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, Literal, Protocol, cast

from airhaul.errors import FormulaError, LookupValueError, UnknownFieldError, shown
from airhaul.fields import LookupKind
from airhaul.formula.build import Expression, all_of, any_of, literal
from airhaul.formula.nodes import Binary, BinaryOperator, Call, Field, Node, Text
from airhaul.formula.q import Q

Kind = Literal[LookupKind, "record_id", "created_time"]


class LookupField(Protocol):
    """What a lookup needs to know about a field."""

    @property
    def name(self) -> str:
        """The field's name in the model."""
        ...

    @property
    def column(self) -> str:
        """The field's name in Airtable."""
        ...

    @property
    def kind(self) -> Kind:
        """The kind, which decides its lookups."""
        ...

    @property
    def choices(self) -> Collection[str]:
        """The items that a list can have, as far as they are known."""
        ...

    @property
    def encode(self) -> Callable[[object], object]:
        """Validates a value and converts it to a cell's JSON; raises ``ValueError``."""
        ...


def build_lookup(q: Q, resolve: Callable[[str], LookupField]) -> Node:
    """Build a formula from lookups.

    Args:
        q: The lookups.
        resolve: Finds a field by the model's name for it; raises ``UnknownFieldError``.

    Returns:
        The formula's tree.

    Raises:
        UnknownFieldError: A field is unknown.
        LookupValueError: A value or a lookup does not fit its field.
    """
    nodes = [_build_part(part, resolve) for part in q._parts]
    if q._joined == "not":
        return Call("NOT", (nodes[0],))
    return any_of(nodes) if q._joined == "or" else all_of(nodes)


def _build_part(
    part: Q | Expression | tuple[str, Any], resolve: Callable[[str], LookupField]
) -> Node:
    if isinstance(part, Q):
        return build_lookup(part, resolve)
    if isinstance(part, Expression):
        return part.node
    key, value = part
    field, lookup = _split(key, resolve)
    if isinstance(value, Expression | Q):
        raise LookupValueError(
            f"{key}: expected a value; to compare with a formula, write F({field.column!r}) == ..."
        )
    builder = _BUILDERS.get(lookup)
    if builder is None or field.kind not in builder.kinds:
        fitting = ", ".join(name for name, known in _BUILDERS.items() if field.kind in known.kinds)
        raise LookupValueError(
            f"{key}: field {field.name!r} has no lookup {lookup!r}; it has {fitting}."
        )
    return builder.build(_Subject(field, lookup), value)


def _split(key: str, resolve: Callable[[str], LookupField]) -> tuple[LookupField, str]:
    """Split a key into field and lookup; a field's own name may contain two underscores."""
    try:
        return resolve(key), "exact"
    except UnknownFieldError as error:
        name, parted, lookup = key.rpartition("__")
        if not parted or not name:
            raise
        try:
            return resolve(name), lookup
        except UnknownFieldError as shorter:
            # If the key ends with a known lookup, the rest was meant as the field.
            raise (shorter if lookup in _BUILDERS else error) from None


class _Subject:
    """A field under a lookup: its node, and its values as nodes."""

    def __init__(self, field: LookupField, lookup: str) -> None:
        self.field = field
        self.lookup = lookup
        self.kind: Kind = field.kind
        self.node: Node = {
            "record_id": Call("RECORD_ID"),
            "created_time": Call("CREATED_TIME"),
        }.get(field.kind, Field(field.column))

    @property
    def as_text(self) -> Node:
        """The field joined to ``""``: text, whatever the field contains."""
        return Binary("&", self.node, Text(""))

    @property
    def by_lines(self) -> Node:
        """A list as text with an item on each line, so that a comma in an item parts nothing."""
        return Call("ARRAYJOIN", (self.node, Text("\n")))

    @property
    def is_empty(self) -> Node:
        if self.kind == "checkbox":
            return Call("NOT", (self.node,))
        return Binary("=", self.as_text, Text(""))

    @property
    def is_filled(self) -> Node:
        return self.node if self.kind == "checkbox" else Binary("!=", self.as_text, Text(""))

    def encode(self, value: object) -> object:
        """Convert a value of the caller to a cell that is valid for the field and not empty."""
        try:
            cell = self.field.encode(value)
        except ValueError as error:
            raise self.fault(value, str(error)) from None
        if cell is None:
            raise self.fault(value, "expected a value")
        return cell

    def value(self, value: object) -> Node:
        """Convert a value of the caller to a node that is valid for the field."""
        cell = self.encode(value)
        if self.kind in ("date", "datetime", "created_time"):
            return Call("DATETIME_PARSE", (Text(str(cell)),))
        try:
            return literal(cell)
        except FormulaError as error:
            raise self.fault(value, error.message) from None

    def fault(self, value: object, reason: str) -> LookupValueError:
        return LookupValueError(
            f"field {self.field.name!r}, lookup {self.lookup!r}: {reason}, got {shown(value)}"
        )


# How Airtable joins a list used as text; an item that contains it looks like two items.
_SEPARATOR: Final = ", "


def _is_nothing(subject: _Subject, value: object) -> bool:
    return value is None or (value == "" and subject.kind in ("text", "list"))


def _exact(subject: _Subject, value: object) -> Node:
    if _is_nothing(subject, value):
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
        case "list":
            return _same_items(subject, value)
        case _:
            return Binary("=", subject.node, subject.value(value))


def _sides(subject: _Subject, value: object) -> tuple[Node, Node]:
    return subject.node, subject.value(value)


def _number_equals(subject: _Subject, value: object) -> Node:
    test = Binary("=", subject.node, subject.value(value))
    # An empty cell equals 0 in Airtable.
    return all_of([subject.is_filled, test]) if subject.encode(value) == 0 else test


def _if_filled(subject: _Subject, test: Node) -> Node:
    """Make a test that is false for an empty date.

    If a date function gives an error for an empty date, AND returns the error, and NOT around it
    loses the record; IF computes only the branch that it takes.
    """
    if subject.kind == "created_time":
        return test
    return Call("IF", (subject.is_filled, test, Call("FALSE")))


def _same_items(subject: _Subject, value: object) -> Node:
    given = [value] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)
    items = [str(subject.encode(item)) for item in cast("list[object]", given)]
    joined = _SEPARATOR.join(items)
    if not _has_commas(subject, items):
        return Binary("=", subject.as_text, Text(joined))
    tests: list[Node] = [Binary("=", subject.by_lines, Text("\n".join(items)))]
    if len(items) > 1 and joined not in subject.field.choices:
        tests.append(Binary("=", subject.by_lines, Text(joined)))
    return any_of(tests)


def _has_commas(subject: _Subject, items: Iterable[str]) -> bool:
    """Whether items that are joined by commas may look like others."""
    return any(_SEPARATOR in item for item in (*items, *subject.field.choices))


def _not_exact(subject: _Subject, value: object) -> Node:
    if _is_nothing(subject, value):
        return subject.is_filled
    return Call("NOT", (_exact(subject, value),))


def _ordering(operator: BinaryOperator) -> Callable[[_Subject, object], Node]:
    def build(subject: _Subject, value: object) -> Node:
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


def _members(subject: _Subject, value: object) -> list[object]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise subject.fault(value, "expected several values, such as a list")
    return list(cast("Iterable[object]", value))


def _in(subject: _Subject, value: object) -> Node:
    one = _contains if subject.kind == "list" else _exact
    return any_of(
        [
            subject.is_empty if _is_nothing(subject, member) else one(subject, member)
            for member in _members(subject, value)
        ]
    )


def _not_in(subject: _Subject, value: object) -> Node:
    if not _members(subject, value):
        return Call("TRUE")
    return Call("NOT", (_in(subject, value),))


def _contains(subject: _Subject, value: object) -> Node:
    needle = subject.value(value)
    if subject.kind == "list":
        if needle == Text(""):
            return Call("FALSE")  # no member is empty, but two adjacent separators would match
        return _has_item(subject, str(subject.encode(value)))
    return _found(subject, Call("FIND", (needle, subject.as_text)), ">", literal(0))


def _has_item(subject: _Subject, item: str) -> Node:
    by_commas = _is_between(_SEPARATOR, item, subject.as_text)
    if not _has_commas(subject, [item]):
        return by_commas
    # It is not published whether Airtable takes a multiple select for an array. If not, ARRAYJOIN
    # gives the text with commas; then this may keep too many records, but loses none.
    longer = [
        Binary("!=", subject.as_text, Text(choice))
        for choice in sorted(subject.field.choices)
        if choice != item and f"{_SEPARATOR}{item}{_SEPARATOR}" in f", {choice}, "
    ]
    is_one_line = Binary("=", subject.by_lines, subject.as_text)
    return any_of(
        [_is_between("\n", item, subject.by_lines), all_of([is_one_line, by_commas, *longer])]
    )


def _is_between(separator: str, item: str, joined: Node) -> Node:
    """Test for a whole item; separators on both sides ensure that it is not a part of one."""
    parted = Text(separator)
    hay = Binary("&", Binary("&", parted, joined), parted)
    return Binary(">", Call("FIND", (Text(f"{separator}{item}{separator}"), hay)), literal(0))


def _lower(node: Node) -> Node:
    return Call("LOWER", (node,))


def _found(subject: _Subject, position: Node, operator: BinaryOperator, place: Node) -> Node:
    return all_of([subject.is_filled, Binary(operator, position, place)])


def _icontains(subject: _Subject, value: object) -> Node:
    position = Call("FIND", (_lower(subject.value(value)), _lower(subject.as_text)))
    return _found(subject, position, ">", literal(0))


def _edge(side: str, change: Callable[[Node], Node]) -> Callable[[_Subject, object], Node]:
    def build(subject: _Subject, value: object) -> Node:
        needle, hay = change(subject.value(value)), change(subject.as_text)
        edge = Call(side, (hay, Call("LEN", (needle,))))
        return _found(subject, edge, "=", needle)

    return build


def _same(node: Node) -> Node:
    return node


def _regex(subject: _Subject, value: object) -> Node:
    # Imported here: few lookups need it.
    from airhaul.formula.functions.regex import PatternError, compile_pattern

    pattern = subject.value(value)
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


def _empty(subject: _Subject, value: object) -> Node:
    if not isinstance(value, bool):
        raise subject.fault(value, "expected True or False")
    return subject.is_empty if value else subject.is_filled


def _between(subject: _Subject, value: object) -> Node:
    bounds = _members(subject, value)
    if len(bounds) != 2:
        raise subject.fault(value, "expected two values, the lowest and the highest")
    return all_of([_ordering(">=")(subject, bounds[0]), _ordering("<=")(subject, bounds[1])])


def _part(function: str) -> Callable[[_Subject, object], Node]:
    def build(subject: _Subject, value: object) -> Node:
        if not isinstance(value, int) or isinstance(value, bool):
            raise subject.fault(value, "expected a whole number")
        test = Binary("=", Call(function, (subject.node,)), literal(value))
        return _if_filled(subject, test)

    return build


def _on_day(subject: _Subject, value: object) -> Node:
    return _if_filled(subject, Call("IS_SAME", (*_sides(subject, value), Text("day"))))


class _Builder:
    """The function that builds a lookup, and the kinds of fields that have it."""

    def __init__(self, build: Callable[[_Subject, Any], Node], kinds: Collection[Kind]) -> None:
        self.build = build
        self.kinds = kinds


_ORDERED: Final[tuple[Kind, ...]] = ("number", "date", "datetime", "created_time")
_MOMENTS: Final[tuple[Kind, ...]] = ("date", "datetime", "created_time")
_TEXT: Final[tuple[Kind, ...]] = ("text",)
_ALL: Final[tuple[Kind, ...]] = (
    "text", "number", "checkbox", "date", "datetime", "list", "record_id", "created_time",
)  # fmt: skip
_FILLABLE: Final[tuple[Kind, ...]] = ("text", "number", "checkbox", "date", "datetime", "list")

_BUILDERS: Final[dict[str, _Builder]] = {
    "exact": _Builder(_exact, _ALL),
    "ne": _Builder(_not_exact, _ALL),
    "lt": _Builder(_ordering("<"), _ORDERED),
    "lte": _Builder(_ordering("<="), _ORDERED),
    "gt": _Builder(_ordering(">"), _ORDERED),
    "gte": _Builder(_ordering(">="), _ORDERED),
    "in": _Builder(_in, _ALL),
    "not_in": _Builder(_not_in, _ALL),
    "contains": _Builder(_contains, ("text", "list")),
    "icontains": _Builder(_icontains, _TEXT),
    "startswith": _Builder(_edge("LEFT", _same), _TEXT),
    "istartswith": _Builder(_edge("LEFT", _lower), _TEXT),
    "endswith": _Builder(_edge("RIGHT", _same), _TEXT),
    "iendswith": _Builder(_edge("RIGHT", _lower), _TEXT),
    "regex": _Builder(_regex, _TEXT),
    "empty": _Builder(_empty, _FILLABLE),
    "between": _Builder(_between, _ORDERED),
    "year": _Builder(_part("YEAR"), _MOMENTS),
    "month": _Builder(_part("MONTH"), _MOMENTS),
    "date": _Builder(_on_day, _MOMENTS),
}
