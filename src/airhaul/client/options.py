"""What callers hand over to verbs: rows, conditions, and the options that verbs share."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypedDict, cast, overload

from pydantic import BaseModel

from airhaul.bulk.engine.events import Event
from airhaul.bulk.reads.division import Parallel
from airhaul.bulk.results.checks import check_count, check_flags, wrong_option
from airhaul.bulk.results.policy import OnError, Policy
from airhaul.bulk.rows.links_by_name import CreateMissing, LinkBy
from airhaul.bulk.values.frame_rows import ArrowStream, rows_in
from airhaul.errors import ConfigurationError
from airhaul.formula import Expression, Q
from airhaul.model.read import OnInvalid
from airhaul.tabular import FileSettings, Format

Rows = Iterable[Any] | ArrowStream
"""Rows to write: mappings, records of the model, or a mixture; or a data frame."""

AsyncRows = Rows | AsyncIterable[Any]
"""Rows to write, or an asynchronous iterable of them."""


@overload
def several_rows(rows: Rows) -> Iterable[Any]: ...
@overload
def several_rows(rows: AsyncRows) -> Iterable[Any] | AsyncIterable[Any]: ...
def several_rows(rows: AsyncRows) -> Iterable[Any] | AsyncIterable[Any]:
    """Return rows that can be iterated, also those of a data frame.

    Args:
        rows: The rows.

    Raises:
        ConfigurationError: It is a single row: iterating a dict gives its keys, and iterating a
            string its characters. Or it is a data frame that cannot be read.
    """
    if isinstance(rows, Mapping | BaseModel | str | bytes | Path):
        file = "; to read a file, use import_file or sync_file"
        raise ConfigurationError(
            f"Expected several rows, such as a list, got one {type(rows).__name__}; "
            f"put it in a list{file if isinstance(rows, str | Path) else ''}."
        )
    if isinstance(rows, list | tuple):
        return rows
    in_frame = rows_in(rows)
    return cast("Iterable[Any]", rows) if in_frame is None else in_frame


def refuse_unknown_options(options: Iterable[str], known: Sequence[str]) -> None:
    """Refuse unknown options, with a message about the call and not about what is inside.

    Args:
        options: The names that were given.
        known: The names of all options.

    Raises:
        TypeError: An option is not known.
    """
    for name in options:
        if name not in known:
            raise TypeError(f"there is no option {name!r}; the options are {', '.join(known)}")


def check_journal(journal: object) -> None:
    """Check what was given for a journal.

    Raises:
        ConfigurationError: It is neither True, False, None nor a path.
    """
    if not isinstance(journal, str | Path | bool | None):
        raise wrong_option("journal", "has to be True, False, or the path of a file", journal)


Progress = bool | Callable[[int, int | None, Any], object]
"""``True`` for a progress bar, or a callable for (done, total, record) of each row written."""

OnEvent = Callable[[Event], object]

Condition = Q | Expression | str
"""A condition in addition to lookups: ``Q(age__gt=17) | Q(vip=True)``, ``F("Age") > 17``, or a
formula as text, ``"{Age} > 17"``."""

SortKey = str | tuple[str, Literal["asc", "desc"]] | Mapping[str, str]
"""``"age"``, ``"-age"``, ``("age", "desc")``, or Airtable's object of field and direction."""


class ReadOptions(TypedDict, total=False):
    """The options of ``iterate``, and of ``all`` besides ``parallel``.

    Source of the limits: https://airtable.com/developers/web/api/list-records

    Args:
        formula: Read the records for which this formula is true.
        view: The name or id of a view: read its records only, in its order.
        sort: Sort by ``"age"``, by ``"-age"`` for descending order, or by several fields in a list.
        fields: Read these fields only; the others read as empty, are listed in ``not_fetched``, and
            are never written.
        max_records: The most records to read.
        page_size: How many records to read in one request, 1 to 100.
        on_invalid: What to do with a cell that does not fit its type: ``"empty"`` reads it as empty
            and lists it in ``cell_errors``, ``"raise"`` raises ``CellError``, ``"skip"`` leaves its
            record out.
        filterByFormula: ``formula``, by Airtable's name.
        maxRecords: ``max_records``, by Airtable's name.
        pageSize: ``page_size``, by Airtable's name.
    """

    formula: str | Expression | None
    view: str | None
    sort: SortKey | Sequence[SortKey] | None
    fields: str | Sequence[str] | None
    max_records: int | None
    page_size: int | None
    on_invalid: OnInvalid
    filterByFormula: str | Expression | None
    maxRecords: int | None
    pageSize: int | None


