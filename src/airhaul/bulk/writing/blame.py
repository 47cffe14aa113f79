"""Finding the rows that caused a refusal, as far as Airtable's message identifies them.

Airtable refuses a whole request for one bad row, and does not report which one. But its messages
name a value, a record or a field; if only some of the rows have it, these are tried first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from airhaul.bulk.rows.changes import KINDS, Change, Kind
from airhaul.bulk.rows.refused_cells import RefusedCells
from airhaul.bulk.rows.target import Target
from airhaul.errors import (
    AirhaulError,
    ApiError,
    InvalidRequestError,
    NotFoundError,
    RowError,
)
from airhaul.messages import Message, Option
from airhaul.wire.ids import is_id
from airhaul.wire.shapes import TableJson

_RECORD: Final = re.compile(r"\brec[0-9A-Za-z]{14}\b")
_CHOICE: Final = re.compile(r'select option "(".*")"', re.DOTALL)
_FIELD: Final = re.compile(
    r'Field "(?P<a>.*)" cannot accept|for field (?P<b>.+?)\.?$|Unknown field name: "(?P<c>.*)"|'
    r"write cell values in field (?P<d>.+) \(fld",
    re.DOTALL,
)
_NOT_IDS: Final = "not an array of record IDs"
_NOT_ACCEPTED: Final = "cannot accept the provided value"
_BLAMES_ALL: Final = ("because the field is computed", "Unknown field name")


@dataclass(frozen=True, slots=True)
class Suspects:
    """The rows that a refusal is about.

    Args:
        places: Their places in the request; empty if the message does not identify any.
        field: The column that it names.
        is_certain: Whether each of them would be refused alone, so that none has to be tried.
    """

    places: tuple[int, ...] = ()
    field: str | None = None
    is_certain: bool = False


def is_about_rows(error: AirhaulError, kind: Kind) -> bool:
    """Return whether a refusal is about some of the rows, so that the others may be written.

    Args:
        error: The refusal.
        kind: The kind of the changes.
    """
    if isinstance(error, NotFoundError):
        # Airtable does not document its answer to a batch with an unknown id.
        return not KINDS[kind].may_create
    return isinstance(error, InvalidRequestError)


def suspects_of(error: AirhaulError, changes: Sequence[Change[Any]]) -> Suspects:
    """Find the rows that a refusal is about.

    Args:
        error: The refusal.
        changes: The rows of the request, in its order.
    """
    detail = error.detail if isinstance(error, ApiError) else ""
    record = _RECORD.search(detail)
    if record is not None:
        named = record[0]
        own = _places(changes, lambda change: change.record_id == named)
        if own:
            return Suspects(own, is_certain="does not exist" in detail)
        return Suspects(_places(changes, lambda change: _holds(change.cells, named)))
    choice = _CHOICE.search(detail)
    if choice is not None:
        name = _unquoted(choice[1])
        field = _field_that_holds(changes, name)
        return Suspects(_places(changes, lambda change: _holds(change.cells, name)), field)
    field = _field_in(detail)
    if field is not None:
        places = _places(changes, lambda change: change.cells.get(field) is not None)
        return Suspects(places, field, any(text in detail for text in _BLAMES_ALL))
    return Suspects()


def _field_in(detail: str) -> str | None:
    found = _FIELD.search(detail)
    if found is None:
        return None
    return next(name for name in found.groups() if name is not None)


def _places(changes: Sequence[Change[Any]], fits: Callable[[Change[Any]], bool]) -> tuple[int, ...]:
    return tuple(place for place, change in enumerate(changes) if fits(change))


def _holds(value: Any, text: str) -> bool:
    if isinstance(value, dict):
        return any(_holds(item, text) for item in value.values())
    if isinstance(value, list):
        return any(_holds(item, text) for item in value)
    return bool(value == text)


def _field_that_holds(changes: Sequence[Change[Any]], text: str) -> str | None:
    for change in changes:
        for column, cell in change.cells.items():
            if _holds(cell, text):
                return column
    return None


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text.strip('"')


def typecast_would_help(
    error: AirhaulError, change: Change[Any], target: Target | None
) -> Message | None:
    """Explain a refusal that would not have happened with typecast; None for any other.

    Airtable reports a new choice as a lack of permission, and a name in a link as a wrong value.

    Args:
        error: The refusal.
        change: A row of the request.
        target: The table, with the options of the call; None if they are not known.
    """
    if target is None or target.typecast or not isinstance(error, ApiError):
        return None
    choice = _CHOICE.search(error.detail)
    if choice is not None:
        name = _unquoted(choice[1])
        if not name.strip() or not _holds(change.cells, name):
            return None
        add = Option("typecast", value=True)
        return Message(f"{name!r} is not a choice of the field; to add it, set ", add)
    if _NOT_IDS in error.detail:
        names = _names_in_links(change, target)
        if names:
            by_name = Option("typecast", value=True)
            return Message(f"{names[0]!r} is not a record ID; to link by name, set ", by_name)
    return None


def _names_in_links(change: Change[Any], target: Target) -> list[str]:
    items: list[Any] = []
    for column, cell in change.cells.items():
        if target.type_of(column) == "multipleRecordLinks":
            items += cell if isinstance(cell, list) else [cell]
    return [item for item in items if isinstance(item, str) and not is_id(item, "rec")]


def _reason(error: AirhaulError, change: Change[Any], target: Target | None) -> str:
    """Return Airtable's own message, without the request that it is about."""
    if not isinstance(error, ApiError):
        return str(error)
    hint = typecast_would_help(error, change, target)
    if hint is not None:
        return Message(f"Airtable refused {change.record_id or 'it'}: {error.type}: ", hint)
    refusal = ": ".join(part for part in (error.type, error.detail) if part)
    which = change.record_id if change.record_id and change.record_id not in refusal else None
    return f"Airtable refused {which or 'it'}: {refusal or error.status}"


