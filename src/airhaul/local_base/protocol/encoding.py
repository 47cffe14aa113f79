"""How the API writes JSON and points in time."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any


def compact_json(value: Any) -> str:
    """Write JSON without spaces, and with characters beyond ASCII as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def time_text(moment: datetime) -> str:
    """Write a time in UTC as most answers have it: ISO 8601 with milliseconds and ``Z``."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def created_text(moment: datetime) -> str:
    """Write a time in UTC as ``createdTime`` has it in all recorded answers: whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
