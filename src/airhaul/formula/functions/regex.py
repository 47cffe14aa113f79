"""Regular expressions, as RE2 has them; a pattern that is refused is an error, see ``re2``."""

from __future__ import annotations

import functools
import re
from typing import Final

from airhaul.formula.functions.function import Function, plain
from airhaul.formula.functions.re2 import Expression, NotRE2Error, compile_re2
from airhaul.formula.values import LONGEST_TEXT, FormulaFault, Value, to_text

_REFERENCE: Final = re.compile(r"\$([1-9])")


@functools.lru_cache(maxsize=256)
def _compile(pattern: str) -> Expression | FormulaFault:
    try:
        return compile_re2(pattern)
    except NotRE2Error as error:
        return FormulaFault(f"the pattern has {error}")


def _prepare(subject: Value, pattern: Value) -> tuple[str, re.Pattern[str]] | FormulaFault:
    text, expression = to_text(subject), _compile(to_text(pattern))
    if isinstance(expression, FormulaFault):
        return expression
    if len(text) > expression.longest_subject:
        return FormulaFault("the text is too long for this pattern")
    return text, expression.pattern


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
    return found[0] if found else FormulaFault("no match")  # not published; decided so


def _replace(subject: Value, pattern: Value, new: Value) -> Value:
    prepared = _prepare(subject, pattern)
    if isinstance(prepared, FormulaFault):
        return prepared
    text, expression = prepared
    replacement = to_text(new)
    parts: list[str] = []
    length = end = 0
    for found in expression.finditer(text):
        parts += (text[end : found.start()], _fill(replacement, found))
        end = found.end()
        length += len(parts[-2]) + len(parts[-1])
        if length > LONGEST_TEXT:
            return FormulaFault("the text is too long")
    return "".join([*parts, text[end:]])


def _fill(replacement: str, found: re.Match[str]) -> str:
    """Put what the first group matched for ``$1``, as JavaScript does; not published."""

    def group(reference: re.Match[str]) -> str:
        number = int(reference[1])
        return (found[number] or "") if number <= found.re.groups else reference[0]

    return _REFERENCE.sub(group, replacement)


FUNCTIONS: dict[str, Function] = {
    "REGEX_MATCH": plain(_match, 2),
    "REGEX_EXTRACT": plain(_extract, 2),
    "REGEX_REPLACE": plain(_replace, 3),
}
