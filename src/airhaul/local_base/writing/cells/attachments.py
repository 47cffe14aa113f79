"""Attachment cells, stored as ids.

Source: https://airtable.com/developers/web/api/field-model; that a new record takes no ids is from
clients that were tested against Airtable. Not published, and decided here: an
element with an id is the attachment with that id, and its other keys are ignored; unknown keys are
ignored; the default file name is the last part of the URL's path.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from airhaul.local_base.protocol import refusal
from airhaul.local_base.store.schema import Field
from airhaul.local_base.writing.cells.write_context import WriteContext


def check_attachments(field: Field, value: Any, write: WriteContext) -> Any:
    """Accept ``{"url", "filename"?}`` for new files, and ``{"id"}`` for existing ones."""
    if write.typecast and isinstance(value, str):
        value = [{"url": part.strip()} for part in value.split(",") if part.strip()]
    if not isinstance(value, list):
        raise refusal.cannot_parse(value, field.name)
    return list(dict.fromkeys(_attachment(item, write) for item in value))


def _attachment(item: Any, write: WriteContext) -> str:
    attachments = write.context.session.attachments
    if not isinstance(item, dict):
        raise refusal.invalid_attachment()
    if "id" in item:
        there = attachments.one(item["id"]) if isinstance(item["id"], str) else None
        if write.creates or there is None or there.base_id != write.table.base_id:
            raise refusal.invalid_attachment()
        return there.id
    url, name = item.get("url"), item.get("filename")
    if not isinstance(url, str) or not isinstance(name, str | None):
        raise refusal.invalid_attachment()
    try:
        address = urlsplit(url)
    except ValueError:
        raise refusal.invalid_attachment() from None
    if address.scheme not in ("http", "https") or not address.netloc:
        raise refusal.invalid_attachment()
    named = name or unquote(address.path)
    filename = named.replace("\\", "/").rpartition("/")[2] or "attachment"
    return attachments.add(write.table.base_id, filename, url=url).id
