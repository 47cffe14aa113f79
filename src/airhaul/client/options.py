"""The options that verbs share, the same under every verb."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from airhaul.bulk.results.policy import OnError, Policy
from airhaul.client.inputs import OnEvent, Progress, SortKey, refuse_unknown_options
from airhaul.errors import ConfigurationError
from airhaul.formula import Expression
from airhaul.model.read import OnInvalid


class ReadOptions(TypedDict, total=False):
    """What ``iterate`` takes, and ``all`` besides ``parallel``.

    Args:
        formula: Keep the records for which it holds.
        view: A view's name or id; its records only, in its order.
        sort: ``"age"``, ``"-age"``, or several in a list.
        fields: Read these fields only; the others count as not fetched and are never written.
        max_records: At most so many.
        page_size: So many a request, 1 to 100.
        on_invalid: What a cell does that does not fit: ``"empty"``, ``"raise"`` or ``"skip"``.
        filterByFormula: ``formula``, under Airtable's name.
        maxRecords: ``max_records``, under Airtable's name.
        pageSize: ``page_size``, under Airtable's name.
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
    """What the bulk verbs take.

    Args:
        on_error: ``"stop"``: send nothing new after the first row that fails, and raise.
            ``"continue"``: write all good rows, and list the others in the result.
            ``"rollback"``: take back what this call has written, and raise.
        progress: ``True`` for a bar, or a callable that gets (done, total, record).
        on_event: Called with each event, on the caller's own thread.
        typecast: Let Airtable convert text, and add choices to select fields.
        concurrency: How many requests may be in flight; as configured if None.
        max_requests: Send at most so many requests; what is left is not written.
        rejects: A CSV, TSV or JSON Lines file for the rows that are refused, with the reasons; it
            can be corrected and imported again.
        journal: Whether the call is written down, so that it can go on after a crash and be taken
            back: True, False, or a file; as configured if None.
        keep_rows: Whether the journal keeps the rows of an iterable, all of them before the first
            is sent, so that the call can go on without them.
    """

    on_error: OnError
    progress: Progress
    on_event: OnEvent | None
    typecast: bool
    concurrency: int | None
    max_requests: int | None
    rejects: str | Path | None
    journal: str | Path | bool | None
    keep_rows: bool


class SyncOptions(TypedDict, total=False):
    """What a sync takes, and the plan of one.

    Args:
        delete_missing: Whether records are deleted that are not among the rows.
        max_deletes: How many at most; a third of the table if None.
        allow_empty: Whether all may be deleted when there are no rows.
        parallel: How many page chains read the table at once.
    """

    delete_missing: bool
    max_deletes: int | None
    allow_empty: bool
    parallel: int


class SyncWriteOptions(WriteOptions, SyncOptions, total=False):
    """What ``sync`` and ``sync_file`` take."""


@dataclass(frozen=True, slots=True)
class WriteSettings:
    """The options of one bulk call, with their defaults; arguments as in ``WriteOptions``."""

    on_error: OnError = "stop"
    progress: Progress = False
    on_event: OnEvent | None = None
    typecast: bool = False
    concurrency: int | None = None
    max_requests: int | None = None
    rejects: str | Path | None = None
    journal: str | Path | bool | None = None
    keep_rows: bool = False

    @classmethod
    def of(cls, options: WriteOptions) -> WriteSettings:
        """Take the options of a call.

        Args:
            options: What the caller gave.

        Raises:
            TypeError: There is no such option.
            ConfigurationError: A value cannot be.
        """
        refuse_unknown_options(options, [*WriteOptions.__annotations__])
        return cls(**options)

    def __post_init__(self) -> None:
        Policy.of(self.on_error)
        if self.concurrency is not None and self.concurrency < 1:
            raise ConfigurationError("concurrency is at least 1.")
        if self.max_requests is not None and self.max_requests < 0:
            raise ConfigurationError("max_requests is at least 0.")

    @property
    def policy(self) -> Policy:
        """What is done about rows that cannot be written."""
        return Policy.of(self.on_error)
