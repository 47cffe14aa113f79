"""The answer to a client: a reply, or what a fault leaves of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from enum import Enum, auto
from typing import Final

from airhaul.local_base.gate.faults import Fault
from airhaul.local_base.protocol import refusal
from airhaul.wire.call import Reply
from airhaul.wire.limits import NO_RATE_LIMIT_HEADER

_HTML: Final = {"content-type": "text/html; charset=utf-8"}
_LOGIN: Final = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n"
_BAD_GATEWAY: Final = b"<html><head><title>502 Bad Gateway</title></head></html>\n"


@dataclass(frozen=True, slots=True)
class TruncatedReply:
    """A reply that is cut off.

    Args:
        reply: The part that arrives.
        length: The length of the whole body in bytes.
    """

    reply: Reply
    length: int


class NoReply(Enum):
    """No reply: the connection is closed immediately, or held open while the client waits."""

    HANG_UP = auto()
    HOLD = auto()


Answer = Reply | TruncatedReply | NoReply


def dated(reply: Reply, now: datetime, *, has_rate_limit: bool) -> Reply:
    """Add the headers to a reply that do not depend on what was asked.

    Args:
        reply: The reply.
        now: The date and time, in UTC.
        has_rate_limit: Whether requests are refused that come too fast.
    """
    headers = {**reply.headers, "date": format_datetime(now, usegmt=True)}
    if not has_rate_limit:
        headers[NO_RATE_LIMIT_HEADER] = "1"
    return replace(reply, headers=headers)


def apply_fault(fault: Fault, reply: Reply) -> Answer:
    """Apply a fault to a reply.

    Args:
        fault: The fault.
        reply: The reply without the fault.
    """
    match fault.kind:
        case "close-before" | "close-after":
            return NoReply.HANG_UP
        case "timeout-before" | "timeout-after":
            return NoReply.HOLD
        case "500-before" | "500-after":
            return refusal.server_error().reply()
        case "502-before" | "502-after":
            return Reply(502, _BAD_GATEWAY, _HTML)
        case "503-before" | "503-after":
            return refusal.unavailable(fault.retry_after_s).reply()
        case "429":
            return refusal.rate_limited().reply()
        case "429-retry-after":
            return refusal.rate_limited(fault.retry_after_s).reply()
        case "quota":
            return refusal.quota_exceeded().reply()
        case "iterator-lost":
            return refusal.iterator_gone().reply()
        case "truncated":
            length = len(reply.body)
            return TruncatedReply(replace(reply, body=reply.body[: length // 2]), length)
        case "not-json":
            return Reply(200, _LOGIN, _HTML)
