"""Text: short and long, addresses and telephone numbers, and the text of barcodes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Any, Final
from uuid import UUID

from pydantic import AnyUrl
from pydantic.networks import EmailStr, NameEmail

from airhaul.fields.arrow import TEXT, object_of
from airhaul.fields.card import FieldCard, Key, hashable
from airhaul.wire.shapes import FieldType

_EMAIL: Final = re.compile(r"e_?mail|(^|_)mail($|_)")
_URL: Final = re.compile(r"website|homepage|(^|_)(url|link|href)($|_)")
_PHONE: Final = re.compile(r"phone|mobile|(^|_)tel($|_)")
_BULLET: Final = re.compile(r"^\* ", re.MULTILINE)
_LONG: Final = re.compile(
    r"description|comment|summary|content|message|(^|_)(bio|notes?|body|details?)($|_)"
)


def _text(
    type_: FieldType,
    inferred_from: Mapping[Any, re.Pattern[str] | None],
    key: Key | None = "merged",
) -> FieldCard:
    return FieldCard(
        type=type_,
        python=str,
        inferred_from=inferred_from,
        is_text=True,
        can_be_primary=True,
        key=key,
        arrow=TEXT,
    )


def stored_rich_text(text: str) -> str:
    """Return a rich text as Airtable stores it: bullets are dashes, and the last line ends.

    That is what recorded answers show; what else Airtable rewrites is not published.
    """
    bulleted = _BULLET.sub("- ", text)
    return bulleted if bulleted.endswith("\n") else f"{bulleted}\n"


def _decode_rich(cell: Any) -> Any:
    return "" if cell == "\n" else cell  # a cleared rich text is sent as "\n"


def _rich_as_written(cell: Any) -> Any:
    return cell.removesuffix("\n") if isinstance(cell, str) else cell


def _canonical_rich(cell: Any) -> Any:
    return (
        (stored_rich_text(cell).rstrip("\n") or None) if isinstance(cell, str) else hashable(cell)
    )


def _is_same_barcode(sent: Any, stored: Any) -> bool:
    if stored is None and isinstance(sent, dict):
        return not sent.get("text")  # one without a text is an empty cell
    if not isinstance(sent, dict) or not isinstance(stored, dict):
        return bool(hashable(sent) == hashable(stored))
    return bool(all(stored.get(name) == value for name, value in sent.items()))


CARDS: Final = (
    _text("email", {str: _EMAIL, EmailStr: None, NameEmail: None}),
    _text("url", {str: _URL, AnyUrl: None}),
    _text("phoneNumber", {str: _PHONE}),
    _text("multilineText", {str: _LONG}),
    _text("singleLineText", {str: None, UUID: None, time: None}),
    FieldCard(
        type="richText",
        python=str,
        is_text=True,
        can_be_primary=True,
        arrow=TEXT,
        decode=_decode_rich,
        as_written=_rich_as_written,
        canonical=_canonical_rich,
    ),
    FieldCard(
        type="barcode",
        python=dict[str, Any],
        can_be_primary=True,
        arrow=object_of(text=TEXT, type=TEXT),
        is_same=_is_same_barcode,
    ),
)
