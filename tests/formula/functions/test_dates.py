"""Dates: reading, printing, adding and comparing them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.formula.dates.dates import parse_moment, week_of_year
from airhaul.formula.dates.reading import parse_by_format
from airhaul.formula.dates.tokens import format_moment
from airhaul.formula.values import FormulaFault
from tests.formula.test_evaluate import compute

moments = st.datetimes(timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-06", "2024-05-06T00:00:00.000Z"),
        ("2024-05-06T07:08", "2024-05-06T07:08:00.000Z"),
        ("2024-05-06 07:08:09.1234567Z", "2024-05-06T07:08:09.123Z"),
        ("2024-05-06T07:08:09+02:00", "2024-05-06T05:08:09.000Z"),
        ("5/6/2024 1:02 PM", "2024-05-06T13:02:00.000Z"),
        ("5/6/69", "1969-05-06T00:00:00.000Z"),
        ("5/6/68", "2068-05-06T00:00:00.000Z"),
        ("4 Mar 2017 7:00", "2017-03-04T07:00:00.000Z"),
        ("March 4, 2017 12:30 am", "2017-03-04T00:30:00.000Z"),
    ],
)
def test_everyday_forms_are_read(text: str, expected: str) -> None:
    """ISO, the American order and names of months, in UTC."""
    assert compute("{t} & ''", t=parse_moment(text)) == expected


@pytest.mark.parametrize(
    "text",
    ["", "x", "2024-13-01", "13/13/2024", "2024-02-30", "4 Foo 2017", "0000-01-01",
     "9999-12-31T23:59:59-05:00", "2024-05-06T25:00"],
)  # fmt: skip
def test_what_is_no_date_is_told(text: str) -> None:
    """No day is made up, and nothing raises at the calendar's ends."""
    assert parse_moment(text) is None


def test_every_token_prints() -> None:
    """Each token of moment.js that the reference lists has its meaning."""
    moment = datetime(2019, 7, 4, 0, 5, 9, 678_900, UTC)
    for token, printed in {
        "M Mo MM MMM MMMM": "7 7th 07 Jul July", "Q Qo": "3 3rd", "D Do DD": "4 4th 04",
        "DDD DDDo DDDD": "185 185th 185", "d do dd ddd dddd e E": "4 4th Th Thu Thursday 4 4",
        "w wo ww W Wo WW": "27 27th 27 27 27th 27", "YY YYYY gg gggg GG GGGG": "19 2019 19 2019 19 2019",
        "A a": "AM am", "H HH h hh k kk": "0 00 12 12 24 24", "m mm s ss": "5 05 9 09",
        "S SS SSS": "6 67 678", "Z ZZ": "+00:00 +0000", "X x": "1562198709 1562198709678",
        "LT LTS": "12:05 AM 12:05:09 AM", "L l": "07/04/2019 7/4/2019",
        "LL|ll": "July 4, 2019|Jul 4, 2019",
        "LLL|lll": "July 4, 2019 12:05 AM|Jul 4, 2019 12:05 AM",
        "LLLL|llll": "Thursday, July 4, 2019 12:05 AM|Thu, Jul 4, 2019 12:05 AM",
        "[on] D": "on 4",
    }.items():  # fmt: skip
        assert format_moment(moment, token) == printed


@pytest.mark.parametrize(
    ("moment", "week"),
    [((2019, 12, 28), (2019, 52)), ((2019, 12, 29), (2020, 1)), ((2021, 1, 2), (2021, 1)),
     ((2021, 1, 3), (2021, 2)), ((2016, 12, 31), (2016, 53)), ((9999, 12, 31), (10000, 1))],
)  # fmt: skip
def test_weeks_at_the_turn_of_the_year(moment, week) -> None:
    """Week 1 is the one that holds January 1."""
    assert week_of_year(datetime(*moment, tzinfo=UTC)) == week


