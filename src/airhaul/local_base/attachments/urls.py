"""The URLs of attachments: signed, and valid for two hours.

Source: https://airtable.com/developers/web/api/field-model (URLs expire after two hours). Not
published, and decided: thumbnails are the image itself, reported in the size that they would have;
an attachment that was written by URL and not fetched is shown with only that URL and its name.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from airhaul.local_base.store import Attachment

LIFE_S: Final = 2 * 3600
PREFIX: Final = "/attachments/"
IN_PROCESS: Final = "http://in-process.invalid"
"""The server's address in URLs for clients in process: a name that never resolves."""

# The length of the longer side, in pixels.
_THUMBNAILS: Final[Mapping[str, int]] = {"small": 36, "large": 512, "full": 3000}


class AttachmentUrls:
    """Makes URLs of attachments for one request, and verifies them.

    Args:
        key: The secret that signs the URLs.
        address: How the client reaches the server; None for a client in process, whose URLs begin
            with ``IN_PROCESS`` and are read by ``LocalBase.file``.
        now: When the request arrived.
    """

    def __init__(self, key: bytes, address: str | None, now: datetime) -> None:
        self._key = key
        self._address = address or IN_PROCESS
        self._now = int(now.timestamp())

    def url(self, attachment: Attachment) -> str:
        """Return the URL at which the content can be read for two hours."""
        expires = self._now + LIFE_S
        signature = self._sign(attachment.id, expires)
        name = quote(attachment.filename, safe="", errors="replace")
        return f"{self._address}{PREFIX}{attachment.id}/{expires}/{signature}/{name}"

    def find(self, path: str) -> str | None:
        """Return the id of the attachment at a path; None if the path is forged or expired."""
        parts = path.removeprefix(PREFIX).split("/")
        if not path.startswith(PREFIX) or len(parts) != 4:
            return None
        attachment_id, expires, signature, _ = parts
        if not (expires.isascii() and expires.isdecimal() and len(expires) < 12):
            return None
        expected = self._sign(attachment_id, int(expires))
        is_ours = hmac.compare_digest(expected.encode(), signature.encode())
        return attachment_id if is_ours and self._now < int(expires) else None

    def shown(self, attachment: Attachment) -> dict[str, Any]:
        """Return an attachment as a cell shows it."""
        if not attachment.is_stored:
            return {
                "id": attachment.id,
                "url": attachment.url,
                "filename": attachment.filename,
            }
        url = self.url(attachment)
        shown: dict[str, Any] = {"id": attachment.id}
        width, height = attachment.width, attachment.height
        if width and height:
            shown |= {"width": width, "height": height}
        shown |= {"url": url, "filename": attachment.filename, "size": attachment.size}
        shown["type"] = attachment.type or "application/octet-stream"
        if width and height:
            shown["thumbnails"] = {
                name: {"url": url, **_within(width, height, edge)}
                for name, edge in _THUMBNAILS.items()
            }
        return shown

    def _sign(self, attachment_id: str, expires: int) -> str:
        text = f"{attachment_id}/{expires}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:32]


def _within(width: int, height: int, edge: int) -> dict[str, int]:
    """Scale a size down so that its longer side fits."""
    scale = min(1.0, edge / max(width, height))
    return {"width": max(1, round(width * scale)), "height": max(1, round(height * scale))}
