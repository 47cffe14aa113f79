"""Attachments as files: their names and types, and the replies that serve them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from urllib.parse import quote

from airhaul.local_base.attachments.urls import AttachmentUrls
from airhaul.local_base.protocol import refusal
from airhaul.local_base.store import Attachment, Store
from airhaul.wire.call import Reply

_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+(; ?charset=[\w-]+)?", re.ASCII)
_SHOWN_IN_BROWSERS: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_LONGEST_NAME: Final = 255


def file_name(given: str) -> str:
    """Return a name without folders and control characters, of a bounded length."""
    last = re.split(r"[/\\]", given)[-1]
    return re.sub(r"[\x00-\x1f\x7f]", "", last)[-_LONGEST_NAME:] or "attachment"


def media_type(given: str | None) -> str | None:
    """Return a media type if it is well-formed and so safe in a header; otherwise None."""
    return given if given is not None and _TYPE.fullmatch(given) else None


def read_file(store: Store, path: str, now: datetime) -> Reply:
    """Serve the file at a path that ``AttachmentUrls`` made.

    Args:
        store: Holds the file.
        path: The path, percent-encoded.
        now: The time, in UTC.
    """
    attachment_id = AttachmentUrls(store.signing_key, None, now).find(path)
    if attachment_id is None:
        return refusal.not_visible().reply()
    with store.session(write=False) as session:
        attachment = session.attachments.one(attachment_id)
        content = session.attachments.content(attachment_id)
    if attachment is None or content is None:
        return refusal.no_such_route().reply()
    return _reply(attachment, content)


def _reply(attachment: Attachment, content: bytes) -> Reply:
    """Make the reply that serves a file.

    An uploaded file must not be able to run anything in a browser: only images are displayed,
    anything else is saved, and scripts in it are blocked.
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
