"""``SET_TIMEZONE``, ``SET_LOCALE``, and reading dates in other languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.formula.dates.locales import LOCALES
from airhaul.formula.values import FormulaFault
from tests.formula.test_evaluate import compute


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("DATETIME_FORMAT(SET_TIMEZONE('2024-07-01 12:00', 'America/New_York'), 'H:mm Z ZZ z')",
         "8:00 -04:00 -0400 EDT"),
        ("DATETIME_FORMAT(SET_TIMEZONE('2024-01-01 12:00', 'America/New_York'), 'H:mm Z')",
         "7:00 -05:00"),
        ("DATETIME_FORMAT(SET_TIMEZONE('2024-01-01 23:30', 'Asia/Kolkata'), 'YYYY-MM-DD H:mm')",
         "2024-01-02 5:00"),
        ("DATETIME_FORMAT(SET_TIMEZONE('2024-01-01', 'America/St_Johns'), 'Z')", "-03:30"),
        ("DATETIME_FORMAT(SET_LOCALE(SET_TIMEZONE('2024-01-01 23:30', 'Asia/Tokyo'), 'ja'), 'LLLL')",
         "2024年1月2日 火曜日 08:30"),
        ("DATETIME_FORMAT(SET_TIMEZONE(SET_LOCALE('2024-01-01 23:30', 'ja'), 'Asia/Tokyo'), 'LLLL')",
         "2024年1月2日 火曜日 08:30"),
        # Everything else computes in UTC.
        ("HOUR(SET_TIMEZONE('2024-01-01 12:00', 'Asia/Tokyo'))", 12),
        ("DATESTR(SET_TIMEZONE('2024-01-01 23:00', 'Asia/Tokyo'))", "2024-01-01"),
        ("SET_TIMEZONE('2024-01-01 12:00', 'Asia/Tokyo') & ''", "2024-01-01T12:00:00.000Z"),
        ("IS_SAME(SET_TIMEZONE('2024-01-01', 'Asia/Tokyo'), '2024-01-01')", True),
        ("SET_LOCALE('2024-01-01', 'de') = DATETIME_PARSE('2024-01-01')", True),
        ("DATETIME_FORMAT(DATEADD(SET_LOCALE('2024-01-01', 'de'), 1, 'd'), 'dddd')", "Tuesday"),
        ("SET_TIMEZONE(BLANK(), 'Asia/Tokyo')", None),
        ("SET_LOCALE(BLANK(), 'de')", None),
        # languages
        ("DATETIME_FORMAT(SET_LOCALE('2024-03-05', 'de'), 'dddd, Do MMMM')", "Dienstag, 5. März"),
        ("DATETIME_FORMAT(SET_LOCALE('2024-03-01', 'fr'), 'LL Do')", "1 mars 2024 1er"),
        ("DATETIME_FORMAT(SET_LOCALE('2024-03-05', 'ru'), 'LL')", "5 марта 2024 г."),
        ("DATETIME_FORMAT(SET_LOCALE('2024-03-05', 'ru'), 'MMMM YYYY')", "март 2024"),
        ("DATETIME_FORMAT(SET_LOCALE('2024-03-05', 'en-GB'), 'L LT')", "05/03/2024 00:00"),
        ("DATETIME_FORMAT(SET_LOCALE('2024-03-05', 'es-mx'), 'LL')", "5 de marzo de 2024"),
        ("DATETIME_FORMAT(SET_LOCALE('2024-01-07', 'de'), 'e w gggg')", "6 1 2024"),
        ("DATETIME_FORMAT(SET_LOCALE('2021-01-03', 'de'), 'w gg')", "53 20"),
        ("DATETIME_FORMAT(SET_LOCALE('2024-03-05 15:04', 'zh-cn'), 'LLL')", "2024年3月5日下午3点04分"),
        ("DATETIME_FORMAT(SET_LOCALE('2024-03-05 15:04', 'el'), 'h a')", "3 μμ"),
        # tokens beyond those that moment.js 2.8.4 has
        ("DATETIME_FORMAT('2024-01-01T00:05:06.789Z', 'k kk SSSSS x')", "24 24 78900 1704067506789"),
    ],
)  # fmt: skip
def test_printing(formula: str, expected) -> None:
    """Zone and language matter where a date is printed, in either order, and nowhere else."""
    assert compute(formula) == expected


@pytest.mark.parametrize(
    "formula",
    [
        *(f"SET_TIMEZONE('2024-01-01', '{name}')"
          for name in ("Nowhere", "Europe", "../etc/passwd", "", "x" * 5000)),
        "SET_TIMEZONE('x', 'UTC')",
        "SET_TIMEZONE('0001-01-01', 'America/New_York')",
        "SET_LOCALE('2024-01-01', 'tlh')",
        "SET_LOCALE('x', 'de')",
        "DATETIME_PARSE('5 mars 2024', 'D MMMM YYYY', 'tlh')",
        "DATETIME_PARSE('5 mars 2024', 'D MMMM YYYY')",
    ],
)  # fmt: skip
def test_what_is_not_known_is_an_error(formula: str) -> None:
    """No zone or language stands in for another without a word."""
    assert isinstance(compute(formula), FormulaFault)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("DATETIME_PARSE('5 mars 2024', 'D MMMM YYYY', 'fr')", datetime(2024, 3, 5, tzinfo=UTC)),
        ("DATETIME_PARSE('5 MÄRZ 2024', 'D MMMM YYYY', 'de')", datetime(2024, 3, 5, tzinfo=UTC)),
        ("DATETIME_PARSE('1er janv. 2024', 'Do MMM YYYY', 'fr')", datetime(2024, 1, 1, tzinfo=UTC)),
        ("DATETIME_PARSE('05/03/2024', 'L', 'fr')", datetime(2024, 3, 5, tzinfo=UTC)),
        ("DATETIME_PARSE('05/03/2024', 'L')", datetime(2024, 5, 3, tzinfo=UTC)),
        ("DATETIME_PARSE('2024-060', 'YYYY-DDDD')", datetime(2024, 2, 29, tzinfo=UTC)),
        ("DATETIME_PARSE('Q3 2024', '[Q]Q YYYY')", datetime(2024, 7, 1, tzinfo=UTC)),
        ("DATETIME_PARSE('2024-01-01 12:30 am', 'YYYY-MM-DD h:mm a')",
         datetime(2024, 1, 1, 0, 30, tzinfo=UTC)),
        ("DATETIME_PARSE('2024-01-01 10:00 -0530', 'YYYY-MM-DD H:mm ZZ')",
         datetime(2024, 1, 1, 15, 30, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_reading(formula: str, expected: datetime) -> None:
    """Names and forms are those of the language that is given."""
    assert compute(formula) == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(LOCALES))
@given(days=st.integers(0, 20_000))
def test_every_language_reads_what_it_prints(name: str, days: int) -> None:
    """Names of months in all widths, day by day, in every language that is known."""
    moment = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(days=days)
    assert compute("DATETIME_FORMAT(SET_LOCALE({d}, {l}), 'LLLL llll')", d=moment, l=name)
    for pattern in ("D MMMM YYYY", "MMMM D YYYY", "L LT"):
        text = compute("DATETIME_FORMAT(SET_LOCALE({d}, {l}), {p})", d=moment, l=name, p=pattern)
        read = compute("DATETIME_PARSE({t}, {p}, {l})", t=text, p=pattern, l=name)
        assert read == moment, text
