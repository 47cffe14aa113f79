"""``AsyncScan``: reads whole lists, and the records that a list of something else tells of."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from airhaul.bulk.engine.budget import JobBudget
from airhaul.bulk.engine.engine import Engine
from airhaul.bulk.engine.events import Event, PageRead
from airhaul.bulk.reads.pages import ReadPages, parts_of_list
from airhaul.bulk.results.result import NOTHING_SPENT, Spent
from airhaul.client.aio.bound import AsyncBound
from airhaul.client.inputs import OnEvent
from airhaul.drive import aio as drive
from airhaul.errors import ConfigurationError
from airhaul.formula import Node, print_formula
from airhaul.wire.endpoints import ListParameters
from airhaul.wire.limits import RECORDS_PER_PAGE
from airhaul.wire.shapes import RecordJson

T = TypeVar("T")


class AsyncScan:
    """Reads lists of a table, and counts what that costs.

    Args:
        table: The table.
        max_requests: Send at most so many requests; None for any number.
        on_event: Called with each event.
    """

    def __init__(
        self,
        table: AsyncBound[Any],
        max_requests: int | None = None,
        on_event: OnEvent | None = None,
    ) -> None:
        self._airtable = table.airtable
        self._name = table.name
        self._most = max_requests
        self._on_event = on_event
        self.spent = NOTHING_SPENT

    async def read(
        self,
        parameters: ListParameters,
        on_page: Callable[[Sequence[RecordJson]], object],
        *,
        parallel: int = 1,
    ) -> None:
        """Read a list.

        Args:
            parameters: What to read.
            on_page: Called with each page, in the caller's own thread and task.
            parallel: How many page chains run at once; with more than one there is no order.

        Raises:
            ConfigurationError: ``parallel`` is less than 1.
            RequestCeilingError: There would be more requests than there may be.
        """
        if parallel < 1:
            raise ConfigurationError(f"parallel is at least 1, not {parallel}.")
        lane = self._airtable.lane()
        lane = replace(lane, concurrency=min(parallel, lane.concurrency))
        parts = parts_of_list(parameters, parallel)
        work = ReadPages(self._airtable.base_id, self._name, *parts)
        left = None if self._most is None else self._most - self.spent.requests
        job = Engine(
            work,
            lane.pace,
            concurrency=lane.concurrency,
            retries=self._airtable.config.retries,
            known_base=lane.known_base,
            budget=JobBudget(left, lane.budget),
        )

        def take(event: Event) -> None:
            if isinstance(event, PageRead):
                on_page(event.records)
            if self._on_event is not None:
                self._on_event(event)

        began = time.monotonic()
        await drive.run(job, lane, (), take)
        seconds = time.monotonic() - began
        self.spent = Spent(self.spent.requests + job.requests, self.spent.seconds + seconds)
        _ = job.result  # raises what ended the list early

    async def all(self, parameters: ListParameters, *, parallel: int = 1) -> list[RecordJson]:
        """Read a list into memory; arguments as of ``read``."""
        records: list[RecordJson] = []
        await self.read(parameters, records.extend, parallel=parallel)
        return records

    async def find(
        self, wanted: Sequence[T], formula_of: Callable[[Sequence[T]], Node]
    ) -> dict[str, RecordJson]:
        """Read the records that a list tells of, with a request for every hundred of its items.

        Args:
            wanted: What tells of the records.
            formula_of: Makes the formula that finds those of so many items.

        Returns:
            The records that are there, by id.
        """
        found: dict[str, RecordJson] = {}
        for start in range(0, len(wanted), RECORDS_PER_PAGE):
            some = wanted[start : start + RECORDS_PER_PAGE]
            records = await self.all(ListParameters(formula=print_formula(formula_of(some))))
            found |= {record["id"]: record for record in records}
        return found
