"""Rows that are refused for one reason share a line in what is printed; each has its own error."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from airhaul import Airtable, BulkError, Record, Table


class Visit(Record, table="Visits"):
    name: str
    day: date | None = None
    number: int | None = None


@pytest.fixture
def visits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table[Visit]]:
    monkeypatch.chdir(tmp_path)
    days = [f"v{n:02},{n + 1:02}.05.2024,{n}" for n in range(30)]
    days[3], days[20] = "v03,03.05.2024,many", "v20,2024-05-20,few"
    Path("v.csv").write_text("\n".join(["name,day,number", *days, ""]))
    with Airtable.local() as airtable:
        table = airtable.table(Visit)
        table.create_table()
        yield table


def test_equal_reasons_share_a_line(visits: Table[Visit]) -> None:
    """The line has the first row, and how many follow; a few alike are all shown."""
    plan = visits.plan_import_file("v.csv")
    refused = [line for line in str(plan).splitlines() if line.startswith("v.csv line")]
    assert len(refused) == 3
    assert refused[0].startswith("v.csv line 2, row 0, field 'day': ")
    assert refused[0].endswith(" (and 27 more rows with the same problem)")
    assert refused[1].startswith("v.csv line 5, row 3: field 'day': ")
    assert "field 'number': " in refused[1]
    assert refused[2].startswith("v.csv line 22, row 20, field 'number': ")
    console = Console(file=StringIO(), width=400, force_terminal=True)
    console.print(plan)
    assert console.file.getvalue().count("03.05.2024") == 1  # type: ignore[attr-defined]
    assert "27 more rows with the same problem" in plan._repr_html_()
    assert len(plan.errors) == 30
    assert len(plan.to_dict()["errors"]) == 30
    with pytest.raises(BulkError) as caught:
        visits.import_file("v.csv")
    headline, *lines = str(caught.value).splitlines()
    assert headline == "Nothing was sent: 30 of 30 rows are not valid."
    assert [line.strip() for line in lines] == refused
    assert len(caught.value.result.errors) == 30
    result = visits.import_file("v.csv", on_error="continue", journal=False)
    assert result.explain(brief=True) == refused
    assert len(result.explain()) == 30


def test_an_outline_counts_the_rows_that_it_leaves_out(visits: Table[Visit]) -> None:
    """Of very many reasons the first are shown, and the rest are counted by row."""
    rows = [{"name": "a", f"unknown {n // 5}": 1} for n in range(200)]
    plan = visits.plan_create(rows)
    lines = str(plan).splitlines()
    assert sum("unknown" in line for line in lines) == 20
    assert lines[-1] == "and 100 more rows that are not valid"
