"""Asking for confirmation before anything is written."""

from __future__ import annotations

import sys

from airhaul.cli.output.printing import err
from airhaul.errors import ConfigurationError


def may_write(question: str, *, yes: bool) -> bool:
    """Ask whether to write, unless ``--yes`` is set.

    Args:
        question: What to ask, without the choice of answers.
        yes: Whether ``--yes`` is set.

    Returns:
        Whether to write.

    Raises:
        ConfigurationError: ``--yes`` is not set, and there is no terminal to ask on.
        KeyboardInterrupt: Ctrl-C instead of an answer.
    """
    if yes:
        return True
    # The question goes to standard error, as standard output may be a file.
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigurationError(
            "Nothing was written: this is not a terminal, so there is nobody to ask. Set --yes to "
            "write without asking, or --dry-run to only see the changes."
        )
    try:
        err().print(f"{question} [y/N] ", markup=False, end="")
        sys.stderr.flush()
        answer = sys.stdin.readline()
    except KeyboardInterrupt:
        err().print()
        raise KeyboardInterrupt("Interrupted: nothing was written.") from None
    if not answer:
        err().print()  # Ctrl-D ends no line
    if answer.strip().casefold() in ("y", "yes"):
        return True
    err().print("Nothing was written.")
    return False
