"""Texts that a spreadsheet would run as formulas: escaped by an apostrophe in front.

A spreadsheet that opens a CSV file takes a cell for a formula by its first character, whoever wrote
the text. Source: https://owasp.org/www-community/attacks/CSV_Injection.
"""

from __future__ import annotations

import re
from typing import Final

# With the apostrophes before it: a text that begins with one keeps it when the escaping is undone.
_AT_RISK: Final = re.compile(r"'*[=+\-@\t\r]")


def escaped(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run."""
    return f"'{text}" if _AT_RISK.match(text) else text


def unescaped(text: str) -> str:
    """Remove the apostrophe that ``escaped`` has put before a text."""
    return text[1:] if text[:1] == "'" and _AT_RISK.match(text) else text
