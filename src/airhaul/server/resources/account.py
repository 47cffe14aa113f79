"""Whose token this is."""

from __future__ import annotations

from typing import Any

from airhaul.server.resources.route import Context, Route


def whoami(context: Context) -> dict[str, Any]:
    """Answer with the store's only user; every token is theirs."""
    return {"id": context.store.user_id}


ROUTES = (Route("GET", "/v0/meta/whoami", whoami),)
