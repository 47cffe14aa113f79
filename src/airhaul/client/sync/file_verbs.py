# Generated from client/aio/file_verbs.py by tools/sync_face.py: change that one instead.
"""``FileVerbs``: files into a table, and a table into files."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TypeVar, Unpack

from airhaul.bulk.plans.sync import DeleteGuard
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.rows.encoders import Encoder, RowEncoder, upsert_encoder
from airhaul.bulk.rows.keys import Key, KeyNames
from airhaul.bulk.rows.precheck import check_all
from airhaul.bulk.writing.assemble import RowInput
from airhaul.bulk.writing.prefetch import Prefetch, PrefetchByKey
from airhaul.client.options import WriteOptions, WriteSettings
from airhaul.client.selection import Selection
from airhaul.client.sync.bulk import Bulk
from airhaul.client.sync.query import Query
from airhaul.client.sync.session import Bound
from airhaul.model.base import RecordBase
from airhaul.tabular import Format, read_rows

M = TypeVar("M", bound=RecordBase)


class FileVerbs(Bound[M]):
    """Files into a table, and a table into files."""

    def import_file(
        self,
        path: str | Path,
        format: Format | None = None,
        *,
        key: KeyNames | None = None,
        encoding: str | None = None,
        **options: Unpack[WriteOptions],
    ) -> BulkResult[M]:
        """Create a record for each row of a file, or with a key, create or change it.

        The file is read twice: once to validate all of it before the first request, or to count
        its rows where ``on_error`` is ``"continue"``; and once to send it. It is never held whole.

        Args:
            path: A CSV, TSV, JSON or JSON Lines file; its columns are fields or columns by name.
            format: ``"csv"``, ``"tsv"``, ``"json"`` or ``"jsonl"``; told from the suffix if None.
            key: One to three fields that tell a record, to change those that are there.
            encoding: The encoding of a CSV or TSV file, as ``"cp1252"``; None for UTF-8, and for
                UTF-16 with a byte order mark.
            **options: As in ``bulk_create``.

        Returns:
            The records, in the order of the file, and the outcome of each row.

        Raises:
            FileFormatError: The file is not what it claims to be, with the line.
            BulkError: A row is not valid, with its line, or was not written.
        """
        writing = WriteSettings.of(options)
        return self.import_again(path, format, key, writing, encoding=encoding)

    def import_again(
        self,
        path: str | Path,
        format: Format | None,
        key: KeyNames | None,
        writing: WriteSettings,
        *,
        encoding: str | None = None,
        retries: str | None = None,
    ) -> BulkResult[M]:
        """Do as ``import_file`` says, perhaps with the corrected rejects of an earlier run.

        Args:
            path: The file.
            format: What it is.
            key: What tells a record.
            writing: The options of the call.
            encoding: The file's encoding.
            retries: The run whose rejected rows these are.
        """
        known = None if key is None else Key.of(self.model, key)
        file = Path(path)
        bulk = Bulk(
            self,
            writing,
            "import_file",
            key=known,
            file=file,
            format=format,
            encoding=encoding,
            retries=retries,
        )

        def encoder() -> Encoder[M]:
            if known is None:
                return RowEncoder(self.model, file.name)
            return upsert_encoder(self.model, known, file.name)

        prefetch: Prefetch | None = None
        if known is not None:
            prefetch = PrefetchByKey(known, always=bulk.asked.keeps_before)
        rows = read_rows(path, format, encoding)
        if bulk.asked.policy.checks_first:
            with closing(bulk.rejects):
                total = check_all(encoder(), rows, bulk.rejects.add)
        else:
            total = sum(1 for _ in rows)
        ready = RowInput(read_rows(path, format, encoding), encoder(), total, "file")
        return bulk.run(ready, prefetch=prefetch)

    def sync_file(
        self,
        path: str | Path,
        key: KeyNames,
        format: Format | None = None,
        *,
        delete_missing: bool = False,
        max_deletes: int | None = None,
        allow_empty: bool = False,
        parallel: int = 1,
        encoding: str | None = None,
        **options: Unpack[WriteOptions],
    ) -> BulkResult[M]:
        """Make the table like a file, as ``sync`` does with rows.

        Args:
            path: A CSV, TSV, JSON or JSON Lines file.
            key: One to three fields that tell a record.
            format: What the file is; told from the suffix if None.
            delete_missing: As in ``sync``, like the options that follow.
            max_deletes: How many deletions there may be.
            allow_empty: Whether all may be deleted when the file has no rows.
            parallel: How many page chains read the table at once.
            encoding: As in ``import_file``.
            **options: As in ``bulk_create``.

        Raises:
            FileFormatError: The file is not what it claims to be, with the line.
        """
        deleting = DeleteGuard(delete_missing, max_deletes, allow_empty)
        writing = WriteSettings.of(options)
        bulk = Bulk(self, writing, "sync", file=Path(path), format=format, encoding=encoding)
        rows = read_rows(path, format, encoding)
        return bulk.sync(rows, Key.of(self.model, key), deleting, parallel=parallel)

    def import_csv(
        self,
        path: str | Path,
        *,
        key: KeyNames | None = None,
        encoding: str | None = None,
        **options: Unpack[WriteOptions],
    ) -> BulkResult[M]:
        """Create a record for each row of a CSV file, as ``import_file`` does."""
        return self.import_file(path, "csv", key=key, encoding=encoding, **options)

    def import_json(
        self, path: str | Path, *, key: KeyNames | None = None, **options: Unpack[WriteOptions]
    ) -> BulkResult[M]:
        """Create a record for each object of a JSON file, as ``import_file`` does."""
        return self.import_file(path, "json", key=key, **options)

    def export_file(
        self, path: str | Path, format: Format | None = None, *, parallel: int = 1
    ) -> int:
        """Write all records to a file, as ``where().export_file`` does."""
        everything = Query(self, Selection(self.model))
        return everything.export_file(path, format, parallel=parallel)

    def export_csv(self, path: str | Path, *, parallel: int = 1) -> int:
        """Write all records to a CSV file, and say how many they are."""
        return self.export_file(path, "csv", parallel=parallel)

    def export_json(self, path: str | Path, *, parallel: int = 1) -> int:
        """Write all records to a JSON file, and say how many they are."""
        return self.export_file(path, "json", parallel=parallel)
