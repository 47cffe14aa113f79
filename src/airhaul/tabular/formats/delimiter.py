"""Finding the delimiter of a CSV file from its header, and from its rows if that is not enough."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import Final

DELIMITERS: Final = ",;\t|"
LINES: Final = 1_000
"""How many lines are looked at."""

# A quoted name may contain line breaks. Some programs write a space before its quote.
_QUOTED: Final = re.compile(r'(?:^|(?<=[,;\t|])) *"[^"]*(?:""[^"]*)*"?')
_HEADER: Final = re.compile(rf"(?:{_QUOTED.pattern}|[^\r\n])*")


def possible_delimiters(lines: Sequence[str]) -> list[str]:
    """List the delimiters in the header, outside quotes.

    Args:
        lines: The first lines of the file; the first is that of the header.
    """
    header = _HEADER.match("".join(lines))
    bare = _QUOTED.sub("", header[0] if header else "")
    return [delimiter for delimiter in DELIMITERS if delimiter in bare]


def even_delimiters(lines: Sequence[str], delimiters: Iterable[str]) -> list[str]:
    """Choose the delimiters that divide every row into as many cells as the header.

    Args:
        lines: The first lines of the file.
        delimiters: The delimiters to choose from.
    """
    return [delimiter for delimiter in delimiters if _is_even(lines, delimiter)]


def has_spaced_quotes(lines: Sequence[str], delimiter: str) -> bool:
    """Whether a name in the header has a space between the delimiter and its quote."""
    header = _HEADER.match("".join(lines))
    text = header[0] if header else ""
    return any(
        quoted[0].startswith(" ") and text[quoted.start() - 1 : quoted.start()] in ("", delimiter)
        for quoted in _QUOTED.finditer(text)
    )


def _is_even(lines: Sequence[str], delimiter: str) -> bool:
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        counts = [len(cells) for cells in rows if "".join(cells).strip()]
    except csv.Error:
        return False
    if len(lines) == LINES:
        counts.pop()  # the last row may go on behind these lines
    return len(set(counts)) == 1
