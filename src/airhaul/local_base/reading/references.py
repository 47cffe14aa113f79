"""What a computed field is computed from, and how far that is from what is stored."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any, Final

from airhaul.errors import FormulaError
from airhaul.formula import field_names, parse
from airhaul.formula.evaluate import compile_formula
from airhaul.formula.functions.function import Compiled
from airhaul.local_base.store.schema import Field, Table
from airhaul.wire.shapes import COMPUTED_TYPES

MAX_DEPTH: Final = 50
"""How many computed fields may stand on one another; Airtable's own bound is not published."""

VALUES: Final = "values"
"""What stands in the formula of a rollup for what is looked up."""

_COMPILED: Final = 2_000


@functools.lru_cache(maxsize=_COMPILED)
def compiled(text: str) -> tuple[Compiled, tuple[str, ...]]:
    """Read a formula, once for all requests.

    Returns:
        The formula ready to be computed, and the fields that it names.

    Raises:
        FormulaError: It cannot be read.
    """
    node = parse(text)
    return compile_formula(node), field_names(node)


def formula_of(field: Field) -> str:
    """The formula of a field, or of a button's URL; empty if it has none."""
    return str((field.options or {}).get("url" if field.type == "button" else "formula") or "")


def result_of(field: Field) -> str | None:
    """The type that the metadata tells of what a field results in, if it tells one."""
    return ((field.options or {}).get("result") or {}).get("type")


def linked_table(table: Table, link_id: Any, tables: Mapping[str, Table]) -> Table | None:
    """The table that a field links to; None if it is no link."""
    link = table.by_id.get(link_id)
    if link is None or link.type != "multipleRecordLinks":
        return None
    return tables.get((link.options or {}).get("linkedTableId", ""))


def lookup_target(
    table: Table, field: Field, tables: Mapping[str, Table]
) -> tuple[Table, Field] | None:
    """The field of another table that a lookup or rollup reads; None if it is not there."""
    options = field.options or {}
    linked = linked_table(table, options.get("recordLinkFieldId"), tables)
    found = linked.by_id.get(options.get("fieldIdInLinkedTable", "")) if linked else None
    return (linked, found) if linked and found else None


def references(table: Table, field: Field, tables: Mapping[str, Table]) -> list[Field] | None:
    """The fields whose values a field's value is made of.

    Args:
        table: Its table.
        field: The field.
        tables: All tables of the base by id.

    Returns:
        The fields, none for what is stored; None if it is not whole.
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
            far = lookup_target(table, field, tables)
            return [far[1]] if far and _takes_values_only(formula_of(field)) else None
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
    """How many computed fields stand below each field, by id.

    Fields are absent that refer to themselves by however long a way, that refer to what is not
    there, or that have more than ``MAX_DEPTH`` others below them.

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
            if field.type in COMPUTED_TYPES or field.type == "multipleRecordLinks":
                yield table, field