def title_of(field: str | None, target: Target | None) -> str | None:
    """Return what people call the column that a message names, if it names one."""
    return field if field is None or target is None else target.title_of(field)


def row_error(
    error: AirhaulError,
    change: Change[Any],
    field: str | None,
    source: str | None,
    target: Target | None = None,
) -> RowError:
    """Make the error of one row from Airtable's refusal, with the row's address.

    Args:
        error: The refusal.
        change: The row.
        field: The column that it names, if it names one.
        source: The file that the row came from.
        target: The table, for advice.
    """
    made = RowError(
        _reason(error, change, target),
        index=change.index,
        field=title_of(field, target),
        value=change.cells.get(field) if field is not None else None,
        source=source,
        line=change.line,
    )
    made.__cause__ = error
    return made


class Hopeless:
    """Finds rows that Airtable would refuse for a reason that it has refused others for.

    A refusal that the schema explains, such as an unknown choice, is followed by one request for
    the schema, so that thousands of such rows do not cost several requests each.

    Args:
        target: The table.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._asked = False
        self._not_accepted = 0
        self._refused: RefusedCells | None = None
        self._columns: dict[str, AirhaulError] = {}
        self._choices: dict[tuple[str, str], AirhaulError] = {}

    def __bool__(self) -> bool:
        return self._refused is not None or bool(self._columns or self._choices)

    def note(self, error: AirhaulError, changes: Sequence[Change[Any]]) -> bool:
        """Note a refusal, and return whether the schema is needed to learn from it.

        Args:
            error: The refusal.
            changes: The rows of the request.
        """
        suspects = suspects_of(error, changes)
        if suspects.is_certain and suspects.field is not None:
            self._columns[suspects.field] = error
            return False
        self._note_choice(error, changes)
        if self._asked or self._target.typecast or not self._is_explained(error, len(changes)):
            return False
        self._asked = True
        return True

    def _is_explained(self, error: AirhaulError, rows: int) -> bool:
        """Return whether the schema probably shows why rows were refused."""
        detail = error.detail if isinstance(error, ApiError) else ""
        if _NOT_ACCEPTED in detail:
            # It may also be too long: only if two rows were refused, each alone.
            self._not_accepted += rows == 1
            return self._not_accepted > 1
        return _NOT_IDS in detail or _CHOICE.search(detail) is not None

    def _note_choice(self, error: AirhaulError, changes: Sequence[Change[Any]]) -> None:
        """Note an unknown choice, if the message and the rows show which field it is of."""
        choice = _CHOICE.search(error.detail) if isinstance(error, ApiError) else None
        if choice is None:
            return
        name = _unquoted(choice[1])
        holding = {
            column
            for change in changes
            for column, cell in change.cells.items()
            if _holds(cell, name)
        }
        if len(holding) == 1:
            self._choices[holding.pop(), name] = error

    def learn(self, table: TableJson) -> None:
        """Take the schema of the table."""
        self._refused = RefusedCells(table)

    def error_of(self, change: Change[Any], source: str | None) -> RowError | None:
        """Return why a row would be refused, or None if nothing is known against it.

        Args:
            change: The row.
            source: The file that it comes from, for the error.
        """
        for column, error in self._columns.items():
            if change.cells.get(column) is not None:
                return row_error(error, change, column, source, self._target)
        for (column, name), error in self._choices.items():
            if _holds(change.cells.get(column), name):
                return row_error(error, change, column, source, self._target)
        found = None if self._refused is None else self._refused.find(change.cells)
        if found is None:
            return None
        column, reason = found
        return RowError(
            reason,
            index=change.index,
            field=title_of(column, self._target),
            value=change.cells[column],
            source=source,
            line=change.line,
        )
