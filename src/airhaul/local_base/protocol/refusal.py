"""Refusals with Airtable's statuses, types and wording.

Source: https://airtable.com/developers/web/api/errors and, where it has a gap, answers that other
clients have recorded; anything that is decided here is marked "not published".
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from airhaul.formula.values import to_text
from airhaul.local_base.protocol.encoding import compact_json
from airhaul.wire.call import Reply

_JSON = {"content-type": "application/json; charset=utf-8"}


class Refusal(Exception):  # noqa: N818 - an answer, not a failure
    """An error answer of the API.

    Args:
        status: The HTTP status.
        body: The JSON.
        headers: Headers that only this answer has.
    """

    def __init__(
        self, status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers or {}

    def reply(self) -> Reply:
        """Return the refusal as an HTTP reply."""
        return json_reply(self.body, self.status, self.headers)


def json_reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Make a JSON reply; None means no body at all, as some endpoints answer."""
    if body is None:
        return Reply(status, b"", headers or {})
    return Reply(
        status, compact_json(body).encode("utf-8", "surrogatepass"), {**_JSON, **(headers or {})}
    )


def refuse(status: int, type_: str, message: str | None = None) -> Refusal:
    """Make a refusal of the general form: an object with type and message."""
    error = {"type": type_} if message is None else {"type": type_, "message": message}
    return Refusal(status, {"error": error})


def no_such_route() -> Refusal:
    """Refuse a path that no endpoint has, or a malformed id in it."""
    return Refusal(404, {"error": "NOT_FOUND"})


def not_visible() -> Refusal:
    """Refuse a base or table that does not exist or that the token may not see."""
    return refuse(
        403,
        "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
        "Invalid permissions, or the requested model was not found. Check that both your user "
        "and your token have the required permissions, and that the model names and/or ids are "
        "correct.",
    )


def no_such_record() -> Refusal:
    """Refuse a single record that does not exist."""
    return refuse(404, "MODEL_ID_NOT_FOUND", "Record not found")


def no_such_comment() -> Refusal:
    """Refuse a comment that the record does not have; the message is not published."""
    return refuse(404, "MODEL_ID_NOT_FOUND", "Comment not found")


def not_permitted(what: str = "perform this operation") -> Refusal:
    """Refuse something that the token's person may not do."""
    return refuse(403, "INVALID_PERMISSIONS", f"You are not permitted to {what}")


def foreign_host() -> Refusal:
    """Refuse a request to a name that is not this machine's; Airtable has no such answer."""
    return refuse(
        403,
        "INVALID_HOST",
        "This local base answers to localhost only, because it accepts any token. To use another "
        "name for it, serve it with --token.",
    )


def no_such_workspace() -> Refusal:
    """Refuse a base in a workspace that does not exist; the message is not published."""
    return refuse(404, "MODEL_ID_NOT_FOUND", "The workspace was not found")


def ambiguous_key() -> Refusal:
    """Refuse an upsert whose key several records have, or several rows of the request."""
    return refuse(
        422,
        "INVALID_VALUE_FOR_COLUMN",
        "Cannot update more than one record for fields to merge on",
    )


def too_many_webhooks() -> Refusal:
    """Refuse an eleventh webhook; clients have seen the type, the message is not published."""
    return refuse(
        422, "TOO_MANY_WEBHOOKS_IN_BASE", "A base can have up to 10 webhooks; delete one first"
    )


def invalid_filters() -> Refusal:
    """Refuse a webhook that names something that does not exist; not published."""
    return refuse(
        422, "INVALID_FILTERS", "The webhook names tables, views or fields that are not there"
    )


def expired_webhook() -> Refusal:
    """Refuse to renew an expired webhook; the answer is not published."""
    return refuse(422, "INVALID_HOOK", "The webhook has expired; create a new one")


def not_a_sync_table(name: str) -> Refusal:
    """Refuse to synchronize into a table with records of its own; not published."""
    return refuse(
        422, "INVALID_REQUEST_UNKNOWN", f'Table "{name}" is not a sync table with this id'
    )


