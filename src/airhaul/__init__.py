"""Typed Pydantic models on Airtable, with batch operations as the heart.

from airhaul import Record, configure

configure(local=":memory:")

class User(Record, table="Users"):
    name: str
    age: int | None = None

User.create_table()
User.bulk_create([{"name": "Ada", "age": 36}, {"name": "Alan"}])
User.where(age__gt=30).all()
"""

from typing import TYPE_CHECKING, Any

from airhaul._version import __version__

if TYPE_CHECKING:
    from airhaul.bulk.engine.retry import Retries
    from airhaul.bulk.journal.runs import Run
    from airhaul.bulk.reads.linked_records import MissingRecordWarning
    from airhaul.bulk.results.outcomes import RowOutcome
    from airhaul.bulk.results.result import BulkResult
    from airhaul.bulk.writing.bulk_write import result_of
    from airhaul.client.aio.airtable import AsyncAirtable
    from airhaul.client.aio.plan import AsyncPlan
    from airhaul.client.aio.query import AsyncQuery
    from airhaul.client.aio.table import AsyncTable
    from airhaul.client.config import Config
    from airhaul.client.default import configure, configure_from_env, configured
    from airhaul.client.sync.airtable import Airtable
    from airhaul.client.sync.plan import Plan
    from airhaul.client.sync.query import Query
    from airhaul.client.sync.table import Table
    from airhaul.errors import (
        AirhaulError,
        ApiError,
        BulkError,
        BulkInterrupted,
        JournalError,
        RowError,
        TransportError,
    )
    from airhaul.formula import F, Q, fn
    from airhaul.model.fields import airtable_field
    from airhaul.model.generated.source import GeneratedModels
    from airhaul.model.links.link import Link
    from airhaul.model.read import CellWarning, MissingFieldWarning
    from airhaul.model.table_check import TableDifference, TablePlan
    from airhaul.record import Record, airtable_model
    from airhaul.record.generated import generate_models
    from airhaul.record.tables import create_tables

__all__ = [
    "AirhaulError",
    "Airtable",
    "ApiError",
    "AsyncAirtable",
    "AsyncPlan",
    "AsyncQuery",
    "AsyncTable",
    "BulkError",
    "BulkInterrupted",
    "BulkResult",
    "CellWarning",
    "Config",
    "F",
    "GeneratedModels",
    "JournalError",
    "Link",
    "MissingFieldWarning",
    "MissingRecordWarning",
    "Plan",
    "Q",
    "Query",
    "Record",
    "Retries",
    "RowError",
    "RowOutcome",
    "Run",
    "Table",
    "TableDifference",
    "TablePlan",
    "TransportError",
    "__version__",
    "airtable_field",
    "airtable_model",
    "configure",
    "configure_from_env",
    "configured",
    "create_tables",
    "fn",
    "generate_models",
    "result_of",
]

_IN = {
    "AirhaulError": "airhaul.errors",
    "Airtable": "airhaul.client.sync.airtable",
    "ApiError": "airhaul.errors",
    "AsyncAirtable": "airhaul.client.aio.airtable",
    "AsyncPlan": "airhaul.client.aio.plan",
    "AsyncQuery": "airhaul.client.aio.query",
    "AsyncTable": "airhaul.client.aio.table",
    "BulkError": "airhaul.errors",
    "BulkInterrupted": "airhaul.errors",
    "BulkResult": "airhaul.bulk.results.result",
    "CellWarning": "airhaul.model.read",
    "Config": "airhaul.client.config",
    "F": "airhaul.formula",
    "GeneratedModels": "airhaul.model.generated.source",
    "JournalError": "airhaul.errors",
    "Link": "airhaul.model.links.link",
    "MissingFieldWarning": "airhaul.model.read",
    "MissingRecordWarning": "airhaul.bulk.reads.linked_records",
    "Plan": "airhaul.client.sync.plan",
    "Q": "airhaul.formula",
    "Query": "airhaul.client.sync.query",
    "Record": "airhaul.record",
    "Retries": "airhaul.bulk.engine.retry",
    "RowError": "airhaul.errors",
    "RowOutcome": "airhaul.bulk.results.outcomes",
    "Run": "airhaul.bulk.journal.runs",
    "Table": "airhaul.client.sync.table",
    "TableDifference": "airhaul.model.table_check",
    "TablePlan": "airhaul.model.table_check",
    "TransportError": "airhaul.errors",
    "airtable_field": "airhaul.model.fields",
    "airtable_model": "airhaul.record",
    "configure": "airhaul.client.default",
    "configure_from_env": "airhaul.client.default",
    "configured": "airhaul.client.default",
    "create_tables": "airhaul.record.tables",
    "fn": "airhaul.formula",
    "generate_models": "airhaul.record.generated",
    "result_of": "airhaul.bulk.writing.bulk_write",
}


def __getattr__(name: str) -> Any:
    """Import a name from its module when it is first used: no program uses all of them."""
    if name not in _IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    found = globals()[name] = getattr(importlib.import_module(_IN[name]), name)
    return found


def __dir__() -> list[str]:
    return __all__
