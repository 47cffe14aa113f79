"""Airtable's identifiers: a prefix of three letters and fourteen of ``[0-9A-Za-z]``."""

from __future__ import annotations

import re
import secrets
import string
from typing import Literal

IdPrefix = Literal[
    "app", "tbl", "fld", "viw", "rec", "sel", "usr", "itr", "wsp", "att", "com", "ach"
]

_ALPHABET = string.digits + string.ascii_letters
_ID = re.compile(r"([a-z]{3})[0-9A-Za-z]{14}")


def new_id(prefix: IdPrefix) -> str:
    """Make a random identifier.

    Args:
        prefix: What it identifies, as ``"rec"`` for a record.
    """
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(14))


def is_id(text: object, prefix: IdPrefix) -> bool:
    """Tell whether ``text`` has the form of an identifier with this prefix."""
    if not isinstance(text, str):
        return False
    match = _ID.fullmatch(text)
    return match is not None and match[1] == prefix
