"""The types that pandas infers for the columns of a file, for comparison."""

from __future__ import annotations

import io
from typing import Any

from file_trips.originals import Original
from file_trips.sources import Source

KINDS = {"number": "number", "checkbox": "yes or no"}
"""What the types of airhaul are to pandas; all others are text."""


def pandas_kinds(source: Source, original: Original) -> dict[str, str]:
    """Infer ``number``, ``yes or no`` or ``text`` for each column, as pandas does by default.

    Args:
        source: The file.
        original: Its first rows.
    """
    import pandas as pd

    if source.suffix.startswith((".json", ".ndjson")):
        lines = source.suffix != ".json"
        frame = pd.read_json(io.BytesIO(original.content), lines=lines, convert_dates=False)
    else:
        frame = pd.read_csv(
            io.BytesIO(original.content),
            sep=original.delimiter,
            encoding=original.encoding or None,
            low_memory=False,
        )
    return {str(name).strip(): _kind(frame[name]) for name in frame.columns}


def _kind(column: Any) -> str:
    import pandas as pd

    if pd.api.types.is_bool_dtype(column):
        return "yes or no"
    if pd.api.types.is_numeric_dtype(column):
        return "number" if column.notna().any() else "empty"
    return "text"
