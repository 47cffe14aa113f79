"""Comparing rows with a whole table: what to create, change and delete."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.keys import Key
from airhaul.bulk.rows.target import Target
from airhaul.errors import DuplicateKeyError
from airhaul.messages import Message, Option
from airhaul.model.base import RecordBase
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)

_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class DeleteGuard:
    """The limits of what a sync may delete.

    Args:
        missing: Whether records are deleted that are not among the rows.
        most: The largest number of deletions; None for a third of the table.
        allow_empty: Whether all may be deleted if there are no rows at all.
    """

    missing: bool = False
    most: int | None = None
    allow_empty: bool = False

    def refusal(self, deletions: int, records: int, rows: int) -> str | None:
        """Return why so many deletions are refused, or None if they are not.

        Args:
            deletions: How many there would be.
            records: How many records the table has.
            rows: How many rows there are.
        """
        if not deletions:
            return None
        if not rows and not self.allow_empty:
            return Message(
                f"the source is empty, so all {deletions:,} records would be deleted. To allow "
                "this, set ",
                Option("allow_empty", True),
                ".",
            )
        most = math.ceil(records / 3) if self.most is None and rows else self.most
        if most is not None and deletions > most:
            limit = "a third of the table" if self.most is None else Option("max_deletes")
            return Message(
                f"{deletions:,} of {records:,} records would be deleted, more than ",
                limit,
                f" ({most:,}). To allow this, set ",
                Option("max_deletes", deletions),
                ".",
            )
        return None


def by_key(key: Key, records: Iterable[RecordJson]) -> tuple[dict[Any, RecordJson], int]:
    """Index records by their key.

    Args:
        key: The key.
        records: The records of the table.

    Returns:
        The records by key, and how many have none because a part of it is blank.

    Raises:
        DuplicateKeyError: Several records have one key.
    """
    found: dict[Any, RecordJson] = {}
    doubles: dict[Any, list[RecordJson]] = {}
    blank = 0
    for record in records:
        value = key.value_in(record["fields"])
        if value is None:
            blank += 1
        elif value in found:
            doubles.setdefault(value, [found[value]]).append(record)
        else:
            found[value] = record
    if doubles:
        raise _doubles(key, list(doubles.values()))
    return found, blank


def _doubles(key: Key, groups: Sequence[Sequence[RecordJson]]) -> DuplicateKeyError:
    named = [
        f"{key.shown(group[0]['fields'])}: {', '.join(record['id'] for record in group)}"
        for group in groups[:_MOST_NAMED]
    ]
    if len(groups) > _MOST_NAMED:
        named.append(f"and {len(groups) - _MOST_NAMED} more keys")
    ids = tuple(record["id"] for group in groups for record in group)
    return DuplicateKeyError(
        "Several records of the table have the same key, so it does not identify a record. "
        "Nothing was written.\n  " + "\n  ".join(named),
        record_ids=ids,
    )


def compare(
    target: Target, rows: Iterable[Change[M]], records: dict[Any, RecordJson]
) -> list[Change[M]]:
    """Turn rows into the changes that they need.

    Args:
        target: The table.
        rows: The rows, each with its key.
        records: The table's records by key.

    Returns:
        For each row a creation, a change of what differs, or no change.
    """
    compared = list(rows)
    for row in compared:
        record = records.get(row.key)
        if record is None:
            row.kind = "create"
            row.cells = target.in_order({**row.cells, **row.for_new})
            row.before = {}
            continue
        target.compare(row, record)
    return compared


def missing_from(
    rows: Sequence[Change[M]], records: dict[Any, RecordJson], first_index: int
) -> list[Change[M]]:
    """Return the deletions of the records that are not among some rows.

    Args:
        rows: The rows, each with its key.
        records: The table's records by key.
        first_index: The place of the first deletion; they follow the rows.
    """
    wanted = {row.key for row in rows}
    gone = [record for value, record in records.items() if value not in wanted]
    return [
        Change("delete", first_index + place, record_id=record["id"], before=record["fields"])
        for place, record in enumerate(gone)
    ]
