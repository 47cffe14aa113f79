"""Changes and outcomes as the journal keeps them: short JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pydantic_core

from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.bulk.rows.keys import Key
from airhaul.errors import AirhaulError, RowError
from airhaul.tabular import SourceRow

PackedOutcome = tuple[int, str, str | None, str | None, int | None, bool, str | None]
"""Index, state, record id, error, request, whether the row itself is to blame, note."""


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


def pack_changes(changes: Iterable[Change[Any] | InvalidRow]) -> bytes:
    """Encode changes, and rows that were refused before anything was sent."""
    return pack([_packed(change) for change in changes])


def _packed(change: Change[Any] | InvalidRow) -> list[Any]:
    if isinstance(change, InvalidRow):
        error = change.error
        return ["refused", change.index, error.line, error.reason, error.field]
    return [
        change.kind,
        change.index,
        change.line,
        change.cells,
        change.record_id,
        change.for_new or None,
        change.before,
        change.later or None,
        *_given(change.source),
    ]


def _given(row: object) -> list[Any]:
    """The row of a file as it was given, if its cells do not show that: for a file of rejects."""
    return [dict(row.given)] if isinstance(row, SourceRow) and row.is_read_specially else []


def unpack_changes(packed: bytes, key: Key | None) -> list[Change[Any] | InvalidRow]:
    """Decode what ``pack_changes`` has encoded.

    Args:
        packed: The bytes.
        key: The key that identifies rows, if there is one.
    """
    return [_unpacked(parts, key) for parts in unpack(packed)]


def _unpacked(parts: Sequence[Any], key: Key | None) -> Change[Any] | InvalidRow:
    if parts[0] == "refused":
        _, index, line, reason, field = parts
        return InvalidRow(index, RowError(reason, index=index, line=line, field=field))
    kind, index, line, cells, record_id, for_new, before, later, *given = parts
    change = Change[Any](kind, index, cells, record_id, line=line, before=before)
    change.for_new = for_new or {}
    change.later = later or {}
    change.source = SourceRow(line, given[0]) if given else dict(cells)
    if key is not None and kind != "delete":
        # An update by key may hold only what differs; its key is in the previous cells.
        change.key = key.value_in({**(before or {}), **cells}) or ()
    return change


def pack_outcome(
    index: int,
    state: str,
    id: str | None,
    error: AirhaulError | None,
    request: int | None,
    note: str | None,
) -> PackedOutcome:
    """Put an outcome into the form that ``pack`` writes."""
    reason = error.reason if isinstance(error, RowError) else None if error is None else str(error)
    return index, state, id, reason, request, isinstance(error, RowError), note


def error_of(outcome: Sequence[Any], line: int | None = None) -> AirhaulError | None:
    """Return the error of an outcome that was read back, or None."""
    index, _, _, reason, _, is_of_row, _ = outcome
    if reason is None:
        return None
    return RowError(reason, index=index, line=line) if is_of_row else AirhaulError(reason)
