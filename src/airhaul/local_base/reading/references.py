"""The references of computed fields, and the depth at which they depend on one another."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any, Final

from airhaul.errors import FormulaError
from airhaul.fields import card_of
from airhaul.formula import field_names, parse
from airhaul.formula.evaluate import compile_formula
from airhaul.formula.functions.function import Compiled
from airhaul.local_base.store.schema import Field, Table

MAX_DEPTH: Final = 50
"""The highest depth of computed fields; Airtable's own limit is not published."""

VALUES: Final = "values"
"""The name of the looked-up values in the formula of a rollup."""

_COMPILED: Final = 2_000


@functools.lru_cache(maxsize=_COMPILED)
def compiled(text: str) -> tuple[Compiled, tuple[str, ...]]:
    """Compile a formula, once for all requests.

    Returns:
        The compiled formula, and the names of the fields in it.

    Raises:
        FormulaError: The formula is invalid.
    """
    node = parse(text)
    return compile_formula(node), field_names(node)


def formula_of(field: Field) -> str:
    """Return the formula of a field, or of a button's URL; empty if it has none."""
    return str((field.options or {}).get("url" if field.type == "button" else "formula") or "")


def result_of(field: Field) -> str | None:
    """Return the result type of a field as its metadata has it, if any."""
    return ((field.options or {}).get("result") or {}).get("type")


def linked_table(table: Table, link_id: Any, tables: Mapping[str, Table]) -> Table | None:
    """Return the table that a field links to; None if the field is not a link."""
    link = table.by_id.get(link_id)
    if link is None or link.type != "multipleRecordLinks":
        return None
    return tables.get((link.options or {}).get("linkedTableId", ""))


def lookup_target(
    table: Table, field: Field, tables: Mapping[str, Table]
) -> tuple[Table, Field] | None:
    """Return the field of another table that a lookup or rollup reads; None if it is missing."""
    options = field.options or {}
    linked = linked_table(table, options.get("recordLinkFieldId"), tables)
    found = linked.by_id.get(options.get("fieldIdInLinkedTable", "")) if linked else None
    return (linked, found) if linked and found else None


def references(table: Table, field: Field, tables: Mapping[str, Table]) -> list[Field] | None:
    """Return the fields on which a field depends.

    Args:
        table: Its table.
        field: The field.
        tables: All tables of the base by id.

    Returns:
        The fields, empty for a stored field; None if a reference is missing or invalid.
    """
    options = field.options or {}
    match field.type:
        case "multipleRecordLinks":
            linked = tables.get(options.get("linkedTableId", ""))
            return [linked.primary] if linked else None
        case "formula" | "button":
            text = formula_of(field)
            if not text:
                return [] if field.type == "button" else None
            try:
                named = [table.find_in_formula(name) for name in compiled(text)[1]]
            except FormulaError:
                return None
            found = [one for one in named if one is not None]
            return found if len(found) == len(named) else None
        case "multipleLookupValues" | "rollup":
            target = lookup_target(table, field, tables)
            return [target[1]] if target and _takes_values_only(formula_of(field)) else None
        case "count":
            linked = linked_table(table, options.get("recordLinkFieldId"), tables)
            return None if linked is None else []
        case _:
            return []


def _takes_values_only(text: str) -> bool:
    try:
        return not text or all(name.lower() == VALUES for name in compiled(text)[1])
    except FormulaError:
        return False


def computed_depths(tables: Mapping[str, Table]) -> dict[str, int]:
    """Return the depth of each field that can be computed: the longest chain of dependencies.

    Fields that depend on themselves, on something that does not exist, or on a chain longer than
    ``MAX_DEPTH`` are absent.

    Args:
        tables: All tables of a base by id.
    """
    waiting = {field.id: references(table, field, tables) for table, field in _reaching(tables)}
    done: dict[str, int] = {}
    while True:
        ready = {
            field_id: 1 + max((done.get(one.id, 0) for one in below), default=0)
            for field_id, below in waiting.items()
            if below is not None and not any(one.id in waiting for one in below)
        }
        ready = {field_id: depth for field_id, depth in ready.items() if depth <= MAX_DEPTH}
        if not ready:
            return done
        done |= ready
        for field_id in ready:
            del waiting[field_id]


def _reaching(tables: Mapping[str, Table]) -> Iterator[tuple[Table, Field]]:
    for table in tables.values():
        for field in table.fields:
            if card_of(field.type).is_computed or field.type == "multipleRecordLinks":
                yield table, field