class WriteOptions(TypedDict, total=False):
    """The options of all bulk verbs.

    Airtable's rules for ``typecast``:
    https://airtable.com/developers/web/api/update-multiple-records

    Args:
        on_error: When a row cannot be written, ``"stop"`` (the default) sends nothing more and
            raises; ``"continue"`` writes every other row and reports the failures in the result;
            ``"rollback"`` undoes what this call has written and raises.
        progress: ``True`` for a progress bar, or a callable for (done, total, record) of each row
            written; total is None while it is not known.
        on_event: Called with each event of the call, in the caller's thread.
        typecast: Let Airtable convert text, add missing choices, and link records by name.
        link_by: The field of the linked table by which to look up linked records, by field of
            links, as in ``{"company": "Name"}``: cells of these may then hold names in place of
            ids.
        create_missing: Whether to create the linked records for names that ``link_by`` does not
            find; or the fields of links for which to do so.
        concurrency: The most requests in flight; as configured for the connection if None.
        max_requests: The most requests to send; the rows that remain are not written. No limit if
            None.
        rejects: A CSV, TSV or JSON Lines file for the rows that are rejected, with the reasons; it
            can be corrected and imported.
        journal: Whether to record the call in a journal, so that it can be resumed after a crash,
            or undone: True, False, or the journal's file; as configured for the connection if None.
        keep_rows: Whether to copy the rows of an iterable to the journal before the first request,
            so that the call can be resumed without them.
    """

    on_error: OnError
    progress: Progress
    on_event: OnEvent | None
    typecast: bool
    link_by: LinkBy | None
    create_missing: CreateMissing
    concurrency: int | None
    max_requests: int | None
    rejects: str | Path | None
    journal: str | Path | bool | None
    keep_rows: bool


class SyncOptions(TypedDict, total=False):
    """The options of ``sync`` and ``plan_sync``, and of their versions for files.

    Args:
        delete_missing: Whether to delete the records whose key no row has.
        max_deletes: The most records to delete; a third of the table if None.
        allow_empty: Whether all records may be deleted when there are no rows.
        parallel: How many page chains to read at the same time; more than 1 is faster when replies
            are slow. ``"auto"`` reads a page, and then uses as many as its latency asks for.
    """

    delete_missing: bool
    max_deletes: int | None
    allow_empty: bool
    parallel: Parallel


class SyncWriteOptions(WriteOptions, SyncOptions, total=False):
    """The options of ``sync``."""


class FileOptions(TypedDict, total=False):
    """The options of all verbs that read a file: what its columns and texts mean.

    Args:
        sheet: The sheet of an Excel workbook; the only one that is visible and not empty if None.
        encoding: The encoding of a CSV or TSV file, such as ``"cp1252"``; UTF-8 if None, or UTF-16
            if the file has a byte order mark.
        delimiter: The character between the columns of a CSV file; found in its header if None.
        columns: The names of fields by the names of the file's columns, where these differ, as in
            ``{"E-mail address": "email"}``.
        ignore: The columns of the file to leave out.
        nulls: The words that mean an empty cell, as in ``["NA", "n/a"]``; spaces around them do
            not matter.
        decimal_comma: Whether numbers are written ``3,50`` and ``1.234,50``.
        date_format: How dates are written, such as ``"DD.MM.YYYY"`` or ``"M/D/YYYY"``; ISO 8601 if
            None.
        from_airtable_csv: Whether numbers, dates and durations are written as their fields show
            them, as in the CSV files that Airtable itself writes.
        escape_formulas: Whether texts that a spreadsheet would run as formulas have an apostrophe
            in front, which reading the file removes: texts that begin with ``=``, ``+``, ``-``,
            ``@``, a tab or a carriage return; only for CSV and TSV.
    """

    sheet: str | None
    encoding: str | None
    delimiter: str | None
    columns: Mapping[str, str] | None
    ignore: str | Sequence[str]
    nulls: str | Sequence[str]
    decimal_comma: bool
    date_format: str | None
    from_airtable_csv: bool
    escape_formulas: bool


