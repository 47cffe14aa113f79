"""The caller's point of view: warnings at the caller's own line, and paths as seen from there."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Final

_OURS: Final = f"{Path(__file__).parent}{os.sep}"


def warn_caller(message: str, category: type[Warning]) -> None:
    """Issue a warning at the line outside airhaul that led to it.

    The call may come through any number of our functions, generators and coroutines, so no fixed
    ``stacklevel`` fits.

    Args:
        message: What happened, and what to do about it.
        category: The class of the warning.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_code.co_filename.startswith(_OURS) and frame.f_back is not None:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def seen_from_here(path: str | Path) -> str:
    """Spell a path as a caller would in the current folder: a file below it by its relative path.

    Args:
        path: An absolute path, such as a journal keeps.
    """
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except (ValueError, OSError):  # elsewhere, or the current folder was deleted
        return str(path)
