"""``AsyncBulkVerbs``: the verbs that write many records."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar, Unpack

from airhaul.bulk.plans.sync import DeleteGuard
from airhaul.bulk.results.policy import OnError
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.rows.encoders import (
    DeleteEncoder,
    ReplaceEncoder,
    RowEncoder,
    SaveEncoder,
    UpdateEncoder,
    upsert_encoder,
)
from airhaul.bulk.rows.keys import Key, KeyNames
from airhaul.bulk.writing.prefetch import PrefetchByKey
from airhaul.client.aio.bulk import AsyncBulk
from airhaul.client.aio.session import AsyncBound
from airhaul.client.inputs import AsyncRows, OnEvent, Progress
from airhaul.client.options import WriteOptions, WriteSettings
from airhaul.model.base import RecordBase

M = TypeVar("M", bound=RecordBase)


class AsyncBulkVerbs(AsyncBound[M]):
    """The verbs that write many records of a table."""

    async def bulk_create(self, rows: AsyncRows, **options: Unpack[WriteOptions]) -> BulkResult[M]:
        """Create many records, ten to a request, at the pace that Airtable allows.

        The rows of a list are all validated before the first request, unless ``on_error`` is
        ``"continue"``. Any other iterable is validated as it is read, and never held whole.

        Args:
            rows: Mappings or records.
            **options: ``on_error``, ``progress``, ``on_event``, ``typecast``, ..., each as
                ``WriteOptions`` says.

        Returns:
            The records, in the order of the rows, and the outcome of each row.

        Raises:
            BulkError: A row was not written; its ``result`` says what became of each.
            BulkInterrupted: Ctrl-C, after the requests in flight have landed.
        """
        bulk = AsyncBulk(self, WriteSettings.of(options), "bulk_create")
        return await bulk.write(RowEncoder(self.model), rows)

    async def bulk_update(
        self,
        rows: AsyncRows,
        *,
        on_error: OnError = "stop",
        progress: Progress = False,
        on_event: OnEvent | None = None,
        typecast: bool = False,
        concurrency: int | None = None,
        max_requests: int | None = None,
        rejects: str | Path | None = None,
        journal: str | Path | bool | None = None,
        keep_rows: bool = False,
        **same_change: Any,
    ) -> BulkResult[M]:
        """Change many records, ten to a request.

        Of a record what changed since it was read is sent, of a dict what it holds besides its
        ``id``. A record of which nothing changed costs nothing.

        Args:
            rows: Records, dicts with an ``id``, or, with one change for all, ids.
            on_error: As ``WriteOptions`` says, like the options that follow.
            progress: A bar, or a callable.
            on_event: Called with each event.
            typecast: Let Airtable convert text.
            concurrency: How many requests may be in flight.
            max_requests: Send at most so many requests.
            rejects: A file for the rows that are refused.
            journal: Whether the call is written down.
            keep_rows: Whether the journal keeps the rows of an iterable.
            **same_change: Values by field name that every record gets.

        Returns:
            The records, brought up to date in place, and the outcome of each.

        Raises:
            UnknownFieldError: ``same_change`` names a field that the model lacks.
            RowError: A value of ``same_change`` does not fit.
            BulkError: A record was not changed; its ``result`` says what became of each.
            BulkInterrupted: Ctrl-C, after the requests in flight have landed.
        """
        writing = WriteSettings(
            on_error,
            progress,
            on_event,
            typecast,
            concurrency,
            max_requests,
            rejects,
            journal,
            keep_rows,
        )
        bulk = AsyncBulk(self, writing, "bulk_update")
        return await bulk.write(UpdateEncoder(self.model, same_change), rows, prefetch=bulk.by_id)

    async def bulk_save(self, records: AsyncRows, **options: Unpack[WriteOptions]) -> BulkResult[M]:
        """Create the records that have no id, and send what changed in the others.

        Args:
            records: Records; they are brought up to date in place.
            **options: As in ``bulk_create``.

        Returns:
            The records, and the outcome of each.

        Raises:
            BulkError: A record was not written; its ``result`` says what became of each.
            BulkInterrupted: Ctrl-C, after the requests in flight have landed.
        """
        bulk = AsyncBulk(self, WriteSettings.of(options), "bulk_save")
        return await bulk.write(SaveEncoder(self.model), records, prefetch=bulk.by_id)

    async def bulk_replace(self, rows: AsyncRows, **options: Unpack[WriteOptions]) -> BulkResult[M]:
        """Replace whole records, ten to a request: cells that a row leaves out are cleared.

        A dict is validated as a new record is, with the defaults of the model; a record is sent
        with all its values. Use ``bulk_update`` to change some cells and keep the others.

        Args:
            rows: Records, or dicts with an ``id``.
            **options: As in ``bulk_create``.

        Returns:
            The records, brought up to date in place, and the outcome of each.

        Raises:
            BulkError: A record was not replaced; its ``result`` has the outcome of each.
            BulkInterrupted: Ctrl-C, after the requests in flight have landed.
        """
        bulk = AsyncBulk(self, WriteSettings.of(options), "bulk_replace")
        encoder = ReplaceEncoder(self.model)
        return await bulk.write(encoder, rows, prefetch=bulk.by_id, needs_types=True)

    async def bulk_upsert(
        self, rows: AsyncRows, key: KeyNames, **options: Unpack[WriteOptions]
    ) -> BulkResult[M]:
        """Create the rows that are not in the table, and change those that are, told by a key.

        What a row holds is written; a default of the model only into new records. Rows that hold
        every field with a default cost a request for ten; others one more for a hundred, to
        learn which are new.

        Args:
            rows: Mappings or records, each with its key.
            key: One to three fields that tell a record.
            **options: As in ``bulk_create``.

        Returns:
            The records, in the order of the rows, and the outcome of each row.

        Raises:
            ConfigurationError: A field cannot be a key.
            BulkError: A row was not written; its ``result`` says what became of each.
            BulkInterrupted: Ctrl-C, after the requests in flight have landed.
        """
        known = Key.of(self.model, key)
        bulk = AsyncBulk(self, WriteSettings.of(options), "bulk_upsert", key=known)
        prefetch = PrefetchByKey(known, always=bulk.asked.keeps_before)
        return await bulk.write(upsert_encoder(self.model, known), rows, prefetch=prefetch)

    async def bulk_delete(
        self, records: AsyncRows, **options: Unpack[WriteOptions]
    ) -> BulkResult[M]:
        """Delete many records, ten to a request.

        Args:
            records: Records, ids, or dicts with an ``id``.
            **options: As in ``bulk_create``.

        Returns:
            The outcome of each; ``deleted`` has the ids.

        Raises:
            BulkError: A record was not deleted; its ``result`` says what became of each.
            BulkInterrupted: Ctrl-C, after the requests in flight have landed.
        """
        bulk = AsyncBulk(self, WriteSettings.of(options), "bulk_delete")
        encoder = DeleteEncoder(self.model)
        return await bulk.write(encoder, records, prefetch=bulk.by_id, needs_types=True)

    async def sync(
        self,
        rows: AsyncRows,
        key: KeyNames,
        *,
        delete_missing: bool = False,
        max_deletes: int | None = None,
        allow_empty: bool = False,
        parallel: int = 1,
        **options: Unpack[WriteOptions],
    ) -> BulkResult[M]:
        """Make the table like the rows, with the fewest writes: reads it once, sends what differs.

        Args:
            rows: Mappings or records, each with its key; all are held in memory, and the table too.
            key: One to three fields that tell a record.
            delete_missing: Whether records are deleted that are not among the rows.
            max_deletes: How many at most; a third of the table if None.
            allow_empty: Whether all may be deleted when there are no rows.
            parallel: How many page chains read the table at once.
            **options: As in ``bulk_create``.

        Returns:
            The records, in the order of the rows, and the outcome of each row; deletions follow.

        Raises:
            DuplicateKeyError: Several records of the table have one key; nothing was written.
            DeletionRefusedError: More would be deleted than may be; nothing was written.
            BulkError: Rows are not valid or have one key, or not every row was written.
            BulkInterrupted: Ctrl-C, after the requests in flight have landed.
        """
        deleting = DeleteGuard(delete_missing, max_deletes, allow_empty)
        bulk = AsyncBulk(self, WriteSettings.of(options), "sync")
        return await bulk.sync(rows, Key.of(self.model, key), deleting, parallel=parallel)
