"""Regular expressions: RE2's dialect, in bounded time."""

from __future__ import annotations

import re
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.errors import LookupValueError
from airhaul.formula import Q, build_lookup, print_formula
from airhaul.formula.functions import regex
from airhaul.formula.functions.regex import PatternError, compile_pattern
from airhaul.formula.values import FormulaFault
from tests.formula.test_evaluate import compute
from tests.formula.test_lookup import keeps, resolve


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^[a-z0-9]+(?:-[a-z0-9]+)*$", "a-slug-1", "a-slug-1"),
        (r"^(?:\d{1,3}\.){3}\d{1,3}$", "10.0.0.255", "10.0.0.255"),
        ("(foo|bar)+", "xfoobary", "foobar"),
        ("(?i)HELLO", "hello", "hello"),
        (r"\w+", "éa", "a"),
        (r"\pL+", "éa1", "éa"),
        (r"\x{1F600}", "x😀", "😀"),
        ("a+?", "aaa", "a"),
        ("(a*)?b", "aab", "aab"),
        ("", "abc", ""),
    ],
)
def test_the_whole_match_is_extracted(pattern: str, text: str, found: str) -> None:
    """Classes are ASCII, flags stand inside, characters beyond it are found where they stand."""
    assert compute("REGEX_EXTRACT({t}, {p})", t=text, p=pattern) == found
    assert compute("REGEX_MATCH({t}, {p})", t=text, p=pattern) is True


def test_no_match_is_an_error() -> None:
    """So that a formula can tell it from an empty match."""
    assert compute('ISERROR(REGEX_EXTRACT("a", "b"))') is True


@pytest.mark.parametrize(
    "pattern",
    ["(?=a)", "(?!a)", "(?<=a)b", r"(a)\1", "(?>a)", "(?#c)", "a**", "*", "(", ")", "[a", "\\",
     "x{1001}", "a{2,1}", "[z-a]", r"\x{110000}", "\ud800", "a" * 10_001],
)  # fmt: skip
def test_what_re2_has_not_is_refused_before_anything_is_sent(pattern: str) -> None:
    """A lookup with such a pattern would select nothing on Airtable, without a word."""
    with pytest.raises(PatternError):
        compile_pattern(pattern)
    with pytest.raises(LookupValueError, match="RE2"):
        build_lookup(Q(name__regex=pattern), resolve)
    assert isinstance(compute("REGEX_MATCH('a', {p})", p=pattern), FormulaFault)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "pattern", "text"),
    [
        ("REGEX_MATCH({t}, {p})", "(a+)+$", "a" * 500_000 + "b"),
        ("REGEX_MATCH({t}, {p})", "(x+x+)+y", "x" * 1_000_000),
        ("REGEX_EXTRACT({t}, {p})", "(a|b|c|ab|bc|[a-z]{1,900}){1,1}q", "abc" * 100_000),
        ("REGEX_MATCH({t}, {p})", "(a?){900}(a{900})", "a" * 100_000),
        ("REGEX_REPLACE({t}, {p}, '')", "a.*b|a", "a" * 300_000),
    ],
)
def test_no_pattern_hangs(function: str, pattern: str, text: str) -> None:
    """What takes others for ever is done in seconds, or is an error."""
    start = time.process_time()
    compute(function, t=text, p=pattern)
    assert time.process_time() - start < 8


@given(
    st.text(alphabet="ab.*+?|()[]^$\\{}1,:-idwzP<>=! é", max_size=12), st.text("ab1 -é", max_size=8)
)
def test_any_pattern_is_refused_or_runs(pattern: str, text: str) -> None:
    """A pattern never raises anything, and replacing by the match itself changes nothing."""
    compute("REGEX_MATCH({t}, {p})", t=text, p=pattern)
    refused = isinstance(compute("REGEX_EXTRACT({t}, {p})", t=text, p=pattern), FormulaFault)
    # What is refused by itself can be a pattern in brackets, of other groups: ")(" in "()()".
    if not refused:
        assert compute("REGEX_REPLACE({t}, {p}, '$1')", t=text, p=f"({pattern})") == text


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.text("ab ", max_size=8))
def test_an_escaped_text_finds_itself(needle: str, around: str) -> None:
    """Whoever escapes with ``re.escape`` gets what was meant."""
    assert compute("REGEX_EXTRACT({t}, {p})", t=around + needle, p=re.escape(needle)) == needle


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (r'REGEX_REPLACE("2024-05", "(\\d+)-(\\d+)", "$2/$1")', "05/2024"),
        ('REGEX_REPLACE("a", "a", "$5")', "$5"),
        ('REGEX_REPLACE("aXbX", "X", "-")', "a-b-"),
        ('REGEX_REPLACE("ab", "(x)?b", "[$1]")', "a[]"),
        ('REGEX_REPLACE("é1é", "[0-9]", "é")', "ééé"),
        ('REGEX_MATCH(42, "4.")', True),
        ('REGEX_MATCH(BLANK(), "^$")', True),
    ],
)
def test_replacing(formula: str, expected) -> None:
    """Groups are filled in, and a dollar that names none is a dollar."""
    assert compute(formula) == expected


def test_half_a_character_is_no_text() -> None:
    """JSON can hold half of a surrogate pair, which RE2 cannot read."""
    assert isinstance(compute("REGEX_MATCH({t}, 'a')", t="\ud800"), FormulaFault)


def test_without_re2_a_pattern_is_an_error_that_says_what_to_install(monkeypatch) -> None:
    """Not every platform has a wheel; lookups are built there all the same."""
    monkeypatch.setitem(sys.modules, "re2", None)
    regex._re2.cache_clear()
    regex.compile_pattern.cache_clear()
    try:
        fault = compute('REGEX_MATCH("a", "a")')
        assert isinstance(fault, FormulaFault)
        assert "google-re2" in fault.reason
        assert "REGEX_MATCH" in print_formula(build_lookup(Q(name__regex="a"), resolve).wide)
    finally:
        regex._re2.cache_clear()
        regex.compile_pattern.cache_clear()


def test_an_empty_cell_matches_no_pattern() -> None:
    """As with every other lookup; in Airtable ``.*`` matches an empty text."""
    assert not keeps(Q(name__regex=".*"), name=None)
    assert keeps(Q(name__regex="^b"), name="bc")
