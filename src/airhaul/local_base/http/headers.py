"""The headers that all answers of Airtable's API have, and compressed bodies.

Source: recorded answers of https://api.airtable.com, in the tests of ``grouparoo/grouparoo``.
Left out are the server's name, its cookie, and the ``ETag`` of refusals.
"""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Final

from airhaul.wire.call import Reply

METHODS: Final = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")
"""The methods that pages of other origins may use."""

HEADERS: Final = (
    "authorization",
    "content-length",
    "content-type",
    "user-agent",
    "x-airtable-application-id",
    "x-airtable-user-agent",
    "x-api-version",
    "x-requested-with",
)
"""The headers that pages of other origins may send."""

_ALWAYS: Final = {
    "access-control-allow-headers": ",".join(HEADERS),
    "access-control-allow-methods": ",".join(METHODS),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_TLS_ONLY: Final = "max-age=31536000; includeSubDomains; preload"
# Compressing more takes longer than this machine takes to pass the bytes on.
_LEVEL: Final = 1


def with_headers(reply: Reply, *, has_origin: bool, is_encrypted: bool) -> Reply:
    """Add the headers that every answer has.

    Args:
        reply: The answer.
        has_origin: Whether the request names the origin of a page, to which ``allow_cross_origin``
            answers; without one, the answer allows all of them, as Airtable's does.
        is_encrypted: Whether the request came over TLS.
    """
    headers = {**_ALWAYS, "vary": "Accept-Encoding", **reply.headers}
    if not has_origin:
        # A browser must not use this answer again for a page of another origin.
        headers |= {"access-control-allow-origin": "*", "vary": "Accept-Encoding, Origin"}
    if is_encrypted:
        headers["strict-transport-security"] = _TLS_ONLY
    return replace(reply, headers=headers)


def compressed(reply: Reply, accepted: str) -> Reply:
    """Compress an answer if the client accepts that; refusals stay as they are, as on Airtable.

    Args:
        reply: The answer.
        accepted: The header ``Accept-Encoding`` of the request.
    """
    if reply.status != 200 or not reply.body:
        return reply
    headers = {**reply.headers, "airtable-uncompressed-content-length": str(len(reply.body))}
    if not _is_gzip_accepted(accepted):
        return replace(reply, headers=headers)
    body = gzip.compress(reply.body, _LEVEL, mtime=0)
    return replace(reply, body=body, headers={**headers, "content-encoding": "gzip"})


def _is_gzip_accepted(accepted: str) -> bool:
    for item in accepted.lower().split(","):
        name, _, weight = item.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "").rstrip("0") not in ("q=", "q=0.")
    return False
