"""Refusals with Airtable's statuses, types and wording.

Source: https://airtable.com/developers/web/api/errors and, where that is silent, answers that other
clients have recorded; what is not published either is marked so.
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
    """An answer that says no.

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
        """The refusal as it goes over the wire."""
        return json_reply(self.body, self.status, self.headers)


def json_reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Make a reply of JSON; None is no body at all, as some endpoints have it."""
    if body is None:
        return Reply(status, b"", headers or {})
    return Reply(
        status, compact_json(body).encode("utf-8", "surrogatepass"), {**_JSON, **(headers or {})}
    )


def refuse(status: int, type_: str, message: str | None = None) -> Refusal:
    """The general form: an object with type and message."""
    error = {"type": type_} if message is None else {"type": type_, "message": message}
    return Refusal(status, {"error": error})


def no_such_route() -> Refusal:
    """A path that leads nowhere, a malformed id included."""
    return Refusal(404, {"error": "NOT_FOUND"})


def not_visible() -> Refusal:
    """A base or table that is not there, which a token cannot tell from one it may not see."""
    return refuse(
        403,
        "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
        "Invalid permissions, or the requested model was not found. Check that both your user "
        "and your token have the required permissions, and that the model names and/or ids are "
        "correct.",
    )


def no_such_record() -> Refusal:
    """A single record that is not there."""
    return refuse(404, "MODEL_ID_NOT_FOUND", "Record not found")


def no_such_comment() -> Refusal:
    """A comment that is not there, or on another record; the message is not published."""
    return refuse(404, "MODEL_ID_NOT_FOUND", "Comment not found")


def not_permitted(what: str = "perform this operation") -> Refusal:
    """Something that this person may not do."""
    return refuse(403, "INVALID_PERMISSIONS", f"You are not permitted to {what}")


def too_many_webhooks() -> Refusal:
    """More than ten webhooks for a base; clients have seen the type, not the message."""
    return refuse(
        422, "TOO_MANY_WEBHOOKS_IN_BASE", "A base can have up to 10 webhooks; delete one first"
    )


def invalid_filters() -> Refusal:
    """A webhook that would watch what is not there; the answer is not published."""
    return refuse(
        422, "INVALID_FILTERS", "The webhook names tables, views or fields that are not there"
    )


def expired_webhook() -> Refusal:
    """A webhook that is over, and cannot be renewed; the answer is not published."""
    return refuse(422, "INVALID_HOOK", "The webhook has expired; create a new one")


def not_a_sync_table(name: str) -> Refusal:
    """Synchronising into a table that has records of its own; the answer is not published."""
    return refuse(
        422, "INVALID_REQUEST_UNKNOWN", f'Table "{name}" is not a sync table with this id'
    )


def row_does_not_exist(record_id: str) -> Refusal:
    """A record in a batch that is not there."""
    return refuse(422, "ROW_DOES_NOT_EXIST", f"Record ID {record_id} does not exist in this table")


def broken(why: str) -> Refusal:
    """The file cannot be read or written: a full disk, for one. The type is airtable.js's own."""
    return refuse(500, "SERVER_ERROR", f"The local base's file fails: {why}")


def server_error() -> Refusal:
    """A fault of the service. The type is airtable.js's own, the message not published."""
    return refuse(500, "SERVER_ERROR", "Server error")


def unavailable(retry_after_s: float) -> Refusal:
    """The service is down, or has run out of time."""
    error = {
        "type": "RETRIABLE_ERROR",
        "message": "Server encountered an error while processing your request, and it is safe to "
        "retry the request",
    }
    return Refusal(503, {"error": error}, _retry_after(retry_after_s))


def unauthenticated() -> Refusal:
    """No token, or one that is refused."""
    return refuse(401, "AUTHENTICATION_REQUIRED", "Authentication required")


def rate_limited(retry_after_s: float | None = None) -> Refusal:
    """Too many requests in a second; the service is not known to say for how long."""
    message = "Rate limit exceeded. Please try again later"
    return _throttled("RATE_LIMIT_REACHED", message, _retry_after(retry_after_s))


def quota_exceeded() -> Refusal:
    """The month's calls of the workspace are used up."""
    return _throttled(
        "PUBLIC_API_BILLING_LIMIT_EXCEEDED",
        "API billing plan limit exceeded. You've reached the maximum number of requests allowed "
        "for this month.",
    )


def _throttled(type_: str, message: str, headers: Mapping[str, str] | None = None) -> Refusal:
    return Refusal(429, {"errors": [{"error": type_, "message": message}]}, headers)


def _retry_after(seconds: float | None) -> dict[str, str]:
    # The header has whole seconds.
    return {} if seconds is None else {"retry-after": str(math.ceil(seconds))}


def invalid_request() -> Refusal:
    """A body or query of the wrong shape."""
    return refuse(
        422,
        "INVALID_REQUEST_UNKNOWN",
        "Invalid request: parameter validation failed. Check your request data.",
    )


def invalid_json() -> Refusal:
    """A body that is not JSON; the type is not published."""
    return refuse(400, "INVALID_REQUEST_UNKNOWN", "Could not parse request body")


