"""airhaul: the verbs of ``Table``."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rows import KEY

from airhaul import Airtable, BulkResult, Link, Record, airtable_field
from airhaul.client.config import make_config
from airhaul.client.connection import Connection
from airhaul.drive.lane import Lane
from airhaul.drive.pace.paces import local_pace
from airhaul.model.read import Reader
from airhaul.wire.call import Reply
from airhaul.wire.replies import records_in
from contenders import TOKEN, Report

PAGE_CHAINS = 4


class Person(Record, table="People"):
    """A row; what the status and the tags may be is left to Airtable."""

    full_name: str = airtable_field(column="Full Name")
    email: str = airtable_field(column="E-Mail")
    age: int = airtable_field(column="Age")
    is_active: bool = airtable_field(column="Is Active")
    joined_on: date = airtable_field(column="Joined On")
    last_seen: datetime = airtable_field(column="Last Seen")
    status: str = airtable_field(column="Status", type="singleSelect")
    tags: list[str] = airtable_field(column="Tags")
    company: list[str] = airtable_field(column="Company", type="multipleRecordLinks")


class Company(Record, table="Companies"):
    """What a row links to."""

    name: str = airtable_field(column="Name")


class Employee(Record, table="People"):
    """The same row, with a link that knows its model."""

    full_name: str = airtable_field(column="Full Name")
    email: str = airtable_field(column="E-Mail")
    age: int = airtable_field(column="Age")
    is_active: bool = airtable_field(column="Is Active")
    joined_on: date = airtable_field(column="Joined On")
    last_seen: datetime = airtable_field(column="Last Seen")
    status: str = airtable_field(column="Status", type="singleSelect")
    tags: list[str] = airtable_field(column="Tags")
    company: Link[Company] | None = airtable_field(column="Company")


class Unpaced(Connection):
    """A connection without a pace, for a server without a limit: for the CPU, nothing may wait."""

    def lane(self, base_id: str | None = None) -> Lane:
        """The way to a base."""
        return replace(super().lane(base_id), pace=local_pace(None))


class Contender:
    """airhaul."""

    def __init__(self, url: str, base_id: str, *, limit: bool) -> None:
        self.report = Report()
        config = make_config(access_token=TOKEN, base_id=base_id, endpoint_url=url)
        self._airtable = Airtable(connection=(Connection if limit else Unpaced)(config))
        self._table = self._airtable.table(Person)

    def warm_up(self) -> None:
        """Open a connection."""
        self._table.first()

    def create(self, rows: Iterable[dict[str, Any]]) -> None:
        """Write rows, of a list or a stream."""
        self._tell(self._table.bulk_create(rows))

    def create_from_two_threads(self, rows: list[dict[str, Any]]) -> None:
        """Write half of the rows in each of two threads."""
        half = len(rows) // 2
        threads = [
            threading.Thread(target=self._table.bulk_create, args=(part,))
            for part in (rows[:half], rows[half:])
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def create_good_ones(self, rows: list[dict[str, Any]]) -> None:
        """Write what can be written."""
        self._tell(self._table.bulk_create(rows, on_error="continue"))

    def read(self) -> None:
        """Read all, typed, page after page."""
        self.report.records = len(self._table.all())

    def read_in_parallel(self) -> None:
        """Read all, typed, in several chains of pages."""
        self.report.records = len(self._table.all(parallel=PAGE_CHAINS))

    def read_as_needed(self) -> None:
        """Read all, typed, in as many chains of pages as the latency asks for."""
        self.report.records = len(self._table.all(parallel="auto"))

    def read_linked(self) -> None:
        """Read all, typed, and use the name of what each links to."""
        for employee in self._airtable.table(Employee).where().prefetch("company"):
            self.report.records += bool(employee.company and employee.company.record.name)

    def type_pages(self, pages: list[bytes]) -> None:
        """Make records of replies."""
        reader = Reader(Person)
        for page in pages:
            records = reader.read_page(records_in(Reply(200, page).json()))
            self.report.records += len(records)

    def stream_out(self) -> None:
        """Read all, typed, and keep none."""
        for _ in self._table.iterate():
            self.report.records += 1

    def csv_in(self, path: Path) -> None:
        """Write the rows of a file."""
        self._tell(self._table.import_csv(path))

    def csv_out(self) -> None:
        """Write all records to a file."""
        with tempfile.TemporaryDirectory() as folder:
            self.report.records = self._table.export_csv(Path(folder) / "people.csv")

    def plan_sync(self, rows: Iterable[dict[str, Any]]) -> None:
        """Plan what would bring the table to what the rows say."""
        plan = self._table.plan_sync(rows, key=KEY)
        self.report.records = plan.counts()["unchanged"]
        self.report.said = plan.summary()

    def upsert(self, rows: list[dict[str, Any]]) -> None:
        """Write rows by key."""
        self._tell(self._table.bulk_upsert(rows, key=KEY))

    def sync(self, rows: Iterable[dict[str, Any]]) -> None:
        """Bring the table to what the rows say."""
        result = self._table.sync(rows, key=KEY)
        self.report.records = len(result.outcomes)
        self._tell(result)

    def delete(self, ids: list[str]) -> None:
        """Delete records."""
        self._tell(self._table.bulk_delete(ids))

    def _tell(self, result: BulkResult[Person]) -> None:
        self.report.named = [outcome.index for outcome in (*result.errors, *result.unknown)]
        self.report.said = ", ".join(f"{n} {state}" for state, n in result.counts().items())
