"""Lookups select exactly the records that a plain Python test selects, whatever the values hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.errors import LookupValueError, UnknownFieldError
from airhaul.formula import F, Q, build_lookup, parse, print_formula
from airhaul.formula.evaluate import compile_formula
from airhaul.formula.values import is_kept
from tests.formula.test_evaluate import Row


def _encode(kind: str):
    def encode(value: Any) -> object:
        if kind == "number" and (isinstance(value, str) or isinstance(value, bool)):
            raise ValueError("expected a number")
        if kind in ("text", "list") and not isinstance(value, str):
            raise ValueError("expected text")
        if kind == "date":
            return value.isoformat() if isinstance(value, date) else value
        if kind == "datetime":
            return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return value

    return encode


@dataclass
class LookedUp:
    name: str
    column: str
    kind: Any
    encode: Any
    choices: tuple[str, ...] = ()


FIELDS = {
    name: LookedUp(name, column, kind, _encode(kind))
    for name, column, kind in [
        ("name", 'Na}me "x" \\', "text"),
        ("age", "Age", "number"),
        ("is_ok", "Is OK?", "checkbox"),
        ("day", "Day", "date"),
        ("seen", "Seen at", "datetime"),
        ("tags", "Tags", "list"),
        ("odd__name", "Odd", "number"),
    ]
}


def resolve(name: str) -> LookedUp:
    if name not in FIELDS:
        raise UnknownFieldError(f"no field {name!r}", field=name)
    return FIELDS[name]


def keeps(q: Q, **cells: Any) -> bool:
    text = print_formula(build_lookup(q, resolve))
    row = Row(**{FIELDS[name].column: value for name, value in cells.items()})
    return is_kept(compile_formula(parse(text))(row))


words = st.text(alphabet=st.sampled_from(list("aAbÄ'\"\\{}\n\r\t😀,ß x")), max_size=4)


@given(words, st.one_of(st.none(), words.filter(bool)))
def test_text_lookups_agree_with_python(value: str, cell: str | None) -> None:
    """Quotes, backslashes, braces, line breaks and emoji are only characters."""
    held = cell or ""
    expected = {
        "name": held == value,
        "name__ne": held != value,
        "name__contains": bool(held) and value in held,
        "name__icontains": bool(held) and value.lower() in held.lower(),
        "name__startswith": bool(held) and held.startswith(value),
        "name__endswith": bool(held) and held.endswith(value),
        "name__istartswith": bool(held) and held.lower().startswith(value.lower()),
        "name__iendswith": bool(held) and held.lower().endswith(value.lower()),
    }
    if value == "":
        return
    found = {lookup: keeps(Q(**{lookup: value}), name=cell) for lookup in expected}
    assert found == expected
    assert keeps(Q(name__in=[value, "zz"]), name=cell) == (held in (value, "zz"))
    assert keeps(Q(name__not_in=[value, None]), name=cell) == (held not in (value, ""))


numbers = st.one_of(st.integers(-3, 3), st.sampled_from([0, 0.5, -0.5, 10**12]))


@given(numbers, st.one_of(st.none(), numbers), numbers)
def test_number_lookups_agree_with_python(value, cell, other) -> None:
    """An empty cell is never taken for 0, and negative numbers are written right."""
    there = cell is not None
    assert keeps(Q(age=value), age=cell) == (there and cell == value)
    assert keeps(Q(age__ne=value), age=cell) == (not there or cell != value)
    assert keeps(Q(age__lt=value), age=cell) == (there and cell < value)
    assert keeps(Q(age__lte=value), age=cell) == (there and cell <= value)
    assert keeps(Q(age__gt=value), age=cell) == (there and cell > value)
    assert keeps(Q(age__gte=value), age=cell) == (there and cell >= value)
    assert keeps(Q(age__between=(value, other)), age=cell) == (there and value <= cell <= other)
    assert keeps(Q(age__in=[value, None]), age=cell) == (not there or cell == value)
    assert keeps(Q(age__empty=True), age=cell) == (not there)


days = st.dates(date(2023, 12, 30), date(2024, 1, 2))


@given(days, st.one_of(st.none(), days))
def test_date_lookups_agree_with_python(value: date, cell: date | None) -> None:
    """Days compare as days, and an empty cell is neither before nor after."""
    there = cell is not None
    held = datetime(cell.year, cell.month, cell.day, tzinfo=UTC) if cell else None
    assert keeps(Q(day=value), day=held) == (cell == value)
    assert keeps(Q(day__lt=value), day=held) == (there and cell < value)
    assert keeps(Q(day__lte=value), day=held) == (there and cell <= value)
    assert keeps(Q(day__gt=value), day=held) == (there and cell > value)
    assert keeps(Q(day__gte=value), day=held) == (there and cell >= value)
    assert keeps(Q(day__year=value.year), day=held) == (there and cell.year == value.year)
    assert keeps(Q(day__month=value.month), day=held) == (there and cell.month == value.month)
    assert keeps(Q(day__ne=value), day=held) == (cell != value)


@given(st.integers(-2, 2), st.one_of(st.none(), st.integers(-2, 2)))
def test_moment_lookups_agree_with_python(value: int, cell: int | None) -> None:
    """Points in time compare to the millisecond."""
    base = datetime(2024, 1, 1, tzinfo=UTC)
    wanted = base + timedelta(milliseconds=value)
    held = None if cell is None else base + timedelta(milliseconds=cell)
    assert keeps(Q(seen=wanted), seen=held) == (held == wanted)
    assert keeps(Q(seen__lt=wanted), seen=held) == (held is not None and held < wanted)
    assert keeps(Q(seen__gte=wanted), seen=held) == (held is not None and held >= wanted)
    assert keeps(Q(seen__date=wanted), seen=held) == (
        held is not None and held.date() == wanted.date()
    )


tags = st.lists(st.sampled_from(["a", "ab", "b", "a b", "é"]), max_size=3, unique=True)


@given(st.sampled_from(["a", "ab", "b", "a b"]), tags)
def test_list_lookups_find_whole_members(value: str, cell: list[str]) -> None:
    """``a`` is a member of ``["a"]`` and not of ``["ab"]``."""
    assert keeps(Q(tags__contains=value), tags=cell or None) == (value in cell)
    assert keeps(Q(tags__in=[value, "zz"]), tags=cell or None) == (value in cell)
    assert keeps(Q(tags__empty=True), tags=cell or None) == (not cell)
    assert keeps(Q(tags=cell), tags=cell or None)


COMMAS = ("p", "q", "r", "p, q", "p, q, r", "q, r")
LISTS = st.lists(st.sampled_from(COMMAS), max_size=3, unique=True)


@given(st.sampled_from(COMMAS), LISTS, LISTS)
def test_a_choice_with_a_comma_is_one_item(item: str, cell: list[str], other: list[str]) -> None:
    """The choice ``p, q`` is not the two choices ``p`` and ``q``, in any lookup, nor in a "not"."""

    def found(q: Q) -> bool:
        text = print_formula(build_lookup(q, lambda n: replace(resolve(n), choices=COMMAS)))
        return is_kept(compile_formula(parse(text))(Row(Tags=cell or None)))

    for lookup, expected in (
        (Q(tags__contains=item), item in cell),
        (Q(tags__in=[item]), item in cell),
        (Q(tags=other), cell == other),
        (Q(tags=item), cell == [item]),
    ):
        assert found(lookup) == expected
        assert found(~lookup) != expected


@given(st.sampled_from(COMMAS), LISTS)
def test_a_choice_with_a_comma_is_found_if_the_choices_are_not_known(
    item: str, cell: list[str]
) -> None:
    """No record is lost, and two choices are not taken for one with a comma."""
    if item in cell:
        assert keeps(Q(tags__contains=item), tags=cell)
    assert not keeps(Q(tags__contains="p, q"), tags=["p", "q"])
    assert not keeps(Q(tags="p, q"), tags=["p", "q"])
    assert not keeps(~Q(tags__contains="p, q"), tags=["p, q", "r"])


@pytest.mark.parametrize("cell", [True, False])
def test_checkbox_lookups(cell: bool) -> None:
    """An unticked box is False."""
    assert keeps(Q(is_ok=True), is_ok=cell) is cell
    assert keeps(Q(is_ok=False), is_ok=cell) is not cell


def test_conditions_are_joined() -> None:
    """``&``, ``|`` and ``~`` mean and, or and not, also with free formulas."""
    assert keeps(Q(age__gt=1) & ~Q(name="x"), age=2, name="y")
    assert not keeps(Q(age__gt=1) & ~Q(name="x"), age=2, name="x")
    young = Q(age__lt=2) & (F("Age") > 0)
    assert keeps(young, age=1)
    assert not keeps(young, age=-1)
    assert keeps(Q(age=1) | Q(age=2), age=2)
    assert keeps(~(Q(age=1) | Q(age=2)), age=3)
    assert keeps((F("Age") == 5) | Q(age=1), age=5)


def test_no_members_find_nothing() -> None:
    """An empty list of values is not the same as no condition."""
    assert not keeps(Q(age__in=[]), age=1)
    assert keeps(Q(age__not_in=[]), age=1)


def test_many_values_stay_one_flat_or() -> None:
    """Five hundred values must not nest five hundred deep."""
    assert keeps(Q(age__in=range(500)), age=499)


def test_a_field_name_with_two_underscores_is_a_field_first() -> None:
    """The whole key is looked up before it is taken apart."""
    assert keeps(Q(odd__name=3), odd__name=3)
    assert keeps(Q(odd__name__gt=2), odd__name=3)


@pytest.mark.parametrize(
    ("lookups", "error", "said"),
    [
        ({"nam": 1}, UnknownFieldError, "nam"),
        ({"nam__gt": 1}, UnknownFieldError, "nam"),
        ({"age__contains": "1"}, LookupValueError, "age"),
        ({"age": "x"}, LookupValueError, "expected a number, got 'x'"),
        ({"name__year": 1}, LookupValueError, "name"),
        ({"age__in": 5}, LookupValueError, "several values"),
        ({"age__between": [1]}, LookupValueError, "two values"),
        ({"age__empty": "yes"}, LookupValueError, "True or False"),
        ({"day__year": "2024"}, LookupValueError, "whole number"),
        ({"age__gtt": 1}, LookupValueError, "gtt"),
    ],
)
def test_faults_name_the_field(lookups, error, said) -> None:
    """A wrong lookup fails when it is built, naming field, lookup and value."""
    with pytest.raises(error, match=said):
        build_lookup(Q(**lookups), resolve)


@pytest.mark.parametrize(
    "lookups",
    [{"age__gt": None}, {"day__lte": None}, {"age__between": (None, 1)}, {"day__date": None},
     {"name__contains": None}, {"tags": ["a", None]}, {"age": F("Other")}, {"name": Q(age=1)}],
)  # fmt: skip
def test_what_is_no_value_is_refused(lookups) -> None:
    """None has no order, and a formula is not a value: neither may end up in the formula's text."""
    with pytest.raises(LookupValueError, match="expected"):
        build_lookup(Q(**lookups), resolve)


