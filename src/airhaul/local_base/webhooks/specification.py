"""The specification of a webhook: what it watches.

Source: https://airtable.com/developers/web/api/model/webhooks-specification. Not published, and
decided: undocumented keys are refused; a reference to something that does not exist is a 422
``INVALID_FILTERS``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from airhaul.local_base.protocol import refusal
from airhaul.local_base.store.schema import Table
from airhaul.wire.ids import is_id

DataType = Literal["tableData", "tableFields", "tableMetadata"]
ChangeType = Literal["add", "remove", "update"]
Source = Literal[
    "client",
    "publicApi",
    "formSubmission",
    "formPageSubmission",
    "automation",
    "system",
    "sync",
    "anonymousUser",
    "unknown",
]

_FILTERS: Final = {
    "dataTypes",
    "recordChangeScope",
    "changeTypes",
    "fromSources",
    "sourceOptions",
    "watchDataInFieldIds",
    "watchSchemasOfFieldIds",
}
_INCLUDES: Final = {
    "includeCellValuesInFieldIds",
    "includePreviousCellValues",
    "includePreviousFieldDefinitions",
}
_SOURCE_OPTIONS: Final = {"formSubmission": "viewId", "formPageSubmission": "pageId"}


@dataclass(frozen=True, slots=True)
class Specification:
    """What a webhook watches; in optional parts None means everything.

    Args:
        data_types: Records, fields or tables.
        change_types: The kinds of changes.
        scope: The id of a table or view.
        sources: The sources of changes.
        fields: The ids of the fields whose cells are watched.
        schemas: The ids of the fields whose names and types are watched.
        context: The ids of the fields whose cells are included with each record; None for all.
        with_previous_cells: Whether payloads contain the previous values of cells.
        with_previous_fields: Whether payloads contain the previous definitions of fields.
    """

    data_types: frozenset[str]
    change_types: frozenset[str] | None = None
    scope: str | None = None
    sources: frozenset[str] | None = None
    fields: frozenset[str] | None = None
    schemas: frozenset[str] | None = None
    context: frozenset[str] | None = frozenset()
    with_previous_cells: bool = False
    with_previous_fields: bool = False

    def watches(self, kind: ChangeType) -> bool:
        """Return whether changes of a kind are watched."""
        return self.change_types is None or kind in self.change_types

    def is_valid(self, tables: Mapping[str, Table]) -> bool:
        """Return whether everything that it names still exists."""
        fields = {field_id for table in tables.values() for field_id in table.by_id}
        views = {view.id for table in tables.values() for view in table.views}
        named = (self.fields or frozenset()) | (self.schemas or frozenset())
        context = self.context or frozenset()
        is_there = self.scope is None or self.scope in tables or self.scope in views
        return is_there and named | context <= fields


def read_specification(given: Any) -> Specification:
    """Read ``{"options": {"filters": ..., "includes": ...}}``.

    Args:
        given: The JSON.

    Raises:
        Refusal: The JSON does not have the documented form.
    """
    options = _object(_object(given, {"options"}).get("options"), {"filters", "includes"})
    filters = _object(options.get("filters"), _FILTERS)
    includes = _object(options.get("includes", {}), _INCLUDES)
    data_types = _choices(filters.get("dataTypes"), get_args(DataType))
    if not data_types:
        raise refusal.invalid_request()
    _check_source_options(filters.get("sourceOptions", {}))
    context = includes.get("includeCellValuesInFieldIds")
    return Specification(
        data_types,
        _choices(filters.get("changeTypes"), get_args(ChangeType)),
        _scope(filters.get("recordChangeScope")),
        _choices(filters.get("fromSources"), get_args(Source)),
        _field_ids(filters.get("watchDataInFieldIds")),
        _field_ids(filters.get("watchSchemasOfFieldIds")),
        None if context == "all" else _field_ids(context) or frozenset(),
        _flag(includes.get("includePreviousCellValues")),
        _flag(includes.get("includePreviousFieldDefinitions")),
    )


def _object(given: Any, keys: Iterable[str]) -> dict[str, Any]:
    if not isinstance(given, dict) or not set(given) <= set(keys):
        raise refusal.invalid_request()
    return given


def _texts(given: Any) -> frozenset[str] | None:
    if given is None or given == []:
        return None
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise refusal.invalid_request()
    return frozenset(given)


def _choices(given: Any, allowed: Iterable[str]) -> Any:
    chosen = _texts(given)
    if chosen is not None and not chosen <= set(allowed):
        raise refusal.invalid_request()
    return chosen


def _field_ids(given: Any) -> frozenset[str] | None:
    ids = _texts(given)
    if ids is not None and not all(is_id(field_id, "fld") for field_id in ids):
        raise refusal.invalid_request()
    return ids


def _scope(given: Any) -> str | None:
    if given is None:
        return None
    if not is_id(given, "tbl") and not is_id(given, "viw"):
        raise refusal.invalid_request()
    return str(given)


def _flag(given: Any) -> bool:
    if given is None or isinstance(given, bool):
        return bool(given)
    raise refusal.invalid_request()


def _check_source_options(given: Any) -> None:
    # A local base has no forms, so these options have no effect.
    for name, option in _object(given, _SOURCE_OPTIONS).items():
        key = _SOURCE_OPTIONS[name]
        if not isinstance(_object(option, {key}).get(key), str):
            raise refusal.invalid_request()
