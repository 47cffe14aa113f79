"""Reading bases into a frame of Spark: every cell, once, with the types of its field."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from airhaul import Airtable
from airhaul.errors import ConfigurationError
from airhaul.fields import CARDS, default_options
from airhaul.local_base import Fault, Faults, LocalBase, LocalServer
from airhaul.wire.call import Call
from tests.conftest import connect

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
pytest.importorskip("pyspark", minversion="4.3", reason="pyspark 4.3 is not installed")

TOKEN = "patSpark.verySecret"
SYSTEM = ["_airtable_id", "_created_time", "_base_id", "_table", "_rescued"]
LATER = {"formula", "rollup", "multipleLookupValues", "count", "multipleRecordLinks"}


class Bases(NamedTuple):
    server: LocalServer
    ids: list[str]
    opened: Airtable

    def airtable(self, base_id: str) -> Airtable:
        return Airtable(connection=self.opened.connection, base_id=base_id)


@pytest.fixture(scope="module")
def bases() -> Iterator[Bases]:
    """Two bases of two tables, with a field of every type, computed ones too."""
    text = {"name": "Name", "type": "singleLineText"}
    with (
        LocalBase.open(all_field_types=True) as local_base,
        LocalServer(local_base) as server,
        connect(server) as opened,
    ):
        described = {
            "name": "Second",
            "workspaceId": local_base.workspace_id,
            "tables": [{"name": "First table", "fields": [text]}],
        }
        made = opened.call(Call("POST", "/v0/meta/bases", "create", body=described))
        ids = [local_base.default_base_id, made["id"]]
        found = Bases(server, ids, opened)
        for place, base_id in enumerate(ids):
            airtable = found.airtable(base_id)
            people = airtable.create_table("People", [text])
            fields: list[Any] = [text]
            for type_ in sorted(CARDS.keys() - LATER):
                options = default_options(type_, ["Tea", "Milk, cold"])
                options = {"choices": []} if type_ == "externalSyncSource" else options
                fields.append(
                    {"name": type_, "type": type_} | ({"options": options} if options else {})
                )
            link = {"linkedTableId": people["id"]}
            fields.append({"name": "links", "type": "multipleRecordLinks", "options": link})
            airtable.create_table("All types", fields)
            through = {"recordLinkFieldId": "links", "fieldIdInLinkedTable": "Name"}
            for name, type_, options in [
                ("half", "formula", {"formula": "IF({number} = 0, ERROR(), 10 / {number})"}),
                ("rolled", "rollup", {**through, "formula": "ARRAYJOIN(values)"}),
                ("names", "multipleLookupValues", through),
                ("count", "count", {"recordLinkFieldId": "links"}),
            ]:  # fmt: skip
                field = {"name": name, "type": type_, "options": options}
                local_base.add_field(base_id, "All types", field)
            friends = airtable.table_named("People").bulk_create(
                [{"Name": f"Friend {n}"} for n in range(3 + place)]
            )
            rows = [{"Name": f"{place}-{n}", "number": n % 4} for n in range(230)]
            rows[0] |= {
                "links": [one.id for one in friends],
                "checkbox": True,
                "date": "2024-02-29",
                "dateTime": "2024-02-29T12:30:00.125Z",
                "singleSelect": "Milk, cold",
                "multipleSelects": ["Tea", "Milk, cold"],
                "duration": 90.5,
                "barcode": {"text": "123", "type": "qr"},
                "multipleAttachments": [{"url": "https://files.example.com/a.png"}],
                "singleCollaborator": {"email": "owner@example.com"},
                "multilineText": "two\nlines, ß",
            }  # fmt: skip
            airtable.table_named("All types").bulk_create(rows)
        yield found


def reader(spark: Any, bases: Bases, /, **options: str) -> Any:
    given = {
        "bases": ",".join(bases.ids),
        "access_token": TOKEN,
        "endpoint_url": bases.server.url,
        "requests_per_second": "none",
        **options,
    }
    return spark.read.format("airtable").options(**given)


def plain(value: Any) -> Any:
    """A value of Spark or of pyarrow as both have it."""
    if hasattr(value, "asDict"):
        value = value.asDict()
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    # Spark's own rows have times without a zone, in UTC here.
    return value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value


def test_every_cell_of_several_bases_is_in_the_frame_once(spark: Any, bases: Bases) -> None:
    """Two bases in three segments each, replies lost and a 429: each record once, each cell alike."""
    local_base = bases.server.local_base
    limited = Fault("429-retry-after", at=12, method="GET", retry_after_s=1.0)
    faults = Faults(limited, "GET close-after:0.1", "GET 503-before:0.05", seed=1)
    local_base.faults = faults
    try:
        frame = reader(spark, bases, table="All types", segments="3").load()
        rows = {row["_airtable_id"]: row for row in frame.collect()}
        assert (len(rows), frame.rdd.getNumPartitions()) == (460, 6)
        assert limited in [fault for fault, _ in faults.happened()]
    finally:
        local_base.faults = None
    for base_id in bases.ids:
        table = bases.airtable(base_id).table_named("All types")
        names = [
            field["name"] for field in bases.airtable(base_id).table_schema("All types")["fields"]
        ]
        assert frame.columns == [*SYSTEM, *names]
        for expected in table.to_arrow().to_pylist():
            row = rows[expected["id"]]
            held = dict(zip(["id", "created", *names], expected.values(), strict=True))
            assert (row["_base_id"], row["_table"]) == (base_id, "All types")
            times = {"createdTime", "lastModifiedTime", "dateTime"}
            for name in set(names) - times:
                assert plain(row[name]) == plain(held[name]), name
            for name in times:
                assert (row[name] is None) == (held[name] is None), name
    moments = frame.selectExpr("unix_millis(`dateTime`) AS at").where("at IS NOT NULL").collect()
    assert [row["at"] for row in moments] == [1_709_209_800_125] * 2
    rescued = [json.loads(row["_rescued"]) for row in rows.values() if row["_rescued"]]
    # An error of a formula is no number: each of these cells is kept, and no other.
    assert all(set(one) == {"half"} for one in rescued)
    assert len(rescued) == 2 * 58
    kept = sum(row["half"] is not None for row in rows.values())
    assert kept + len(rescued) == 460


def test_a_table_is_divided_where_replies_are_slow(spark: Any, bases: Bases) -> None:
    """With segments=auto: a task for each table, and no request more than pages if they are fast.

    If they are slow, the rest of a table is read in parts, and each record is there once.
    """
    local_base = bases.server.local_base

    def lists(table: str) -> list[Any]:
        """Read the table with Spark, and return what was asked of the server."""
        frame = reader(spark, bases, table=table, segments="auto", columns="Name").load()
        local_base.requests.clear()
        ids = {row["_airtable_id"] for row in frame.collect()}
        asked = [dict(one.query) for one in local_base.requests]
        held = [bases.airtable(base_id).table_named(table).all() for base_id in bases.ids]
        assert ids == {record.id for records in held for record in records}
        assert frame.rdd.getNumPartitions() == len(bases.ids)
        return asked

    assert len(lists("All types")) == 2 * 3
    local_base.latency_s = 0.5
    try:
        assert len(lists("People")) == 2
        assert any("RECORD_ID" in one.get("filterByFormula", "") for one in lists("All types"))
    finally:
        local_base.latency_s = 0.0


def test_tables_of_several_kinds_share_a_frame(spark: Any, bases: Bases) -> None:
    """A field that a table does not have is null for its records, and only what is asked is read."""
    options = {"tables": "People, All types", "columns": "Name, number"}
    frame = reader(spark, bases, **options, formula='{Name} != ""').load()
    counts = {
        (row["_table"], row["numbers"]): row["count"]
        for row in frame.selectExpr("_table", "number IS NOT NULL AS numbers")
        .groupBy("_table", "numbers")
        .count()
        .collect()
    }
    assert counts == {("People", False): 7, ("All types", True): 460}


def test_a_frame_is_whole_again_after_a_query_with_a_filter(spark: Any, bases: Bases) -> None:
    """Spark 4.3 may pass filters to a source, and reads with those of an earlier query of the frame."""
    spark.conf.set("spark.sql.python.filterPushdown.enabled", "true")
    try:
        frame = reader(spark, bases, table="People").load()
        assert frame.where("Name = 'Friend 3'").count() == 1
        assert frame.count() == 7
        assert frame.where("Name = 'Friend 0' OR Name = 'Friend 1'").count() == 4
    finally:
        spark.conf.unset("spark.sql.python.filterPushdown.enabled")


def test_a_declared_schema_reads_cells_as_json(spark: Any, bases: Bases) -> None:
    """In all bases of the token: a schema of one's own has any field as the JSON of its cells."""
    every = reader(spark, bases, bases="*", table="All types")
    frame = every.schema("_base_id STRING, names STRING").load()
    assert {row["_base_id"] for row in frame.collect()} == set(bases.ids)
    texts = [row["names"] for row in frame.where("names IS NOT NULL").collect()]
    assert sorted(len(json.loads(text)) for text in texts) == [3, 4]


