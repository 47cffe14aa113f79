"""The exit codes of the commands."""

from __future__ import annotations

from typing import Final

ALL_WELL: Final = 0
SOME_FAILED: Final = 1
"""Some rows were written, others were not."""
NOTHING_DONE: Final = 2
"""Wrong usage, or nothing was written."""
INTERRUPTED: Final = 130
"""Ctrl-C: 128 and the number of SIGINT."""
OUTPUT_UNREAD: Final = 141
"""Nobody reads the output any more: 128 and the number of SIGPIPE, by which other programs end."""
