"""One row of a file, with its address."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of a file.

    Args:
        line: The line on which it begins, from 1; the header of a CSV file is line 1.
        cells: Column name to value; text from CSV, JSON values from JSON.
    """

    line: int
    cells: dict[str, object]
