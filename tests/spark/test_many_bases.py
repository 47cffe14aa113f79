"""Several bases in one frame, and written back to others, while tasks, requests and replies fail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import pytest

from airhaul import Airtable
from airhaul.local_base import Fault, Faults, LocalBase, LocalServer
from airhaul.wire.call import Call
from tests.conftest import connect

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
pytest.importorskip("pyspark", minversion="4.3", reason="pyspark 4.3 is not installed")

BASES, RECORDS = 4, 22
TABLES = ["Deals", "People, and others", "Ⅲ · Straße"]
COLUMNS = ["Key", "Amount", "Won", "Due", "Notes", "Tags"]
_CHOICES = {"choices": [{"name": "new"}, {"name": "old, but good"}]}
FIELDS: list[Any] = [
    {"name": "Key", "type": "singleLineText"},
    {"name": "Amount", "type": "number", "options": {"precision": 2}},
    {"name": "Won", "type": "checkbox", "options": {"icon": "check", "color": "greenBright"}},
    {"name": "Due", "type": "date", "options": {"dateFormat": {"name": "iso"}}},
    {"name": "Notes", "type": "multilineText"},
    {"name": "Tags", "type": "multipleSelects", "options": _CHOICES},
]


def row_of(base: int, table: int, row: int) -> dict[str, Any]:
    """A row of which each cell is empty at times, with texts that are easily changed on the way."""
    number = base * 1_000 + table * 100 + row
    return {
        "Key": f"{base}/{table}/{row}",
        "Amount": [None, 0, number / 4, -number][row % 4],
        "Won": row % 3 == 0,
        "Due": None if row % 5 == 0 else dt.date(2024, 2, 28) + dt.timedelta(days=row),
        "Notes": [None, " two\nlines ", "ß e\u0301 \U0001f680", '"quoted", \\'][row % 4],
        "Tags": [None, ["new"], ["old, but good", "new"]][row % 3],
    }


class Many(NamedTuple):
    server: LocalServer
    opened: Airtable
    sources: list[str]
    targets: list[str]

    def cells(self, base_id: str, table: str) -> list[tuple[Any, ...]]:
        """The rows that a table holds."""
        airtable = Airtable(connection=self.opened.connection, base_id=base_id)
        found = airtable.table_named(table).to_arrow().to_pylist()
        return sorted(tuple(row[name] for name in COLUMNS) for row in found)

    def options(self, **options: str) -> dict[str, str]:
        return {
            "access_token": "patSpark.verySecret",
            "endpoint_url": self.server.url,
            "requests_per_second": "none",
            **options,
        }


@pytest.fixture(scope="module")
def many() -> Iterator[Many]:
    """Bases of three tables with rows, and one base for each table to be written."""
    with (
        LocalBase.open() as local_base,
        LocalServer(local_base) as server,
        connect(server) as opened,
    ):
        described = [{"name": name, "fields": FIELDS} for name in TABLES]
        made: list[str] = []
        for number in range(BASES + len(TABLES)):
            body = {
                "name": f"Base {number}",
                "workspaceId": local_base.workspace_id,
                "tables": described,
            }
            base = opened.call(Call("POST", "/v0/meta/bases", "create", body=body))
            made.append(base["id"])
        for place, base_id in enumerate(made[:BASES]):
            airtable = Airtable(connection=opened.connection, base_id=base_id)
            for number, name in enumerate(TABLES):
                rows = [row_of(place, number, row) for row in range(RECORDS)]
                airtable.table_named(name).bulk_create(rows)
        yield Many(server, opened, made[:BASES], made[BASES:])


def fail_at_first(flags: Path, every: int = 1) -> Any:
    """Make a step of a query in which the first attempt of a task fails, after its rows.

    Args:
        flags: A folder, in which each leaves a file.
        every: Of how many tasks one fails.
    """
    flags.mkdir()

    def step(batches: Iterator[Any]) -> Iterator[Any]:
        from pyspark import TaskContext

        yield from batches
        context = TaskContext.get()
        assert context is not None
        if context.attemptNumber() == 0 and context.partitionId() % every == 0:
            (flags / f"{context.partitionId()}").touch()
            raise OSError("the first attempt fails")

    return step


def test_many_tables_are_read_and_written_back_cell_by_cell(
    spark: Any, many: Many, tmp_path: Path
) -> None:
    """Tasks fail, replies are lost, 429s come: the frame and the other bases have each row once."""
    local_base = many.server.local_base
    quoted = ",".join('"' + name + '"' for name in TABLES)
    given = many.options(bases=",".join(many.sources), tables=quoted)
    reads = Faults(
        Fault("429-retry-after", at=7, method="GET", retry_after_s=0.2),
        Fault("close-after", at=10, method="GET"),
        Fault("503-before", at=14, method="GET", retry_after_s=0.1),
    )
    local_base.faults = reads
    try:
        frame = spark.read.format("airtable").options(**given).load()
        frame = frame.mapInArrow(fail_at_first(tmp_path / "read", every=8), frame.schema).cache()
        held = [row.asDict() for row in frame.collect()]
    finally:
        local_base.faults = None
    assert len(reads.happened()) == 3
    assert len([*(tmp_path / "read").iterdir()]) == 2
    for place, base_id in enumerate(many.sources):
        for number, name in enumerate(TABLES):
            found = sorted(
                tuple(row[column] for column in COLUMNS)
                for row in held
                if (row["_base_id"], row["_table"]) == (base_id, name)
            )
            rows = [row_of(place, number, row) for row in range(RECORDS)]
            assert found == sorted(tuple(row[column] for column in COLUMNS) for row in rows)
            assert found == many.cells(base_id, name)
    assert len({row["_airtable_id"] for row in held}) == len(held) == BASES * 3 * RECORDS

    for number, (name, base_id) in enumerate(zip(TABLES, many.targets, strict=True)):
        flags = tmp_path / f"{number}"
        rows = frame.where(frame["_table"] == name).select(*COLUMNS).coalesce(2)
        rows = rows.mapInArrow(fail_at_first(flags, every=2), rows.schema)
        writes = Faults(
            Fault("close-after", at=2, method="PATCH"),
            Fault("429-retry-after", at=5, method="PATCH", retry_after_s=0.2),
            Fault("500-after", at=9, method="PATCH"),
            Fault("close-before", at=12, method="PATCH"),
        )
        local_base.faults = writes
        try:
            options = many.options(base=base_id, table=name, key="Key")
            rows.write.format("airtable").options(**options).mode("append").save()
        finally:
            local_base.faults = None
        assert len(writes.happened()) == 4
        assert len([*flags.iterdir()]) == 1
        every = [cells for source in many.sources for cells in many.cells(source, name)]
        assert many.cells(base_id, name) == sorted(every)
    frame.unpersist()


def test_two_attempts_of_a_task_at_the_same_time_write_its_rows_once(many: Many) -> None:
    """As with spark.speculation: both hand the same rows over, and Spark commits one of them."""
    import pyarrow as pa
    from pyspark.sql.types import StringType, StructType

    from airhaul.spark import AirtableDataSource

    base_id = many.targets[0]
    options = many.options(base=base_id, table=TABLES[1], key="Key")
    schema = StructType().add("Key", StringType())
    writer = AirtableDataSource(options=options).writer(schema, overwrite=False)
    parts = [[pa.record_batch({"Key": [f"{n}-{m}" for m in range(20)]})] for n in range(2)]
    attempts: dict[tuple[int, int], Any] = {}

    def attempt(partition: int, number: int) -> None:
        attempts[partition, number] = writer.write(iter(parts[partition]))

    before = len(many.server.local_base.requests.copy_now())
    threads = [Thread(target=attempt, args=(n, m)) for n in range(2) for m in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(many.server.local_base.requests.copy_now()) == before
    writer.commit([attempts[0, 1], attempts[1, 0]])
    keys = [row[0] for row in many.cells(base_id, TABLES[1])]
    assert keys == sorted(f"{n}-{m}" for n in range(2) for m in range(20))
