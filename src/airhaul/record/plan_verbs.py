"""``RecordPlanVerbs``: the verbs of a model that plan writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

from airhaul.record.bound import BoundRecord

if TYPE_CHECKING:
    from airhaul.bulk.rows.keys import KeyNames
    from airhaul.bulk.rows.links_by_name import CreateMissing, LinkBy
    from airhaul.client.options import FileOptions, PlanSyncFileOptions, Rows, SyncOptions
    from airhaul.client.sync.plan import Plan
    from airhaul.tabular import Format, ReadableFile


class RecordPlanVerbs(BoundRecord):
    """The verbs of a model that plan writes, for a look before anything is written."""

    @classmethod
    def plan_create(
        cls,
        rows: Rows,
        *,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
    ) -> Plan[Self]:
        """Plan what ``bulk_create`` would write, without a request.

        With ``link_by``, names are looked up.

        Rows that are not valid are listed in the plan's ``errors``.

        Args:
            rows: Mappings by field name, records of the model, or a data frame.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            link_by: The field of the linked table by which to look up linked records, by field of
                links, as in ``{"company": "Name"}``: cells of these may then hold names in place of
                ids.
            create_missing: Whether to create the linked records for names that ``link_by`` does not
                find; or the fields of links for which to do so.

        Returns:
            The plan: print it, look at ``differences``, or call ``apply()`` to make the writes.

        Raises:
            ConfigurationError: ``rows`` is a single row.
        """
        return cls._table().plan_create(
            rows, typecast=typecast, link_by=link_by, create_missing=create_missing
        )

    @classmethod
    def plan_update(
        cls,
        rows: Rows,
        *,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
        **same_change: Any,
    ) -> Plan[Self]:
        """Plan what ``bulk_update`` would write.

        The records are read, 100 in one request.

        Rows that are not valid are listed in the plan's ``errors``.

        Args:
            rows: Records of the model, mappings with an ``id``, or ids if there is a
                ``same_change``.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            link_by: The field of the linked table by which to look up linked records, by field of
                links, as in ``{"company": "Name"}``: cells of these may then hold names in place of
                ids.
            create_missing: Whether to create the linked records for names that ``link_by`` does not
                find; or the fields of links for which to do so.
            **same_change: Values by field name that every record gets.

        Returns:
            The plan: print it, look at ``differences``, or call ``apply()`` to make the writes.

        Raises:
            UnknownFieldError: ``same_change`` names a field that the model does not have.
            RowError: A value of ``same_change`` does not fit its field.
            ConfigurationError: ``rows`` is a single row.
        """
        return cls._table().plan_update(
            rows, typecast=typecast, link_by=link_by, create_missing=create_missing, **same_change
        )

    @classmethod
    def plan_save(
        cls,
        records: Rows,
        *,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
    ) -> Plan[Self]:
        """Plan what ``bulk_save`` would write.

        The records are read, 100 in one request.

        Rows that are not valid are listed in the plan's ``errors``.

        Args:
            records: Records of the model.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            link_by: The field of the linked table by which to look up linked records, by field of
                links, as in ``{"company": "Name"}``: cells of these may then hold names in place of
                ids.
            create_missing: Whether to create the linked records for names that ``link_by`` does not
                find; or the fields of links for which to do so.

        Returns:
            The plan: print it, look at ``differences``, or call ``apply()`` to make the writes.

        Raises:
            ConfigurationError: ``records`` is a single record.
        """
        return cls._table().plan_save(
            records, typecast=typecast, link_by=link_by, create_missing=create_missing
        )

    @classmethod
    def plan_replace(
        cls,
        rows: Rows,
        *,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
    ) -> Plan[Self]:
        """Plan what ``bulk_replace`` would change.

        The schema is read, and the records, 100 in one request. The plan shows the cells that would
        change, including those that would be cleared, and writes only these when it is applied.

        Rows that are not valid are listed in the plan's ``errors``.

        Args:
            rows: Records of the model, mappings with an ``id``, or a data frame with one.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            link_by: The field of the linked table by which to look up linked records, by field of
                links, as in ``{"company": "Name"}``: cells of these may then hold names in place of
                ids.
            create_missing: Whether to create the linked records for names that ``link_by`` does not
                find; or the fields of links for which to do so.

        Returns:
            The plan: print it, look at ``differences``, or call ``apply()`` to make the writes.

        Raises:
            ConfigurationError: ``rows`` is a single row.
        """
        return cls._table().plan_replace(
            rows, typecast=typecast, link_by=link_by, create_missing=create_missing
        )

    @classmethod
    def plan_upsert(
        cls,
        rows: Rows,
        key: KeyNames,
        *,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
    ) -> Plan[Self]:
        """Plan what ``bulk_upsert`` would write.

        The records with the keys of the rows are read.

        Rows that are not valid are listed in the plan's ``errors``.

        Args:
            rows: Mappings by field name, records of the model, or a data frame; each has its key.
            key: One to three field names that together identify a record.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            link_by: The field of the linked table by which to look up linked records, by field of
                links, as in ``{"company": "Name"}``: cells of these may then hold names in place of
                ids.
            create_missing: Whether to create the linked records for names that ``link_by`` does not
                find; or the fields of links for which to do so.

        Returns:
            The plan: print it, look at ``differences``, or call ``apply()`` to make the writes.

        Raises:
            ConfigurationError: A field cannot be a key, or ``rows`` is a single row or a data
                frame.
        """
        return cls._table().plan_upsert(
            rows, key, typecast=typecast, link_by=link_by, create_missing=create_missing
        )

    @classmethod
    def plan_delete(cls, records: Rows) -> Plan[Self]:
        """Plan what ``bulk_delete`` would delete.

        The records are read, 100 in one request.

        Args:
            records: Records of the model, ids, or mappings with an ``id``.

        Returns:
            The plan: print it, look at ``differences``, or call ``apply()`` to make the writes.

        Raises:
            ConfigurationError: ``records`` is a single record.
        """
        return cls._table().plan_delete(records)

    @classmethod
    def plan_update_or_create(
        cls,
        defaults: Mapping[str, Any] | None = None,
        /,
        *,
        typecast: bool = False,
        **lookups: Any,
    ) -> Plan[Self]:
        """Plan what ``update_or_create`` would write; one request.

        Args:
            defaults: Values by field name that the record gets in either case.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            **lookups: One to three values by field name that identify the record; a new record gets
                them too.

        Returns:
            The plan: print it, look at ``differences``, or call ``apply()`` to make the writes.

        Raises:
            ConfigurationError: A field cannot be a key.
        """
        return cls._table().plan_update_or_create(defaults, typecast=typecast, **lookups)

    @classmethod
    def plan_get_or_create(
        cls,
        defaults: Mapping[str, Any] | None = None,
        /,
        *,
        typecast: bool = False,
        **lookups: Any,
    ) -> Plan[Self]:
        """Plan what ``get_or_create`` would write; one request.

        Args:
            defaults: Values by field name that only a new record gets.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            **lookups: One to three values by field name that identify the record; a new record gets
                them too.

        Returns:
            The plan: print it, look at ``differences``, or call ``apply()`` to make the writes.

        Raises:
            ConfigurationError: A field cannot be a key.
        """
        return cls._table().plan_get_or_create(defaults, typecast=typecast, **lookups)

    @classmethod
    def plan_sync(
        cls,
        rows: Rows,
        key: KeyNames,
        *,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
        **options: Unpack[SyncOptions],
    ) -> Plan[Self]:
        """Plan what ``sync`` would write.

        The table is read once.

        A plan that would delete more records than ``max_deletes`` and ``allow_empty`` allow has a
        ``refusal``, and cannot be applied.

        Args:
            rows: Mappings by field name, records of the model, or a data frame; each has its key.
            key: One to three field names that together identify a record.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            link_by: The field of the linked table by which to look up linked records, by field of
                links, as in ``{"company": "Name"}``: cells of these may then hold names in place of
                ids.
            create_missing: Whether to create the linked records for names that ``link_by`` does not
                find; or the fields of links for which to do so.
            **options: ``SyncOptions``, all optional:
                delete_missing: Whether to delete the records whose key no row has.
                max_deletes: The most records to delete; a third of the table if None.
                allow_empty: Whether all records may be deleted when there are no rows.
                parallel: How many page chains to read at the same time; more than 1 is faster when
                    replies are slow. ``"auto"`` reads a page, and then uses as many as its latency
                    asks for.

        Returns:
            The plan: print it, look at ``differences``, or call ``apply()`` to make the writes.

        Raises:
            DuplicateKeyError: Several records of the table have the same key.
            ConfigurationError: A field cannot be a key, or ``rows`` is a single row or a data
                frame.
        """
        return cls._table().plan_sync(
            rows, key, typecast=typecast, link_by=link_by, create_missing=create_missing, **options
        )

    @classmethod
    def plan_sync_file(
        cls,
        path: str | Path | ReadableFile,
        key: KeyNames,
        format: Format | None = None,
        *,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
        **options: Unpack[PlanSyncFileOptions],
    ) -> Plan[Self]:
        """Plan what ``sync_file`` would write.

        The file is read once, and then the table.

        A plan that would delete more records than ``max_deletes`` and ``allow_empty`` allow has a
        ``refusal``, and cannot be applied.

        Args:
            path: A CSV, TSV, JSON, JSON Lines, Parquet, Arrow or Excel file; its columns have the
                names of the model's fields, in Python or in Airtable. A pipe, and a file that is
                open in binary mode, are copied to disk first.
            key: One to three field names that together identify a record.
            format: ``"csv"``, ``"tsv"``, ``"json"``, ``"jsonl"``, ``"parquet"``, ``"arrow"`` or
                ``"excel"``; inferred from the suffix if None.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            link_by: The field of the linked table by which to look up linked records, by field of
                links, as in ``{"company": "Name"}``: cells of these may then hold names in place of
                ids.
            create_missing: Whether to create the linked records for names that ``link_by`` does not
                find; or the fields of links for which to do so.
            **options: ``PlanSyncFileOptions``, all optional:
                delete_missing: Whether to delete the records whose key no row has.
                max_deletes: The most records to delete; a third of the table if None.
                allow_empty: Whether all records may be deleted when there are no rows.
                parallel: How many page chains to read at the same time; more than 1 is faster when
                    replies are slow. ``"auto"`` reads a page, and then uses as many as its latency
                    asks for.
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
            The plan: print it, look at ``differences``, or call ``apply()`` to make the writes.

        Raises:
            FileFormatError: The file is not in its format; the error has the line.
            DuplicateKeyError: Several records of the table have the same key.
            ConfigurationError: A field cannot be a key.
        """
        return cls._table().plan_sync_file(
            path,
            key,
            format,
            typecast=typecast,
            link_by=link_by,
            create_missing=create_missing,
            **options,
        )

    @classmethod
    def plan_import_file(
        cls,
        path: str | Path | ReadableFile,
        format: Format | None = None,
        *,
        key: KeyNames | None = None,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
        **options: Unpack[FileOptions],
    ) -> Plan[Self]:
        """Plan what ``import_file`` would write.

        All rows of the file are held in memory. With a key, the records that have the keys of the
        rows are read, 100 in one request; without one, no request is sent, unless ``link_by`` looks
        names up.

        Rows that are not valid are listed in the plan's ``errors``.

        Args:
            path: A CSV, TSV, JSON, JSON Lines, Parquet, Arrow or Excel file; its columns are the
                names of fields. A pipe, and a file that is open in binary mode, are copied to disk
                first.
            format: ``"csv"``, ``"tsv"``, ``"json"``, ``"jsonl"``, ``"parquet"``, ``"arrow"`` or
                ``"excel"``; inferred from the suffix if None.
            key: One to three fields that identify a record, to change those that exist.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            link_by: The field of the linked table by which to look up linked records, by field of
                links, as in ``{"company": "Name"}``: cells of these may then hold names in place of
                ids.
            create_missing: Whether to create the linked records for names that ``link_by`` does not
                find; or the fields of links for which to do so.
            **options: ``FileOptions``, all optional:
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
            The plan: print it, look at ``differences``, or call ``apply()`` to make the writes.

        Raises:
            FileFormatError: The file is not of its format; the error names the line.
            ConfigurationError: A field of ``key`` cannot be a key.
        """
        return cls._table().plan_import_file(
            path,
            format,
            key=key,
            typecast=typecast,
            link_by=link_by,
            create_missing=create_missing,
            **options,
        )
