"""Cross-origin requests (CORS): which pages in a browser may use the API.

Source: recorded answers of https://api.airtable.com: ``access-control-allow-origin: *``, with the
methods and headers of ``headers.py``. At Airtable a page needs somebody's token. Here any token may
be accepted, so any page in a browser could read the base. Therefore pages of other machines are
allowed only if the accepted tokens are set; otherwise only pages of this machine are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from airhaul.local_base.http.headers import HEADERS, METHODS

if TYPE_CHECKING:
    from starlette.types import ASGIApp

# A page from a file has the origin "null", as does a sandboxed page from anywhere: not allowed.
_THIS_MACHINE: Final = (
    r"https?://(localhost|([a-z0-9-]+\.)+localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]+)?"
)


def allow_cross_origin(app: ASGIApp, *, everywhere: bool) -> ASGIApp:
    """Wrap an application so that pages of other origins can use it.

    Args:
        app: The application.
        everywhere: Whether any origin is allowed; otherwise only those of this machine.
    """
    from starlette.middleware.cors import CORSMiddleware

    return CORSMiddleware(
        app,
        allow_origins=["*"] if everywhere else (),
        allow_origin_regex=None if everywhere else _THIS_MACHINE,
        allow_methods=METHODS,
        allow_headers=HEADERS,
    )
