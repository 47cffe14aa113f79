"""Streams of changes: each change is seen once, however often the query ends and begins again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from airhaul import Airtable, Table
from airhaul.errors import SchemaError
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


def test_each_change_is_seen_once_over_restarts(spark, watched, tmp_path) -> None:
    """Records are created and changed between runs; a run that fails is made up for by the next."""
    sink, checkpoint = Sink(), tmp_path / "checkpoint"
    history: list[tuple[str, int]] = []
    for number in range(3):
        new = [{"Name": f"Thing {number}-{n}", "Version": 1} for n in range(4)]
        history += [(row["Name"], 1) for row in new]
        watched.table.bulk_create(new)
        changed = [one for one in watched.table.all() if one.name.endswith("-0")]
        if number != 2:  # what the failed run has not delivered is not overwritten before it is
            for one in changed:
                one.version += 1
            history += [(one.name, one.version) for one in changed]
            overwritten = {(row["Name"], 1) for row in new if row["Name"].endswith("-0")}
            history = [row for row in history if row not in overwritten]
            watched.table.bulk_save(changed)
        time.sleep(1.1)  # spans end with a second
        sink.fails_next = number == 1
        try:
            run(watched.stream(spark), sink, checkpoint)
        except Exception as error:
            assert number == 1, error
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


class Clock:
    """A clock that can be set forward, and goes on from there."""

    def __init__(self) -> None:
        self.now, self.since = datetime(2026, 3, 1, 12, tzinfo=UTC), time.monotonic()

    def __call__(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic() - self.since)

    def forward(self, seconds: float) -> None:
        self.now, self.since = self() + timedelta(seconds=seconds), time.monotonic()

    def to_the_end_of_a_second(self, left_s: float) -> None:
        second = self().replace(microsecond=0) + timedelta(seconds=2 - left_s)
        self.now, self.since = second, time.monotonic()


class Timed(NamedTuple):
    """A base, and the clock that it has."""

    local_base: LocalBase
    airtable: Airtable
    table: Table[Any]
    clock: Clock
    servers: ExitStack


@pytest.fixture(scope="module")
def servers() -> Iterator[ExitStack]:
    """Servers that stay until the end, so that no two have the same port.

    A process remembers of an address what its clock showed, and would doubt one that was set.
    """
    with ExitStack() as found:
        yield found


@pytest.fixture
def timed(servers: ExitStack) -> Iterator[Timed]:
    """A table of which the test sets the clock."""
    clock = Clock()
    with (
        LocalBase.open(all_field_types=True, wall_clock=clock) as local_base,
        LocalServer(local_base) as server,
        connect(server) as airtable,
    ):
        airtable.create_table("Things", FIELDS)
        yield Timed(local_base, airtable, airtable.table_named("Things"), clock, servers)


class Batches:
    """Reads batch after batch as Spark does, in this process, each with a reader of its own.

    A reader knows of the one before what its offset says, as after a restart; and it has a server
    of its own, so that it knows nothing of how the clock was set.
    """

    def __init__(self, timed: Timed, **options: str) -> None:
        self.timed, self.given = timed, options
        self.offset: Any = {}

    def next(self, during: Callable[[], object] = lambda: None) -> list[tuple[str, float]]:
        """The names and versions of one batch.

        Args:
            during: What happens after the batch was planned, and before it is read.
        """
        from airhaul.spark import AirtableDataSource

        server = self.timed.servers.enter_context(LocalServer(self.timed.local_base))
        options = {
            "bases": self.timed.local_base.default_base_id,
            "table": "Things",
            "access_token": "patSpark.x",
            "endpoint_url": server.url,
            "requests_per_second": "none",
            "interval_s": "0",
            "settle_s": "0",
        }
        source = AirtableDataSource(options={**options, **self.given})
        reader = source.streamReader(source.schema())
        self.offset = self.offset or reader.initialOffset()
        end = reader.latestOffset(self.offset, None)
        during()
        found: list[tuple[str, float]] = []
        for partition in reader.partitions(self.offset, end):
            for batch in reader.read(partition):
                found += [(row["Name"], row["Version"]) for row in batch.to_pylist()]
        self.offset = end
        return sorted(found)


def test_no_change_is_lost_or_seen_twice_at_the_border_of_two_batches(timed: Timed) -> None:
    """Changes about the very moment that a batch ends with, and while it is read: the last one is seen, and none twice."""
    table = timed.table
    kept = table.bulk_create([{"Name": name, "Version": 0} for name in "ABC"])
    random, batches = Random(5), Batches(timed)
    last, seen, full = dict.fromkeys("ABC", 0), list[tuple[str, float]](), 0

    def change() -> None:
        one = random.choice(kept)
        name = "ABC"[kept.index(one)]
        last[name] += 1
        table.bulk_update([{"id": one.id, "Version": last[name]}])

    for _ in range(30):
        timed.clock.to_the_end_of_a_second(random.choice([0.0, 0.002, 0.01, 0.5]))
        due = dict(last)
        for _ in range(random.randrange(3)):
            change()
        found = batches.next(during=random.choice([change, lambda: None]))
        seen += found
        full += bool(found)
        # What was changed before this second is there, unless it has changed again meanwhile.
        for name in [name for name in due if due[name] == last[name]]:
            assert (name, due[name]) in seen
        if random.random() < 0.5:
            change()
    timed.clock.forward(2)
    seen += batches.next()
    assert full > 5
    assert len(set(seen)) == len(seen)
    for name, version in last.items():
        # Of two changes between two batches, the later one is seen.
        versions = [value for one, value in seen if one == name]
        assert versions == sorted(versions)
        assert versions[-1] == version


def test_settle_s_waits_for_what_becomes_visible_late(timed: Timed) -> None:
    """A batch ends so long before the service's time."""
    timed.table.bulk_create([{"Name": "A", "Version": 1}])
    batches = Batches(timed, settle_s="1000")
    timed.clock.forward(500)
    assert batches.next() == []
    timed.clock.forward(502)
    assert batches.next() == [("A", 1)]


def test_a_field_decides_which_changes_count(timed: Timed) -> None:
    """With modified_field, changes of the fields that it watches are seen, and no others."""
    base_id = timed.local_base.default_base_id
    fields = timed.airtable.table_schema("Things")["fields"]
    ids = {field["name"]: field["id"] for field in fields}
    for name, options in [
        ("Version changed", {"referencedFieldIds": [ids["Version"]]}),
        ("Day", {"result": {"type": "date", "options": {"dateFormat": {"name": "iso"}}}}),
    ]:
        field = {"name": name, "type": "lastModifiedTime", "options": options}
        timed.local_base.add_field(base_id, "Things", field)
    rows = [{"Name": "A", "Version": 1}, {"Name": "B", "Version": 1}]
    kept = timed.table.bulk_create(rows)
    batches = Batches(timed, modified_field="Version changed")
    timed.clock.forward(2)
    assert batches.next() == [("A", 1), ("B", 1)]
    timed.table.bulk_update([{"id": kept[0].id, "Name": "C"}, {"id": kept[1].id, "Version": 2}])
    timed.clock.forward(2)
    assert batches.next() == [("B", 2)]
    for wrong in ("Version", "Day", "None such"):
        with pytest.raises(SchemaError, match="modified_field"):
            Batches(timed, modified_field=wrong).next()
