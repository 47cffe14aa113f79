"""Building the conditions of a ``Q``: which field, which lookup, which value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from airhaul.errors import LookupValueError, UnknownFieldError
from airhaul.formula.build import Expression
from airhaul.formula.lookups import comparisons, lists
from airhaul.formula.lookups.field import Kind, LookupField, Subject
from airhaul.formula.lookups.filter import Exact, Filter, joined, negated
from airhaul.formula.lookups.through import Through
from airhaul.formula.nodes import Node
from airhaul.formula.q import Lookup, Part, Q


def build_lookup(q: Q, resolve: Callable[[str], LookupField]) -> Filter:
    """Build a condition from lookups.

    Args:
        q: The lookups.
        resolve: Finds a field by the model's name for it; raises ``UnknownFieldError``.

    Returns:
        The condition: formulas, and a test of what was read where they are not exact.

    Raises:
        UnknownFieldError: A field is unknown.
        LookupValueError: A value or a lookup does not fit its field.
    """
    if q._joined == "and":
        parts = _build_all(q, resolve)
    else:
        parts = [_build_part(part, resolve) for part in q._parts]
    return negated(parts[0]) if q._joined == "not" else joined(q._joined, parts)


def _build_all(q: Q, resolve: Callable[[str], LookupField]) -> list[Filter]:
    """Build the parts of a ``Q`` that are joined by and.

    The lookups of one ``Q(...)`` through one link have to be true for the same linked record.
    """
    parts: list[Filter] = []
    through: dict[tuple[str, int], tuple[LookupField, dict[str, Any]]] = {}
    for part in q._parts:
        led = _leading(part.key, resolve) if isinstance(part, Lookup) else None
        if led is None or not isinstance(part, Lookup):
            parts.append(_build_part(part, resolve))
        else:
            field, rest = led
            through.setdefault((field.column, part.group), (field, {}))[1][rest] = part.value
    return [*parts, *(_build_through(*one) for one in through.values())]


def _build_part(part: Part, resolve: Callable[[str], LookupField]) -> Filter:
    if isinstance(part, Q):
        return build_lookup(part, resolve)
    if isinstance(part, Expression):
        return Exact(part.node)
    key, value = part.key, part.value
    led = _leading(key, resolve)
    if led is not None:
        return _build_through(led[0], {led[1]: value})
    field, lookup = _split(key, resolve)
    if isinstance(value, Expression | Q):
        raise LookupValueError(
            f"{key}: expected a value; to compare with a formula, write F({field.column!r}) == ..."
        )
    builder = _builder(field, lookup)
    if builder is None:
        fitting = ", ".join(
            name
            for name, builders in _BUILDERS.items()
            if any(field.kind in one.kinds for one in builders)
        )
        raise LookupValueError(
            f"{key}: field {field.name!r} has no lookup {lookup!r}; it has {fitting}."
        )
    built = builder.build(Subject(field, lookup), value)
    return Exact(built) if isinstance(built, Node) else built


def _builder(field: LookupField, lookup: str) -> _Builder | None:
    return next((one for one in _BUILDERS.get(lookup, ()) if field.kind in one.kinds), None)


def _build_through(field: LookupField, lookups: Mapping[str, Any]) -> Filter:
    """Build the condition that any of the linked records of a field meets some lookups."""
    assert field.target is not None, "the field leads to another model"
    linked, condition = field.target(), Q(**lookups)
    build_lookup(condition, linked.resolve)  # raises what is wrong where the query is made
    return Through(field, linked.model, condition)


def _leading(key: str, resolve: Callable[[str], LookupField]) -> tuple[LookupField, str] | None:
    """Find the link with which a key leads to another model, and the lookup there."""
    parts = key.split("__")
    for count in range(len(parts), 0, -1):
        try:
            field = resolve("__".join(parts[:count]))
        except UnknownFieldError:
            continue
        rest = "__".join(parts[count:])
        is_own = not rest or field.target is None or _builder(field, rest) is not None
        return None if is_own else (field, rest)
    return None


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


@dataclass(frozen=True, slots=True)
class _Builder:
    """The function that builds a lookup, and the kinds of fields that it is for."""

    build: Callable[[Subject, Any], Node | Filter]
    kinds: Collection[Kind]


_LISTS: Final[tuple[Kind, ...]] = ("choices", "links", "list")
_ORDERED: Final[tuple[Kind, ...]] = ("number", "date", "datetime", "created_time")
_MOMENTS: Final[tuple[Kind, ...]] = ("date", "datetime", "created_time")
_TEXT: Final[tuple[Kind, ...]] = ("text",)
_VALUES: Final[tuple[Kind, ...]] = (
    "text", "number", "checkbox", "date", "datetime", "record_id", "created_time",
)  # fmt: skip
_FILLABLE: Final[tuple[Kind, ...]] = ("text", "number", "checkbox", "date", "datetime")


def _of_both(
    of_values: Callable[[Subject, Any], Node], of_lists: Callable[[Subject, Any], Filter]
) -> tuple[_Builder, _Builder]:
    return _Builder(of_values, _VALUES), _Builder(of_lists, _LISTS)


_EMPTY: Final = (_Builder(comparisons.empty, _FILLABLE), _Builder(lists.empty, _LISTS))
_BUILDERS: Final[dict[str, tuple[_Builder, ...]]] = {
    "exact": _of_both(comparisons.exact, lists.exact),
    "ne": _of_both(comparisons.not_exact, lists.not_exact),
    "lt": (_Builder(comparisons.ordering("<"), _ORDERED),),
    "lte": (_Builder(comparisons.ordering("<="), _ORDERED),),
    "gt": (_Builder(comparisons.ordering(">"), _ORDERED),),
    "gte": (_Builder(comparisons.ordering(">="), _ORDERED),),
    "in": _of_both(comparisons.is_in, lists.is_in),
    "not_in": _of_both(comparisons.not_in, lists.not_in),
    "contains": (_Builder(comparisons.contains, _TEXT), _Builder(lists.contains, _LISTS)),
    "icontains": (_Builder(comparisons.icontains, _TEXT),),
    "startswith": (_Builder(comparisons.edge("LEFT"), _TEXT),),
    "istartswith": (_Builder(comparisons.edge("LEFT", any_case=True), _TEXT),),
    "endswith": (_Builder(comparisons.edge("RIGHT"), _TEXT),),
    "iendswith": (_Builder(comparisons.edge("RIGHT", any_case=True), _TEXT),),
    "regex": (_Builder(comparisons.regex, _TEXT),),
    "empty": _EMPTY,
    "isnull": _EMPTY,  # as in Django
    "between": (_Builder(comparisons.between, _ORDERED),),
    "year": (_Builder(comparisons.part("YEAR"), _MOMENTS),),
    "month": (_Builder(comparisons.part("MONTH"), _MOMENTS),),
    "date": (_Builder(comparisons.on_day, _MOMENTS),),
}
