"""Changes and outcomes as the journal keeps them: short JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import Any

import pydantic_core

from airhaul.bulk.journal.given import has_lists, kept_cells, kept_row
from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.bulk.rows.keys import Key
from airhaul.errors import AirhaulError, RowError
from airhaul.messages import Message, Method, Option, Remedy
from airhaul.tabular import SourceRow

PackedText = str | list[str | dict[str, Any]]
"""A text; a message with remedies by its parts, since each face has its own words for these."""

PackedOutcome = tuple[
    int, str, str | None, PackedText | None, int | None, bool, str | None, *tuple[Any, ...]
]
"""Index, state, record id, error, request, whether the row itself is to blame, note. If it is to
blame, also its field, its line, the row as it was given where rejected rows are kept, and whether
it is of a file with lists of its own."""


def pack(value: Any) -> bytes:
    """Encode a value as JSON, whatever its texts contain."""
    try:
        return pydantic_core.to_json(value)
    except ValueError:
        # Lone surrogates cannot be encoded in UTF-8; escaped they can.
        return json.dumps(value, separators=(",", ":")).encode()


def unpack(packed: bytes) -> Any:
    """Decode what ``pack`` has encoded."""
    if b"\\ud" in packed:
        return json.loads(packed)
    return pydantic_core.from_json(packed)


def pack_changes(changes: Iterable[Change[Any] | InvalidRow], *, as_given: bool = False) -> bytes:
    """Encode changes, and rows that were refused before anything was sent.

    Args:
        changes: The changes.
        as_given: Whether to keep the rows of all changes as they were given, too, and not only
            those of rows that were refused.
    """
    return pack([_packed(change, as_given=as_given) for change in changes])


def _packed(change: Change[Any] | InvalidRow, *, as_given: bool) -> list[Any]:
    row = change.source
    as_given = as_given or isinstance(change, InvalidRow)
    # The cells do not show what a file says that can only be read with its settings.
    as_given = as_given or (isinstance(row, SourceRow) and row.is_read_specially)
    cells = kept_cells(row) if as_given and row is not None else None
    if isinstance(change, InvalidRow):
        error = change.error
        place = [change.index, error.line]
        reason = _packed_text(error.reason)
        return ["refused", *place, reason, error.field, cells, has_lists(row)]
    return [
        change.kind,
        change.index,
        change.line,
        change.cells,
        change.record_id,
        change.for_new or None,
        change.before,
        change.later or None,
        change.missing or None,
        change.is_absent or None,
        cells,
        has_lists(row),
    ]


def unpack_changes(packed: bytes, key: Key | None) -> list[Change[Any] | InvalidRow]:
    """Decode what ``pack_changes`` has encoded.

    Args:
        packed: The bytes.
        key: The key that identifies rows, if there is one.
    """
    return [_unpacked(parts, key) for parts in unpack(packed)]


def _unpacked(parts: Sequence[Any], key: Key | None) -> Change[Any] | InvalidRow:
    if parts[0] == "refused":
        _, index, line, reason, field, *given = parts
        error = RowError(text_of(reason), index=index, line=line, field=field)
        return InvalidRow(index, error, _source(given, line))
    kind, index, line, cells, record_id, for_new, before, later, missing, absent, *given = parts
    change = Change[Any](kind, index, cells, record_id, line=line, before=before)
    change.for_new = for_new or {}
    change.missing = tuple(missing or ())
    change.later = later or {}
    change.is_absent = bool(absent)
    change.source = _source(given, line) or ({"id": record_id} if record_id else {}) | cells
    if key is not None and kind != "delete":
        # An update by key may hold only what differs; its key is in the previous cells.
        change.key = key.value_in({**(before or {}), **cells}) or ()
    return change


def _source(given: Sequence[Any], line: int | None) -> object:
    """Return the row as it was given, or None if it was not kept."""
    if not given or given[0] is None:
        return None
    return kept_row(given[0], line, has_lists=any(given[1:]))


def pack_outcome(
    index: int,
    state: str,
    id: str | None,
    error: AirhaulError | None,
    request: int | None,
    note: str | None,
    row: object = None,
) -> PackedOutcome:
    """Put an outcome into the form that ``pack`` writes; ``row`` is kept if it is not None."""
    if not isinstance(error, RowError):
        message = None if error is None else _packed_text(error.message)
        return index, state, id, message, request, False, note
    cells = None if row is None else kept_cells(row)
    blamed = (error.field, error.line, cells, has_lists(row))
    return index, state, id, _packed_text(error.reason), request, True, note, *blamed


def error_of(outcome: Sequence[Any], source: str | None = None) -> AirhaulError | None:
    """Return the error of an outcome that was read back, or None.

    Args:
        outcome: The outcome.
        source: The file that the rows came from.
    """
    index, _, _, reason, _, is_of_row, _, *more = outcome
    if reason is None:
        return None
    if not is_of_row:
        return AirhaulError(text_of(reason))
    field, line, *_ = more or (None, None)
    return RowError(text_of(reason), index=index, field=field, line=line, source=source)


def row_of(outcome: Sequence[Any]) -> object:
    """Return the row of an outcome as it was given, or None if it was not kept."""
    line, *given = outcome[8:] or (None,)
    return _source(given, line)


def _packed_text(text: str) -> PackedText:
    if not isinstance(text, Message) or all(isinstance(part, str) for part in text.parts):
        return text
    return [
        part if isinstance(part, str) else {type(part).__name__: astuple(part)}
        for part in text.parts
    ]


def text_of(packed: PackedText) -> str:
    """Return a text, or a message, that was kept in an outcome or a refused change."""
    return packed if isinstance(packed, str) else Message(*map(_part, packed))


def _part(packed: str | dict[str, Any]) -> str | Remedy:
    match packed:
        case {"Option": [name, [*values]]}:
            return Option(name, tuple(values))
        case {"Option": [name, value]}:
            return Option(name, value)
        case {"Method": [name, argument]}:
            return Method(name, argument)
        case _:
            return str(packed)
