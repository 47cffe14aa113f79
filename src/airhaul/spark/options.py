"""The options of the data source, checked: those of a read, and those of a write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, get_args

from airhaul.bulk.results.policy import OnError
from airhaul.client.config import journal_of_text, read_environment
from airhaul.client.options import refuse_unknown_options
from airhaul.errors import ConfigurationError
from airhaul.spark.connection import CONNECTION_OPTIONS, SparkConnection, number_in
from airhaul.tabular.lists import split_items

_OF_READS: Final = ("bases", "table", "tables", "columns", "formula", "segments")
_OF_STREAMS: Final = ("since", "interval_s", "settle_s")
_OF_WRITES: Final = ("base", "table", "key", "on_error", "typecast", "rejects", "journal")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The options of one read.

    Args:
        bases: The IDs of the bases; ``*`` for all that the token has access to.
        tables: The names or IDs of the tables, which each base has.
        columns: The fields to read; None for all.
        formula: Read the records for which this formula is true; None for all.
        segments: Into how many parts each table is divided, 1 to 62; each is a task.
        connection: How to reach the bases.
    """

    bases: tuple[str, ...]
    tables: tuple[str, ...]
    columns: tuple[str, ...] | None
    formula: str | None
    segments: int
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
    """

    since: datetime | None
    interval_s: float
    settle_s: float

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
        )


@dataclass(frozen=True, slots=True)
class UpsertOptions:
    """The options of one write, which is a keyed upsert.

    Args:
        base_id: The base.
        table: The name or ID of the table.
        key: One to three fields that together identify a record.
        on_error: When a row cannot be written: as of the bulk verbs.
        typecast: Let Airtable convert text, add missing choices, and link records by name.
        rejects: The file of the driver's machine for the rows that are refused; None for none.
        journal: The journal in which to record the write, as of the bulk verbs.
        connection: How to reach the base.
    """

    base_id: str
    table: str
    key: tuple[str, ...]
    on_error: OnError
    typecast: bool
    rejects: Path | None
    journal: str | bool | None
    connection: SparkConnection

    @classmethod
    def of(cls, given: Mapping[str, str]) -> UpsertOptions:
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
        if "key" not in texts:
            raise ConfigurationError(
                "No key is given. A query that failed is run again, and without a key that would "
                "create its records again. Set the option key to one to three fields that "
                'together identify a record, such as "Name".'
            )
        return cls(
            base_id,
            texts["table"],
            tuple(split_items(texts["key"])),
            _chosen("on_error", texts.get("on_error", "stop"), get_args(OnError)),
            _chosen("typecast", texts.get("typecast", "false").lower(), ("true", "false"))
            == "true",
            Path(texts["rejects"]) if "rejects" in texts else None,
            journal_of_text(texts.get("journal", found.journal)),
            SparkConnection.of(texts, found),
        )


_NO_TABLE: Final = 'No table is given; set the option table, such as "Deals".'


def _texts(given: Mapping[str, str], known: tuple[str, ...]) -> dict[str, str]:
    texts = {name: text.strip() for name, text in given.items() if text.strip()}
    refuse_unknown_options(texts, [*known, *CONNECTION_OPTIONS])
    return texts


def _chosen(name: str, text: str, choices: tuple[Any, ...]) -> Any:
    if text not in choices:
        raise ConfigurationError(f"{name} has to be one of {', '.join(choices)}, not {text!r}.")
    return text


def _segments(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 62:
        raise ConfigurationError(f"segments has to be a whole number from 1 to 62, not {text!r}.")
    return int(text)
