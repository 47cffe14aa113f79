"""Airtable as a source and a destination of dlt.

from airhaul.dlt import airtable_destination, airtable_source

dlt.pipeline("crm", destination="duckdb").run(airtable_source(base_id="app1"))
dlt.pipeline("totals", destination=airtable_destination(base_id="app2")).run(
    totals, table_name="Totals", primary_key="Name"
)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airhaul.dlt.destination import airtable_destination, rejected_rows
    from airhaul.dlt.source import airtable_source

__all__ = ["airtable_destination", "airtable_source", "rejected_rows"]

_MODULES = {
    "airtable_destination": "airhaul.dlt.destination",
    "airtable_source": "airhaul.dlt.source",
    "rejected_rows": "airhaul.dlt.destination",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used, since it needs dlt."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    from airhaul.errors import MissingExtraError

    try:
        return getattr(importlib.import_module(_MODULES[name]), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "dlt":
            raise
        raise MissingExtraError(
            'airhaul.dlt needs dlt; install it with: pip install "airhaul[dlt]"'
        ) from error
