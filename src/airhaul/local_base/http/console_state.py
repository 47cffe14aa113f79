"""The state that the console shows, and the settings that it changes."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields
from hashlib import blake2b
from importlib.metadata import version
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from airhaul.errors import ConfigurationError, reason_of
from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.faults import KINDS, METHODS, Faults
from airhaul.local_base.gate.request_log import LoggedRequest

MOST_REQUESTS: Final = 200
"""The highest number of requests in one answer; the latest if there are more."""

_MINUTE_S: Final = 60.0
_SUMMARY: Final = tuple(field.name for field in fields(LoggedRequest) if field.name != "body")


class Settings(BaseModel):
    """The settings that can be changed at run time.

    Args:
        latency_s: Seconds by which each reply is delayed.
        requests_per_second: The rate limit of each base; None for no limit. Setting it ends all
            lockouts.
        quota_left: How many data requests are left this month; None for no quota.
        faults: All faults to inject, each as ``Fault.parse`` reads it.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    latency_s: Annotated[float, Field(ge=0, le=60, allow_inf_nan=False)] = 0.0
    requests_per_second: Annotated[int, Field(ge=1, le=1_000)] | None = None
    quota_left: Annotated[int, Field(ge=0)] | None = None
    faults: Annotated[list[str], Field(max_length=100)] = []


def state(local_base: LocalBase, after: int = 0) -> dict[str, Any]:
    """Return everything that the console shows on its main page.

    Args:
        local_base: The local base.
        after: Only requests after this number are returned.
    """
    log = local_base.requests
    kept = log.copy_now()
    latest = log.since(after)
    return {
        "version": version("airhaul"),
        "base_id": local_base.default_base_id,
        "kinds": KINDS,
        "methods": METHODS,
        "now": local_base.now(),
        "revision": revision(local_base),
        "settings": settings(local_base),
        "locked_until": _locked_until(local_base),
        "penalty_s": local_base.limits.penalty_s,
        "counts": {
            "methods": Counter(request.method for request in kept),
            "statuses": Counter(str(request.status) for request in kept),
        },
        "first": kept[0].number if kept else log.last_number + 1,
        "last": latest[0].number if latest else log.last_number,
        "requests": [_summary(request) for request in latest[:MOST_REQUESTS]],
    }


def revision(local_base: LocalBase) -> str:
    """Return a hash that changes with the settings and lockouts, and when the log is cleared."""
    is_empty = not local_base.requests
    shown = [settings(local_base), _locked_until(local_base), is_empty]
    return blake2b(json.dumps(shown).encode(), digest_size=8).hexdigest()


def settings(local_base: LocalBase) -> dict[str, Any]:
    """Return the current settings that can be changed at run time."""
    faults = local_base.faults
    return {
        "latency_s": local_base.latency_s,
        "requests_per_second": local_base.limits.requests_per_second,
        "quota_left": local_base.limits.quota_left,
        "faults": [
            {"text": str(fault), "happened": happened}
            for fault, happened in (faults.happened() if faults else ())
        ],
    }


def request_whole(local_base: LocalBase, number: int) -> dict[str, Any] | None:
    """Return a logged request with both bodies; None if it is no longer kept.

    Args:
        local_base: The local base.
        number: The request's number.
    """
    found = local_base.requests.find(number)
    if found is None:
        return None
    request, reply = found
    return {
        **_summary(request),
        "query": request.query,
        "body": request.body,
        "reply": None if reply is None else reply.decode("utf-8", "replace"),
    }


def change_settings(local_base: LocalBase, wanted: bytes) -> None:
    """Change settings, all of them or none.

    Args:
        local_base: The local base.
        wanted: ``Settings`` as JSON; settings that it does not name stay as they are.

    Raises:
        ConfigurationError: A setting is unknown or invalid.
    """
    try:
        chosen = Settings.model_validate_json(wanted)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "The body"
        raise ConfigurationError(f"{where}: {reason_of(first)}") from None
    named = chosen.model_fields_set
    if "faults" in named:
        local_base.faults = (local_base.faults or Faults()).changed(chosen.faults)
    if "latency_s" in named:
        local_base.latency_s = chosen.latency_s
    if "requests_per_second" in named:
        local_base.limits.requests_per_second = chosen.requests_per_second
    if "quota_left" in named:
        local_base.limits.quota_left = chosen.quota_left


def _locked_until(local_base: LocalBase) -> dict[str, float]:
    return local_base.limits.locked_until(local_base.now() - _MINUTE_S)


def _summary(request: LoggedRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in _SUMMARY}
