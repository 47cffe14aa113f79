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
        if kind in ("text", "choices", "links", "list") and not isinstance(value, str):
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
    target: Any = None

    def encode_part(self, value: object) -> object:
        return self.encode(value)


FIELDS = {
    name: LookedUp(name, column, kind, _encode(kind))
    for name, column, kind in [
        ("name", 'Na}me "x" \\', "text"),
        ("age", "Age", "number"),
        ("is_ok", "Is OK?", "checkbox"),
        ("day", "Day", "date"),
        ("seen", "Seen at", "datetime"),
        ("tags", "Tags", "choices"),
        ("firm", "Firm", "links"),
        ("values", "Values", "list"),
        ("odd__name", "Odd", "number"),
    ]
}


def resolve(name: str) -> LookedUp:
    if name not in FIELDS:
        raise UnknownFieldError(f"no field {name!r}", field=name)
    return FIELDS[name]


def formula_of(q: Q) -> str:
    return print_formula(build_lookup(q, resolve).wide)


def keeps(q: Q, find: Any = resolve, **cells: Any) -> bool:
    """Whether a record is found: the formula keeps it, and so does the test of what was read."""
    found = build_lookup(q, find)
    values = {FIELDS[name].column: value for name, value in cells.items()}
    # If ARRAYJOIN does not take a multiple select for an array, it sees this text.
    joined = {**values, "Tags": ", ".join(cells.get("tags") or ()) or None}
    kept = [
        is_kept(compile_formula(parse(print_formula(found.wide)))(Row(**seen)))
        for seen in (values, joined)
    ]
    raw: Any = {"id": "rec1", "createdTime": "2024-01-01T00:00:00.000Z", "fields": values}
    fits = found.check(lambda name: lambda record: record.raw["fields"].get(name))(raw)
    assert (kept[0] and fits) == (kept[1] and fits), "both kinds of ARRAYJOIN find the same records"
    return kept[0] and fits


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


@pytest.mark.slow
@pytest.mark.parametrize("known", [COMMAS, ()], ids=["known choices", "unknown choices"])
@given(st.sampled_from(COMMAS), LISTS, LISTS)
def test_a_choice_with_a_comma_is_one_item(
    known: tuple[str, ...], item: str, cell: list[str], other: list[str]
) -> None:
    """The choice ``p, q`` is not the two choices ``p`` and ``q``, in any lookup, nor in a "not"."""

    def found(q: Q) -> bool:
        return keeps(q, lambda name: replace(resolve(name), choices=known), tags=cell or None)

    for lookup, expected in (
        (Q(tags__contains=item), item in cell),
        (Q(tags__in=[item, "zz"]), item in cell),
        (Q(tags__not_in=[item, "zz"]), item not in cell),
        (Q(tags=other), cell == other),
        (Q(tags=item), cell == [item]),
        (Q(tags__contains=item) | Q(age=1), item in cell),
        (Q(tags__contains=item) & Q(name=""), item in cell),
    ):
        assert found(lookup) == expected
        assert found(~lookup) != expected


def test_known_choices_without_commas_need_no_test() -> None:
    """Where the formula is exact, a limit can be left to Airtable."""

    def known(name: str) -> LookedUp:
        return replace(resolve(name), choices=("p", "q"))

    for q in (Q(tags__contains="p"), Q(tags=["p", "q"]), ~Q(tags__in=["p", "q"]), Q(tags=None)):
        assert build_lookup(q, known).is_exact
    assert not build_lookup(Q(tags__contains="p"), resolve).is_exact


A, B, C = "recAAAAAAAAAAAAAA", "recBBBBBBBBBBBBBB", "recCCCCCCCCCCCCCC"
LINKS = st.lists(st.sampled_from([A, B]), max_size=2, unique=True)


@given(LINKS, LINKS)
def test_links_are_found_by_id(cell: list[str], other: list[str]) -> None:
    """No formula sees the ids of linked records, so what was read decides, and "not" is exact."""

    def found(q: Q) -> bool:
        # The formula sees names; only whether there are any matters.
        wide = build_lookup(q, resolve)
        seen = Row(Firm=[f"name of {one}" for one in cell] or None, Age=None)
        if not is_kept(compile_formula(parse(print_formula(wide.wide)))(seen)):
            return False
        raw: Any = {"id": "rec1", "createdTime": "", "fields": {"Firm": cell} if cell else {}}
        return wide.check(lambda name: lambda record: record.raw["fields"].get(name))(raw)

    for lookup, expected in (
        (Q(firm=A), cell == [A]),
        (Q(firm=other), set(cell) == set(other)),
        (Q(firm__contains=A), A in cell),
        (Q(firm__in=[A, C]), A in cell),
        (Q(firm__in=[A, None]), A in cell or not cell),
        (Q(firm__not_in=[A, C]), A not in cell),
        (Q(firm__ne=A), cell != [A]),
        (Q(firm__empty=True), not cell),
        (Q(firm__contains=A) | Q(firm__contains=B), bool(cell)),
        (Q(firm__contains=A) | Q(age__gt=1), A in cell),
        (Q(firm__contains=A) & Q(firm__contains=B), len(cell) == 2),
    ):
        assert found(lookup) == expected
        assert found(~lookup) != expected


@given(
    st.sampled_from(["Acme, Inc", "Acme", "Inc"]),
    st.lists(st.sampled_from(["Acme, Inc", "Acme", "Inc"]), max_size=2, unique=True),
)
def test_links_are_found_by_name(name: str, cell: list[str]) -> None:
    """A name with a comma is one name."""
    seen = Row(Firm=cell or None)
    for lookup, expected in (
        (Q(firm__contains=name), name in cell),
        (Q(firm=name), cell == [name]),
        (Q(firm__in=[name, "zz"]), name in cell),
    ):
        for q, wanted in ((lookup, expected), (~lookup, not expected)):
            assert build_lookup(q, resolve).is_exact
            assert is_kept(compile_formula(parse(formula_of(q)))(seen)) == wanted


def test_ids_and_names_are_not_mixed() -> None:
    """An id is looked for in what was read, a name by Airtable: not in one lookup."""
    with pytest.raises(LookupValueError, match="either record IDs or names"):
        build_lookup(Q(firm__in=[A, "Acme"]), resolve)


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
        assert "AND" not in formula_of(q)


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
    assert print_formula(build_lookup(q, resolve_own).wide) == (
        'AND(OR(RECORD_ID() = "rec1", RECORD_ID() = "rec2"), '
        'NOT(IS_BEFORE(CREATED_TIME(), DATETIME_PARSE("2024-01-01T00:00:00.000Z"))))'
    )


def test_a_formula_has_no_truth_of_its_own() -> None:
    """``and`` between formulas would silently drop one of them."""
    with pytest.raises(TypeError, match="write & for and"):
        bool(F("a") == 1)
