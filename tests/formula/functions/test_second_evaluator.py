"""The same sums by others: moment.js and JavaScript itself in QuickJS, and numpy's business days."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta
from urllib.parse import unquote

import numpy as np
import pytest
import quickjs
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from xstatic.pkg import moment as moment_package

from airhaul.formula.values import to_text
from tests.conftest import examples
from tests.formula.test_evaluate import compute

pytestmark = pytest.mark.slow  # thousands of sums, each done twice


@pytest.fixture(scope="module")
def js():
    """An engine with moment.js 2.8.4 and its languages."""
    context = quickjs.Context()
    with open(f"{moment_package.BASE_DIR}/moment-with-locales.min.js", encoding="utf-8") as script:
        # It declares itself to whichever module system there is; without one it is a global.
        context.eval(f"(function () {{ {script.read()} }}).call(globalThis)")
    context.eval("moment.locale('en')")
    return context


def ask(js, expression: str, *values):
    """The value of an expression of JavaScript, in which ``a``, ``b``, ``c`` are the values."""
    texts = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    names = ", ".join("abc"[: len(texts)])
    made = js.eval(
        f"JSON.stringify([(({names}) => {expression})({', '.join(map(json.dumps, texts))})])"
    )
    return json.loads(made)[0]


moments = st.datetimes(datetime(1000, 1, 1), datetime(3000, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
# Later versions of moment.js have more: k, kk, S beyond milliseconds, x, ggggg for five digits.
TOKENS = """YYYY YY Q M Mo MM MMM MMMM D Do DD DDD DDDo DDDD d do dd ddd dddd e E w wo ww W Wo WW
    gg gggg GG GGGG A a H HH h hh m mm s ss S SS SSS Z ZZ X L LL LLL LLLL LT l ll lll llll
    [text] - / T : , .""".split()


@settings(max_examples=examples(200))
@given(moment=moments, tokens=st.lists(st.sampled_from(TOKENS), min_size=1, max_size=5))
@example(moment=datetime(2019, 7, 10, tzinfo=UTC), tokens=["LLLL"])
def test_formats(js, moment, tokens) -> None:
    """Every token prints what moment.js prints."""
    pattern = " ".join(tokens)
    expected = ask(js, "moment.utc(a).locale('en').format(b)", moment, pattern)
    assert compute("DATETIME_FORMAT({d}, {p})", d=moment, p=pattern) == expected


# Names that CLDR writes as moment.js does; forms that later versions of it did not change.
AGREED = {
    "de": ["L", "LL", "LLLL", "w", "e", "Do", "LT"],
    "en-gb": ["L", "LL", "LLL", "LLLL", "w", "e", "Do", "dddd"],
    "en-au": ["L", "LL", "LLLL"],
    "es": ["L", "LL", "LLL", "LLLL", "w", "dddd", "MMMM", "Do"],
    "fr": ["L", "LL", "LLL", "LLLL", "w", "dddd", "MMMM"],
    "it": ["L", "LL", "w", "e", "Do"],
    "nl": ["L", "LL", "LLL", "LLLL", "dddd", "Do"],
    "pt-br": ["L", "LL", "MMMM", "Do"],
    "ru": ["L", "LL", "D MMMM", "D[,] MMMM"],
    "pl": ["L", "LL", "LLL", "LLLL", "MMMM YYYY", "D MMMM"],
    "sv": ["L", "LL", "w"],
    "da": ["LL", "MMMM", "Do"],
    "ja": ["MMMM", "dddd", "A"],
    "zh-tw": ["dddd"],
    "tr": ["L", "LL", "LLL", "MMMM", "dddd"],
    "uk": ["D MMMM"],
}


@settings(max_examples=examples(200))
@given(
    moment=moments,
    chosen=st.sampled_from(sorted(AGREED)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(AGREED[name]))
    ),
)
def test_languages(js, moment, chosen) -> None:
    """The long forms, ordinals and weeks of other languages are moment.js's."""
    name, pattern = chosen
    expected = ask(js, "moment.utc(a).locale(b).format(c)", moment, name, pattern)
    formula = "DATETIME_FORMAT(SET_LOCALE({d}, {l}), {p})"
    assert compute(formula, d=moment, l=name, p=pattern) == expected


@settings(max_examples=examples(200))
@given(
    moment=moments,
    count=st.integers(-5000, 5000),
    unit=st.sampled_from("ms s m h d w M Q y days months years weeks hours minutes".split()),
)
def test_adding(js, moment, count: int, unit: str) -> None:
    """Whole units are added as moment.js adds them, to the last day of a shorter month."""
    months = {"Q": 3}.get(unit)
    expression = "moment.utc(a).add(c, b).toISOString()"
    given_unit, given_count = ("M", count * months) if months else (unit, count)
    expected = ask(js, expression, moment, given_unit, given_count)
    value = compute("DATEADD({d}, {n}, {u})", d=moment, n=count, u=unit)
    assume(isinstance(value, datetime) and value.year >= 1)
    assume(len(expected) == 24)  # four digits of a year
    assert to_text(value) == expected


@settings(max_examples=examples(200))
@given(
    left=moments,
    right=moments,
    unit=st.sampled_from(["milliseconds", "seconds", "minutes", "hours", "days", "weeks"]),
)
def test_differences(js, left, right, unit: str) -> None:
    """Whole units, towards zero."""
    expected = ask(js, "moment.utc(a).diff(moment.utc(b), c)", left, right, unit)
    assert compute("DATETIME_DIFF({a}, {b}, {u})", a=left, b=right, u=unit) == expected


