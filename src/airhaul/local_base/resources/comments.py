"""Comments on records.

Source: https://airtable.com/developers/web/api/list-comments and related pages. Not published, and
decided: the newest comment comes first; a mention of an unknown person is text; replies to a
deleted comment stay; an unknown comment is a 404, like an unknown record.
"""

from __future__ import annotations

import re
from typing import Any, Final

from airhaul.local_base.gate.tokens import READ_COMMENTS, WRITE_COMMENTS
from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.request import read_count, read_text
from airhaul.local_base.resources.route import Route
from airhaul.local_base.store import Comment, StoredRecord
from airhaul.local_base.store.people_rows import Person
from airhaul.local_base.transaction.context import Context
from airhaul.wire.ids import is_id
from airhaul.wire.limits import RECORDS_PER_PAGE

_MENTION: Final = re.compile(r"@\[(usr[0-9A-Za-z]{14})\]")
_LONGEST_TEXT: Final = 100_000


def list_comments(
    context: Context, base_id: str, table_name: str, record_id: str
) -> dict[str, Any]:
    """List the comments on a record, page by page."""
    record = _record(context, base_id, table_name, record_id)
    given = context.request.query_object()
    size = read_count(given.get("pageSize"), RECORDS_PER_PAGE) or RECORDS_PER_PAGE
    before = read_count(given.get("offset"))
    found = context.session.comments.page(record.id, size + 1, before)
    shown = found[:size]
    people = context.session.people.everybody()
    return {
        "comments": [_as_json(comment, people) for comment in shown],
        "offset": str(shown[-1].place) if len(found) > size else None,
    }


def create(context: Context, base_id: str, table_name: str, record_id: str) -> dict[str, Any]:
    """Create a comment on a record, or a reply to one."""
    record = _record(context, base_id, table_name, record_id)
    body = context.request.body_object()
    text, parent_id = _text(body), read_text(body.get("parentCommentId"))
    if parent_id is not None:
        _comment(context, record, parent_id)
    comment = context.session.comments.add(
        record.id, context.person_id, text, context.moment, parent_id
    )
    return _as_json(comment, context.session.people.everybody())


def change(
    context: Context, base_id: str, table_name: str, record_id: str, comment_id: str
) -> dict[str, Any]:
    """Change the text of one's own comment."""
    comment = _own_comment(context, base_id, table_name, record_id, comment_id)
    text = _text(context.request.body_object())
    context.session.comments.change(comment.id, text, context.moment)
    changed = context.session.comments.one(comment.id)
    assert changed is not None
    return _as_json(changed, context.session.people.everybody())


def delete(
    context: Context, base_id: str, table_name: str, record_id: str, comment_id: str
) -> dict[str, Any]:
    """Delete one's own comment."""
    comment = _own_comment(context, base_id, table_name, record_id, comment_id)
    context.session.comments.delete(comment.id)
    return {"deleted": True, "id": comment.id}


def _record(context: Context, base_id: str, table_name: str, record_id: str) -> StoredRecord:
    return context.record(record_id, {context.table(base_id, table_name).id})


def _comment(context: Context, record: StoredRecord, comment_id: str) -> Comment:
    comment = context.session.comments.one(comment_id)
    if comment is None or comment.record_id != record.id:
        raise refusal.no_such_comment()
    return comment


def _own_comment(
    context: Context, base_id: str, table_name: str, record_id: str, comment_id: str
) -> Comment:
    record = _record(context, base_id, table_name, record_id)
    if not is_id(comment_id, "com"):
        raise refusal.no_such_route()
    comment = _comment(context, record, comment_id)
    if comment.author_id != context.person_id:
        raise refusal.not_permitted()
    return comment


def _text(body: dict[str, Any]) -> str:
    text = body.get("text")
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST_TEXT:
        raise refusal.invalid_request()
    return text


def _as_json(comment: Comment, people: dict[str, Person]) -> dict[str, Any]:
    author = people.get(comment.author_id)
    shown: dict[str, Any] = {
        "id": comment.id,
        "author": {"id": comment.author_id} if author is None else author.as_json(),
        "text": comment.text,
        "createdTime": comment.created,
        "lastUpdatedTime": comment.updated,
    }
    if comment.parent_id is not None:
        shown["parentCommentId"] = comment.parent_id
    mentioned = [people[id_] for id_ in _MENTION.findall(comment.text) if id_ in people]
    if mentioned:
        shown["mentioned"] = {
            person.id: {
                "id": person.id,
                "type": "user",
                "displayName": person.name,
                "email": person.email,
            }
            for person in mentioned
        }
    return shown


_COMMENTS: Final = "/v0/{}/{}/{}/comments"
ROUTES = (
    Route("GET", _COMMENTS, list_comments, READ_COMMENTS),
    Route("POST", _COMMENTS, create, WRITE_COMMENTS, writes=True),
    Route("PATCH", _COMMENTS + "/{}", change, WRITE_COMMENTS, writes=True),
    Route("DELETE", _COMMENTS + "/{}", delete, WRITE_COMMENTS, writes=True),
)