def test_an_unknown_field_is_named_without_its_lookup() -> None:
    """``nam__gt`` is a fault in ``nam``; ``nam__foo`` may be one in either."""
    with pytest.raises(UnknownFieldError, match="'nam'"):
        build_lookup(Q(nam__gt=1), resolve)
    with pytest.raises(UnknownFieldError, match="'nam__foo'"):
        build_lookup(Q(nam__foo=1), resolve)


@pytest.mark.parametrize(
    ("lookup", "cell"),
    [("day__lt", "day"), ("day__year", "day"), ("day", "day"), ("seen__gte", "seen"),
     ("seen__date", "seen"), ("age__lt", "age"), ("name__contains", "name"),
     ("name__regex", "name"), ("tags__contains", "tags")],
)  # fmt: skip
def test_what_an_empty_cell_does_not_fit_its_negation_does(lookup: str, cell: str) -> None:
    """``~Q(...)`` keeps the empty cells, also where date functions give errors for them."""
    value = {"day": date(2024, 1, 1), "seen": datetime(2024, 1, 1, tzinfo=UTC), "age": 5}.get(
        cell, "a"
    )
    q = Q(**{lookup: 2024 if lookup == "day__year" else value})
    assert not keeps(q, **{cell: None})
    assert keeps(~q, **{cell: None})
    if cell in ("day", "seen"):
        assert "AND" not in print_formula(build_lookup(q, resolve))


