"""What the command line prints: results to standard output, all else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

# The library's options, where its messages name them, in the words of the command line.
_IN_OPTIONS: Final = {
    "say allow_empty=True": "say --allow-empty",
    "more than max_deletes (": "more than --max-deletes (",
    "say max_deletes=": "say --max-deletes ",
    "Raise max_requests to go on": "Raise --max-requests to go on",
    'on_error="continue" finds it': "--on-error continue finds it",
    "Pass access_token=, set": "Say --token, set",
    'with local="my.db"': "with --local FILE",
    "Pass base_id=, or": "Say --base, or",
    'say encoding="cp1252"': "say --encoding cp1252",
    "file with journal=.": "file with --journal.",
    " A model's create_table() makes its table.": "",
    "or say the format": "or say --format",
    "say the format 'jsonl'": "say --format jsonl",
}


def out() -> Console:
    """Where results go."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())


def err() -> Console:
    """Where progress, notes and errors go."""
    return Console(file=sys.stderr, highlight=False, soft_wrap=not sys.stderr.isatty())


def print_json(value: Any) -> None:
    """Print a result for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_error(message: str) -> None:
    """Print an error for people, as it is: nothing in it is markup."""
    err().print(Text.assemble(("Error:", "bold red"), f" {in_options(message)}"))


def print_lines(lines: Iterable[str], console: Console | None = None) -> None:
    """Print what belongs to the message before: indented, also where a line is broken.

    Args:
        lines: What to print.
        console: Where; where errors go if None.
    """
    console = console or err()
    for line in lines:
        if console.is_terminal:
            console.print(Padding(Text(line), (0, 0, 0, 2), expand=False))
        else:
            console.print(f"  {line}", markup=False)


def in_options(message: str) -> str:
    """Put what a message of the library says of its options in the words of the command line."""
    for said, option in _IN_OPTIONS.items():
        message = message.replace(said, option)
    return message


@contextmanager
def working(label: str) -> Generator[None]:
    """Show that something goes on whose end is not known, if this is a terminal."""
    console = err()
    if not console.is_terminal:
        yield
        return
    with console.status(Text(label)):
        yield
