"""``AsyncPlanVerbs``: the verbs of a table that plan writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, Unpack

from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.plans.plan import Planned
from airhaul.bulk.plans.planner import Planner
from airhaul.bulk.plans.sync import DeleteGuard
from airhaul.bulk.reads.division import Parallel
from airhaul.bulk.rows.keys import Key, KeyNames
from airhaul.bulk.rows.links_by_name import CreateMissing, LinkBy
from airhaul.client.aio.bulk import input_file, planner_of
from airhaul.client.aio.plan import AsyncPlan
from airhaul.client.aio.session import AsyncBound
from airhaul.client.options import (
    AsyncRows,
    FileOptions,
    file_settings,
    several_rows,
)
from airhaul.client.spooled_rows import read_whole
from airhaul.drive import aio as drive
from airhaul.model.base import RecordBase
from airhaul.tabular import Format, InputFile, ReadableFile

M = TypeVar("M", bound=RecordBase)


class AsyncPlanVerbs(AsyncBound[M]):
    """The verbs of a table that plan writes, for a look before anything is written."""

    async def plan_create(
        self,
        rows: AsyncRows,
        *,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
    ) -> AsyncPlan[M]:
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
        planner, held = await self._planner_and_rows(
            rows, typecast=typecast, link_by=link_by, create_missing=create_missing
        )
        return await self._plan(planner.create(held))

    async def plan_update(
        self,
        rows: AsyncRows,
        *,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
        **same_change: Any,
    ) -> AsyncPlan[M]:
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
        planner, held = await self._planner_and_rows(
            rows, typecast=typecast, link_by=link_by, create_missing=create_missing
        )
        return await self._plan(planner.update(held, same_change))

    async def plan_save(
        self,
        records: AsyncRows,
        *,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
    ) -> AsyncPlan[M]:
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
        planner, held = await self._planner_and_rows(
            records, typecast=typecast, link_by=link_by, create_missing=create_missing
        )
        return await self._plan(planner.save(held))

    async def plan_replace(
        self,
        rows: AsyncRows,
        *,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
    ) -> AsyncPlan[M]:
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
        planner, held = await self._planner_and_rows(
            rows, typecast=typecast, link_by=link_by, create_missing=create_missing
        )
        return await self._plan(planner.replace(held))

    async def plan_upsert(
        self,
        rows: AsyncRows,
        key: KeyNames,
        *,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
    ) -> AsyncPlan[M]:
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
        known = Key.of(self.model, key)
        planner, held = await self._planner_and_rows(
            rows, typecast=typecast, link_by=link_by, create_missing=create_missing
        )
        return await self._plan(planner.upsert(held, known))

    async def plan_delete(self, records: AsyncRows) -> AsyncPlan[M]:
        """Plan what ``bulk_delete`` would delete.

        The records are read, 100 in one request.

        Args:
            records: Records of the model, ids, or mappings with an ``id``.

        Returns:
            The plan: print it, look at ``differences``, or call ``apply()`` to make the writes.

        Raises:
            ConfigurationError: ``records`` is a single record.
        """
        planner, held = await self._planner_and_rows(records)
        return await self._plan(planner.delete(held))

    async def plan_update_or_create(
        self,
        defaults: Mapping[str, Any] | None = None,
        /,
        *,
        typecast: bool = False,
        **lookups: Any,
    ) -> AsyncPlan[M]:
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
        row = {**lookups, **(defaults or {})}
        return await self.plan_upsert([row], tuple(lookups), typecast=typecast)

    async def plan_get_or_create(
        self,
        defaults: Mapping[str, Any] | None = None,
        /,
        *,
        typecast: bool = False,
        **lookups: Any,
    ) -> AsyncPlan[M]:
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
        plan = await self.plan_update_or_create(defaults, typecast=typecast, **lookups)
        for change in plan.changes:
            if change.record_id is not None:
                change.kind, change.cells = "keep", {}
        return plan

    async def plan_sync(
        self,
        rows: AsyncRows,
        key: KeyNames,
        *,
        delete_missing: bool = False,
        max_deletes: int | None = None,
        allow_empty: bool = False,
        parallel: Parallel = 1,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
    ) -> AsyncPlan[M]:
        """Plan what ``sync`` would write.

        The table is read once.

        A plan that would delete more records than ``max_deletes`` and ``allow_empty`` allow has a
        ``refusal``, and cannot be applied.

        Args:
            rows: Mappings by field name, records of the model, or a data frame; each has its key.
            key: One to three field names that together identify a record.
            delete_missing: Whether to delete the records whose key no row has.
            max_deletes: The most records to delete; a third of the table if None.
            allow_empty: Whether all records may be deleted when there are no rows.
            parallel: How many page chains to read at the same time; more than 1 is faster when
                replies are slow. ``"auto"`` reads a page, and then uses as many as its latency asks
                for.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            link_by: The field of the linked table by which to look up linked records, by field of
                links, as in ``{"company": "Name"}``: cells of these may then hold names in place of
                ids.
            create_missing: Whether to create the linked records for names that ``link_by`` does not
                find; or the fields of links for which to do so.

        Returns:
            The plan: print it, look at ``differences``, or call ``apply()`` to make the writes.

        Raises:
            DuplicateKeyError: Several records of the table have the same key.
            ConfigurationError: A field cannot be a key, or ``rows`` is a single row or a data
                frame.
        """
        deleting = DeleteGuard(delete_missing, max_deletes, allow_empty)
        known = Key.of(self.model, key)
        planner = planner_of(
            self,
            typecast=typecast,
            link_by=link_by,
            create_missing=create_missing,
            keeps_all=delete_missing,
        )
        taken = several_rows(rows)
        return await self._plan(planner.sync(taken, known, deleting, parallel=parallel))

    async def plan_sync_file(
        self,
        path: str | Path | ReadableFile,
        key: KeyNames,
        format: Format | None = None,
        *,
        delete_missing: bool = False,
        max_deletes: int | None = None,
        allow_empty: bool = False,
        parallel: Parallel = 1,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
        **options: Unpack[FileOptions],
    ) -> AsyncPlan[M]:
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
            delete_missing: Whether to delete the records whose key no row has.
            max_deletes: The most records to delete; a third of the table if None.
            allow_empty: Whether all records may be deleted when there are no rows.
            parallel: How many page chains to read at the same time; more than 1 is faster when
                replies are slow. ``"auto"`` reads a page, and then uses as many as its latency asks
                for.
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
            FileFormatError: The file is not in its format; the error has the line.
            DuplicateKeyError: Several records of the table have the same key.
            ConfigurationError: A field cannot be a key.
        """
        deleting = DeleteGuard(delete_missing, max_deletes, allow_empty)
        known = Key.of(self.model, key)
        file = await input_file(self, path, file_settings(format, options))
        planner = planner_of(
            self,
            typecast=typecast,
            link_by=link_by,
            create_missing=create_missing,
            keeps_all=delete_missing,
            file=file,
        )
        rows = read_whole(file)
        return await self._plan(planner.sync(rows, known, deleting, parallel=parallel))

    async def plan_import_file(
        self,
        path: str | Path | ReadableFile,
        format: Format | None = None,
        *,
        key: KeyNames | None = None,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
        **options: Unpack[FileOptions],
    ) -> AsyncPlan[M]:
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
        known = None if key is None else Key.of(self.model, key)
        file = await input_file(self, path, file_settings(format, options))
        planner, held = await self._planner_and_rows(
            file.rows(),
            typecast=typecast,
            link_by=link_by,
            create_missing=create_missing,
            file=file,
        )
        if known is None:
            return await self._plan(planner.create(held))
        return await self._plan(planner.upsert(held, known))

    async def _planner_and_rows(
        self,
        rows: AsyncRows,
        *,
        typecast: bool = False,
        link_by: LinkBy | None = None,
        create_missing: CreateMissing = False,
        keeps_all: bool = False,
        file: InputFile | None = None,
    ) -> tuple[Planner[M], list[object]]:
        held = await drive.collect(several_rows(rows))
        return planner_of(
            self,
            typecast=typecast,
            link_by=link_by,
            create_missing=create_missing,
            keeps_all=keeps_all,
            file=file,
        ), held

    async def _plan(self, flow: Flow[Planned[M]]) -> AsyncPlan[M]:
        return AsyncPlan.of(await self.airtable.follow(flow), self)
