# Generated from client/aio/run_verbs.py by tools/sync_face.py: change that one instead.
"""``RunVerbs``: the verbs that list, resume, undo and retry the runs of a journal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Unpack

from airhaul.bulk.results.result import BulkResult
from airhaul.client.options import Rows, WriteOptions
from airhaul.model.base import RecordBase

if TYPE_CHECKING:
    from airhaul.bulk.journal.runs import Run
    from airhaul.client.sync.plan import Plan
    from airhaul.client.sync.runs import Runs


class RunVerbs(ABC):
    """The verbs of a connection that list, resume, undo and retry runs; they need a journal."""

    @abstractmethod
    def _runs(self) -> Runs:
        """The runs of the connection's journal."""

    def runs(self, most: int | None = None) -> list[Run]:
        """List the runs in the journal, the latest first.

        Args:
            most: The most runs to list; None for all.

        Returns:
            The runs.

        Raises:
            JournalError: The connection has no journal, or it cannot be opened.
        """
        return self._runs().all(most)

    def run(self, run: str | None = None) -> Run:
        """Look up a run in the journal.

        Args:
            run: The run's id, or the beginning of it; the latest run if None.

        Returns:
            The run.

        Raises:
            JournalError: There is no such run, or several ids begin with it; or the connection has
                no journal.
        """
        return self._runs().one(run)

    def resume(
        self,
        run: str | None = None,
        *,
        model: type[RecordBase] | None = None,
        rows: Rows | None = None,
        **options: Unpack[WriteOptions],
    ) -> BulkResult[Any]:
        """Resume a run that was interrupted, with the rows that are not settled.

        A request that was sent and not answered is not sent again blindly: airhaul first looks for
        what it has written.

        Args:
            run: The run's id, or the beginning of it; the latest run if None.
            model: The model to validate the rows of a file with; made from the table's fields if
                None.
            rows: The rows, if they came from an iterable of which the journal has no copy.
            **options: ``WriteOptions``, as in ``Table.bulk_create``; ``on_error`` and ``rejects``
                default to those of the run, ``typecast`` and ``journal`` are always those of the
                run.

        Returns:
            The outcome of every row of the run. Of records that were written before, only the ids
            are known.

        Raises:
            JournalError: The run cannot be resumed: another process is working on it, its file has
                changed, or its rows are missing.
            BulkError: Not every row was written; ``result`` has the outcome of each row.
        """
        return self._runs().resume(run, model=model, rows=rows, **options)

    def plan_undo(self, run: str | None = None, *, force: bool = False) -> Plan[RecordBase]:
        """Plan what ``undo`` would write; the records are read.

        Args:
            run: The run's id, or the beginning of it; the latest that can be undone if None.
            force: Whether to overwrite what was changed since the run, too.

        Returns:
            The plan; its ``errors`` list what would be left alone.

        Raises:
            JournalError: There is no such run, or it is still in progress.
        """
        return self._runs().plan_undo(run, force=force)

    def undo(
        self, run: str | None = None, *, force: bool = False, **options: Unpack[WriteOptions]
    ) -> BulkResult[RecordBase]:
        """Undo a run: delete what it created, restore what it changed and deleted.

        What has been changed since the run is left alone, and listed among the errors of the
        result. Deleted records are created again, with new ids.

        The undo is a run as well, which can be resumed and undone.

        Args:
            run: The run's id, or the beginning of it; the latest that can be undone if None.
            force: Whether to overwrite what was changed since the run, too.
            **options: ``WriteOptions``, as in ``Table.bulk_create``; ``on_error`` is always
                ``"continue"``, and ``journal`` is always the connection's.

        Returns:
            The outcome of each record.

        Raises:
            JournalError: There is no such run, or it is still in progress.
        """
        return self._runs().undo(run, force=force, **options)

    def apply_undo(
        self, plan: Plan[RecordBase], **options: Unpack[WriteOptions]
    ) -> BulkResult[RecordBase]:
        """Make the writes of a plan of ``plan_undo``.

        Args:
            plan: The plan.
            **options: ``WriteOptions``, as in ``Table.bulk_create``; ``on_error`` is always
                ``"continue"``, and ``journal`` is always the connection's.

        Returns:
            The outcome of each record.
        """
        return self._runs().write_undo(plan, **options)

    def retry(
        self,
        run: str | None = None,
        *,
        model: type[RecordBase] | None = None,
        **options: Unpack[WriteOptions],
    ) -> BulkResult[RecordBase]:
        """Send the rejected rows of a run again, once their file was corrected.

        Args:
            run: The run's id, or the beginning of it; the latest that can be retried if None.
            model: The model to validate the rows of a file with; made from the table's fields if
                None.
            **options: ``WriteOptions``, as in ``Table.bulk_create``; ``on_error``,
                ``typecast``, ``link_by`` and ``create_missing`` default to those of the run,
                ``journal`` is always that of the run.

        Returns:
            The outcome of each row of the file.

        Raises:
            JournalError: There is no such run, it has no file of rejected rows, or they were sent
                again before.
            BulkError: Not every row was written; ``result`` has the outcome of each row.
        """
        return self._runs().retry(run, model=model, **options)
