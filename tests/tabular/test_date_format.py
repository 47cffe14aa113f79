"""Dates in a given notation."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from airhaul.errors import ConfigurationError
from airhaul.tabular.texts.date_format import DateFormat, likely_formats


@pytest.mark.parametrize(
    ("format", "text", "value"),
    [
        ("DD.MM.YYYY", "31.12.2024", date(2024, 12, 31)),
        ("DD.MM.YYYY", "1.2.2024", date(2024, 2, 1)),
        ("DD.MM.YYYY", "01.02.2024 18:05", datetime(2024, 2, 1, 18, 5)),
        ("DD.MM.YYYY", "01.02.2024, 8:05:09", datetime(2024, 2, 1, 8, 5, 9)),
        ("DD.MM.YYYY", "31/12/2024", None),
        ("DD.MM.YYYY", "31.12.24", None),
        ("DD.MM.YY", "31.12.24", date(2024, 12, 31)),
        ("DD.MM.YY", "31.12.69", date(1969, 12, 31)),
        ("DD.MM.YY", "31.12.68", date(2068, 12, 31)),
        ("M/D/YYYY", "12/31/2024", date(2024, 12, 31)),
        ("M/D/YYYY h:mma", "12/31/2024 12:05am", datetime(2024, 12, 31, 0, 5)),
        ("M/D/YYYY h:mm A", "12/31/2024 12:05 PM", datetime(2024, 12, 31, 12, 5)),
        ("M/D/YYYY h:mma", "12/31/2024", date(2024, 12, 31)),
        ("M/D/YYYY h:mma", "12/31/2024 18:05", None),
        ("MMMM D, YYYY", "December 31, 2024", date(2024, 12, 31)),
        ("D MMM YYYY", "1 may 2024", date(2024, 5, 1)),
        ("YYYYMMDD", "20240131", date(2024, 1, 31)),
        ("YYYYMMDD", "2024131", None),
        ("YYYYMMDD", "45322", None),
        ("YYYY-MM-DD[T]HH:mm", "2024-12-31T18:05", datetime(2024, 12, 31, 18, 5)),
        ("DD.MM.YYYY", "٣١.١٢.٢٠٢٤", None),
        ("DD.MM.YYYY", "", None),
    ],
)
def test_a_date_is_read_as_it_is_written(format: str, text: str, value: object) -> None:
    """A text of another form is no date, and never another day."""
    assert DateFormat.of(format).read(text) == value


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("DD.MM.YYYY", "12.31.2024"),
        ("DD.MM.YYYY", "30.02.2024"),
        ("DD.MM.YYYY", "01.01.0000"),
        ("DD.MM.YYYY", "01.01.2024 25:00"),
        ("M/D/YYYY h:mma", "1/1/2024 13:00pm"),
        ("M/D/YYYY h:mma", "1/1/2024 0:30am"),
        ("D MMMM YYYY", "31 Dezember 2024"),
        ("YYYYMMDD", "20241301"),
    ],
)
def test_a_day_that_does_not_exist_is_refused(format: str, text: str) -> None:
    """Day and month are never swapped to make a date."""
    with pytest.raises(ValueError, match=f"no such date or time, got '{text}'; dates are read as"):
        DateFormat.of(format).read(text)


@pytest.mark.parametrize(
    ("format", "said"),
    [
        ("%d.%m.%Y", "contains 'd', which is no part of a date"),
        ("dd.mm.yyyy", "contains 'd', which is no part of a date"),
        ("DD.MM", "does not have a year, a month and a day"),
        ("", "does not have a year, a month and a day"),
        ("DD.MM.YYYY MMM", "does not have a year, a month and a day"),
        ("HH:mm DD.MM.YYYY", "has a time before the date"),
        ("DD.MM.YYYY HH", "has an incomplete time"),
        ("DD.MM.YYYY ss", "has an incomplete time"),
        ("DD.MM.YYYY h:mm", "has an incomplete time"),
        ("DD.MM.YYYY HH:mma", "has an incomplete time"),
        ("DD.MM.YYYY HH:mm HH", "has a part of the time twice"),
        ("DMYYYY", "has a day and a month with nothing between them"),
    ],
)
def test_a_format_that_says_too_little_is_refused(format: str, said: str) -> None:
    """With examples of right ones."""
    with pytest.raises(ConfigurationError, match=f"{said}.*; expected one such as DD.MM.YYYY"):
        DateFormat.of(format)


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("31.12.2024", ["DD.MM.YYYY"]),
        ("31/12/2024", ["DD/MM/YYYY"]),
        ("12/31/2024", ["MM/DD/YYYY"]),
        ("1/2/2024", ["DD/MM/YYYY", "MM/DD/YYYY"]),
        ("12/31/2024 6:00pm", ["MM/DD/YYYY h:mma"]),
        ("Dec 31, 2024", ["MMMM D, YYYY"]),
        ("31-Dec-2024", ["DD-MMM-YYYY"]),
        ("2024/12/31", ["YYYY/MM/DD"]),
        ("soon", []),
    ],
)
def test_the_formats_that_would_read_a_text_are_found(text: str, formats: list[str]) -> None:
    """An error names them; which of two is meant, only the user knows."""
    assert likely_formats(text) == formats
