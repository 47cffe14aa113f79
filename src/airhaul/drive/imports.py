"""What the first request imports: a fork waits for it, since the child could not finish it.

A module that another thread imports at the moment of a fork stays locked in the child, where that
thread is gone; whoever imports it there waits forever.
"""

from __future__ import annotations

import os
import threading
from importlib import import_module
from typing import Final

# They take a while to import, and programs that send nothing over HTTP do not need them.
_MODULES: Final = (
    "airhaul.drive.http.transport",
    "encodings.idna",
    "filelock",
    "platformdirs",
    "ssl",
    "urllib.request",
)
_LOCK: Final = threading.RLock()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release
    )


def import_for_requests() -> None:
    """Import what is needed to send requests over HTTP."""
    with _LOCK:
        for name in _MODULES:
            import_module(name)
