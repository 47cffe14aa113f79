"""``AsyncBulkVerbs``: the verbs of a table that write many records."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar, Unpack

from airhaul.bulk.plans.sync import DeleteGuard
from airhaul.bulk.reads.division import Parallel
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
from airhaul.bulk.rows.links_by_name import CreateMissing, LinkBy
from airhaul.bulk.writing.prefetch import PrefetchByKey
from airhaul.client.aio.bulk import AsyncBulk
from airhaul.client.aio.session import AsyncBound
from airhaul.client.options import AsyncRows, OnEvent, Progress, WriteOptions, WriteSettings
from airhaul.model.base import RecordBase

M = TypeVar("M", bound=RecordBase)


class AsyncBulkVerbs(AsyncBound[M]):
    """The verbs of a table that write many records."""

    async def bulk_create(self, rows: AsyncRows, **options: Unpack[WriteOptions]) -> BulkResult[M]:
        """Create many records, ten in one request.

        Airtable takes up to ten records in one request
        (https://airtable.com/developers/web/api/create-records), and five requests per second for
        each base (https://airtable.com/developers/web/api/rate-limits).

        All rows of a list are validated before the first request, unless ``on_error`` is
        ``"continue"``. The rows of any other iterable are validated as they are read, and are never
        all held in memory.

        Args:
            rows: Mappings by field name, records of the model, or a data frame.
            **options: ``WriteOptions``, all optional:
                on_error: When a row cannot be written, ``"stop"`` (the default) sends nothing more
                    and raises; ``"continue"`` writes every other row and reports the failures in
                    the result; ``"rollback"`` undoes what this call has written and raises.
                progress: ``True`` for a progress bar, or a callable for (done, total, record) of
                    each row written; total is None while it is not known.
                on_event: Called with each event of the call, in the caller's thread.
                typecast: Let Airtable convert text, add missing choices, and link records by name.
                link_by: The field of the linked table by which to look up linked records, by field
                    of links, as in ``{"company": "Name"}``: cells of these may then hold names in
                    place of ids.
                create_missing: Whether to create the linked records for names that ``link_by`` does
                    not find; or the fields of links for which to do so.
                concurrency: The most requests in flight; as configured for the connection if None.
                max_requests: The most requests to send; the rows that remain are not written. No
                    limit if None.
                rejects: A CSV, TSV or JSON Lines file for the rows that are rejected, with the
                    reasons; it can be corrected and imported.
                journal: Whether to record the call in a journal, so that it can be resumed after a
                    crash, or undone: True, False, or the journal's file; as configured for the
                    connection if None.
                keep_rows: Whether to copy the rows of an iterable to the journal before the first
                    request, so that the call can be resumed without them.

        Returns:
            The records, in the order of the rows, with the outcome of each row.

        Raises:
            BulkError: Not every row was written; ``result`` has the outcome of each row.
            BulkInterrupted: Ctrl-C was pressed; raised once the requests in flight were answered.
            ConfigurationError: ``rows`` is a single row, or an option is invalid.
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
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
        concurrency: int | None = None,
        max_requests: int | None = None,
        rejects: str | Path | None = None,
        journal: str | Path | bool | None = None,
        keep_rows: bool = False,
        **same_change: Any,
    ) -> BulkResult[M]:
        """Update many records, ten in one request.

        Airtable takes up to ten records in one request
        (https://airtable.com/developers/web/api/update-multiple-records), and five requests per
        second for each base (https://airtable.com/developers/web/api/rate-limits).

        Of a record, the fields that changed since it was read are sent; of a mapping, all its
        values. No request is sent for a record in which nothing changed.

        Args:
            rows: Records of the model, mappings with an ``id``, or ids if there is a
                ``same_change``.
            on_error: When a row cannot be written, ``"stop"`` (the default) sends nothing more and
                raises; ``"continue"`` writes every other row and reports the failures in the
                result; ``"rollback"`` undoes what this call has written and raises.
            progress: ``True`` for a progress bar, or a callable for (done, total, record) of each
                row written; total is None while it is not known.
            on_event: Called with each event of the call, in the caller's thread.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            link_by: The field of the linked table by which to look up linked records, by field of
                links, as in ``{"company": "Name"}``: cells of these may then hold names in place of
                ids.
            create_missing: Whether to create the linked records for names that ``link_by`` does not
                find; or the fields of links for which to do so.
            concurrency: The most requests in flight; as configured for the connection if None.
            max_requests: The most requests to send; the rows that remain are not written. No limit
                if None.
            rejects: A CSV, TSV or JSON Lines file for the rows that are rejected, with the reasons;
                it can be corrected and imported.
            journal: Whether to record the call in a journal, so that it can be resumed after a
                crash, or undone: True, False, or the journal's file; as configured for the
                connection if None.
            keep_rows: Whether to copy the rows of an iterable to the journal before the first
                request, so that the call can be resumed without them.
            **same_change: Values by field name that every record gets.

        Returns:
            The records, updated in place, with the outcome of each row.

        Raises:
            UnknownFieldError: ``same_change`` names a field that the model does not have.
            RowError: A value of ``same_change`` does not fit its field.
            BulkError: Not every row was written; ``result`` has the outcome of each row.
            BulkInterrupted: Ctrl-C was pressed; raised once the requests in flight were answered.
            ConfigurationError: ``rows`` is a single row, or an option is invalid.
        """
        writing = WriteSettings(
            on_error,
            progress,
            on_event,
            typecast,
            link_by,
            create_missing,
            concurrency,
            max_requests,
            rejects,
            journal,
            keep_rows,
        )
        bulk = AsyncBulk(self, writing, "bulk_update")
        if bulk.linking is not None:
            same_change = bulk.linking.keys.with_lists(same_change)
        return await bulk.write(UpdateEncoder(self.model, same_change), rows, prefetch=bulk.by_id)

    async def bulk_save(self, records: AsyncRows, **options: Unpack[WriteOptions]) -> BulkResult[M]:
        """Create the records without an id, and update the others, ten in one request.

        Of a record with an id, the fields that changed since it was read are sent.

        Args:
            records: Records of the model; they are updated in place.
            **options: ``WriteOptions``, all optional:
                on_error: When a row cannot be written, ``"stop"`` (the default) sends nothing more
                    and raises; ``"continue"`` writes every other row and reports the failures in
                    the result; ``"rollback"`` undoes what this call has written and raises.
                progress: ``True`` for a progress bar, or a callable for (done, total, record) of
                    each row written; total is None while it is not known.
                on_event: Called with each event of the call, in the caller's thread.
                typecast: Let Airtable convert text, add missing choices, and link records by name.
                link_by: The field of the linked table by which to look up linked records, by field
                    of links, as in ``{"company": "Name"}``: cells of these may then hold names in
                    place of ids.
                create_missing: Whether to create the linked records for names that ``link_by`` does
                    not find; or the fields of links for which to do so.
                concurrency: The most requests in flight; as configured for the connection if None.
                max_requests: The most requests to send; the rows that remain are not written. No
                    limit if None.
                rejects: A CSV, TSV or JSON Lines file for the rows that are rejected, with the
                    reasons; it can be corrected and imported.
                journal: Whether to record the call in a journal, so that it can be resumed after a
                    crash, or undone: True, False, or the journal's file; as configured for the
                    connection if None.
                keep_rows: Whether to copy the rows of an iterable to the journal before the first
                    request, so that the call can be resumed without them.

        Returns:
            The records, in the order given, with the outcome of each.

        Raises:
            BulkError: Not every row was written; ``result`` has the outcome of each row.
            BulkInterrupted: Ctrl-C was pressed; raised once the requests in flight were answered.
            ConfigurationError: ``records`` is a single record, or an option is invalid.
        """
        bulk = AsyncBulk(self, WriteSettings.of(options), "bulk_save")
        return await bulk.write(SaveEncoder(self.model), records, prefetch=bulk.by_id)

    async def bulk_replace(self, rows: AsyncRows, **options: Unpack[WriteOptions]) -> BulkResult[M]:
        """Replace whole records, ten in one request: cells that a row leaves out are cleared.

        Airtable takes up to ten records in one request, and clears the cells that a PUT request
        does not name (https://airtable.com/developers/web/api/update-multiple-records).

        A mapping is validated as a new record is, with the defaults of the model; a record is sent
        with all its values. Use ``bulk_update`` to change some cells and to keep the others.

        Args:
            rows: Records of the model, mappings with an ``id``, or a data frame with one.
            **options: ``WriteOptions``, all optional:
                on_error: When a row cannot be written, ``"stop"`` (the default) sends nothing more
                    and raises; ``"continue"`` writes every other row and reports the failures in
                    the result; ``"rollback"`` undoes what this call has written and raises.
                progress: ``True`` for a progress bar, or a callable for (done, total, record) of
                    each row written; total is None while it is not known.
                on_event: Called with each event of the call, in the caller's thread.
                typecast: Let Airtable convert text, add missing choices, and link records by name.
                link_by: The field of the linked table by which to look up linked records, by field
                    of links, as in ``{"company": "Name"}``: cells of these may then hold names in
                    place of ids.
                create_missing: Whether to create the linked records for names that ``link_by`` does
                    not find; or the fields of links for which to do so.
                concurrency: The most requests in flight; as configured for the connection if None.
                max_requests: The most requests to send; the rows that remain are not written. No
                    limit if None.
                rejects: A CSV, TSV or JSON Lines file for the rows that are rejected, with the
                    reasons; it can be corrected and imported.
                journal: Whether to record the call in a journal, so that it can be resumed after a
                    crash, or undone: True, False, or the journal's file; as configured for the
                    connection if None.
                keep_rows: Whether to copy the rows of an iterable to the journal before the first
                    request, so that the call can be resumed without them.

        Returns:
            The records, in the order of the rows, with the outcome of each row.

        Raises:
            BulkError: Not every row was written; ``result`` has the outcome of each row.
            BulkInterrupted: Ctrl-C was pressed; raised once the requests in flight were answered.
            ConfigurationError: ``rows`` is a single row, or an option is invalid.
        """
        bulk = AsyncBulk(self, WriteSettings.of(options), "bulk_replace")
        encoder = ReplaceEncoder(self.model)
        return await bulk.write(encoder, rows, prefetch=bulk.by_id, needs_types=True)

    async def bulk_upsert(
        self, rows: AsyncRows, key: KeyNames, **options: Unpack[WriteOptions]
    ) -> BulkResult[M]:
        """Update the records that have the key of a row, and create the others.

        Airtable itself looks for the records if it can merge on the key, ten rows in one request
        (https://airtable.com/developers/web/api/update-multiple-records).

        The values of a row are written to new and existing records; the model's defaults only to
        new ones. If a row leaves out a field that has a default, the existing records are read
        first, one request for each 100 rows.

        Args:
            rows: Mappings by field name, records of the model, or a data frame; each has its key.
            key: One to three field names that together identify a record.
            **options: ``WriteOptions``, all optional:
                on_error: When a row cannot be written, ``"stop"`` (the default) sends nothing more
                    and raises; ``"continue"`` writes every other row and reports the failures in
                    the result; ``"rollback"`` undoes what this call has written and raises.
                progress: ``True`` for a progress bar, or a callable for (done, total, record) of
                    each row written; total is None while it is not known.
                on_event: Called with each event of the call, in the caller's thread.
                typecast: Let Airtable convert text, add missing choices, and link records by name.
                link_by: The field of the linked table by which to look up linked records, by field
                    of links, as in ``{"company": "Name"}``: cells of these may then hold names in
                    place of ids.
                create_missing: Whether to create the linked records for names that ``link_by`` does
                    not find; or the fields of links for which to do so.
                concurrency: The most requests in flight; as configured for the connection if None.
                max_requests: The most requests to send; the rows that remain are not written. No
                    limit if None.
                rejects: A CSV, TSV or JSON Lines file for the rows that are rejected, with the
                    reasons; it can be corrected and imported.
                journal: Whether to record the call in a journal, so that it can be resumed after a
                    crash, or undone: True, False, or the journal's file; as configured for the
                    connection if None.
                keep_rows: Whether to copy the rows of an iterable to the journal before the first
                    request, so that the call can be resumed without them.

        Returns:
            The records, in the order of the rows, with the outcome of each row.

        Raises:
            ConfigurationError: A field cannot be a key, ``rows`` is a single row,
                or an option is invalid.
            BulkError: Not every row was written; ``result`` has the outcome of each row.
            BulkInterrupted: Ctrl-C was pressed; raised once the requests in flight were answered.
        """
        known = Key.of(self.model, key)
        bulk = AsyncBulk(self, WriteSettings.of(options), "bulk_upsert", key=known)
        prefetch = PrefetchByKey(known, always=bulk.asked.keeps_before)
        return await bulk.write(upsert_encoder(self.model, known), rows, prefetch=prefetch)

    async def bulk_delete(
        self, records: AsyncRows, **options: Unpack[WriteOptions]
    ) -> BulkResult[M]:
        """Delete many records, ten in one request.

        Airtable takes up to ten records in one request
        (https://airtable.com/developers/web/api/delete-multiple-records), and five requests per
        second for each base (https://airtable.com/developers/web/api/rate-limits).

        Args:
            records: Records of the model, ids, or mappings with an ``id``.
            **options: ``WriteOptions``, all optional:
                on_error: When a row cannot be written, ``"stop"`` (the default) sends nothing more
                    and raises; ``"continue"`` writes every other row and reports the failures in
                    the result; ``"rollback"`` undoes what this call has written and raises.
                progress: ``True`` for a progress bar, or a callable for (done, total, record) of
                    each row written; total is None while it is not known.
                on_event: Called with each event of the call, in the caller's thread.
                typecast: Let Airtable convert text, add missing choices, and link records by name.
                link_by: The field of the linked table by which to look up linked records, by field
                    of links, as in ``{"company": "Name"}``: cells of these may then hold names in
                    place of ids.
                create_missing: Whether to create the linked records for names that ``link_by`` does
                    not find; or the fields of links for which to do so.
                concurrency: The most requests in flight; as configured for the connection if None.
                max_requests: The most requests to send; the rows that remain are not written. No
                    limit if None.
                rejects: A CSV, TSV or JSON Lines file for the rows that are rejected, with the
                    reasons; it can be corrected and imported.
                journal: Whether to record the call in a journal, so that it can be resumed after a
                    crash, or undone: True, False, or the journal's file; as configured for the
                    connection if None.
                keep_rows: Whether to copy the rows of an iterable to the journal before the first
                    request, so that the call can be resumed without them.

        Returns:
            The outcome of each record; ``deleted`` has the ids.

        Raises:
            BulkError: Not every row was written; ``result`` has the outcome of each row.
            BulkInterrupted: Ctrl-C was pressed; raised once the requests in flight were answered.
            ConfigurationError: ``records`` is a single record, or an option is invalid.
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
        parallel: Parallel = 1,
        **options: Unpack[WriteOptions],
    ) -> BulkResult[M]:
        """Make the table equal to the rows, with the fewest writes.

        The table is read once, and only what differs is written. Its cells are held in memory, and
        each row is compared with them as it comes: no rows of a stream are held that are unchanged.

        Args:
            rows: Mappings by field name, records of the model, or a data frame; each has its key.
            key: One to three field names that together identify a record.
            delete_missing: Whether to delete the records whose key no row has.
            max_deletes: The most records to delete; a third of the table if None.
            allow_empty: Whether all records may be deleted when there are no rows.
            parallel: How many page chains to read at the same time; more than 1 is faster when
                replies are slow. ``"auto"`` reads a page, and then uses as many as its latency asks
                for.
            **options: ``WriteOptions``, all optional:
                on_error: When a row cannot be written, ``"stop"`` (the default) sends nothing more
                    and raises; ``"continue"`` writes every other row and reports the failures in
                    the result; ``"rollback"`` undoes what this call has written and raises.
                progress: ``True`` for a progress bar, or a callable for (done, total, record) of
                    each row written; total is None while it is not known.
                on_event: Called with each event of the call, in the caller's thread.
                typecast: Let Airtable convert text, add missing choices, and link records by name.
                link_by: The field of the linked table by which to look up linked records, by field
                    of links, as in ``{"company": "Name"}``: cells of these may then hold names in
                    place of ids.
                create_missing: Whether to create the linked records for names that ``link_by`` does
                    not find; or the fields of links for which to do so.
                concurrency: The most requests in flight; as configured for the connection if None.
                max_requests: The most requests to send; the rows that remain are not written. No
                    limit if None.
                rejects: A CSV, TSV or JSON Lines file for the rows that are rejected, with the
                    reasons; it can be corrected and imported.
                journal: Whether to record the call in a journal, so that it can be resumed after a
                    crash, or undone: True, False, or the journal's file; as configured for the
                    connection if None.
                keep_rows: Whether to copy the rows of an iterable to the journal before the first
                    request, so that the call can be resumed without them.

        Returns:
            The records, in the order of the rows, with the outcome of each row; deletions follow.

        Raises:
            DuplicateKeyError: Several records of the table have the same key; nothing was written.
            DeletionRefusedError: More records would be deleted than ``max_deletes`` and
                ``allow_empty`` allow; nothing was written.
            ConfigurationError: A field cannot be a key, ``rows`` is a single row,
                or an option is invalid.
            BulkError: Not every row was written; ``result`` has the outcome of each row.
            BulkInterrupted: Ctrl-C was pressed; raised once the requests in flight were answered.
        """
        deleting = DeleteGuard(delete_missing, max_deletes, allow_empty)
        bulk = AsyncBulk(self, WriteSettings.of(options), "sync")
        return await bulk.sync(rows, Key.of(self.model, key), deleting, parallel=parallel)
