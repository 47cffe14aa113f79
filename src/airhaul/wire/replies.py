"""Turning a reply into its value, or into the right error.

Airtable has five forms of error bodies; a proxy has none of them:

    {"error": {"type": "...", "message": "..."}}        the general form; the message may be absent
    {"error": {"type": "NOT_FOUND"}}                     404
    {"error": "NOT_FOUND"}                               404, a route that does not exist
    {"errors": [{"error": "...", "message": "..."}]}     429
    {"error": "invalid_grant", "error_description": ""}  the OAuth token endpoint

Source: https://airtable.com/developers/web/api/errors, and recorded replies for the last three.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from airhaul.errors import (
    AirhaulError,
    ApiError,
    AuthenticationError,
    BadReplyError,
    InvalidRequestError,
    IteratorExpiredError,
    NotFoundError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
)
from airhaul.messages import Message, Method
from airhaul.wire.call import Call, Reply
from airhaul.wire.shapes import RecordJson

_QUOTA = "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
_ITERATOR = "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"

_TIMED_OUT = 408  # from a proxy; whether the request was executed is not known

_ADVICE: Final[dict[int, str]] = {
    401: "Check the access token: it may be wrong, revoked or expired.",
    403: Message(
        "Check that the base and table IDs or names are right, that the token has access to this "
        "base, that it has the scope for this call (data.records:read or :write for rows, "
        "schema.bases:read or :write for tables), and that its user may do this. To create a "
        "table that does not exist yet: ",
        Method("create_table"),
        ".",
    ),
    404: "Check the IDs and names in the path.",
    413: "The request is too large: send fewer or smaller cells.",
}


class Envelope(NamedTuple):
    """The content of an error body."""

    type: str
    detail: str


def parse(call: Call, reply: Reply) -> Any:
    """Read a reply.

    Args:
        call: The request; its method and path are part of messages.
        reply: The reply.

    Returns:
        The JSON of a reply with status 200; None when its body is empty.

    Raises:
        BadReplyError: The status is 200 and the body is not JSON.
        ApiError: The status is another one; the class depends on it.
    """
    if not 200 <= reply.status < 300:
        raise error_of(call, reply)
    if not reply.body.strip():
        return None
    try:
        return reply.json()
    except ValueError:
        raise _not_json(call, reply) from None


def error_of(call: Call, reply: Reply) -> AirhaulError:
    """Make the error for a reply with an error status."""
    envelope = _envelope(reply)
    if envelope is None and reply.status == 429:
        envelope = Envelope("", "")  # from a proxy, with the same meaning
    if envelope is None:
        if reply.status >= 500 or reply.status == _TIMED_OUT:
            return ServerError(_message(call, reply, Envelope("", "")), status=reply.status)
        return _not_json(call, reply)
    message = _message(call, reply, envelope)
    type_, detail = envelope
    if reply.status == 429 and type_ != _QUOTA:
        wait_s = retry_after_s(reply)
        return RateLimitError(message, type=type_, detail=detail, retry_after_s=wait_s)
    error_class = _error_class(reply.status, type_)
    return error_class(message, status=reply.status, type=type_, detail=detail)


def _error_class(status: int, type_: str) -> type[ApiError]:
    if status == 429:
        return QuotaExceededError
    if type_ == _ITERATOR:
        return IteratorExpiredError
    if status >= 500:
        return ServerError
    return {
        400: InvalidRequestError,
        401: AuthenticationError,
        403: PermissionDeniedError,
        404: NotFoundError,
        413: InvalidRequestError,
        422: InvalidRequestError,
    }.get(status, ApiError)


def _envelope(reply: Reply) -> Envelope | None:
    try:
        body = reply.json()
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    errors = body.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        first: dict[str, Any] = errors[0]
        return Envelope(str(first.get("error", "")), str(first.get("message") or ""))
    error = body.get("error")
    if isinstance(error, dict):
        return Envelope(str(error.get("type", "")), str(error.get("message") or ""))
    if isinstance(error, str):
        return Envelope(error, str(body.get("error_description") or ""))
    return None


def _message(call: Call, reply: Reply, envelope: Envelope) -> str:
    detail = ": ".join(part for part in (envelope.type, envelope.detail) if part)
    text = f"{call}: Airtable answered {reply.status}" + (f" {detail}" if detail else "")
    advice = _ADVICE.get(reply.status, "")
    if envelope.type == _QUOTA:
        advice = "The API calls of this month are used up; the count restarts on the first."
    elif reply.status >= 500:
        advice = "Airtable failed; see https://status.airtable.com."
    if not text.endswith((".", "!")):
        text += "."
    return Message(f"{text} ", advice) if advice else text


def _not_json(call: Call, reply: Reply) -> BadReplyError:
    kind = reply.headers.get("content-type", "no content type")
    start = reply.body[:60].decode("utf-8", "replace").strip()
    return BadReplyError(
        f"{call}: expected JSON, got {kind} with status {reply.status}, starting {start!r}. "
        "Check the endpoint URL, and whether a proxy or a login page answers instead of Airtable.",
        status=reply.status,
        is_page="json" not in reply.headers.get("content-type", "json"),
    )


def retry_after_s(reply: Reply) -> float | None:
    """Read the seconds that a reply asks to wait; None if it does not.

    Documented for 503 only, as a number of seconds; read from every reply.
    """
    try:
        seconds = float(reply.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86_400 else None


def list_in(value: Any, name: str) -> list[Any]:
    """Take a list of objects with IDs, such as ``tables``, out of a reply.

    Args:
        value: The JSON of the reply.
        name: The name of the list.

    Returns:
        The list, not copied.

    Raises:
        BadReplyError: There is no such list, so the reply is not from Airtable.
    """
    found = value.get(name) if isinstance(value, dict) else None
    if isinstance(found, list):
        for item in found:
            if item.__class__ is not dict or "id" not in item:
                break
        else:
            return found
    raise BadReplyError(
        f"expected {name}, got JSON of another kind, starting {str(value)[:60]!r}. "
        "Check the endpoint URL.",
        status=200,
    )


def object_in(value: Any, name: str) -> Any:
    """Check a reply that is one object with an ID, such as a table; see ``list_in``."""
    (found,) = list_in({name: [value]}, name)
    return found


def records_in(value: Any, count: int | None = None) -> list[RecordJson]:
    """Take the records out of a reply, and check that they are records.

    Args:
        value: The JSON of the reply.
        count: The number of records that there must be; None for any number.

    Returns:
        The records, not copied.

    Raises:
        BadReplyError: There are no records or too few, so the reply is not from Airtable.
    """
    records: list[RecordJson] = list_in(value, "records")
    for record in records:  # a plain loop, because it runs for every record that is read
        if record.get("fields").__class__ is not dict:
            raise BadReplyError("the reply has records without fields", status=200)
    if count is not None and len(records) != count:
        raise BadReplyError(f"{count} rows were sent, but the reply has {len(records)}", status=200)
    return records
