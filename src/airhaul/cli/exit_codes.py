"""How a command ends, for scripts."""

from __future__ import annotations

from typing import Final

ALL_WELL: Final = 0
SOME_FAILED: Final = 1
"""Some rows are in the table as they were asked for, and others are not."""
NOTHING_DONE: Final = 2
"""Wrong usage, or nothing was written."""
INTERRUPTED: Final = 130
"""Ctrl-C."""
