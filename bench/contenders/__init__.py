"""The clients that are compared: one module each, loaded in the process that measures it.

Each has a class ``Contender`` with a method for each task that the client has a verb for, or that
its documentation shows how to do; a task without a method is left out. Only what a method does is
measured: its module is imported, and one record read, before the clock starts.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any, Final

TOKEN: Final = "patBenchmark.x"  # noqa: S105 - the local base takes any

AIRHAUL: Final = "airhaul"
ORM: Final = "pyairtable ORM"
API: Final = "pyairtable Table"
PYDANTIC: Final = "pydantic-airtable"
FLOOR: Final = "http.client + json"

MODULES: Final = {
    FLOOR: "contenders.floor",
    AIRHAUL: "contenders.airhaul_table",
    ORM: "contenders.pyairtable_orm",
    API: "contenders.pyairtable_table",
    PYDANTIC: "contenders.pydantic_airtable_model",
}


@dataclass
class Report:
    """What a client tells its user; filled while it works, so that it is there after an error too.

    Args:
        records: How many records it has read, or rows it has compared.
        named: The rows, by their places, that it says it has not written.
        said: Anything more that it said.
    """

    records: int = 0
    named: list[int] = field(default_factory=list[int])
    said: str = ""


def load(name: str, url: str, base_id: str, *, limit: bool) -> Any:
    """Make a contender.

    Args:
        name: Its name.
        url: Where the server is.
        base_id: The base.
        limit: Whether the server has Airtable's limit.
    """
    return importlib.import_module(MODULES[name]).Contender(url, base_id, limit=limit)
