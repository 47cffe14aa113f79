"""Lists the files that one ``Item.bulk_create(rows)`` passes on the client's side.

    python tools/main_path.py

A profile of one call over HTTP, of all threads: each file in the order in which it is entered,
with the functions of it that ran. Imports are left out, since one call is made before, and so is
the local base that answers, with all that it calls. docs/architecture.md draws this path.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from airhaul import Record, configure
from airhaul.testing import serving

SOURCE = Path(__file__).parent.parent / "src/airhaul"
LOCAL_BASE = SOURCE / "local_base"
ROWS = [{"name": f"n{n}", "number": n} for n in range(25)]


class Item(Record, table="Items"):
    """A row of the table that is written to."""

    name: str
    number: int = 0


def is_of_local_base(frame: FrameType | None) -> bool:
    """Whether the local base runs, or something that it has called."""
    while frame is not None:
        if LOCAL_BASE in Path(frame.f_code.co_filename).parents:
            return True
        frame = frame.f_back
    return False


def main() -> None:
    """Profile one call, and print what it passes."""
    passed: dict[str, dict[str, None]] = {}

    def watch(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "call" or code.co_name in ("<module>", "<lambda>"):
            return
        path = Path(code.co_filename)
        if path.is_relative_to(SOURCE) and not is_of_local_base(frame):
            passed.setdefault(path.relative_to(SOURCE).as_posix(), {})[code.co_qualname] = None

    with serving() as server:
        configure(server.token, server.base_id, endpoint_url=server.url)
        Item.create_table()
        Item.bulk_create(ROWS)
        threading.setprofile(watch)
        sys.setprofile(watch)
        try:
            Item.bulk_create(ROWS)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
    for name, functions in passed.items():
        print(f"{name}: {', '.join(functions)}")
    print(f"{len(passed)} files, {sum(map(len, passed.values()))} functions")


if __name__ == "__main__":
    main()
