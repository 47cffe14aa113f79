"""A frame that was changed, as a plan: exactly these changes, written, undone, and as it was."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser
from typing import Any, Literal

import pytest

from airhaul import Airtable, Record

pytestmark = pytest.mark.slow  # it imports the libraries of frames


class Deal(Record, table="Deals"):
    title: str
    stage: Literal["open", "won"] | None = None
    seats: int | None = None
    closes: date | None = None


ROWS = [
    {"title": f"Deal {n}", "stage": "open", "seats": n, "closes": date(2026, 1, 1 + n)}
    for n in range(10)
]


@pytest.fixture
def deals():
    with Airtable.local(journal="journal.db") as airtable:
        airtable.table(Deal).create_table()
        airtable.table(Deal).bulk_create(ROWS)
        yield airtable.table(Deal)


def changed_with_polars(deals: Any) -> Any:
    polars = pytest.importorskip("polars")
    frame = deals.to_polars().filter(polars.col("title") != "Deal 9")
    seats, stage = polars.col("seats"), polars.col("stage")
    title = polars.col("title")
    frame = frame.with_columns(
        polars.when(title.is_in(["Deal 1", "Deal 2"]))
        .then(seats + 100)
        .otherwise(seats)
        .alias("seats"),
        polars.when(title == "Deal 3")
        .then(polars.lit("won"))
        .otherwise(stage.cast(str))
        .alias("stage"),
    )
    new = polars.DataFrame({"title": ["New 1", "New 2"], "seats": [1, None]})
    return polars.concat([frame.drop("id", "created_time"), new], how="diagonal")


def changed_with_pandas(deals: Any) -> Any:
    pandas = pytest.importorskip("pandas")
    frame = deals.to_pandas().drop(columns=["id", "created_time"])
    frame = frame[frame["title"] != "Deal 9"]
    frame.loc[frame["title"].isin(["Deal 1", "Deal 2"]), "seats"] += 100
    frame.loc[frame["title"] == "Deal 3", "stage"] = "won"
    return pandas.concat(
        [frame, pandas.DataFrame({"title": ["New 1", "New 2"], "seats": [1, None]})]
    )


def changed_with_duckdb(deals: Any) -> Any:
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    connection.register("deals", deals.to_arrow())
    return connection.sql("""
        select title, if(title = 'Deal 3', 'won', stage) as stage, closes,
               if(title in ('Deal 1', 'Deal 2'), seats + 100, seats) as seats
        from deals where title <> 'Deal 9'
        union all by name from (values ('New 1', 1), ('New 2', null)) as new(title, seats)
    """)


class _Table(HTMLParser):
    """The texts of the cells of a table, row by row."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def held(deals: Any) -> list[dict[str, Any]]:
    return sorted(
        (record.model_dump(exclude={"id", "created_time"}) for record in deals.all()),
        key=lambda row: row["title"],
    )


@pytest.mark.parametrize("changed", [changed_with_polars, changed_with_pandas, changed_with_duckdb])
def test_a_plan_shows_exactly_what_changed(deals, changed) -> None:
    """In the terminal and in a notebook; applied and undone, the table is as it was."""
    before = held(deals)
    plan = deals.plan_sync(changed(deals), key="title", delete_missing=True)
    assert plan.counts() == {"create": 2, "update": 3, "delete": 1, "unchanged": 6}
    text = str(plan)
    for title, old, new in (
        ("Deal 1", "1", "101"),
        ("Deal 2", "2", "102"),
        ("Deal 3", "open", "won"),
    ):
        assert re.search(rf"{title}.*{old}.*{new}", text, re.DOTALL)
    assert all(title in text for title in ("New 1", "New 2", "Deal 9"))
    assert not re.search(r"Deal [045678]\b", text)
    cells = [cell for row in _Table(plan._repr_html_()).rows for cell in row]
    shown = {title for cell in cells for title in re.findall(r"Deal \d|New \d", cell)}
    assert shown == {"Deal 1", "Deal 2", "Deal 3", "Deal 9", "New 1", "New 2"}

    assert plan.apply().counts() == {"created": 2, "updated": 3, "unchanged": 6, "deleted": 1}
    assert deals.plan_sync(deals.to_arrow(), key="title").counts()["unchanged"] == 11
    assert deals.airtable.undo().is_complete
    assert held(deals) == before