patterns = st.sampled_from(
    ["YYYY-MM-DD[T]HH:mm:ss.SSSZ", "D MMM YYYY HH:mm:ss.SSS", "MMMM Do, YYYY h:mm:ss.SSS a", "x",
     "dddd, M/D/YYYY hh:mm:ss.SSS A ZZ"]
)  # fmt: skip


@given(moments.filter(lambda moment: moment.year >= 1970), patterns)
def test_what_was_printed_is_read_by_the_same_pattern(moment: datetime, pattern: str) -> None:
    """Reading undoes printing, to the millisecond."""
    exact = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert parse_by_format(format_moment(moment, pattern), pattern) == exact


@given(st.text(max_size=10), st.text(alphabet="YMDdHhmsSAaZXx[] .*(", max_size=40))
def test_no_pattern_makes_reading_raise_or_hang(text: str, pattern: str) -> None:
    """A pattern is no regular expression, and one that reads a part twice is refused."""
    parse_by_format(text, pattern)
    assert parse_by_format("1" * 60 + "x", "D" * 60) is None


@given(moments, moments, st.sampled_from(["ms", "seconds", "m", "hour", "days", "w"]))
def test_differences_are_whole_and_towards_zero(left: datetime, right: datetime, unit: str) -> None:
    """No difference is one short for being computed in floats."""
    length = {"ms": 1, "seconds": 1_000, "m": 60_000, "hour": 3_600_000, "days": 86_400_000,
              "w": 604_800_000}[unit]  # fmt: skip
    micros = (left - right) // timedelta(microseconds=1)
    whole = abs(micros) // (length * 1_000)
    expected = whole if micros >= 0 else -whole
    assert compute(f"DATETIME_DIFF({{x}}, {{y}}, '{unit}')", x=left, y=right) == expected


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ('DATETIME_DIFF("2024-02-29", "2023-02-28", "years")', 1),
        ('DATETIME_DIFF("2024-02-28", "2020-02-29", "years")', 3),
        ('DATETIME_DIFF("2024-01-31", "2024-02-29", "M")', -1),
        ('DATETIME_DIFF("2024-01-01", "2024-12-31", "Q")', -3),
        ('DATESTR(DATEADD("2024-01-31", 1, "month"))', "2024-02-29"),
        ('DATESTR(DATEADD("2024-01-31", -1, "quarter"))', "2023-10-31"),
        ('DATETIME_FORMAT(DATEADD("2024-01-01", 1.5, "days"), "D H")', "3 0"),
        ('DATETIME_FORMAT(DATEADD("2024-01-01", 1.5, "hours"), "H:mm")', "1:30"),
        ('IS_SAME("2024-01-06", "2023-12-31", "week")', True),
        ('IS_SAME("2024-01-01", "2024-03-31", "quarter")', True),
        ('IS_SAME("2024-01-01T00:00:00.001Z", "2024-01-01")', False),
        ('IS_BEFORE(BLANK(), "2024-01-01")', False),
        ('WEEKNUM("2024-01-07", "Monday")', 1),
        ('WEEKDAY("2021-06-09", "Monday")', 2),
        ("DATESTR(BLANK())", None),
        ("IS_SAME(NOW(), TODAY(), 'day')", True),
    ],
)
def test_calendar_sums(formula: str, expected) -> None:
    """Months have different lengths, and weeks start on Sunday."""
    assert compute(formula) == expected


@pytest.mark.parametrize(
    "formula",
    ['YEAR("x")', "YEAR(5)", 'DATEADD("9999-12-31", 1, "y")', 'DATEADD("2024-01-01", 1, "D")',
     'DATEADD("2024-01-01", 1/0, "days")', 'IS_SAME("2024-01-01", "2024-01-01", "moon")',
     'DATETIME_PARSE("x", "YYYY")', 'DATETIME_PARSE("2024", "YYYY YYYY")'],
)  # fmt: skip
def test_dates_that_cannot_be(formula: str) -> None:
    """What has no answer is an error, as a value."""
    assert isinstance(compute(formula), FormulaFault)
