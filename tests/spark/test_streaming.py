"""Streams of changes: each change is seen once, however often the query ends and begins again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from airhaul import Table
from airhaul.local_base import LocalBase, LocalServer
from tests.conftest import connect

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
pytest.importorskip("pyspark", minversion="4.3", reason="pyspark 4.3 is not installed")

FIELDS: list[dict[str, Any]] = [
    {"name": "Name", "type": "singleLineText"},
    {"name": "Version", "type": "number", "options": {"precision": 0}},
]


class Watched(NamedTuple):
    """A served table whose changes are read."""

    table: Table[Any]
    options: dict[str, str]

    def stream(self, spark: Any, **options: str) -> Any:
        return spark.readStream.format("airtable").options(**self.options, **options).load()


@pytest.fixture
def watched() -> Iterator[Watched]:
    """An empty table, served. Its changes may be read as soon as the second has passed."""
    with (
        LocalBase.open() as local_base,
        LocalServer(local_base) as server,
        connect(server) as airtable,
    ):
        airtable.create_table("Things", FIELDS)
        options = {
            "bases": local_base.default_base_id,
            "table": "Things",
            "access_token": "patSpark.x",
            "endpoint_url": server.url,
            "requests_per_second": "none",
            "interval_s": "0",
            "settle_s": "0",
        }
        yield Watched(airtable.table_named("Things"), options)


class Sink:
    """Keeps the rows of each batch by its number, as sinks do that a batch may reach twice."""

    def __init__(self) -> None:
        self.batches: dict[int, list[tuple[str, int]]] = {}
        self.fails_next = False

    def take(self, frame: Any, number: int) -> None:
        rows = [(row["Name"], int(row["Version"])) for row in frame.collect()]
        if self.fails_next:
            self.fails_next = False
            raise OSError("the sink is full")
        self.batches[number] = rows

    def seen(self) -> list[tuple[str, int]]:
        return sorted(row for rows in self.batches.values() for row in rows)


def run(stream: Any, sink: Sink, checkpoint: Path) -> None:
    """Run a query until it has read what there is."""
    writer = stream.writeStream.foreachBatch(sink.take)
    query = writer.option("checkpointLocation", str(checkpoint)).trigger(availableNow=True).start()
    query.awaitTermination()


def test_each_change_is_seen_once_over_five_restarts(spark, watched, tmp_path) -> None:
    """Records are created and changed between runs; a run that fails is made up for by the next."""
    sink, checkpoint = Sink(), tmp_path / "checkpoint"
    history: list[tuple[str, int]] = []
    for number in range(5):
        new = [{"Name": f"Thing {number}-{n}", "Version": 1} for n in range(4)]
        history += [(row["Name"], 1) for row in new]
        watched.table.bulk_create(new)
        changed = [one for one in watched.table.all() if one.name.endswith("-0")]
        if number != 3:  # what the failed run has not delivered is not overwritten before it is
            for one in changed:
                one.version += 1
            history += [(one.name, one.version) for one in changed]
            overwritten = {(row["Name"], 1) for row in new if row["Name"].endswith("-0")}
            history = [row for row in history if row not in overwritten]
            watched.table.bulk_save(changed)
        time.sleep(1.1)  # spans end with a second
        sink.fails_next = number == 2
        try:
            run(watched.stream(spark), sink, checkpoint)
        except Exception as error:
            assert number == 2, error
    run(watched.stream(spark), sink, checkpoint)
    assert sink.seen() == sorted(history)


def test_a_stream_may_begin_with_what_changes_from_now_on(spark, watched, tmp_path) -> None:
    """Records that were there before are left out."""
    watched.table.bulk_create([{"Name": "old", "Version": 1}])
    time.sleep(1.1)
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    watched.table.bulk_create([{"Name": "new", "Version": 1}])
    time.sleep(1.1)
    sink = Sink()
    run(watched.stream(spark, since=since), sink, tmp_path / "checkpoint")
    assert sink.seen() == [("new", 1)]


@pytest.mark.parametrize(
    ("options", "said"),
    [({"since": "yesterday"}, "since has to be a time"), ({"settle_s": "long"}, "settle_s")],
)
def test_options_of_a_stream_are_checked(spark, watched, tmp_path, options, said) -> None:
    """Before anything is read."""
    watched.options.update(options)
    with pytest.raises(Exception, match=said):
        run(watched.stream(spark), Sink(), tmp_path / "checkpoint")
