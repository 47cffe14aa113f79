"""Regular expressions: RE2's dialect, in bounded time."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.errors import LookupValueError
from airhaul.formula import Q, build_lookup, print_formula
from airhaul.formula.functions.re2 import NotHereError, NotRE2Error, compile_re2
from airhaul.formula.values import FormulaFault
from tests.formula.test_evaluate import compute
from tests.formula.test_lookup import keeps, resolve


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^[a-z0-9]+(?:-[a-z0-9]+)*$", "a-slug-1", "a-slug-1"),
        (r"([a-z]+\.)+com", "www.example.com", "www.example.com"),
        (r"[\w.+-]+@[\w-]+\.[\w.-]+", "to a.b@c.de now", "a.b@c.de"),
        (r"^(?:\d{1,3}\.){3}\d{1,3}$", "10.0.0.255", "10.0.0.255"),
        ("(foo|bar)+", "xfoobary", "foobar"),
        ("(?i)HELLO", "hello", "hello"),
        ("(?P<x>a)(?<y>b)", "ab", "ab"),
        ("a$", "a\n", None),
        ("(?m)a$", "a\n", "a"),
        (r"a\z", "a", "a"),
        (r"\(?=", "(=", "(="),
        (r"\w+", "éa", "a"),
        (r"\x{1F600}", "x😀", "😀"),
        ("x{,5}", "x{,5}", "x{,5}"),
        ("[]a]+", "]a", "]a"),
        ("[a[b&&~]+", "[&~", "[&~"),
        ("a+?", "aaa", "a"),
        ("(a*)?b", "aab", "aab"),
        ("", "abc", ""),
    ],
)
def test_what_re2_finds_is_found(pattern: str, text: str, found: str | None) -> None:
    """The dialects' differences are translated: ``$``, ASCII classes, named groups, codes."""
    match = compile_re2(pattern).pattern.search(text)
    assert (match and match[0]) == found


@pytest.mark.parametrize(
    "pattern",
    ["(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", r"(a)\1", "(?>a)", "(?(1)a)", "(?P=x)", "(?#c)", "a++",
     "a**", "*", "(*a)", "(", ")", "[a", "\\", r"\Z", r"\g", "x{1001}", "a{2,1}", "[z-a]", r"\x{110000}",
     "(?x)a"],
)  # fmt: skip
def test_what_re2_has_not_is_refused_before_anything_is_sent(pattern: str) -> None:
    """A lookup with such a pattern would select nothing on Airtable, without a word."""
    with pytest.raises(NotRE2Error) as caught:
        compile_re2(pattern)
    assert not isinstance(caught.value, NotHereError)
    with pytest.raises(LookupValueError, match="RE2"):
        build_lookup(Q(name__regex=pattern), resolve)


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+", "(a|aa)+", "(a*)*", r"(\w|\d)+", "((a|b)c)*", "(a?b?)*", "()*", "(a+){5}", "a?" * 30,
     "a*" * 8 + "b", "a{1,9}" * 8, r"\pL", r"\Qa\E", "[[:alpha:]]", "a(?i)b", "(-a*a*)+", "a" * 1_001],
)  # fmt: skip
def test_what_could_take_for_ever_does_not_run(pattern: str) -> None:
    """Here it is an error, though Airtable takes it; so a lookup with it is still built."""
    with pytest.raises(NotHereError):
        compile_re2(pattern)
    assert isinstance(compute("REGEX_MATCH('a', {p})", p=pattern), FormulaFault)
    assert "REGEX_MATCH" in print_formula(build_lookup(Q(name__regex=pattern), resolve))


@pytest.mark.parametrize(
    ("pattern", "unit"),
    [("a*b", "a"), ("a*a*b", "a"), ("a*a*a*b", "a"), ("a{1,9}a*b", "a"), ("a?a?a?a?b", "a"),
     ("(?:-[a-z]+)*x", "-ab"), ("([a-z]+-)+x", "ab-"), (r"^\s*(\w+)\s+(\w+)\s*$", "a ")],
)  # fmt: skip
def test_the_worst_text_takes_seconds_at_most(pattern: str, unit: str) -> None:
    """The more repetitions compete for the same characters, the shorter the text they may see."""
    expression = compile_re2(pattern)
    assert expression.longest_subject >= 100
    start = time.perf_counter()
    expression.pattern.search((unit * 100_000)[: expression.longest_subject])
    assert time.perf_counter() - start < 10


@given(
    st.text(alphabet="ab.*+?|()[]^$\\{}1,:-idwzP<>=! é", max_size=12), st.text("ab1 -", max_size=8)
)
def test_any_pattern_is_refused_or_runs(pattern: str, text: str) -> None:
    """A pattern never raises anything but its own error."""
    try:
        expression = compile_re2(pattern)
    except NotRE2Error:
        return
    expression.pattern.search(text)


@given(st.text(max_size=8), st.text(max_size=8))
def test_an_escaped_text_finds_itself(needle: str, around: str) -> None:
    """Whoever escapes with ``re.escape`` gets what was meant."""
    found = compile_re2(re.escape(needle)).pattern.search(around + needle)
    assert found is not None
    assert found[0] == needle


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (r'REGEX_REPLACE("2024-05", "(\\d+)-(\\d+)", "$2/$1")', "05/2024"),
        ('REGEX_REPLACE("a", "a", "$5")', "$5"),
        ('REGEX_REPLACE("aXbX", "X", "-")', "a-b-"),
        ('REGEX_REPLACE("ab", "(x)?b", "[$1]")', "a[]"),
        ('REGEX_MATCH(42, "4.")', True),
    ],
)
def test_replacing(formula: str, expected) -> None:
    """Groups are filled in, and a dollar that names none is a dollar."""
    assert compute(formula) == expected


def test_an_empty_cell_matches_no_pattern() -> None:
    """As with every other lookup; in Airtable ``.*`` matches an empty text."""
    assert not keeps(Q(name__regex=".*"), name=None)
    assert keeps(Q(name__regex="^b"), name="bc")
