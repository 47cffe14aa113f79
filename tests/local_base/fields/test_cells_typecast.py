"""What typecast makes of text, and what it leaves alone."""

from __future__ import annotations

import pytest

from tests.local_base.asking import Asking

FIELDS = [
    {"name": "Number", "type": "number", "options": {"precision": 0}},
    {"name": "Share", "type": "percent", "options": {"precision": 0}},
    {"name": "Price", "type": "currency", "options": {"precision": 2, "symbol": "CHF"}},
    {"name": "Took", "type": "duration", "options": {"durationFormat": "h:mm:ss"}},
    {"name": "Stars", "type": "rating", "options": {"icon": "star", "color": "yellowBright", "max": 5}},
    {"name": "Ok", "type": "checkbox", "options": {"icon": "check", "color": "greenBright"}},
    {
        "name": "When",
        "type": "dateTime",
        "options": {"timeZone": "utc", "dateFormat": {"name": "iso"}, "timeFormat": {"name": "24hour"}},
    },
    {"name": "Day", "type": "date", "options": {"dateFormat": {"name": "iso"}}},
]  # fmt: skip


@pytest.fixture
def table(ask: Asking) -> Asking:
    ask.table("T", *FIELDS)
    return ask


@pytest.mark.parametrize(
    ("field", "text", "cell"),
    [
        ("Number", "1,234.5", 1234.5),
        ("Number", " -3 ", -3),
        ("Number", "", None),
        ("Share", "50%", 0.5),
        ("Share", "0.25", 0.25),
        ("Price", "CHF 1,200.50", 1200.5),
        ("Price", "€3", 3),
        ("Price", "-CHF 3", -3),
        ("Price", "-$3.50", -3.5),
        ("Price", "$-3.50", -3.5),
        ("Took", "1:30", 5400),
        ("Took", "0:01:02.5", 62.5),
        ("Took", "-0:30", -1800),
        ("Took", "90", 90),
        ("Stars", "4", 4),
        ("Stars", "0", None),
        ("Ok", "Checked", True),
        ("Ok", "no", None),
        ("Day", "March 5, 2024", "2024-03-05"),
        ("Day", "2024-03-05T23:00:00Z", "2024-03-05"),
        # As recorded: blank text clears cells of these types, too.
        ("Day", "", None),
        ("When", " ", None),
        ("Ok", "", None),
        ("Name", 5, "5"),
        ("Name", 5.0, "5"),
        ("Name", 0.5, "0.5"),
        ("Name", 12345678901234567890, "12345678901234567000"),
    ],
)
def test_text_is_converted_on_demand_only(table, field, text, cell) -> None:
    """With typecast it becomes a cell; without it is refused, as any text for such a field is."""
    (record,) = table.add("T", {field: text}, typecast=True)
    assert record["fields"].get(field) == cell
    assert table.add("T", {field: text}, status=422)["type"] == "INVALID_VALUE_FOR_COLUMN"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("Number", "many"),
        ("Number", "nan"),
        ("Number", "1e999"),
        ("Took", "1:2:3:4"),
        ("Took", "a:b"),
        ("Took", "nan:1"),
        ("Stars", "9"),
        ("Ok", "perhaps"),
        ("Day", "someday"),
        ("Number", True),
    ],
)
def test_what_cannot_be_converted_is_refused(table, field, text) -> None:
    """Best effort, and no more."""
    error = table.add("T", {"Name": "good"}, {field: text}, status=422, typecast=True)
    assert error["type"] == "INVALID_VALUE_FOR_COLUMN"
    assert table.cells("T") == {}


@pytest.mark.parametrize(
    ("number", "cell"),
    [
        (1640520000000, "2021-12-26T12:00:00.000Z"),
        (0, "1970-01-01T00:00:00.000Z"),
        (-1.5, "1969-12-31T23:59:59.998Z"),
    ],
)
def test_a_number_is_a_time_in_milliseconds(table, number, cell) -> None:
    """As recorded twice, without typecast: a client that sends a number gets a time, not an error."""
    (record,) = table.add("T", {"When": number})
    assert record["fields"]["When"] == cell
    assert table.add("T", {"When": 1e300}, status=422)["type"] == "INVALID_VALUE_FOR_COLUMN"
    assert table.add("T", {"Day": number}, status=422)["type"] == "INVALID_VALUE_FOR_COLUMN"
