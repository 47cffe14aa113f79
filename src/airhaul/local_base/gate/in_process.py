"""Calls of a client in this process: requests that need no socket, and replies or errors."""

from __future__ import annotations

import json

from airhaul.errors import LostReplyError, ReplyTimeoutError
from airhaul.local_base.gate.answers import Answer, NoReply, TruncatedReply
from airhaul.local_base.protocol.request import Request
from airhaul.wire.call import Call, Reply


def request_of(call: Call) -> Request:
    """Make a call a request, through text and back, so that both sides never share an object.

    Args:
        call: The call.

    Raises:
        ValueError: The body is not JSON: a fault of the caller.
    """
    if call.body is None:
        return Request(call.method, call.path, call.query)
    text = json.dumps(call.body, allow_nan=False)
    return Request(call.method, call.path, call.query, json.loads(text), json_bytes=len(text))


def reply_to(call: Call, answer: Answer) -> Reply:
    """Tell an answer as a transport does.

    Args:
        call: What was asked.
        answer: What came of it.

    Raises:
        LostReplyError: A fault closed the connection.
        ReplyTimeoutError: A fault kept the reply; nothing is waited for.
    """
    match answer:
        case Reply():
            return answer
        case TruncatedReply():
            return answer.reply
        case NoReply.HANG_UP:
            raise LostReplyError(f"{call}: a fault of the local base closed the connection.")
        case NoReply.HOLD:
            raise ReplyTimeoutError(f"{call}: a fault of the local base kept the reply.")
