"""Numbers written as text: which text is a number, and which would lose something as one."""

from __future__ import annotations

import math
import re
from typing import Final, Self

# As programs print numbers: one digit before the point, and a sign or a point with an exponent.
# Codes such as 12E4 and 32E0134 have neither.
_WITH_EXPONENT: Final = r"\d(?:\.\d*)?[eE][+-]\d+|\d\.\d*[eE]\d+"
_NUMBER: Final = re.compile(rf"[+-]?(?:{_WITH_EXPONENT}|\d+\.?\d*|\.\d+)", re.ASCII)
# No plus sign and no leading zero: telephone numbers and codes have them, and must keep them.
_PLAIN_NUMBER: Final = re.compile(
    rf"-?(?:{_WITH_EXPONENT}|(?:0|[1-9]\d*)(?:\.\d+)?|\.\d+)", re.ASCII
)
# Every number of so many digits comes back from a double as it was.
_SURE_DIGITS: Final = 15
# The largest integer that Airtable's numbers, which are doubles, keep exactly.
_LARGEST_WHOLE: Final = 2**53 - 1


class JsonNumber(float):
    """A number with a fraction or an exponent in a JSON file; ``str`` gives its text there.

    Args:
        text: The number as it is written.
    """

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        """Make the number of its text."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __str__(self) -> str:
        """The number as it is written, such as ``2.50``."""
        return self.text


def is_number(text: str) -> bool:
    """Whether text, without spaces around it, is a number; ``1_000`` and ``12E4`` are not."""
    return _NUMBER.fullmatch(text) is not None


def is_exact_number(text: str) -> bool:
    """Whether text is a number, and as one keeps everything that the text says.

    Leading zeros, a plus sign, integers beyond 2^53 and digits that a double does not have would
    be lost.
    """
    return _PLAIN_NUMBER.fullmatch(text) is not None and _keeps_digits(text)


def is_exact(value: float) -> bool:
    """Whether a number of a JSON file, or of Python, can be kept in a number field."""
    if isinstance(value, int):
        return -_LARGEST_WHOLE <= value <= _LARGEST_WHOLE
    return _keeps_digits(str(value)) if isinstance(value, JsonNumber) else math.isfinite(value)


def _keeps_digits(text: str) -> bool:
    digits, _, exponent = text.lower().partition("e")
    significant = digits.lstrip("-").replace(".", "").strip("0")
    value = float(text)
    if not math.isfinite(value) or (significant and not value):
        return False
    is_small = bool(exponent) or abs(value) <= _LARGEST_WHOLE
    return is_small and (len(significant) <= _SURE_DIGITS or _prints(value, significant))


def _prints(value: float, digits: str) -> bool:
    """Whether a number, printed with as many digits, has these."""
    printed = f"{abs(value):.{len(digits) - 1}e}".partition("e")[0]
    return printed.replace(".", "") == digits
