"""What a sync may delete."""

from __future__ import annotations

import math
from dataclasses import dataclass

from airhaul.bulk.results.checks import check_count, check_flags
from airhaul.messages import Message, Option


@dataclass(frozen=True, slots=True)
class DeleteGuard:
    """The limits of what a sync may delete.

    Args:
        missing: Whether records are deleted that are not among the rows.
        most: The largest number of deletions; None for a third of the table.
        allow_empty: Whether all may be deleted if there are no rows at all.

    Raises:
        ConfigurationError: One of them is of another type, or out of range.
    """

    missing: bool = False
    most: int | None = None
    allow_empty: bool = False

    def __post_init__(self) -> None:
        check_flags(delete_missing=self.missing, allow_empty=self.allow_empty)
        check_count("max_deletes", self.most, 0)

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
