"""Uploading attachments.

Source: https://airtable.com/developers/web/api/upload-attachment. Airtable serves this endpoint on
a separate host, ``content.airtable.com``; here it is on the same one. Not published, and decided:
a file over 5 MB is a 413, invalid base64 a 422.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from airhaul.local_base.attachments.files import file_name, media_type
from airhaul.local_base.attachments.image_size import image_size
from airhaul.local_base.gate.tokens import WRITE_RECORDS
from airhaul.local_base.protocol import refusal
from airhaul.local_base.resources.route import Route
from airhaul.local_base.transaction.context import Context
from airhaul.local_base.writing.writer import Writer

_LARGEST: Final = 5 * 1024 * 1024


def upload(context: Context, base_id: str, record_id: str, field_name: str) -> dict[str, Any]:
    """Add a file to a cell, after those that it has."""
    context.base(base_id)
    tables = context.session.schema.tables(base_id)
    record = context.record(record_id, tables)
    table = tables[record.table_id]
    field = table.find(field_name)
    if field.type != "multipleAttachments":
        raise refusal.cannot_accept(field.name)
    body = context.request.body_object()
    type_, name = body.get("contentType"), body.get("filename")
    if not isinstance(type_, str) or not isinstance(name, str) or not name:
        raise refusal.invalid_request()
    content = _content(body.get("file"))
    width, height = image_size(content) or (None, None)
    added = context.session.attachments.add(
        base_id,
        file_name(name),
        type=media_type(type_),
        content=content,
        width=width,
        height=height,
    )
    Writer(context, table).change(record, {field.id: [*record.cells.get(field.id, []), added.id]})
    return context.cells.record(table, record, [field], by_id=True)


def _content(text: Any) -> bytes:
    if not isinstance(text, str):
        raise refusal.invalid_request()
    try:
        # Clients may insert line breaks, as MIME does.
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise refusal.invalid_request() from None
    if len(content) > _LARGEST:
        raise refusal.too_large()
    return content


ROUTES = (Route("POST", "/v0/{}/{}/{}/uploadAttachment", upload, WRITE_RECORDS, writes=True),)
