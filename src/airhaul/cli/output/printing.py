"""Printing: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text

from airhaul.cli.output.wording import in_options
from airhaul.messages import visible


class _Console(Console):
    """A console on which text cannot move the cursor, whatever cells and names hold."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Render an object, with the characters visible that a terminal would obey."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))


def out() -> Console:
    """Return the console for results: standard output."""
    return _Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())


def err() -> Console:
    """Return the console for progress, notes and errors: standard error."""
    return _Console(file=sys.stderr, highlight=False, soft_wrap=not sys.stderr.isatty())


def print_json(value: Any) -> None:
    """Print a result for programs."""
    print(json_text(value))


def json_text(value: Any) -> str:
    """Write a value as JSON, with messages in the words of the command line."""
    return json.dumps(_in_options(value), indent=2, ensure_ascii=False, default=str)


def _in_options(value: Any) -> Any:
    """Reword each message in a JSON value."""
    if isinstance(value, dict):
        return {name: _in_options(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_in_options(item) for item in value]
    return in_options(value) if isinstance(value, str) else value


def print_error(message: str) -> None:
    """Print an error for people; nothing in the message is markup."""
    err().print(Text.assemble(("Error:", "bold red"), f" {in_options(message)}"))


def print_lines(lines: Iterable[str], console: Console | None = None) -> None:
    """Print the details of the message before, indented, also where a long line is wrapped.

    Args:
        lines: The lines.
        console: The console; None for standard error.
    """
    console = console or err()
    for line in map(in_options, lines):
        if console.is_terminal:
            console.print(Padding(Text(line), (0, 0, 0, 2), expand=False))
        else:
            console.print(f"  {line}", markup=False)


@contextmanager
def working(label: str) -> Generator[None]:
    """Show a spinner on a terminal, for work whose length is not known.

    Args:
        label: What is being done.
    """
    console = err()
    if not console.is_terminal:
        yield
        return
    with console.status(Text(label)):
        yield
