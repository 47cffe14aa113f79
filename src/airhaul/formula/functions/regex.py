"""Regular expressions with RE2: in linear time, whatever the pattern.

Source: https://github.com/google/re2/wiki/Syntax. Not published, and decided: ``$1`` in a
replacement is the match of the first group, as in JavaScript; ``REGEX_EXTRACT`` returns the whole
match, or an error without a match; a pattern that RE2 does not support is an error.

Linear time still grows with the pattern: the product of pattern and text size is bounded, and so is
the time of replacing, which scans the text once for each match.
"""

from __future__ import annotations

import functools
import importlib
import re
import time
from typing import Any, Final

from airhaul.formula.functions.function import Function, plain
from airhaul.formula.values import LONGEST_TEXT, FormulaFault, Value, to_text

_REFERENCE: Final = re.compile(r"\$([1-9])")
_LONGEST_PATTERN: Final = 10_000
# Instructions of the pattern times bytes of the text: about a second in the worst case.
_MOST_STEPS: Final = 200_000_000
_LONGEST_REPLACING_S: Final = 2.0


class PatternError(ValueError):
    """A pattern that RE2 does not support."""


@functools.cache
def _re2() -> Any:
    # Imported by name, since the package has no types.
    return importlib.import_module("re2")


@functools.lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Any:
    """Compile a pattern.

    Raises:
        PatternError: RE2 does not support the pattern; the message says why.
        ImportError: RE2 is not available on this platform.
    """
    re2 = _re2()
    options = re2.Options()
    options.log_errors = False
    if len(pattern) > _LONGEST_PATTERN:
        raise PatternError(f"more than {_LONGEST_PATTERN:,} characters")
    try:
        return re2.compile(pattern, options)
    except UnicodeEncodeError:
        raise PatternError("half of a surrogate pair") from None
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise PatternError(f"an error: {text:.200}") from None


def _prepare(subject: Value, pattern: Value) -> tuple[str, Any] | FormulaFault:
    try:
        expression = compile_pattern(to_text(pattern))
    except PatternError as error:
        return FormulaFault(f"the pattern has {error}")
    except ImportError:
        return FormulaFault("regular expressions need the package google-re2")
    text = to_text(subject)
    try:
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        return FormulaFault("the text has half of a surrogate pair")
    if size * expression.programsize > _MOST_STEPS:
        return FormulaFault("the text is too long for this pattern")
    return text, expression


def _match(subject: Value, pattern: Value) -> Value:
    prepared = _prepare(subject, pattern)
    if isinstance(prepared, FormulaFault):
        return prepared
    text, expression = prepared
    return expression.search(text) is not None


def _extract(subject: Value, pattern: Value) -> Value:
    prepared = _prepare(subject, pattern)
    if isinstance(prepared, FormulaFault):
        return prepared
    text, expression = prepared
    found = expression.search(text)
    return found[0] if found else FormulaFault("no match")


def _replace(subject: Value, pattern: Value, new: Value) -> Value:
    prepared = _prepare(subject, pattern)
    if isinstance(prepared, FormulaFault):
        return prepared
    text, expression = prepared
    replacement = to_text(new)
    parts: list[str] = []
    length = end = 0
    deadline = time.monotonic() + _LONGEST_REPLACING_S
    for found in expression.finditer(text):
        parts += (text[end : found.start()], _fill(replacement, found, expression.groups))
        end = found.end()
        length += len(parts[-2]) + len(parts[-1])
        if length > LONGEST_TEXT:
            return FormulaFault("the text is too long")
        if time.monotonic() > deadline:
            return FormulaFault("replacing takes too long")
    return "".join([*parts, text[end:]])


def _fill(replacement: str, found: Any, groups: int) -> str:
    def group(reference: re.Match[str]) -> str:
        number = int(reference[1])
        return (found[number] or "") if number <= groups else reference[0]

    return _REFERENCE.sub(group, replacement)


FUNCTIONS: dict[str, Function] = {
    "REGEX_MATCH": plain(_match, 2),
    "REGEX_EXTRACT": plain(_extract, 2),
    "REGEX_REPLACE": plain(_replace, 3),
}