def row_does_not_exist(record_id: str) -> Refusal:
    """Refuse a record of a batch that does not exist."""
    return refuse(422, "ROW_DOES_NOT_EXIST", f"Record ID {record_id} does not exist in this table")


def broken(why: str) -> Refusal:
    """Report that the file failed, as with a full disk; the type is the one of airtable.js."""
    return refuse(500, "SERVER_ERROR", f"The local base's file fails: {why}")


def server_error() -> Refusal:
    """Report an internal error; the type is the one of airtable.js, the message not published."""
    return refuse(500, "SERVER_ERROR", "Server error")


def unavailable(retry_after_s: float) -> Refusal:
    """Report that the service is down or timed out."""
    error = {
        "type": "RETRIABLE_ERROR",
        "message": "Server encountered an error while processing your request, and it is safe to "
        "retry the request",
    }
    return Refusal(503, {"error": error}, _retry_after(retry_after_s))


def unauthenticated() -> Refusal:
    """Refuse a request with no token or an unknown one."""
    return refuse(401, "AUTHENTICATION_REQUIRED", "Authentication required")


def rate_limited(retry_after_s: float | None = None) -> Refusal:
    """Refuse one request too many in a second; Airtable is not known to send Retry-After."""
    message = "Rate limit exceeded. Please try again later"
    return _throttled("RATE_LIMIT_REACHED", message, _retry_after(retry_after_s))


def quota_exceeded() -> Refusal:
    """Refuse a request when the workspace's calls for the month are used up."""
    return _throttled(
        "PUBLIC_API_BILLING_LIMIT_EXCEEDED",
        "API billing plan limit exceeded. You've reached the maximum number of requests allowed "
        "for this month.",
    )


def _throttled(type_: str, message: str, headers: Mapping[str, str] | None = None) -> Refusal:
    return Refusal(429, {"errors": [{"error": type_, "message": message}]}, headers)


def _retry_after(seconds: float | None) -> dict[str, str]:
    # The header takes whole seconds.
    return {} if seconds is None else {"retry-after": str(math.ceil(seconds))}


def invalid_request() -> Refusal:
    """Refuse a body or query of the wrong shape."""
    return refuse(
        422,
        "INVALID_REQUEST_UNKNOWN",
        "Invalid request: parameter validation failed. Check your request data.",
    )


def invalid_json() -> Refusal:
    """Refuse a body that is not JSON; the type is not published."""
    return refuse(400, "INVALID_REQUEST_UNKNOWN", "Could not parse request body")


def invalid_body() -> Refusal:
    """Refuse a body with NaN, infinity or invalid Unicode."""
    return refuse(422, "INVALID_REQUEST_BODY", "Could not parse request body")


def too_large() -> Refusal:
    """Refuse a body over the size limit; the type is the one of airtable.js."""
    return refuse(413, "REQUEST_TOO_LARGE", "Request body is too large")


def missing_workspace() -> Refusal:
    """Refuse to create a base without a workspace, as observed with Airtable."""
    return refuse(422, "INVALID_REQUEST", "Server error")


def missing_fields() -> Refusal:
    """Refuse a write without ``fields``."""
    return refuse(
        422, "INVALID_REQUEST_MISSING_FIELDS", 'Could not find field "fields" in the request body'
    )


def too_many_to_create(count: int) -> Refusal:
    """Refuse more than ten records to create; the type is not published."""
    return refuse(
        422,
        "INVALID_RECORDS",
        f"A maximum of 10 records can be created per request but you have provided {count}.",
    )


def invalid_records() -> Refusal:
    """Refuse more than ten records to change, or an incomplete one."""
    return refuse(
        422,
        "INVALID_RECORDS",
        'You must provide an array of up to 10 record objects, each with an "id" ID field and a '
        '"fields" object for cell values.',
    )


def unknown_field(name: str) -> Refusal:
    """Refuse a field that the table does not have."""
    return refuse(422, "UNKNOWN_FIELD_NAME", f'Unknown field name: "{name}"')


