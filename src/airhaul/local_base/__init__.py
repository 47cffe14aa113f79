"""The local base: Airtable's API on a SQLite file or in memory, in process or over HTTP.

from airhaul.local_base import LocalBase, LocalServer

with LocalBase.open("crm.db") as base, LocalServer(base) as server:
    print(server.url)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airhaul.local_base.base import LocalBase
    from airhaul.local_base.gate.faults import Fault, Faults
    from airhaul.local_base.gate.tokens import Token
    from airhaul.local_base.http.serve import LocalServer

__all__ = ["Fault", "Faults", "LocalBase", "LocalServer", "Token"]

_MODULES = {
    "Fault": "airhaul.local_base.gate.faults",
    "Faults": "airhaul.local_base.gate.faults",
    "LocalBase": "airhaul.local_base.base",
    "LocalServer": "airhaul.local_base.http.serve",
    "Token": "airhaul.local_base.gate.tokens",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used, since most programs need no server."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_MODULES[name]), name)
