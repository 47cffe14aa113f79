"""The messages of the library in the words of the command line: ``--on-error continue``."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Literal

from airhaul.errors import AirhaulError, BulkInterrupted
from airhaul.messages import Message, MethodName, Option, OptionName, Remedy

_OPTIONS: Final[dict[OptionName, str]] = {
    "access_token": "--token",
    "allow_empty": "--allow-empty",
    "base_id": "--base",
    "columns": "--map",
    "create_missing": "--create-missing",
    "date_format": "--date-format",
    "decimal_comma": "--decimal-comma",
    "delimiter": "--delimiter",
    "encoding": "--encoding",
    "escape_formulas": "--escape-formulas",
    "format": "--format",
    "from_airtable_csv": "--from-airtable-csv",
    "ignore": "--ignore",
    "journal": "--journal",
    "link_by": "--link",
    "local": "--local",
    "max_deletes": "--max-deletes",
    "max_requests": "--max-requests",
    "nulls": "--null",
    "on_error": "--on-error",
    "rejects": "--rejects",
    "sheet": "--sheet",
    "typecast": "--typecast",
}
_METHODS: Final[dict[MethodName, str]] = {
    "create_table": "airhaul import FILE TABLE --create",
    "resume": "airhaul resume",
    "runs": "airhaul runs",
    "sync": "airhaul sync",
    "sync_table": "airhaul schema apply MODULE",
    "undo": "airhaul undo",
}


# What finds a run needs the journal that it is in.
_OF_JOURNAL: Final = ("resume", "runs", "undo")
_JOURNAL: Final[ContextVar[str | None]] = ContextVar("journal", default=None)


@contextmanager
def with_journal(journal: str | None) -> Generator[None]:
    """Name a journal in all commands that are printed: they need it to find the run.

    Args:
        journal: The journal, if it was set on the command line.
    """
    before = _JOURNAL.set(journal)
    try:
        yield
    finally:
        _JOURNAL.reset(before)


def command_for(verb: Literal["resume", "retry", "undo"], run: str) -> str:
    """Return the command that does something with a run.

    Args:
        verb: What it does.
        run: The ID of the run.
    """
    return " ".join([f"airhaul {verb} {run}", *_journal_option()])


def _journal_option() -> list[str]:
    journal = _JOURNAL.get()
    return [] if journal is None else [f"--journal {shlex.quote(journal)}"]


def in_options(message: str) -> str:
    """Spell the options and methods that a message names as the command line does.

    Args:
        message: A message of the library; another text stays as it is.
    """
    return message.worded(spelled) if isinstance(message, Message) else message


def message_of(error: BaseException) -> str:
    """Take the message of an error, in the words of the command line."""
    if isinstance(error, AirhaulError | BulkInterrupted):
        return in_options(error.message)
    return str(error)


def spelled(remedy: Remedy) -> str:
    """Spell an option, or a method, as the command line does."""
    if not isinstance(remedy, Option):
        words = [_METHODS[remedy.name]]
        if remedy.argument is not None:
            words.append(remedy.argument)
        if remedy.name in _OF_JOURNAL:
            words += _journal_option()
        return " ".join(words)
    flag = _OPTIONS[remedy.name]
    if remedy.value is None or remedy.value is True:
        return flag
    return " ".join(f"{flag} {shlex.quote(value)}" for value in _values_of(remedy.value))


def _values_of(value: str | int | tuple[str, ...] | Mapping[str, str]) -> Iterable[str]:
    """The values of an option, which is repeated for each."""
    if isinstance(value, tuple):
        return value
    if isinstance(value, Mapping):
        return [f"{key}={name}" for key, name in value.items()]
    return ["off" if value is False else str(value)]
