"""Python source for values and calls, in lines of a hundred columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

_WIDTH: Final = 100
_INDENT: Final = "    "
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def literal(value: Any) -> str:
    """Return a JSON value as Python source, quoted as formatters do.

    Args:
        value: The value.
    """
    if isinstance(value, str):
        if '"' in value and "'" not in value:
            return "'" + "".join(one if one == '"' else _escaped(one) for one in value) + "'"
        return f'"{"".join(map(_escaped, value))}"'
    if isinstance(value, Mapping):
        pairs = (f"{literal(name)}: {literal(item)}" for name, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    return repr(value)


def _escaped(char: str) -> str:
    # What is not printable may hide or turn other text.
    if char in _ESCAPES:
        return _ESCAPES[char]
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")


def docstring(text: str, indent: str = "") -> list[str]:
    """Return a text as a docstring, in lines.

    Args:
        text: The text.
        indent: The spaces before each line.
    """
    lines = text.strip().splitlines() or [""]
    escaped = ["".join(_escaped(char) if char != '"' else char for char in one) for one in lines]
    body = "\n".join(line.rstrip() for line in escaped).replace('"""', '\\"\\"\\"')
    first, *others = body.split("\n")
    if others:
        kept = [f"{indent}{line}" if line else "" for line in others]
        return [f'{indent}"""{first}', *kept, f'{indent}"""']
    end = "\\" if first.endswith('"') else ""
    return [f'{indent}"""{first[:-1] + end + first[-1:]}"""']


def wrapped(
    begin: str, items: Sequence[str], end: str, *, indent: str = "", width: int = _WIDTH
) -> list[str]:
    """Return a list of items between brackets, on one line if it fits, else broken over several.

    Args:
        begin: The beginning of the line, with the opening bracket.
        items: The items.
        end: The closing bracket, and the rest of the line.
        indent: The spaces before the line.
        width: The most columns of a line.
    """
    whole = f"{indent}{begin}{', '.join(items)}{end}"
    if len(whole) <= width:
        return [whole]
    together = f"{indent}{_INDENT}{', '.join(items)}"
    inner = [together] if len(together) <= width else _each(items, indent + _INDENT)
    return [f"{indent}{begin}", *inner, f"{indent}{end}"]


def _each(items: Iterable[str], indent: str) -> list[str]:
    return [f"{indent}{item}," for item in items]
