"""The messages of the library in the words of the command line: ``--on-error continue``."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import Final

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
        command = _METHODS[remedy.name]
        return command if remedy.argument is None else f"{command} {remedy.argument}"
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
