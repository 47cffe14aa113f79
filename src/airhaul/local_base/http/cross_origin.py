"""Which pages in a browser may use the API from another origin.

Source: what https://api.airtable.com answers, as recorded: ``access-control-allow-origin: *``, with
the methods and headers below. There a page needs a token that was made for somebody. Here any token
may do, and then any page that a browser shows could read the base; so pages of other machines are
let in only if the server was told its tokens, and else those of this machine alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_METHODS: Final = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")
_HEADERS: Final = (
    "authorization",
    "content-length",
    "content-type",
    "user-agent",
    "x-airtable-application-id",
    "x-airtable-user-agent",
    "x-api-version",
    "x-requested-with",
)
# A page of a file has the origin "null", and so has one in a sandbox, wherever it comes from.
_THIS_MACHINE: Final = (
    r"https?://(localhost|([a-z0-9-]+\.)+localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]+)?"
)


def allow_cross_origin(app: ASGIApp, *, everywhere: bool) -> ASGIApp:
    """Let pages of other origins use an application.

    Args:
        app: The application.
        everywhere: Whether pages of any origin may; else those that this machine serves.
    """
    from starlette.middleware.cors import CORSMiddleware

    return CORSMiddleware(
        app,
        allow_origins=["*"] if everywhere else (),
        allow_origin_regex=None if everywhere else _THIS_MACHINE,
        allow_methods=_METHODS,
        allow_headers=_HEADERS,
    )