def test_an_empty_text_is_contained_in_every_filled_cell() -> None:
    """As in Python and Django; but no list has an empty member."""
    for lookup in ("contains", "icontains", "startswith", "istartswith", "endswith", "iendswith"):
        assert keeps(Q(**{f"name__{lookup}": ""}), name="x")
        assert not keeps(Q(**{f"name__{lookup}": ""}), name=None)
    assert not keeps(Q(tags__contains=""), tags=None)
    assert not keeps(Q(tags__contains=""), tags=["a"])
    assert keeps(Q(name=""), name=None)
    assert keeps(Q(name__ne=""), name="x")


def test_ids_and_times_of_creation() -> None:
    """The record's own id and time are functions, and no fields."""
    own = {
        "id": LookedUp("id", "id", "record_id", lambda value: value),
        "created_time": LookedUp("created_time", "", "created_time", _encode("datetime")),
    }

    def resolve_own(name: str) -> LookedUp:
        if name not in own:
            raise UnknownFieldError(name)
        return own[name]

    q = Q(id__in=["rec1", "rec2"]) & Q(created_time__gte=datetime(2024, 1, 1, tzinfo=UTC))
    assert print_formula(build_lookup(q, resolve_own)) == (
        'AND(OR(RECORD_ID() = "rec1", RECORD_ID() = "rec2"), '
        'NOT(IS_BEFORE(CREATED_TIME(), DATETIME_PARSE("2024-01-01T00:00:00.000Z"))))'
    )


def test_a_formula_has_no_truth_of_its_own() -> None:
    """``and`` between formulas would silently drop one of them."""
    with pytest.raises(TypeError, match="write & for and"):
        bool(F("a") == 1)
