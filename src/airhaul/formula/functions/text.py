"""Text functions. Positions count from 1, as in Airtable's reference."""

from __future__ import annotations

import math
import re
from typing import Final
from urllib.parse import quote

from airhaul.formula.functions.function import Function, plain
from airhaul.formula.values import FAULT, LONGEST_TEXT, Value, bounded, to_number, to_text

_NUMBER: Final = re.compile(r"[-+]?(?:[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")


def _whole(value: Value) -> int | None:
    number = to_number(value)
    return int(number) if math.isfinite(number) else None


def _concatenate(*values: Value) -> Value:
    texts = [to_text(value) for value in values]
    return FAULT if sum(map(len, texts)) > LONGEST_TEXT else "".join(texts)


def _encode(value: Value) -> Value:
    # Half of a surrogate pair cannot be encoded: it becomes a question mark.
    return bounded(quote(to_text(value), safe="-_.~", errors="replace"))


def _position(needle: Value, hay: Value, start: Value) -> int:
    if start == 0:
        return to_text(hay).find(to_text(needle)) + 1
    begin = max(0, (_whole(start) or 0) - 1)
    return to_text(hay).find(to_text(needle), begin) + 1


def _find(needle: Value, hay: Value, start: Value = 0) -> Value:
    return _position(needle, hay, start)


def _search(needle: Value, hay: Value, start: Value = 0) -> Value:
    # Without regard to case: not published, decided by analogy with spreadsheets.
    return _position(to_text(needle).lower(), to_text(hay).lower(), start) or None


def _left(value: Value, count: Value) -> Value:
    length = _whole(count)
    return FAULT if length is None or length < 0 else to_text(value)[:length]


def _right(value: Value, count: Value) -> Value:
    length = _whole(count)
    if length is None or length < 0:
        return FAULT
    text = to_text(value)
    return text[max(0, len(text) - length) :]


def _mid(value: Value, start: Value, count: Value) -> Value:
    # The reference's own example, MID("quick brown fox", 6, 5) = "brown", counts from 0.
    begin, length = _whole(start), _whole(count)
    if begin is None or length is None or begin < 0 or length < 0:
        return FAULT
    return to_text(value)[begin : begin + length]


def _replace(value: Value, start: Value, count: Value, new: Value) -> Value:
    begin, length = _whole(start), _whole(count)
    if begin is None or length is None or begin < 1 or length < 0:
        return FAULT
    text = to_text(value)
    return bounded(text[: begin - 1] + to_text(new) + text[begin - 1 + length :])


def _rept(value: Value, count: Value) -> Value:
    text, times = to_text(value), _whole(count)
    if times is None or times < 0 or len(text) * times > LONGEST_TEXT:
        return FAULT
    return text * times if text else ""  # an empty text would allow a count too large for Python


def _substitute(value: Value, old: Value, new: Value, index: Value = None) -> Value:
    text, pattern, replacement = to_text(value), to_text(old), to_text(new)
    if not pattern:
        return text
    if index is None:
        if text.count(pattern) * len(replacement) > LONGEST_TEXT:
            return FAULT
        return text.replace(pattern, replacement)
    parts, place = text.split(pattern), _whole(index)
    if place is None or not 0 < place < len(parts):
        return text
    return bounded(pattern.join(parts[:place]) + replacement + pattern.join(parts[place:]))


def _value(value: Value) -> Value:
    text = to_text(value)
    match = _NUMBER.search(text)
    if match is None:
        return FAULT if text.strip() else None
    number = float(match[0].replace(",", ""))
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


FUNCTIONS: dict[str, Function] = {
    "CONCATENATE": plain(_concatenate, 1, None),
    "ENCODE_URL_COMPONENT": plain(_encode, 1),
    "FIND": plain(_find, 2, 3),
    "SEARCH": plain(_search, 2, 3),
    "LEFT": plain(_left, 2),
    "RIGHT": plain(_right, 2),
    "MID": plain(_mid, 3),
    "LEN": plain(lambda value: len(to_text(value)), 1),
    "LOWER": plain(lambda value: to_text(value).lower(), 1),
    "UPPER": plain(lambda value: to_text(value).upper(), 1),
    "TRIM": plain(lambda value: to_text(value).strip(), 1),
    "REPLACE": plain(_replace, 4),
    "REPT": plain(_rept, 2),
    "SUBSTITUTE": plain(_substitute, 3, 4),
    "T": plain(lambda value: value if isinstance(value, str) else None, 1),
    "VALUE": plain(_value, 1),
}
