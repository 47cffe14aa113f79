"""Asking before something is written, where there is somebody to ask."""

from __future__ import annotations

import sys

from airhaul.cli.output.printing import err
from airhaul.errors import ConfigurationError


def may_write(question: str, *, yes: bool) -> bool:
    """Whether it may be written: because ``--yes`` says so, or somebody does who was asked.

    Args:
        question: What to ask, without the choice of answers.
        yes: Whether the answer was given on the command line.

    Raises:
        ConfigurationError: It is not said, and nobody is there to ask.
        KeyboardInterrupt: Ctrl-C instead of an answer.
    """
    if yes:
        return True
    # The question goes to standard error, as standard output may be a file.
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigurationError(
            "Nothing was written: this is no terminal where somebody could be asked. "
            "Say --yes to write it, or --dry-run to look at it only."
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
