"""One run: what was asked, and its state."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from airhaul.bulk.results.outcomes import State
from airhaul.bulk.results.policy import OnError
from airhaul.bulk.rows.links_by_name import CreateMissing, LinkBy
from airhaul.caller import seen_from_here
from airhaul.tabular import FileSettings

_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # no characters that are easily confused
_ID_LENGTH: Final = 8

RunState = Literal["running", "done", "with failures", "rolled back", "interrupted", "broken off"]
"""In order: a process is working on it; all rows were written as requested; it ran to its end, and
some rows failed; its own policy undid it; it ended before its last row, and recorded why; it ended
without recording that, for example because its process was killed."""

RowSource = Literal["copy", "file", "stream"]
"""Where the rows are when a run is resumed: in the journal, in their file, or with the caller."""


def new_run_id() -> str:
    """Make the id of a new run."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))


@dataclass(frozen=True, slots=True)
class Source:
    """The file that rows come from, and what identifies it.

    Args:
        path: The file, absolute.
        size: Its size in bytes.
        sha256: The hash of its content, in hexadecimal digits.
        settings: The settings with which it is read.
        name: The name of the open file that it is a copy of; None if it is no copy.
    """

    path: str
    size: int
    sha256: str
    settings: FileSettings = FileSettings()
    name: str | None = None

    @property
    def shown_name(self) -> str:
        """What the file is called in messages."""
        return self.name or str(self.file)

    @property
    def file(self) -> Path:
        """The file, as seen from the current folder."""
        return Path(seen_from_here(self.path))

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Source:
        """Read what ``Asked.to_dict`` has made of it."""
        options = {**given.get("settings", {})}
        settings = FileSettings.of(options.pop("format", None), options)
        return cls(given["path"], given["size"], given["sha256"], settings, given.get("name"))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run was asked to do. It never holds a token.

    Args:
        verb: The verb, such as ``bulk_create``, ``import_file``, ``sync``.
        service: The service's root, or the local base's file.
        base_id: The base.
        table: The table's id or name.
        on_error: What to do after a row that cannot be written.
        typecast: Whether Airtable may convert text.
        key: The columns that identify rows, if any.
        rows_from: Where the rows are when the run is resumed.
        total: How many rows there are, or None if that is not known.
        source: The file that the rows come from, if they come from one.
        rejects: The file that refused rows go to, if there is one.
        undoes: The run that this one undoes, if it does.
        retries: The run whose failed rows this one sends again, if it does.
        field_ids: Whether its cells are named by field ID instead of name.
        link_by: The fields of linked tables that have the names in its rows, by field of links.
        create_missing: For which of them linked records are created, or whether for all.
        links_of: The run for whose links this one creates records, if it does.
    """

    verb: str
    service: str
    base_id: str
    table: str
    on_error: OnError = "stop"
    typecast: bool = False
    key: tuple[str, ...] = ()
    rows_from: RowSource = "copy"
    total: int | None = None
    source: Source | None = None
    rejects: str | None = None
    undoes: str | None = None
    retries: str | None = None
    field_ids: bool = False
    link_by: LinkBy = field(default_factory=dict[str, str])
    create_missing: CreateMissing = False
    links_of: str | None = None

    @property
    def rejects_file(self) -> Path | None:
        """The file that refused rows go to, as seen from the current folder."""
        return None if self.rejects is None else Path(seen_from_here(self.rejects))

    def for_rollback(self, run_id: str, total: int) -> Asked:
        """Return what is asked when its own policy undoes this run.

        Args:
            run_id: The run that was asked this.
            total: How many rows are undone.
        """
        return Asked(
            "rollback",
            self.service,
            self.base_id,
            self.table,
            "continue",
            self.typecast,
            total=total,
            undoes=run_id,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Asked:
        """Read what ``to_dict`` has returned."""
        values: dict[str, Any] = {**given, "key": tuple(given["key"])}
        if values["source"] is not None:
            values["source"] = Source.from_dict(values["source"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Run:
    """One run, as the journal knows it.

    Args:
        id: Its id.
        asked: What it was asked to do.
        state: Its state.
        began: When it began.
        ended: When it ended, or None if no end was recorded; the last time if it was resumed.
        counts: How many rows are in each state; rows that were not reached are not counted.
        requests: How many requests it has sent, including those after it was resumed.
        seconds: How long it was at work, in seconds.
        error: What ended it early, or None.
    """

    id: str
    asked: Asked
    state: RunState
    began: datetime
    ended: datetime | None = None
    counts: dict[State, int] = field(default_factory=dict[State, int])
    requests: int = 0
    seconds: float = 0.0
    error: str | None = None

    @property
    def can_be_resumed(self) -> bool:
        """Whether there may be something left to do."""
        return self.is_unfinished or self.state == "with failures"

    @property
    def is_unfinished(self) -> bool:
        """Whether it ended before its last row."""
        return self.state in ("interrupted", "broken off")

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON."""
        return {
            "id": self.id,
            "state": self.state,
            "began": self.began.isoformat(),
            "ended": None if self.ended is None else self.ended.isoformat(),
            "counts": dict(self.counts),
            "requests": self.requests,
            "seconds": self.seconds,
            "error": self.error,
            **self.asked.to_dict(),
        }
