"""Writing a frame of Spark: each row once, whatever fails and is run again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from airhaul import Airtable
from airhaul.errors import AirhaulError
from airhaul.local_base import Fault, Faults, LocalBase, LocalServer
from tests.conftest import connect

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
pytest.importorskip("pyspark", minversion="4.3", reason="pyspark 4.3 is not installed")

TOKEN = "patSpark.verySecret"
FIELDS: list[Any] = [
    {"name": "Name", "type": "singleLineText"},
    {"name": "Amount", "type": "number", "options": {"precision": 2}},
    {"name": "Won", "type": "checkbox", "options": {"icon": "check", "color": "greenBright"}},
    {"name": "Due", "type": "date", "options": {"dateFormat": {"name": "iso"}}},
    {
        "name": "At",
        "type": "dateTime",
        "options": {
            "timeZone": "utc",
            "dateFormat": {"name": "iso"},
            "timeFormat": {"name": "24hour"},
        },
    },
    {"name": "Took", "type": "duration", "options": {"durationFormat": "h:mm:ss"}},
    {
        "name": "Tags",
        "type": "multipleSelects",
        "options": {"choices": [{"name": "new"}, {"name": "old"}]},
    },
]


class Deals(NamedTuple):
    server: LocalServer
    airtable: Airtable
    base_id: str

    def rows(self) -> list[dict[str, Any]]:
        """What the base holds, by name."""
        found = self.airtable.table_named("Deals").to_arrow().to_pylist()
        return sorted(found, key=lambda row: row["Name"])

    def connected(self, **options: Any) -> Airtable:
        """A connection of its own."""
        return connect(self.server, **options)

    def options(self, **options: str | None) -> dict[str, str]:
        given = {
            "base": self.base_id,
            "table": "Deals",
            "key": "Name",
            "access_token": TOKEN,
            "endpoint_url": self.server.url,
            "requests_per_second": "none",
            **options,
        }
        return {name: text for name, text in given.items() if text is not None}

    def writer(self, frame: Any, /, mode: str = "append", **options: str | None) -> Any:
        return frame.write.format("airtable").options(**self.options(**options)).mode(mode)


@pytest.fixture
def deals() -> Iterator[Deals]:
    """An empty table of deals, served."""
    with (
        LocalBase.open() as local_base,
        LocalServer(local_base) as server,
        connect(server) as airtable,
    ):
        airtable.create_table("Deals", FIELDS)
        yield Deals(server, airtable, local_base.default_base_id)


def test_rows_of_all_partitions_are_in_the_base_once(spark: Any, deals: Deals) -> None:
    """What a frame holds is what the base holds, type by type; a record that exists is updated; no plan has the token."""
    deals.airtable.table_named("Deals").bulk_create([{"Name": "Deal 0", "Amount": 1}])
    day, moment = dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 12, 30)
    took = dt.timedelta(seconds=90)
    rows = [
        ("Deal 0", Decimal("1.25"), True, day, moment, took, ["new", "old"]),
        ("Deal 1", None, False, None, None, None, None),
    ]
    schema = (
        "Name STRING, Amount DECIMAL(9,2), Won BOOLEAN, Due DATE, At TIMESTAMP, "
        "Took INTERVAL DAY TO SECOND, Tags ARRAY<STRING>"
    )
    frame = spark.createDataFrame(rows, schema)
    deals.writer(frame.repartition(3)).save()
    names = frame.columns
    held = [tuple(row[name] for name in names) for row in deals.rows()]
    at = moment.replace(tzinfo=dt.UTC)
    assert held == [
        ("Deal 0", 1.25, True, day, at, took, ["new", "old"]),
        ("Deal 1", None, False, None, None, None, None),
    ]
    kept = spark._jsparkSession.sharedState().statusStore().executionsList()
    plans = [kept.apply(place).physicalPlanDescription() for place in range(kept.size())]
    assert any("airtable" in plan for plan in plans)
    assert not any(TOKEN in plan for plan in plans)


def test_no_row_is_lost_or_doubled_while_tasks_and_replies_fail(
    spark: Any, deals: Deals, tmp_path: Path
) -> None:
    """Tasks that fail and run again, lost replies and 429s: each row is written once."""
    failed_once = tmp_path / "failed"

    def fail_once(batches: Iterator[Any]) -> Iterator[Any]:
        yield from batches
        try:
            failed_once.touch(exist_ok=False)
        except FileExistsError:
            return
        raise OSError("the first task to get here fails after its rows")

    frame = spark.range(0, 230, 1, 3).selectExpr("concat('Deal ', id) AS Name", "id AS Amount")
    frame = frame.mapInPandas(fail_once, frame.schema)
    faults = Faults(
        Fault("429-retry-after", at=2, method="PATCH", retry_after_s=1.0),
        Fault("close-after", at=4, method="PATCH"),
        Fault("503-before", at=7, method="PATCH", retry_after_s=0.1),
    )
    deals.server.local_base.faults = faults
    try:
        deals.writer(frame).save()
    finally:
        deals.server.local_base.faults = None
    assert len(faults.happened()) == 3
    assert failed_once.exists()
    expected = sorted((f"Deal {n}", float(n)) for n in range(230))
    assert [(row["Name"], row["Amount"]) for row in deals.rows()] == expected


def test_a_task_that_keeps_failing_writes_nothing(spark: Any, deals: Deals) -> None:
    """If a partition cannot be computed, no row of any other is in the base."""
    names = "IF(id = 9, raise_error('no such deal'), concat('Deal ', id)) AS Name"
    with pytest.raises(Exception, match="no such deal"):
        deals.writer(spark.range(0, 10, 1, 5).selectExpr(names)).save()
    assert deals.rows() == []


def test_rows_that_are_refused_are_named_by_their_keys(
    spark: Any, deals: Deals, tmp_path: Path
) -> None:
    """A key in two partitions writes nothing; one bad row leaves the others written, if so asked."""
    twice = spark.range(0, 4, 1, 2).selectExpr("concat('Deal ', id % 2) AS Name")
    with pytest.raises(Exception, match=r"Name='Deal 0': .*the same key"):
        deals.writer(twice).save()
    assert deals.rows() == []
    bad = spark.createDataFrame([("A", "x"), ("B", "2")], "Name STRING, Amount STRING")
    options = {"journal": str(tmp_path / "j.db"), "rejects": str(tmp_path / "r.jsonl")}
    with pytest.raises(Exception, match=r"(?s)1 created, 1 failed.*run \w+.*Name='A': ") as caught:
        deals.writer(bad, on_error="continue", **options).save()
    assert TOKEN not in str(caught.value)
    assert [row["Name"] for row in deals.rows()] == ["B"]
    assert '"A"' in (tmp_path / "r.jsonl").read_text()


def test_a_sync_writes_what_differs_and_deletes_what_is_gone(
    spark: Any, deals: Deals, tmp_path: Path
) -> None:
    """What is as it should be is not written, and the result tells what was done."""
    table = deals.airtable.table_named("Deals")
    table.bulk_create([{"Name": f"Deal {n}", "Amount": n} for n in range(30)])
    frame = spark.range(1, 31, 1, 2).selectExpr(
        "concat('Deal ', id) AS Name", "IF(id = 7, 70, id) AS Amount"
    )
    result, journal = tmp_path / "result.json", str(tmp_path / "j.db")
    options = {"write": "sync", "delete_missing": "true", "result": str(result), "journal": journal}
    deals.server.local_base.requests.clear()
    deals.writer(frame, **options).save()
    methods = [request.method for request in deals.server.local_base.requests]
    assert [methods.count(one) for one in ("POST", "PATCH", "DELETE")] == [1, 1, 1]
    told = json.loads(result.read_text())
    states = ("created", "updated", "unchanged", "deleted")
    assert [told[state] for state in states] == [1, 1, 28, 1]
    expected = sorted((f"Deal {n}", 70.0 if n == 7 else float(n)) for n in range(1, 31))
    assert [(row["Name"], row["Amount"]) for row in deals.rows()] == expected
    with deals.connected(journal=journal) as airtable:
        airtable.undo(told["run"])
    assert sorted(row["Name"] for row in deals.rows()) == sorted(f"Deal {n}" for n in range(30))


def test_an_append_that_is_run_again_adds_nothing(spark: Any, deals: Deals, tmp_path: Path) -> None:
    """The journal has the rows of the first query; another journal is another write."""
    frame = spark.range(0, 25, 1, 2).selectExpr("concat('Deal ', id) AS Name")
    for journal in ("run-1.db", "run-1.db", "run-2.db"):
        deals.writer(frame, key=None, write="append", journal=str(tmp_path / journal)).save()
        if journal == "run-1.db":
            assert [row["Name"] for row in deals.rows()] == sorted(f"Deal {n}" for n in range(25))
    assert len(deals.rows()) == 50


def test_an_append_does_not_take_another_run_for_its_own(
    spark: Any, deals: Deals, tmp_path: Path
) -> None:
    """A journal of other rows, or of a run that was undone, does not make rows count as written."""
    journal = str(tmp_path / "run.db")

    def append(count: int) -> None:
        frame = spark.range(0, count, 1, 1).selectExpr("concat('Deal ', id) AS Name")
        deals.writer(frame, key=None, write="append", journal=journal).save()

    append(3)
    with pytest.raises(Exception, match="another run than this append of 5 rows"):
        append(5)
    with connect(deals.server, journal=journal) as airtable:
        airtable.undo()
    with pytest.raises(Exception, match="nothing was written"):
        append(3)
    assert deals.rows() == []


def test_what_would_double_or_delete_is_refused_before_a_task_runs(
    spark: Any, deals: Deals
) -> None:
    """No key, the mode overwrite, and columns that are no fields of the table: each with its reason."""
    frame = spark.createDataFrame([("A",)], "Name STRING")
    refused = [
        (deals.writer(frame, key=None), "create its records again"),
        (deals.writer(frame, mode="overwrite"), "would delete the records"),
    ]
    for writer, reason in refused:
        with pytest.raises(Exception, match=reason) as caught:
            writer.save()
        assert TOKEN not in str(caught.value)
    assert deals.rows() == []


@pytest.mark.parametrize(
    ("columns", "options", "reason"),
    [
        (["Name"], {"key": "Amount"}, "no column 'Amount'"),
        (["Won"], {"key": "Won"}, "cannot be a key"),
        (["Name", "Sum"], {}, "no field 'Sum'"),
        (["Name", "_airtable_id"], {}, r"frame\.drop\('_airtable_id'\)"),
        (["Name"], {"on_error": "ignore"}, "stop, continue, rollback"),
        (["Name"], {"write": "insert"}, "upsert, sync, append"),
        (["Name"], {"write": "append", "key": ""}, "needs the option journal"),
        (["Name"], {"write": "append"}, "key would be ignored"),
        (["Name"], {"delete_missing": "true"}, "Only write=sync deletes"),
        (["Name"], {"table": "None such"}, "None such"),
    ],
)
def test_a_write_that_cannot_succeed_says_why(
    deals: Deals, columns: list[str], options: dict[str, str], reason: str
) -> None:
    """What is wrong with an option or a column is found before anything is computed."""
    from pyspark.sql.types import StringType, StructType

    from airhaul.spark import AirtableDataSource

    schema = StructType()
    for name in columns:
        schema.add(name, StringType())
    source = AirtableDataSource(options=deals.options(**options))
    with pytest.raises(AirhaulError, match=reason):
        source.writer(schema, overwrite=False)
