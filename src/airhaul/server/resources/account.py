"""Whose token this is."""

from __future__ import annotations

from typing import Any

from airhaul.server.context import Context
from airhaul.server.resources.route import Route


def whoami(context: Context) -> dict[str, Any]:
    """Say who asks."""
    return {"id": context.person_id}


ROUTES = (Route("GET", "/v0/meta/whoami", whoami),)
