"""What formulas ask of the clock and of a record's history, in the local base."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airhaul.local_base.base import LocalBase
from tests.local_base.asking import Asking
from tests.local_base.clock import Clock


def test_filters_go_by_the_clock_of_the_base_and_by_when_fields_were_written() -> None:
    """``NOW`` is the request's time; ``LAST_MODIFIED_TIME`` is of the fields that it names."""
    clock = Clock(datetime(2024, 2, 29, 12, tzinfo=UTC))
    with LocalBase.open(wall_clock=clock) as local_base:
        base = local_base.default_base_id
        ask = Asking(local_base)

        def names(formula: str) -> list[str]:
            return [name or "" for name in ask.names("T", ("filterByFormula", formula))]

        fields = [{"name": name, "type": "singleLineText"} for name in ("Name", "Note", "Other")]
        ask("POST", f"meta/bases/{base}/tables", {"name": "T", "fields": fields})
        rows = [{"fields": {"Name": name, "Note": "x"}} for name in ("a", "b")]
        made = ask("POST", f"{base}/T", {"records": rows})["records"]
        clock.now += timedelta(days=1)
        ask("PATCH", f"{base}/T/{made[1]['id']}", {"fields": {"Note": "y"}})
        clock.now += timedelta(hours=1)

        assert names("DATETIME_FORMAT(NOW(), 'YYYY-MM-DD HH:mm') = '2024-03-01 13:00'") == [
            "a",
            "b",
        ]
        assert names("DATESTR(TODAY()) = '2024-03-01'") == ["a", "b"]
        assert names("TONOW(CREATED_TIME()) = 'a day'") == ["a", "b"]
        assert names("DATESTR(LAST_MODIFIED_TIME()) = '2024-03-01'") == ["b"]
        assert names("DATESTR(LAST_MODIFIED_TIME(Note)) = '2024-03-01'") == ["b"]
        assert names("DATESTR(LAST_MODIFIED_TIME({Name}, note)) = '2024-02-29'") == ["a"]
        assert names("LAST_MODIFIED_TIME({Name}) = CREATED_TIME()") == ["a", "b"]
        assert names("LAST_MODIFIED_TIME({Other})") == []