near = st.tuples(moments, st.integers(-1500, 1500), st.integers(-3, 3)).map(
    lambda made: (made[0], made[0] + timedelta(days=made[1], hours=made[2]))
)


@settings(max_examples=examples(200))
@given(pair=near, unit=st.sampled_from(["months", "years"]))
def test_differences_of_months(js, pair, unit: str) -> None:
    """Months and years count by the calendar, but for the ends of months.

    There the two part: ours goes on from the earlier date, moment.js from the first that is named,
    so that its difference of two dates depends on their order.
    """
    left, right = pair
    assume(left.day <= 28 and right.day <= 28)
    expected = ask(js, "moment.utc(a).diff(moment.utc(b), c)", left, right, unit)
    assert compute("DATETIME_DIFF({a}, {b}, {u})", a=left, b=right, u=unit) == expected


@settings(max_examples=examples(200))
@given(pair=near, unit=st.sampled_from("second minute hour day week month year".split()))
def test_the_same_unit(js, pair, unit: str) -> None:
    """``IS_SAME`` cuts both dates at the unit; weeks begin on Sunday."""
    left, right = pair
    expected = ask(js, "moment.utc(a).isSame(moment.utc(b), c)", left, right, unit)
    assert compute("IS_SAME({a}, {b}, {u})", a=left, b=right, u=unit) == expected


@settings(max_examples=examples(200))
@given(seconds=st.integers(0, 10**9))
def test_distances_in_words(js, seconds: int) -> None:
    """``TONOW`` says how far away a date is, without a direction.

    Between 320 and 345 days and from 45 days on moment.js 2.8.4 counts months in another way.
    """
    assume(seconds < 25 * 86400)
    expected = ask(js, "moment.duration(a, 's').locale('en').humanize()", seconds)
    now = compute("NOW()")
    assert compute("TONOW({d})", d=now - timedelta(seconds=seconds)) == expected


@settings(max_examples=examples(400))
@given(number=st.one_of(st.floats(), st.integers(-(2**53), 2**53)))
@example(number=1e21)
@example(number=1e-7)
@example(number=123456789012345680000.0)
def test_numbers_as_text(js, number) -> None:
    """A number joined to a text is written as JavaScript writes it."""
    if isinstance(number, float) and not math.isfinite(number):
        expected = "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    else:
        expected = ask(js, "String(a)", number)
    made = compute('{n} & ""', n=number)
    # QuickJS writes a few powers of two with a digit too many.
    assert made == expected or (float(made) == float(expected) and len(made) < len(expected))


@settings(max_examples=examples(200))
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=10))
def test_encoding_of_urls(js, text: str) -> None:
    """As ``encodeURIComponent`` does, but for ``! * ' ( )``, which are encoded too."""
    made = compute("ENCODE_URL_COMPONENT({t})", t=text)
    assert unquote(made) == text
    for mark in "!*'()":
        made = made.replace(f"%{ord(mark):02X}", mark)
    assert made == ask(js, "encodeURIComponent(a)", text)


@settings(max_examples=examples(200))
@given(a=st.floats(-1e9, 1e9), b=st.floats(-1e9, 1e9))
def test_arithmetic(js, a: float, b: float) -> None:
    """Numbers are doubles, as JavaScript's."""
    for sign in "+-*":
        assert compute(f"{{a}} {sign} {{b}}", a=a, b=b) == float(ask(js, f"a {sign} b", a, b))
    if abs(b) > 1e-9:
        assert compute("{a} / {b}", a=a, b=b) == float(ask(js, "a / b", a, b))
    for sign in ("<", "<=", ">", ">="):
        assert compute(f"{{a}} {sign} {{b}}", a=a, b=b) == ask(js, f"a {sign} b", a, b)


days = st.dates(date(1990, 1, 1), date(2040, 1, 1))
holidays = st.lists(st.dates(date(2010, 1, 1), date(2012, 1, 1)), max_size=12)


@settings(max_examples=examples(200))
@given(start=days, count=st.integers(-700, 700), off=holidays)
@example(start=date(2011, 1, 1), count=1, off=[date(2011, 1, 3)])
@example(start=date(2011, 1, 3), count=1, off=[date(2011, 1, 3)])
def test_working_days(start: date, count: int, off: list[date]) -> None:
    """Going on by working days passes over weekends and holidays, as numpy does."""
    listed = ", ".join(day.isoformat() for day in off)
    made = compute("DATESTR(WORKDAY({d}, {n}, {h}))", d=start, n=count, h=listed)
    # A start that is no working day counts from the one before, or after when going back.
    roll = "backward" if count > 0 else "forward"
    expected = str(np.busday_offset(start, count, roll, holidays=off)) if count else f"{start}"
    assert made == expected


@settings(max_examples=examples(200))
@given(first=days, last=days, off=holidays)
def test_working_days_between(first: date, last: date, off: list[date]) -> None:
    """Both ends count."""
    listed = [day.isoformat() for day in off]
    made = compute("WORKDAY_DIFF({a}, {b}, {h})", a=first, b=last, h=listed)
    low, high = min(first, last), max(first, last)
    count = int(np.busday_count(low, high + timedelta(days=1), holidays=off))
    assert made == (count if first <= last else -count)
