"""The options of the data source, checked: those of a read, and those of a write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args

from airhaul.bulk.reads.division import Parallel
from airhaul.bulk.results.policy import OnError
from airhaul.client.config import journal_of_text, read_environment
from airhaul.client.options import refuse_unknown_options
from airhaul.errors import ConfigurationError
from airhaul.spark.connection import CONNECTION_OPTIONS, SparkConnection, number_in
from airhaul.tabular.lists import split_items

_OF_READS: Final = ("bases", "table", "tables", "columns", "formula", "segments")
_OF_STREAMS: Final = ("since", "interval_s", "settle_s", "modified_field")
_OF_WRITES: Final = (
    *("base", "table", "write", "key", "delete_missing", "max_deletes"),
    *("on_error", "typecast", "rejects", "journal", "result"),
)

Write = Literal["upsert", "sync", "append"]
"""How a frame is written: by a key, by a key with a look at the whole table, or as new records."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The options of one read.

    Args:
        bases: The IDs of the bases; ``*`` for all that the token has access to.
        tables: The names or IDs of the tables, which each base has.
        columns: The fields to read; None for all.
        formula: Read the records for which this formula is true; None for all.
        segments: Into how many parts each table is divided, 1 to 62, each a task; or ``"auto"``: a
            task reads a page, and then its table by as many page chains as the latency asks for.
        connection: How to reach the bases.
    """

    bases: tuple[str, ...]
    tables: tuple[str, ...]
    columns: tuple[str, ...] | None
    formula: str | None
    segments: Parallel
    connection: SparkConnection

    @classmethod
    def of(cls, given: Mapping[str, str]) -> ReadOptions:
        """Read the options of a data source.

        Args:
            given: The texts by name, in lower case as Spark passes them.

        Raises:
            TypeError: There is no such option.
            ConfigurationError: A value is missing or invalid.
        """
        texts = _texts(given, (*_OF_READS, *_OF_STREAMS))
        if "table" in texts and "tables" in texts:
            raise ConfigurationError("Both table and tables are given; leave one out.")
        one = texts.get("table")
        tables = (one,) if one else tuple(split_items(texts.get("tables", "")))
        if not tables:
            raise ConfigurationError(_NO_TABLE)
        found = read_environment(None)
        bases = tuple(split_items(texts.get("bases", found.base_id or "")))
        if not bases:
            raise ConfigurationError(
                'No base is given; set the option bases to the IDs of bases, "app...,app...", or '
                'to "*" for all that the token has access to.'
            )
        columns = texts.get("columns")
        return cls(
            bases,
            tables,
            None if columns is None else tuple(split_items(columns)),
            texts.get("formula"),
            _segments(texts.get("segments", "1")),
            SparkConnection.of(texts, found),
        )

    def with_all_bases(self) -> ReadOptions:
        """Replace ``*`` by the bases that the token has access to."""
        if self.bases != ("*",):
            return self
        with self.connection.open() as airtable:
            return replace(self, bases=tuple(base["id"] for base in airtable.bases()))


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """The options that a read has if it is a stream.

    Args:
        since: Read what has changed since this time; None for all records.
        interval_s: How many seconds of changes a batch has at least.
        settle_s: How old a change has to be, in seconds. A record that was written may not be in
            lists immediately.
        modified_field: The field with the time of the last modification; None if changes of any
            field count.
    """

    since: datetime | None
    interval_s: float
    settle_s: float
    modified_field: str | None

    @classmethod
    def of(cls, given: Mapping[str, str]) -> StreamOptions:
        """Read the options of a data source.

        Args:
            given: The texts by name, in lower case as Spark passes them.

        Raises:
            ConfigurationError: A value is invalid.
        """
        since = given.get("since", "").strip()
        try:
            begins = datetime.fromisoformat(since) if since else None
        except ValueError:
            raise ConfigurationError(
                f"since has to be a time, such as 2026-01-31T12:00:00Z, not {since!r}."
            ) from None
        if begins is not None and begins.tzinfo is None:
            begins = begins.replace(tzinfo=UTC)
        return cls(
            begins,
            number_in("interval_s", given.get("interval_s", "10")),
            number_in("settle_s", given.get("settle_s", "5")),
            given.get("modified_field", "").strip() or None,
        )


@dataclass(frozen=True, slots=True)
class FrameWriteOptions:
    """The options of one write.

    Args:
        base_id: The base.
        table: The name or ID of the table.
        write: How to write.
        key: One to three fields that together identify a record; none for new records.
        delete_missing: Whether a sync deletes the records whose keys the frame does not have.
        max_deletes: The most records that it deletes; a third of the table if None.
        on_error: When a row cannot be written: as of the bulk verbs.
        typecast: Let Airtable convert text, add missing choices, and link records by name.
        rejects: The file of the driver's machine for the rows that are refused; None for none.
        journal: The journal in which to record the write, as of the bulk verbs.
        result: A file of the driver's machine for the result, as JSON; None for none.
        connection: How to reach the base.
    """

    base_id: str
    table: str
    write: Write
    key: tuple[str, ...]
    delete_missing: bool
    max_deletes: int | None
    on_error: OnError
    typecast: bool
    rejects: Path | None
    journal: str | bool | None
    result: Path | None
    connection: SparkConnection

    @classmethod
    def of(cls, given: Mapping[str, str]) -> FrameWriteOptions:
        """Read the options of a data source.

        Args:
            given: The texts by name, in lower case as Spark passes them.

        Raises:
            TypeError: There is no such option.
            ConfigurationError: A value is missing or invalid.
        """
        texts, found = _texts(given, _OF_WRITES), read_environment(None)
        base_id = texts.get("base", found.base_id)
        if base_id is None:
            raise ConfigurationError(
                'No base is given; set the option base to the ID of a base, "app...".'
            )
        if "table" not in texts:
            raise ConfigurationError(_NO_TABLE)
        write: Write = _chosen("write", texts.get("write", "upsert"), get_args(Write))
        _check_write(write, texts)
        most = texts.get("max_deletes")
        return cls(
            base_id,
            texts["table"],
            write,
            tuple(split_items(texts.get("key", ""))),
            _switch("delete_missing", texts),
            None if most is None else int(number_in("max_deletes", most)),
            _chosen("on_error", texts.get("on_error", "stop"), get_args(OnError)),
            _switch("typecast", texts),
            Path(texts["rejects"]) if "rejects" in texts else None,
            journal_of_text(texts.get("journal", found.journal)),
            Path(texts["result"]) if "result" in texts else None,
            SparkConnection.of(texts, found),
        )


def _check_write(write: Write, texts: Mapping[str, str]) -> None:
    if write == "append":
        if "key" in texts:
            raise ConfigurationError(
                "write=append creates a record for each row, and key would be ignored: leave one "
                "of them out."
            )
        if journal_of_text(texts.get("journal")) in {None, True, False}:
            raise ConfigurationError(
                "write=append needs the option journal: a file of the driver that is named after "
                "this run. If the query is run again, it finds the journal and completes the first "
                "write; without it, it would create the records again."
            )
    elif "key" not in texts:
        raise ConfigurationError(
            "No key is given. A query that failed is run again, and without a key that would "
            "create its records again. Set the option key to one to three fields that "
            'together identify a record, such as "Name"; or see write=append.'
        )
    if write != "sync" and texts.keys() & {"delete_missing", "max_deletes"}:
        raise ConfigurationError("Only write=sync deletes records: set it, or leave the rest out.")


_NO_TABLE: Final = 'No table is given; set the option table, such as "Deals".'


def _texts(given: Mapping[str, str], known: tuple[str, ...]) -> dict[str, str]:
    texts = {name: text.strip() for name, text in given.items() if text.strip()}
    refuse_unknown_options(texts, [*known, *CONNECTION_OPTIONS])
    return texts


def _chosen(name: str, text: str, choices: tuple[Any, ...]) -> Any:
    if text not in choices:
        raise ConfigurationError(f"{name} has to be one of {', '.join(choices)}, not {text!r}.")
    return text


def _switch(name: str, texts: Mapping[str, str]) -> bool:
    is_on: bool = _chosen(name, texts.get(name, "false").lower(), ("true", "false")) == "true"
    return is_on


def _segments(text: str) -> Parallel:
    if text.lower() == "auto":
        return "auto"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 62:
        raise ConfigurationError(
            f"segments has to be auto or a whole number from 1 to 62, not {text!r}."
        )
    return int(text)