def invalid_body() -> Refusal:
    """A body that holds NaN, infinity or what is no Unicode."""
    return refuse(422, "INVALID_REQUEST_BODY", "Could not parse request body")


def too_large() -> Refusal:
    """A body over the limit; the type is the one that airtable.js gives it."""
    return refuse(413, "REQUEST_TOO_LARGE", "Request body is too large")


def missing_workspace() -> Refusal:
    """A base to create without a workspace, which the service is seen to answer so."""
    return refuse(422, "INVALID_REQUEST", "Server error")


def missing_fields() -> Refusal:
    """A write without fields."""
    return refuse(
        422, "INVALID_REQUEST_MISSING_FIELDS", 'Could not find field "fields" in the request body'
    )


def too_many_to_create(count: int) -> Refusal:
    """More than ten records to create; the type is not published."""
    return refuse(
        422,
        "INVALID_RECORDS",
        f"A maximum of 10 records can be created per request but you have provided {count}.",
    )


def invalid_records() -> Refusal:
    """More than ten records to change, or one that is not whole."""
    return refuse(
        422,
        "INVALID_RECORDS",
        'You must provide an array of up to 10 record objects, each with an "id" ID field and a '
        '"fields" object for cell values.',
    )


def unknown_field(name: str) -> Refusal:
    """A field that the table lacks."""
    return refuse(422, "UNKNOWN_FIELD_NAME", f'Unknown field name: "{name}"')


def cannot_accept(field: str) -> Refusal:
    """A value that the field's type does not hold."""
    return refuse(
        422, "INVALID_VALUE_FOR_COLUMN", f'Field "{field}" cannot accept the provided value'
    )


def is_computed(field: str) -> Refusal:
    """A value for a field that is computed."""
    return refuse(
        422,
        "INVALID_VALUE_FOR_COLUMN",
        f'Field "{field}" cannot accept a value because the field is computed',
    )


def not_record_ids() -> Refusal:
    """Links that are no list of ids."""
    return refuse(422, "INVALID_VALUE_FOR_COLUMN", "Value is not an array of record IDs.")


def linked_row_does_not_exist(record_id: str) -> Refusal:
    """A link to a record that is not there."""
    return refuse(422, "ROW_DOES_NOT_EXIST", f"Record ID {record_id} does not exist")


def row_of_another_table(record_id: str, table_id: str, linked_id: str) -> Refusal:
    """A link to a record of another table than the field links to."""
    return refuse(
        422,
        "ROW_TABLE_DOES_NOT_MATCH_LINKED_TABLE",
        f"Record ID {record_id} belongs to table {table_id}, but the field links to table "
        f"{linked_id}",
    )


def invalid_attachment() -> Refusal:
    """An attachment without a URL or an id that is known; the message is not published."""
    return refuse(
        422,
        "INVALID_ATTACHMENT_OBJECT",
        "Each attachment must be an object with the url of a file, or the id of an attachment of "
        "this base.",
    )


def cannot_parse(value: object, field: str) -> Refusal:
    """A value of a shape that the field's type does not hold, as JavaScript makes text of it."""
    shown = ",".join(_leaves(value))
    return refuse(
        422, "INVALID_VALUE_FOR_COLUMN", f'Cannot parse value "{shown}" for field {field}'
    )


def _leaves(value: object) -> Iterator[str]:
    """The texts of what is in a list, however deeply; of an object there is no more than that."""
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
    """A choice that is not there, without typecast; its name stands there as JSON."""
    quoted = json.dumps(name, ensure_ascii=False)
    return refuse(
        422,
        "INVALID_MULTIPLE_CHOICE_OPTIONS",
        f'Insufficient permissions to create new select option "{quoted}"',
    )


def invalid_formula(detail: str) -> Refusal:
    """A filter that cannot be read, or names fields that are not there."""
    return refuse(
        422,
        "INVALID_FILTER_BY_FORMULA",
        f"The formula for filtering records is invalid: {detail}",
    )


def iterator_gone() -> Refusal:
    """An offset that the server has forgotten."""
    return refuse(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")


def duplicate_field_name() -> Refusal:
    """A field name that is taken, without regard to case, or empty."""
    return refuse(422, "DUPLICATE_OR_EMPTY_FIELD_NAME")


def duplicate_table_name(name: str) -> Refusal:
    """A table name that is taken; the message is not published."""
    return refuse(422, "DUPLICATE_TABLE_NAME", f'A table named "{name}" exists already')


def unsupported_type(table: str, field: str, type_: str) -> Refusal:
    """A type of field that the API does not create."""
    return refuse(
        422,
        "UNSUPPORTED_FIELD_TYPE_FOR_CREATE",
        f"Invalid options for {table}.{field}: Creating {type_} fields is not supported at this "
        "time",
    )


def failed_validation(what: str) -> Refusal:
    """Options of which one is missing, or is not known; seen so in answers of the service."""
    return refuse(422, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE", f"Failed schema validation: {what}")


def invalid_options(field: str, why: str) -> Refusal:
    """Options that a type of field does not have; the message is not published."""
    return refuse(
        422, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE", f"Invalid options for {field}: {why}"
    )
