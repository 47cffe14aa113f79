"""Messages that name options and methods, worded for Python or for the command line.

A message names what to do next, which Python and the command line spell differently:
``on_error="continue"`` and ``--on-error continue``. So a message is written once, with these names
as data in it:

    raise DeletionRefusedError(
        Message("12 records would be deleted. To allow this, set ", Option("max_deletes", 12), ".")
    )

A ``Message`` is a ``str`` in the spelling of Python. Put into an f-string it becomes plain text; to
keep the data, make a ``Message`` of the parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

OptionName = Literal[
    "access_token",
    "allow_empty",
    "base_id",
    "columns",
    "create_missing",
    "date_format",
    "decimal_comma",
    "delimiter",
    "encoding",
    "escape_formulas",
    "format",
    "from_airtable_csv",
    "ignore",
    "journal",
    "link_by",
    "local",
    "max_deletes",
    "max_requests",
    "nulls",
    "on_error",
    "rejects",
    "sheet",
    "typecast",
]
"""The options that messages name, as Python spells them."""

MethodName = Literal["create_table", "resume", "runs", "sync", "sync_table", "undo"]
"""The methods that messages name."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option to set.

    Args:
        name: The option.
        value: What to set it to; several values in a tuple, names by other names in a mapping; None
            to name the option only.
    """

    name: OptionName
    value: str | int | tuple[str, ...] | Mapping[str, str] | None = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}={_in_python(self.value)}"


def _in_python(value: str | int | tuple[str, ...] | Mapping[str, str]) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_in_python, value))}]"
    if isinstance(value, Mapping):
        pairs = (f"{_in_python(key)}: {_in_python(name)}" for key, name in value.items())
        return f"{{{', '.join(pairs)}}}"
    is_plain = isinstance(value, str) and '"' not in value and value.isprintable()
    return f'"{value}"' if is_plain else repr(value)


@dataclass(frozen=True, slots=True)
class Method:
    """A method to call.

    Args:
        name: The method.
        argument: What to call it with; None for nothing.
    """

    name: MethodName
    argument: str | None = None

    def __str__(self) -> str:
        argument = "" if self.argument is None else f'"{self.argument}"'
        return f"{self.name}({argument})"


Remedy = Option | Method
"""What a message can name for its reader to use."""


# The control characters but tab and line break, and those that turn the direction of text.
_OBEYED: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


_TOKEN: Final = re.compile(r"\bpat\w{14}\.\w{16,}")


def visible(text: str) -> str:
    r"""Replace characters that a terminal obeys by escapes, such as ``\x1b``, and hide tokens.

    Cells and names come from anybody who can write to a base: none may move the cursor, hide lines
    of a plan, or turn the direction of the text. Line breaks and tabs are kept.

    Args:
        text: Text that people will read.
    """
    if "pat" in text:
        text = _TOKEN.sub("pat...", text)
    if text.isprintable():
        return text
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def counted(number: int, one: str, many: str | None = None) -> str:
    """Format a number of things: ``1 row``, ``2,000 rows``.

    Args:
        number: How many.
        one: The word for one.
        many: The word for several; with an ``s`` at its end if None.
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


class Message(str):
    """A text with remedies in it, spelled as Python does.

    Args:
        parts: Text and remedies, in order. A message among them keeps its own remedies. Text is
            made ``visible``.
    """

    __slots__ = ("parts",)
    parts: tuple[str | Remedy, ...]

    def __new__(cls, *parts: str | Remedy) -> Self:
        """Join the parts."""
        flat = tuple(_flat(parts))
        message = super().__new__(cls, "".join(map(str, flat)))
        message.parts = flat
        return message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.parts

    def worded(self, word: Callable[[Remedy], str]) -> str:
        """Spell the remedies in another way.

        Args:
            word: Spells one of them.
        """
        return "".join(part if isinstance(part, str) else word(part) for part in self.parts)

    @classmethod
    def of_lines(cls, lines: Iterable[str], end: str = "\n  ") -> Self:
        """Join a first line and the lines below it.

        Args:
            lines: The lines.
            end: What separates them; those below the first are indented if left out.
        """
        parts: list[str] = []
        for line in lines:
            parts += [end, line]
        return cls(*parts[1:])


def _flat(parts: Iterable[str | Remedy]) -> Iterable[str | Remedy]:
    for part in parts:
        if isinstance(part, Message):
            yield from part.parts
        else:
            yield visible(part) if isinstance(part, str) else part
