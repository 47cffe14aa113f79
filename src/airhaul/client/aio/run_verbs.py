"""``AsyncRunVerbs``: the runs that a connection's journal knows, and going on with them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Unpack

from airhaul.bulk.results.result import BulkResult
from airhaul.client.inputs import AsyncRows
from airhaul.client.options import WriteOptions
from airhaul.model.base import RecordBase

if TYPE_CHECKING:
    from airhaul.bulk.journal.runs import Run
    from airhaul.client.aio.plan import AsyncPlan
    from airhaul.client.aio.runs import AsyncRuns


class AsyncRunVerbs(ABC):
    """The verbs of a connection that are about runs; they need a journal."""

    @abstractmethod
    def _runs(self) -> AsyncRuns:
        """The runs of the connection's journal."""

    def runs(self, most: int | None = None) -> list[Run]:
        """The runs that the journal knows, the latest first.

        Args:
            most: At most so many; None for all.

        Raises:
            JournalError: The connection has no journal, or it cannot be opened.
        """
        return self._runs().all(most)

    def run(self, run: str | None = None) -> Run:
        """One run of the journal.

        Args:
            run: Its id, or the beginning of it; the latest if None.

        Raises:
            JournalError: There is none, or several begin so.
        """
        return self._runs().one(run)

    async def resume(
        self,
        run: str | None = None,
        *,
        model: type[RecordBase] | None = None,
        rows: AsyncRows | None = None,
        **options: Unpack[WriteOptions],
    ) -> BulkResult[Any]:
        """Go on with a run that was broken off, from the rows that are not yet settled.

        What was sent and not answered is looked for, and not sent again blindly.

        Args:
            run: Its id, or the beginning of it; the latest if None.
            model: The model that rows of a file are validated with; made of the table's columns if
                None.
            rows: The rows, where they came from an iterable that the journal holds no copy of.
            **options: As in ``Table.bulk_create``; ``on_error`` and ``rejects`` are as they were.

        Returns:
            What became of every row of the run. Records that were written before are told by id.

        Raises:
            JournalError: The run cannot go on: another process works on it, its file was changed,
                its rows are not there.
            BulkError: Not every row was written.
        """
        return await self._runs().resume(run, model=model, rows=rows, **options)

    async def plan_undo(
        self, run: str | None = None, *, force: bool = False
    ) -> AsyncPlan[RecordBase]:
        """Say what ``undo`` would do; the records are read.

        Args:
            run: The run's id, or the beginning of it; the latest if None.
            force: As for ``undo``.

        Returns:
            The plan; its ``errors`` are what would be left alone.
        """
        return await self._runs().plan_undo(run, force=force)

    async def undo(
        self, run: str | None = None, *, force: bool = False, **options: Unpack[WriteOptions]
    ) -> BulkResult[RecordBase]:
        """Take a run back: delete what it created, put back what it changed, make what it deleted.

        What somebody has changed since is left alone, and listed among the errors of the result.
        It is a run itself, which can be resumed and taken back. Records that were deleted get new
        ids.

        Args:
            run: The run's id, or the beginning of it; the latest if None.
            force: Whether what was changed since is overwritten, too.
            **options: ``progress``, ``on_event``, ...; as in ``Table.bulk_create``.

        Returns:
            What became of each record.

        Raises:
            JournalError: There is no such run, or it is still worked on.
        """
        return await self._runs().undo(run, force=force, **options)

    async def apply_undo(
        self, plan: AsyncPlan[RecordBase], **options: Unpack[WriteOptions]
    ) -> BulkResult[RecordBase]:
        """Make the writes of a plan that ``plan_undo`` has made.

        Args:
            plan: The plan.
            **options: As in ``undo``.

        Returns:
            What became of each record.
        """
        return await self._runs().write_undo(plan, **options)

    async def retry(
        self,
        run: str | None = None,
        *,
        model: type[RecordBase] | None = None,
        **options: Unpack[WriteOptions],
    ) -> BulkResult[RecordBase]:
        """Send the rejected rows of a run again, after their file was corrected.

        Args:
            run: The run's id, or the beginning of it; the latest if None.
            model: The model that rows are validated with; made of the table's columns if None.
            **options: As in ``Table.bulk_create``.

        Returns:
            What became of each row of the file.

        Raises:
            JournalError: There is no such run, or it kept no file of rejected rows.
            BulkError: Not every row was written.
        """
        return await self._runs().retry(run, model=model, **options)