_FILE_OPTIONS: Final = FileOptions.__annotations__.keys()


class ImportOptions(WriteOptions, FileOptions, total=False):
    """The options of ``import_file``."""


class SyncFileOptions(SyncWriteOptions, FileOptions, total=False):
    """The options of ``sync_file``."""


class PlanSyncFileOptions(SyncOptions, FileOptions, total=False):
    """The options of ``plan_sync_file``."""


def file_settings(format: Format | None, options: FileOptions) -> FileSettings:
    """Make the settings of a file that is read.

    Args:
        format: The format of the file; None to infer it from the suffix.
        options: The options that the caller gave.

    Raises:
        TypeError: There is no such option.
        ConfigurationError: The value of an option is invalid.
    """
    refuse_unknown_options(options, [*FileOptions.__annotations__])
    return FileSettings.of(format, options)


def settings_of_import(
    format: Format | None, options: ImportOptions
) -> tuple[FileSettings, WriteSettings]:
    """Make the settings of a call that writes the rows of a file.

    Args:
        format: The format of the file; None to infer it from the suffix.
        options: The options that the caller gave.

    Returns:
        How the file is read, and how its rows are written.

    Raises:
        TypeError: There is no such option.
        ConfigurationError: The value of an option is invalid.
    """
    refuse_unknown_options(options, [*ImportOptions.__annotations__])
    of_file = {name: value for name, value in options.items() if name in _FILE_OPTIONS}
    of_write = {name: value for name, value in options.items() if name not in _FILE_OPTIONS}
    return (
        file_settings(format, cast("FileOptions", of_file)),
        WriteSettings.of(cast("WriteOptions", of_write)),
    )


@dataclass(frozen=True, slots=True)
class WriteSettings:
    """The options of one bulk call, with their defaults; ``WriteOptions`` documents them."""

    on_error: OnError = "stop"
    progress: Progress = False
    on_event: OnEvent | None = None
    typecast: bool = False
    link_by: LinkBy | None = None
    create_missing: CreateMissing = False
    concurrency: int | None = None
    max_requests: int | None = None
    rejects: str | Path | None = None
    journal: str | Path | bool | None = None
    keep_rows: bool = False

    @classmethod
    def of(cls, options: WriteOptions) -> WriteSettings:
        """Make the options of a call.

        Args:
            options: The options that the caller gave.

        Returns:
            The options, checked, with the defaults of the others.

        Raises:
            TypeError: There is no such option.
            ConfigurationError: The value of an option is invalid.
        """
        refuse_unknown_options(options, [*WriteOptions.__annotations__])
        return cls(**options)

    def __post_init__(self) -> None:
        Policy.of(self.on_error)
        check_flags(typecast=self.typecast, keep_rows=self.keep_rows)
        check_count("concurrency", self.concurrency, 1)
        check_count("max_requests", self.max_requests, 0)
        if not callable(self.progress):
            check_flags(progress=self.progress)
        if self.on_event is not None and not callable(self.on_event):
            raise wrong_option("on_event", "has to be callable, or None", self.on_event)
        if not isinstance(self.rejects, str | Path | None):
            raise wrong_option("rejects", "has to be the path of a file, or None", self.rejects)
        check_journal(self.journal)

    @property
    def policy(self) -> Policy:
        """What is done about rows that cannot be written."""
        return Policy.of(self.on_error)
