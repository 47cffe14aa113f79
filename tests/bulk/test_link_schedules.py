"""Schedules of writes that link by key and create what is missing: no linked record is doubled."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airhaul import Record, airtable_field, result_of
from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.journal.recovery import kept_rows
from airhaul.bulk.journal.runs import Run
from airhaul.bulk.linking.link_keys import LinkKeys
from airhaul.bulk.linking.linked_creates import Linking
from airhaul.bulk.results.policy import Policy
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.rows.encoders import Ready, upsert_encoder
from airhaul.bulk.rows.keys import Key
from airhaul.bulk.rows.target import Target
from airhaul.bulk.undoing.flows import plan_undo, resume, write_undo
from airhaul.bulk.undoing.runs import prefetch_of
from airhaul.bulk.writing.assemble import BulkWrite, RowInput
from airhaul.bulk.writing.bulk_write import bulk_write
from airhaul.bulk.writing.prefetch import PrefetchByKey
from airhaul.errors import AirhaulError
from airhaul.local_base.gate.faults import Faults
from airhaul.model.read import Reader
from airhaul.testing import KilledError, SimulatedClock
from airhaul.wire import endpoints
from airhaul.wire.endpoints import ListParameters
from tests.bulk.test_schedules import faults, latencies, policies
from tests.simulated_base import Client, Quiet, SimulatedBase

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("AIRHAUL_SCHEDULES", "40"))
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


class Deal(Record, table="Deals"):
    title: str = ""
    company: list[str] = airtable_field([], type="multipleRecordLinks")


class Plain(Record, table="Deals"):
    """The table as the simulation creates it, before it has links."""

    title: str = ""


KEY = Key.of(Deal, "title")


class Linked:
    """A base of deals, which link to companies, on a simulated clock."""

    def __init__(self, latency: list[float]) -> None:
        self.base = SimulatedBase(Plain, latency)
        self.base.model = Deal
        self._ask(endpoints.create_table(self.base.base_id, "Companies", [_TEXT]))
        companies = self._ask(endpoints.base_schema(self.base.base_id))["tables"][-1]["id"]
        link: Any = {"name": "company", "type": "multipleRecordLinks"}
        options = {"linkedTableId": companies}
        deals = self._ask(endpoints.base_schema(self.base.base_id))["tables"][0]["id"]
        self._ask(endpoints.create_field(self.base.base_id, deals, {**link, "options": options}))
        known = [{"Name": "Acme"}, {"Name": "Globex"}]
        self._ask(endpoints.create_records(self.base.base_id, "Companies", known))

    def _ask(self, call: Any) -> Any:
        given_faults, self.base.local_base.faults = self.base.local_base.faults, None
        answer = self.base.local_base.send(call, lambda: None).json()
        self.base.local_base.faults = given_faults
        return answer

    def companies(self) -> dict[str, str]:
        """The names of the companies, by ID."""
        call = endpoints.list_records(self.base.base_id, "Companies", ListParameters(), None)
        records = self._ask(call)["records"]
        return {record["id"]: record["fields"]["Name"] for record in records}

    def deals(self) -> list[tuple[str, list[str]]]:
        """The titles of the deals, with the names of their companies."""
        names = self.companies()
        held = self.base.held().values()
        return sorted(
            (cells["title"], [names[id_] for id_ in cells.get("company", [])]) for cells in held
        )


_TEXT: Any = {"name": "Name", "type": "singleLineText"}


def writing(client: Client, rows: list[dict[str, Any]], on_error: Any) -> Flow[BulkResult[Any]]:
    """Upsert deals, with names in place of ids."""
    asked = client.asked("bulk_upsert", on_error, KEY, PrefetchByKey(KEY, always=True))
    keys = LinkKeys(Deal, {"company": "Name"}, create_missing=True)
    linking = Linking(client.context, asked, keys)

    def whole() -> Flow[BulkResult[Any]]:
        ready = yield from linking.prepare(
            upsert_encoder(Deal, KEY), rows, lambda _row, _error: None
        )
        return (yield from bulk_write(client.context, linking.write, ready, Quiet()))

    return linking.with_rollback(whole())


def resuming(client: Client, run: Run) -> Flow[BulkResult[Any]]:
    """Resume a run of either table from what the journal has of it."""
    assert client.journal is not None
    model = Deal if run.asked.table == "Deals" else Company
    key = KEY if run.asked.key else None
    target = Target(client.base.base_id, run.asked.table, model, key=key)
    write: BulkWrite[Any] = BulkWrite(
        run.asked.verb,
        target,
        Reader(model),
        Policy.of(run.asked.on_error),
        prefetch_of(run, target),
        journal=client.journal,
        service="simulated",
    )
    rows = kept_rows(client.journal, run, key)
    ready = RowInput(rows, Ready[Any](), run.asked.total, "copy")
    return resume(client.context, run, write, ready, Quiet())


class Company(Record, table="Companies"):
    name: str = airtable_field("", column="Name")


def followed(client: Client, flow: Flow[Any], kill_at: float | None = None) -> Any:
    try:
        return client.follow(flow, kill_at=kill_at)
    except AirhaulError as error:
        return result_of(error)
    except KilledError:
        return None


def unfinished(client: Client) -> Iterator[Run]:
    assert client.journal is not None
    yield from (run for run in reversed(client.journal.runs()) if run.is_unfinished)


def judge_rollback(client: Client) -> None:
    """What a call has created for its links was undone with it, if its own policy has undone it."""
    assert client.journal is not None
    runs = client.journal.runs()
    calls = {run.id: run for run in runs if run.asked.verb == "bulk_upsert"}
    undone = {run.asked.undoes for run in runs}
    for run in runs:
        call = calls.get(run.asked.links_of or "")
        if call is not None and call.state == "rolled back" and "created" in run.counts:
            assert run.id in undone, "linked records are left"


@settings(
    max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(
    some_faults=faults,
    latency=latencies,
    on_error=policies,
    companies=st.lists(st.lists(st.integers(0, 14), max_size=3, unique=True), max_size=35),
    kill_at=st.one_of(st.none(), st.floats(0.2, 8.0)),
    undoes=st.booleans(),
)
def test_linked_records_are_created_once(
    some_faults: Faults,
    latency: list[float],
    on_error: Any,
    companies: list[list[int]],
    kill_at: float | None,
    undoes: bool,
) -> None:
    """A call that is killed, resumed and made again: every name once, every link as its row says."""
    titles = ["Acme", "Globex", *(f"New {number}" for number in range(13))]
    rows = [
        {"title": f"d{place}", "company": [titles[number] for number in some]}
        for place, some in enumerate(companies)
    ]
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path, clock, linked = Path(folder) / "journal", SimulatedClock(10.0), Linked(latency)
        linked.base.local_base.faults = some_faults
        first = Client(linked.base, clock, path)
        followed(first, writing(first, rows, on_error), kill_at)
        for _ in range(3):
            client = Client(linked.base, clock, path)
            for run in unfinished(client):
                followed(client, resuming(client, run))
        linked.base.local_base.faults = None
        if kill_at is None:
            judge_rollback(Client(linked.base, clock, path))
        last = Client(linked.base, clock, path)
        result = followed(last, writing(last, rows, "stop"))
        assert result.is_complete
        names = Counter(linked.companies().values())
        assert set(names.values()) <= {1}, "a linked record is there twice"
        assert linked.deals() == sorted((row["title"], row["company"]) for row in rows)
        if undoes and result.counts().get("created") == len(rows) > 0:
            assert last.journal is not None
            run = last.journal.run(result.run)
            plan = followed(last, plan_undo(last.context, last.journal, run, force=False))
            asked = last.asked("undo", "continue")
            followed(last, write_undo(last.context, plan, asked, Quiet()))
            assert linked.deals() == []
        linked.base.close()
