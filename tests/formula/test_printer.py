"""Printing and reading formulas: each undoes the other, whatever names and values hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.errors import FormulaError
from airhaul.formula import field_names, parse, print_formula
from airhaul.formula.nodes import Binary, Call, Field, Number, Text, Unary

hostile = st.text(
    alphabet=st.one_of(
        st.sampled_from(list("\\\"'{}()[],&=<>+-*/ \n\r\t\u2028O’😀\x00aB1")),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=20,
)
names = hostile
numbers = st.one_of(
    st.integers(min_value=0, max_value=10**30),
    st.floats(min_value=0, max_value=1e18, allow_nan=False, width=64).filter(
        lambda number: not number.is_integer() and "e" not in repr(number)
    ),
)
leaves = st.one_of(st.builds(Number, numbers), st.builds(Text, hostile), st.builds(Field, names))
functions = st.sampled_from(["AND", "IF", "X_Y", "RECORD_ID", "LEN"])
operators = st.sampled_from(["*", "/", "+", "-", "&", "=", "!=", "<", "<=", ">", ">="])
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Call, functions, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Unary, st.just("-"), inner),
        st.builds(Binary, operators, inner, inner),
    ),
    max_leaves=12,
)


@given(trees)
def test_reading_what_was_printed_gives_the_same_tree(tree) -> None:
    """No value or name can change a formula's meaning, and precedence is kept."""
    assert parse(print_formula(tree)) == tree


@given(hostile)
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    """The parser answers any text with a tree or with its own error."""
    try:
        tree = parse(text)
    except FormulaError:
        return
    assert parse(print_formula(tree)) == tree


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Price", Field("Price")),
        ("{Full Name}", Field("Full Name")),
        (r"{a\}b}", Field("a}b")),
        ("'O\\'Brien'", Text("O'Brien")),
        ('"a\\"b"', Text('a"b')),
        ("if(1, 2)", Call("IF", (Number(1), Number(2)))),
        ("1 - 2 - 3", Binary("-", Binary("-", Number(1), Number(2)), Number(3))),
        ("1 + 2 * 3", Binary("+", Number(1), Binary("*", Number(2), Number(3)))),
        ("1 & 2 = 3", Binary("=", Binary("&", Number(1), Number(2)), Number(3))),
        ("-1", Unary("-", Number(1))),
        (" \n TRUE ( ) ", Call("TRUE")),
        (".5", Number(0.5)),
    ],
)
def test_forms_of_the_reference(text, expected) -> None:
    """Each form that the reference names is read as it says."""
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("1 +", 3),
        ("(1", 2),
        ("{a", 0),
        ("1 == 2", 3),
        ("IF(1,)", 5),
        ("", 0),
        ("“x”", 0),
        ("1 % 2", 2),
    ],
)
def test_a_fault_says_where_it_stands(text: str, position: int) -> None:
    """An error names the position, so that a long formula can be mended."""
    with pytest.raises(FormulaError, match="cannot be read") as caught:
        parse(text)
    assert caught.value.position == position


@pytest.mark.parametrize(
    "text",
    ["-" * 5_000 + "1", "NOT(" * 5_000 + "1" + ")" * 5_000, "+".join(["1"] * 5_000), "(" * 9_999],
)
def test_depth_is_an_error_and_no_crash(text: str) -> None:
    """Nothing that arrives over HTTP may exhaust the stack."""
    with pytest.raises(FormulaError):
        parse(text)


def test_brackets_alone_do_not_count_as_depth() -> None:
    """Brackets around brackets mean nothing, however many."""
    assert parse("(" * 3_000 + "1" + ")" * 3_000) == Number(1)


def test_field_names_are_told_in_order_and_once() -> None:
    """The server checks a formula's fields by this."""
    assert field_names(parse('IF({B} > A, {B} & "x", {C d})')) == ("B", "A", "C d")
