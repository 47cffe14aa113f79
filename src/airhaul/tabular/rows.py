"""A row of a file, with its line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ERROR_COLUMN: Final = "airhaul error"
LINE_COLUMN: Final = "airhaul line"
"""Extra columns of a rejects file; ignored when that file is imported."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of a file.

    Args:
        line: The line on which it begins, from 1; the header of a CSV file is line 1.
        cells: The values by column name: text from CSV, JSON values from JSON.
    """

    line: int
    cells: dict[str, object]
