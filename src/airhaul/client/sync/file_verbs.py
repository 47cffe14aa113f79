# Generated from client/aio/file_verbs.py by tools/sync_face.py: change that one instead.
"""``FileVerbs``: the verbs of a table that import, sync and export files."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar, Unpack

from airhaul.bulk.plans.sync import DeleteGuard
from airhaul.bulk.reads.division import Parallel
from airhaul.bulk.results.result import BulkResult, Spent
from airhaul.bulk.rows.encoders import Encoder, RowEncoder, upsert_encoder
from airhaul.bulk.rows.keys import Key, KeyNames
from airhaul.bulk.writing.prefetch import Prefetch, PrefetchByKey
from airhaul.client.options import ImportOptions, WriteSettings, settings_of_import
from airhaul.client.selection import Selection
from airhaul.client.spooled_rows import read_whole
from airhaul.client.sync.bulk import Bulk, input_file
from airhaul.client.sync.query import Query
from airhaul.client.sync.session import Bound, reader_of
from airhaul.model.base import RecordBase
from airhaul.model.columns import Columns, columns_of
from airhaul.tabular import Format, InputFile, ReadableFile, WritableFile

M = TypeVar("M", bound=RecordBase)


class FileVerbs(Bound[M]):
    """The verbs of a table that import, sync and export files."""

    def import_file(
        self,
        path: str | Path | ReadableFile,
        format: Format | None = None,
        *,
        key: KeyNames | None = None,
        **options: Unpack[ImportOptions],
    ) -> BulkResult[M]:
        """Create a record for each row of a file, or with a key, update or create it.

        Every row is validated before the first request; if ``on_error`` is ``"continue"``, the
        rows are counted. Until they are sent, they wait in a temporary file, compressed. The file
        is never held in memory as a whole.

        Args:
            path: A CSV, TSV, JSON, JSON Lines, Parquet, Arrow or Excel file; its columns have the
                names of the model's fields, in Python or in Airtable. A pipe, and a file that is
                open in binary mode, are copied to disk first.
            format: ``"csv"``, ``"tsv"``, ``"json"``, ``"jsonl"``, ``"parquet"``, ``"arrow"`` or
                ``"excel"``; inferred from the suffix if None.
            key: One to three field names that together identify a record, to update the records
                that exist; None to create a record for every row.
            **options: ``ImportOptions``, all optional:
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
                sheet: The sheet of an Excel workbook; the only one that is visible and not empty
                    if None.
                encoding: The encoding of a CSV or TSV file, such as ``"cp1252"``; UTF-8 if None, or
                    UTF-16 if the file has a byte order mark.
                delimiter: The character between the columns of a CSV file; found in its header if
                    None.
                columns: The names of fields by the names of the file's columns, where these differ,
                    as in ``{"E-mail address": "email"}``.
                ignore: The columns of the file to leave out.
                nulls: The words that mean an empty cell, as in ``["NA", "n/a"]``; spaces around
                    them do not matter.
                decimal_comma: Whether numbers are written ``3,50`` and ``1.234,50``.
                date_format: How dates are written, such as ``"DD.MM.YYYY"`` or ``"M/D/YYYY"``; ISO
                    8601 if None.
                from_airtable_csv: Whether numbers, dates and durations are written as their fields
                    show them, as in the CSV files that Airtable itself writes.
                escape_formulas: Whether texts that a spreadsheet would run as formulas have an
                    apostrophe in front, which reading the file removes: texts that begin with
                    ``=``, ``+``, ``-``, ``@``, a tab or a carriage return; only for CSV and TSV.

        Returns:
            The records, in the order of the file, with the outcome of each row.

        Raises:
            FileFormatError: The file is not in its format; the error has the line.
            BulkError: Not every row was written; ``result`` has the outcome of each row.
            BulkInterrupted: Ctrl-C was pressed; raised once the requests in flight were answered.
            ConfigurationError: A field cannot be a key, or an option is invalid.
        """
        reading, writing = settings_of_import(format, options)
        return self.import_again(input_file(self, path, reading), key, writing)

    def import_again(
        self,
        file: InputFile,
        key: KeyNames | None,
        writing: WriteSettings,
        *,
        retries: str | None = None,
    ) -> BulkResult[M]:
        """Import a file, or import the corrected rejects of an earlier run again.

        Args:
            file: The file, and how it is read.
            key: One to three field names that together identify a record, to update the records
                that exist; None to create a record for every row.
            writing: The options of the call.
            retries: The id of the run that rejected these rows; None for a file of new rows.

        Returns:
            The records, in the order of the file, with the outcome of each row.

        Raises:
            FileFormatError: The file is not in its format; the error has the line.
            BulkError: Not every row was written; ``result`` has the outcome of each row.
        """
        known = None if key is None else Key.of(self.model, key)
        columns, spent = self._columns_in_file()
        bulk = Bulk(
            self, writing, "import_file", key=known, file=file, columns=columns, retries=retries
        )

        def encoder() -> Encoder[M]:
            if known is None:
                return bulk.encoder(RowEncoder(self.model, file.name, columns))
            return bulk.encoder(upsert_encoder(self.model, known, file.name, columns))

        prefetch: Prefetch | None = None
        if known is not None:
            prefetch = PrefetchByKey(known, always=bulk.asked.keeps_before)
        try:
            ready = bulk.ready_file(encoder, file)
            return bulk.run(ready, prefetch=prefetch, spent=spent)
        except BaseException as error:
            if bulk.has_left_unfinished(error):
                file.keep()  # to resume the run
            raise

    def _columns_in_file(self) -> tuple[Columns, Spent]:
        """The columns by the names that a file has for them, and what it took to find out."""
        reader = reader_of(self)
        columns = self.airtable.follow(reader.titles(columns_of(self.model)))
        return columns, reader.spent

    def sync_file(
        self,
        path: str | Path | ReadableFile,
        key: KeyNames,
        format: Format | None = None,
        *,
        delete_missing: bool = False,
        max_deletes: int | None = None,
        allow_empty: bool = False,
        parallel: Parallel = 1,
        **options: Unpack[ImportOptions],
    ) -> BulkResult[M]:
        """Make the table equal to a file, with the fewest writes.

        The file is read once, and then the table; only what differs is written. The cells of the
        table are held in memory. Until they are compared with these, the rows wait in a temporary
        file, compressed: rows that are unchanged are not held.

        Args:
            path: A CSV, TSV, JSON, JSON Lines, Parquet, Arrow or Excel file; its columns have the
                names of the model's fields, in Python or in Airtable. A pipe, and a file that is
                open in binary mode, are copied to disk first.
            key: One to three field names that together identify a record.
            format: ``"csv"``, ``"tsv"``, ``"json"``, ``"jsonl"``, ``"parquet"``, ``"arrow"`` or
                ``"excel"``; inferred from the suffix if None.
            delete_missing: Whether to delete the records whose key no row has.
            max_deletes: The most records to delete; a third of the table if None.
            allow_empty: Whether all records may be deleted when there are no rows.
            parallel: How many page chains to read at the same time; more than 1 is faster when
                replies are slow. ``"auto"`` reads a page, and then uses as many as its latency asks
                for.
            **options: ``ImportOptions``, all optional:
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
                sheet: The sheet of an Excel workbook; the only one that is visible and not empty
                    if None.
                encoding: The encoding of a CSV or TSV file, such as ``"cp1252"``; UTF-8 if None, or
                    UTF-16 if the file has a byte order mark.
                delimiter: The character between the columns of a CSV file; found in its header if
                    None.
                columns: The names of fields by the names of the file's columns, where these differ,
                    as in ``{"E-mail address": "email"}``.
                ignore: The columns of the file to leave out.
                nulls: The words that mean an empty cell, as in ``["NA", "n/a"]``; spaces around
                    them do not matter.
                decimal_comma: Whether numbers are written ``3,50`` and ``1.234,50``.
                date_format: How dates are written, such as ``"DD.MM.YYYY"`` or ``"M/D/YYYY"``; ISO
                    8601 if None.
                from_airtable_csv: Whether numbers, dates and durations are written as their fields
                    show them, as in the CSV files that Airtable itself writes.
                escape_formulas: Whether texts that a spreadsheet would run as formulas have an
                    apostrophe in front, which reading the file removes: texts that begin with
                    ``=``, ``+``, ``-``, ``@``, a tab or a carriage return; only for CSV and TSV.

        Returns:
            The records, in the order of the file, with the outcome of each row; deletions follow.

        Raises:
            FileFormatError: The file is not in its format; the error has the line.
            DuplicateKeyError: Several records of the table have the same key; nothing was written.
            DeletionRefusedError: More records would be deleted than ``max_deletes`` and
                ``allow_empty`` allow; nothing was written.
            BulkError: Not every row was written; ``result`` has the outcome of each row.
            BulkInterrupted: Ctrl-C was pressed; raised once the requests in flight were answered.
            ConfigurationError: A field cannot be a key, or an option is invalid.
        """
        deleting = DeleteGuard(delete_missing, max_deletes, allow_empty)
        reading, writing = settings_of_import(format, options)
        file = input_file(self, path, reading)
        bulk = Bulk(self, writing, "sync", file=file)
        known = Key.of(self.model, key)
        return bulk.sync(read_whole(file), known, deleting, parallel=parallel)

    def import_csv(
        self,
        path: str | Path | ReadableFile,
        *,
        key: KeyNames | None = None,
        **options: Unpack[ImportOptions],
    ) -> BulkResult[M]:
        """Create a record for each row of a CSV file, or with a key, update or create it.

        Every row is validated before the first request; if ``on_error`` is ``"continue"``, the
        rows are counted. Until they are sent, they wait in a temporary file, compressed. The file
        is never held in memory as a whole.

        Args:
            path: The file; its columns have the names of the model's fields, in Python or in
                Airtable. A pipe, and a file that is open in binary mode, are copied to disk first.
            key: One to three field names that together identify a record, to update the records
                that exist; None to create a record for every row.
            **options: ``ImportOptions``, all optional:
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
                sheet: The sheet of an Excel workbook; the only one that is visible and not empty
                    if None.
                encoding: The encoding of a CSV or TSV file, such as ``"cp1252"``; UTF-8 if None, or
                    UTF-16 if the file has a byte order mark.
                delimiter: The character between the columns of a CSV file; found in its header if
                    None.
                columns: The names of fields by the names of the file's columns, where these differ,
                    as in ``{"E-mail address": "email"}``.
                ignore: The columns of the file to leave out.
                nulls: The words that mean an empty cell, as in ``["NA", "n/a"]``; spaces around
                    them do not matter.
                decimal_comma: Whether numbers are written ``3,50`` and ``1.234,50``.
                date_format: How dates are written, such as ``"DD.MM.YYYY"`` or ``"M/D/YYYY"``; ISO
                    8601 if None.
                from_airtable_csv: Whether numbers, dates and durations are written as their fields
                    show them, as in the CSV files that Airtable itself writes.
                escape_formulas: Whether texts that a spreadsheet would run as formulas have an
                    apostrophe in front, which reading the file removes: texts that begin with
                    ``=``, ``+``, ``-``, ``@``, a tab or a carriage return; only for CSV and TSV.

        Returns:
            The records, in the order of the file, with the outcome of each row.

        Raises:
            FileFormatError: The file is not in its format; the error has the line.
            BulkError: Not every row was written; ``result`` has the outcome of each row.
            BulkInterrupted: Ctrl-C was pressed; raised once the requests in flight were answered.
            ConfigurationError: A field cannot be a key, or an option is invalid.
        """
        return self.import_file(path, "csv", key=key, **options)

    def import_json(
        self,
        path: str | Path | ReadableFile,
        *,
        key: KeyNames | None = None,
        **options: Unpack[ImportOptions],
    ) -> BulkResult[M]:
        """Create a record for each object of a JSON file, or with a key, update or create it.

        Every row is validated before the first request; if ``on_error`` is ``"continue"``, the
        rows are counted. Until they are sent, they wait in a temporary file, compressed. The file
        is never held in memory as a whole.

        Args:
            path: The file, an array of objects; their names are those of the model's fields, in
                Python or in Airtable. A pipe, and a file that is open in binary mode, are copied to
                disk first.
            key: One to three field names that together identify a record, to update the records
                that exist; None to create a record for every row.
            **options: ``ImportOptions``, all optional:
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
                sheet: The sheet of an Excel workbook; the only one that is visible and not empty
                    if None.
                encoding: The encoding of a CSV or TSV file, such as ``"cp1252"``; UTF-8 if None, or
                    UTF-16 if the file has a byte order mark.
                delimiter: The character between the columns of a CSV file; found in its header if
                    None.
                columns: The names of fields by the names of the file's columns, where these differ,
                    as in ``{"E-mail address": "email"}``.
                ignore: The columns of the file to leave out.
                nulls: The words that mean an empty cell, as in ``["NA", "n/a"]``; spaces around
                    them do not matter.
                decimal_comma: Whether numbers are written ``3,50`` and ``1.234,50``.
                date_format: How dates are written, such as ``"DD.MM.YYYY"`` or ``"M/D/YYYY"``; ISO
                    8601 if None.
                from_airtable_csv: Whether numbers, dates and durations are written as their fields
                    show them, as in the CSV files that Airtable itself writes.
                escape_formulas: Whether texts that a spreadsheet would run as formulas have an
                    apostrophe in front, which reading the file removes: texts that begin with
                    ``=``, ``+``, ``-``, ``@``, a tab or a carriage return; only for CSV and TSV.

        Returns:
            The records, in the order of the file, with the outcome of each row.

        Raises:
            FileFormatError: The file is not in its format; the error has the line.
            BulkError: Not every row was written; ``result`` has the outcome of each row.
            BulkInterrupted: Ctrl-C was pressed; raised once the requests in flight were answered.
            ConfigurationError: A field cannot be a key, or an option is invalid.
        """
        return self.import_file(path, "json", key=key, **options)

    def export_file(
        self,
        path: str | Path | WritableFile,
        format: Format | None = None,
        *,
        parallel: Parallel = 1,
        escape_formulas: bool = False,
    ) -> int:
        """Write all records to a file, which appears complete or not at all.

        With ``parallel`` above 1 the records come in no particular order, and neither a sort order
        nor a limit is possible. ``"auto"`` keeps to one page chain where a sort order, a limit or a
        view is asked for.

        Args:
            path: The file to write; it is replaced once all records have been read. A file that is
                open in binary mode is written then.
            format: ``"csv"``, ``"tsv"``, ``"json"``, ``"jsonl"``, ``"parquet"``, ``"arrow"`` or
                ``"excel"``; inferred from the suffix if None.
            parallel: How many page chains to read at the same time; more than 1 is faster when
                replies are slow. ``"auto"`` reads a page, and then uses as many as its latency asks
                for.
            escape_formulas: Whether texts that a spreadsheet would run as formulas have an
                apostrophe in front, which reading the file removes: texts that begin with ``=``,
                ``+``, ``-``, ``@``, a tab or a carriage return; only for CSV and TSV.

        Returns:
            How many records were written.

        Raises:
            FileFormatError: The suffix does not name a format.
        """
        everything = Query(self, Selection(self.model))
        return everything.export_file(
            path, format, parallel=parallel, escape_formulas=escape_formulas
        )

    def export_csv(
        self,
        path: str | Path | WritableFile,
        *,
        parallel: Parallel = 1,
        escape_formulas: bool = False,
    ) -> int:
        """Write all records to a CSV file, which appears complete or not at all.

        With ``parallel`` above 1 the records come in no particular order, and neither a sort order
        nor a limit is possible. ``"auto"`` keeps to one page chain where a sort order, a limit or a
        view is asked for.

        Args:
            path: The file to write; it is replaced once all records have been read. A file that is
                open in binary mode is written then.
            parallel: How many page chains to read at the same time; more than 1 is faster when
                replies are slow. ``"auto"`` reads a page, and then uses as many as its latency asks
                for.
            escape_formulas: Whether texts that a spreadsheet would run as formulas have an
                apostrophe in front, which reading the file removes: texts that begin with ``=``,
                ``+``, ``-``, ``@``, a tab or a carriage return; only for CSV and TSV.

        Returns:
            How many records were written.
        """
        return self.export_file(path, "csv", parallel=parallel, escape_formulas=escape_formulas)

    def export_json(self, path: str | Path | WritableFile, *, parallel: Parallel = 1) -> int:
        """Write all records to a JSON file, which appears complete or not at all.

        With ``parallel`` above 1 the records come in no particular order, and neither a sort order
        nor a limit is possible. ``"auto"`` keeps to one page chain where a sort order, a limit or a
        view is asked for.

        Args:
            path: The file to write; it is replaced once all records have been read. A file that is
                open in binary mode is written then.
            parallel: How many page chains to read at the same time; more than 1 is faster when
                replies are slow. ``"auto"`` reads a page, and then uses as many as its latency asks
                for.

        Returns:
            How many records were written.
        """
        return self.export_file(path, "json", parallel=parallel)
