"""Regular expressions, in the part of RE2's dialect that Python's engine shares.

RE2 has neither look-around nor back-references: a pattern with one is an error here too. Python's
engine can take very long where RE2 does not, so subjects and patterns are bounded, and a repetition
of a repetition is refused.
"""

from __future__ import annotations

import functools
import re
import warnings
from typing import Final

from airhaul.formula.functions.function import Function, plain
from airhaul.formula.values import FAULT, Value, to_text

_LONGEST_PATTERN: Final = 1_000
_LONGEST_SUBJECT: Final = 100_000
_NOT_IN_RE2: Final = re.compile(r"\(\?(?:[=!]|<[=!]|P=|\()|(?<!\\)(?:\\\\)*\\[1-9]")
_MOST_REPEATS: Final = 1_000  # RE2's own bound
_COUNT: Final = re.compile(r"[{,](\d+)")
_NESTED_REPETITION: Final = re.compile(r"[*+}][^()]*\)(?:[*+]|\{\d*,)")


@functools.lru_cache(maxsize=256)
def _compile(pattern: str) -> re.Pattern[str] | None:
    if len(pattern) > _LONGEST_PATTERN or _NOT_IN_RE2.search(pattern):
        return None
    if _NESTED_REPETITION.search(pattern):
        return None
    if any(len(count) > 4 or int(count) > _MOST_REPEATS for count in _COUNT.findall(pattern)):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.compile(pattern)
    except (re.error, RecursionError, OverflowError, Warning):
        return None


def _prepare(subject: Value, pattern: Value) -> tuple[str, re.Pattern[str]] | None:
    text, compiled = to_text(subject), _compile(str(to_text(pattern)))
    if compiled is None or not isinstance(text, str) or len(text) > _LONGEST_SUBJECT:
        return None
    return text, compiled


def _match(subject: Value, pattern: Value) -> Value:
    prepared = _prepare(subject, pattern)
    return FAULT if prepared is None else prepared[1].search(prepared[0]) is not None


def _extract(subject: Value, pattern: Value) -> Value:
    prepared = _prepare(subject, pattern)
    found = prepared and prepared[1].search(prepared[0])
    return found[0] if found else FAULT  # no match is an error: not published


def _replace(subject: Value, pattern: Value, new: Value) -> Value:
    prepared = _prepare(subject, pattern)
    if prepared is None:
        return FAULT
    replacement = str(to_text(new))
    return prepared[1].sub(lambda _: replacement, prepared[0])


FUNCTIONS: dict[str, Function] = {
    "REGEX_MATCH": plain(_match, 2),
    "REGEX_EXTRACT": plain(_extract, 2),
    "REGEX_REPLACE": plain(_replace, 3),
}