def test_the_token_is_in_no_plan_and_no_error(spark: Any, bases: Bases) -> None:
    """Neither a plan of a query nor the error of one that fails shows the token."""
    frame = reader(spark, bases, table="People").load()
    assert TOKEN not in frame._jdf.queryExecution().toString()
    for wrong in ({"table": "None such"}, {"table": "People", "colour": "red"}):
        with pytest.raises(Exception, match="None such|colour") as caught:
            reader(spark, bases, **wrong).load()
        assert TOKEN not in str(caught.value)


def test_two_machines_without_a_shared_pace_are_refused(
    bases: Bases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task on another machine sends nothing unless something says how the limit is shared."""
    from airhaul.spark import AirtableDataSource

    given = {
        "bases": bases.ids[0],
        "table": "People",
        "access_token": TOKEN,
        "endpoint_url": bases.server.url,
    }
    source = AirtableDataSource(options=given)
    made = source.reader(source.schema())
    monkeypatch.setattr(socket, "gethostname", lambda: "another-machine")
    with pytest.raises(ConfigurationError, match="redis://"):
        list(made.read(made.partitions()[0]))


def test_a_field_of_two_types_is_refused_by_name(spark: Any, bases: Bases) -> None:
    """Two tables that have a field of one name and two types make no frame; the error says which."""
    airtable = bases.airtable(bases.ids[0])
    airtable.create_table(
        "Odd", [{"name": "Name", "type": "number", "options": {"precision": 0}}], exist_ok=True
    )
    options = {"bases": bases.ids[0], "tables": "People, Odd"}
    with pytest.raises(Exception, match="'Name' is string in .*People.*, and double in .*Odd"):
        reader(spark, bases, **options).load()
