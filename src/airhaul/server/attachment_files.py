"""Attachments as files: their names, and how they are handed out."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from airhaul.server.store import Attachment
from airhaul.wire.call import Reply

_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+(; ?charset=[\w-]+)?", re.ASCII)
_SHOWN_IN_BROWSERS: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_LONGEST_NAME: Final = 255


def file_name(given: str) -> str:
    """A name without folders and control characters, of a bounded length."""
    last = re.split(r"[/\\]", given)[-1]
    return re.sub(r"[\x00-\x1f\x7f]", "", last)[-_LONGEST_NAME:] or "attachment"


def name_in_url(url: str) -> str:
    """The name that a file has by its URL: the last part of the path."""
    return file_name(unquote(urlsplit(url).path).rstrip("/"))


def media_type(given: str | None) -> str | None:
    """A media type if it has the form of one, which is safe in a header; else None."""
    return given if given is not None and _TYPE.fullmatch(given) else None


def file_reply(attachment: Attachment, content: bytes) -> Reply:
    """The reply that hands a file out.

    What somebody uploaded shall do nothing in a browser: only images are shown, anything else is
    saved, and no script in it may run.
    """
    type_ = media_type(attachment.type) or "application/octet-stream"
    disposition = "inline" if type_ in _SHOWN_IN_BROWSERS else "attachment"
    name = quote(attachment.filename, safe="", errors="replace")
    return Reply(
        200,
        content,
        {
            "content-type": type_,
            "content-disposition": f"{disposition}; filename*=UTF-8''{name}",
            "content-security-policy": "default-src 'none'; sandbox",
            "x-content-type-options": "nosniff",
            "cache-control": "private, max-age=7200",
        },
    )