def cannot_accept(field: str) -> Refusal:
    """Refuse a value that does not fit the field's type."""
    return refuse(
        422, "INVALID_VALUE_FOR_COLUMN", f'Field "{field}" cannot accept the provided value'
    )


def is_computed(field: str) -> Refusal:
    """Refuse a value for a computed field."""
    return refuse(
        422,
        "INVALID_VALUE_FOR_COLUMN",
        f'Field "{field}" cannot accept a value because the field is computed',
    )


def not_record_ids() -> Refusal:
    """Refuse links that are not a list of ids."""
    return refuse(422, "INVALID_VALUE_FOR_COLUMN", "Value is not an array of record IDs.")


def linked_row_does_not_exist(record_id: str) -> Refusal:
    """Refuse a link to a record that does not exist."""
    return refuse(422, "ROW_DOES_NOT_EXIST", f"Record ID {record_id} does not exist")


def row_of_another_table(record_id: str, table_id: str, linked_id: str) -> Refusal:
    """Refuse a link to a record of the wrong table."""
    return refuse(
        422,
        "ROW_TABLE_DOES_NOT_MATCH_LINKED_TABLE",
        f"Record ID {record_id} belongs to table {table_id}, but the field links to table "
        f"{linked_id}",
    )


def invalid_attachment() -> Refusal:
    """Refuse an attachment with neither a URL nor a known id; the message is not published."""
    return refuse(
        422,
        "INVALID_ATTACHMENT_OBJECT",
        "Each attachment must be an object with the url of a file, or the id of an attachment of "
        "this base.",
    )


def cannot_parse(value: object, field: str) -> Refusal:
    """Refuse a value of the wrong shape; the message shows it as JavaScript converts it to text."""
    shown = ",".join(_leaves(value))
    return refuse(
        422, "INVALID_VALUE_FOR_COLUMN", f'Cannot parse value "{shown}" for field {field}'
    )


def _leaves(value: object) -> Iterator[str]:
    """Convert a value and the items of nested lists to text; objects are not opened."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list) and part:
            waiting += reversed(part)
        elif isinstance(part, dict):
            yield "[object Object]"
        elif isinstance(part, bool):
            yield "true" if part else "false"
        else:
            yield "" if part is None or part == [] else to_text(part)


def cannot_create_choice(name: str) -> Refusal:
    """Refuse an unknown choice without typecast; the message has its name as JSON."""
    quoted = json.dumps(name, ensure_ascii=False)
    return refuse(
        422,
        "INVALID_MULTIPLE_CHOICE_OPTIONS",
        f'Insufficient permissions to create new select option "{quoted}"',
    )


def invalid_formula(detail: str) -> Refusal:
    """Refuse a filter that is invalid or names unknown fields."""
    return refuse(
        422,
        "INVALID_FILTER_BY_FORMULA",
        f"The formula for filtering records is invalid: {detail}",
    )


def iterator_gone() -> Refusal:
    """Refuse an offset whose list is no longer kept."""
    return refuse(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")


def duplicate_field_name() -> Refusal:
    """Refuse a field name that is empty, or taken without regard to case."""
    return refuse(422, "DUPLICATE_OR_EMPTY_FIELD_NAME")


def duplicate_table_name(name: str) -> Refusal:
    """Refuse a table name that is taken; the message is not published."""
    return refuse(422, "DUPLICATE_TABLE_NAME", f'A table named "{name}" exists already')


def unsupported_type(table: str, field: str, type_: str) -> Refusal:
    """Refuse a type of field that the API cannot create."""
    return refuse(
        422,
        "UNSUPPORTED_FIELD_TYPE_FOR_CREATE",
        f"Invalid options for {table}.{field}: Creating {type_} fields is not supported at this "
        "time",
    )


def failed_validation(what: str) -> Refusal:
    """Refuse missing or unknown options, as observed with Airtable."""
    return refuse(422, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE", f"Failed schema validation: {what}")


def invalid_options(field: str, why: str) -> Refusal:
    """Refuse options that do not fit the type of field; the message is not published."""
    return refuse(
        422, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE", f"Invalid options for {field}: {why}"
    )
