"""Calls of a client in this process, converted to requests; answers, to replies or errors."""

from __future__ import annotations

import json

from airhaul.errors import LostReplyError, ReplyTimeoutError
from airhaul.local_base.gate.answers import Answer, NoReply, TruncatedReply
from airhaul.local_base.protocol.request import Request
from airhaul.wire.call import Call, Reply


def request_of(call: Call) -> Request:
    """Convert a call to a request; the body is copied as JSON, so that no object is shared.

    Args:
        call: The call.

    Raises:
        ValueError: The body cannot be written as JSON: an error of the caller.
    """
    if call.body is None:
        return Request(call.method, call.path, call.query)
    text = json.dumps(call.body, allow_nan=False)
    return Request(call.method, call.path, call.query, json.loads(text), json_bytes=len(text))


def reply_to(call: Call, answer: Answer) -> Reply:
    """Convert an answer to a reply, or raise the error that a transport would raise.

    Args:
        call: The call.
        answer: The answer.

    Raises:
        LostReplyError: A fault closed the connection.
        ReplyTimeoutError: A fault withheld the reply; raised without waiting.
    """
    match answer:
        case Reply():
            return answer
        case TruncatedReply():
            return answer.reply
        case NoReply.HANG_UP:
            raise LostReplyError(f"{call}: a fault of the local base closed the connection.")
        case NoReply.HOLD:
            raise ReplyTimeoutError(f"{call}: a fault of the local base withheld the reply.")
