"""The metadata of computed fields: whether they are valid, and their result types.

Source: https://airtable.com/developers/web/api/field-model. Recorded answers of other clients show
that numbers have precision 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from airhaul.formula import parse
from airhaul.formula.result_types import NUMBER, ResultType, result_type, type_of_field
from airhaul.local_base.reading.linked import default_formula
from airhaul.local_base.reading.references import (
    computed_depths,
    formula_of,
    lookup_target,
    references,
)
from airhaul.local_base.store.schema import Field, Table


def corrected_fields(tables: Mapping[str, Table]) -> list[tuple[Table, Field]]:
    """Return the computed fields of a base whose stored metadata is outdated, corrected.

    Args:
        tables: All tables of the base by id.
    """
    known = computed_depths(tables)
    corrected: dict[str, Field] = {}
    changed: list[tuple[Table, Field]] = []
    computed = [
        (table, field)
        for table in tables.values()
        for field in table.fields
        if field.type in _COMPLETED
    ]
    # In the order of their dependencies.
    for table, field in sorted(computed, key=lambda found: known.get(found[1].id, 0)):
        options = _options(table, field, tables, corrected, is_valid=field.id in known)
        corrected[field.id] = replace(field, options=options)
        if options != field.options:
            changed.append((table, corrected[field.id]))
    return changed


_COMPLETED: Final = frozenset(
    {"formula", "rollup", "multipleLookupValues", "count", "lastModifiedTime"}
)


def _options(
    table: Table,
    field: Field,
    tables: Mapping[str, Table],
    corrected: Mapping[str, Field],
    *,
    is_valid: bool,
) -> dict[str, Any]:
    options = {"isValid": is_valid, **(field.options or {})}
    options["isValid"] = is_valid
    if field.type == "lastModifiedTime":
        return {**options, "referencedFieldIds": options.get("referencedFieldIds") or []}
    if field.type == "count":
        return options
    if not is_valid:
        return {**options, "result": None}
    if field.type == "formula":
        options["referencedFieldIds"] = [one.id for one in references(table, field, tables) or ()]
        found = _of_formula(formula_of(field), table, corrected)
        options["result"] = _fitting(options.get("result"), found)
        return options
    target = lookup_target(table, field, tables)
    assert target is not None, "a valid field has all its references"
    result = _config(corrected.get(target[1].id, target[1]))
    if field.type == "rollup":
        options["referencedFieldIds"] = []
        options["result"] = _of_rollup(formula_of(field), options.get("result"), result)
    else:
        options["result"] = result
    return options


def _config(field: Field) -> dict[str, Any]:
    """Return a field's type and options, or those of its result."""
    if field.type in ("count", "autoNumber"):
        return NUMBER.as_field()
    options = field.options or {}
    if "result" in options:
        return options["result"] or {"type": "singleLineText"}
    return {"type": field.type, "options": options} if options else {"type": field.type}


def _of_formula(text: str, table: Table, corrected: Mapping[str, Field]) -> ResultType:
    def type_of(name: str) -> ResultType:
        field = table.find_in_formula(name)
        assert field is not None, "a valid field has all its references"
        field = corrected.get(field.id, field)
        return type_of_field(field.type, field.options)

    return result_type(parse(text), type_of)


def _of_rollup(text: str, known: Any, looked_up_config: dict[str, Any]) -> dict[str, Any]:
    if not text and known:
        return dict(known)  # Airtable prints the result type, but not the formula
    values = type_of_field(looked_up_config["type"], looked_up_config.get("options"))
    text = text or default_formula(looked_up_config["type"])
    found = result_type(parse(text), lambda _: values)
    if found == values and found.kind in ("date", "dateTime"):
        return looked_up_config
    return _fitting(known, found)


def _fitting(known: Any, found: ResultType) -> dict[str, Any]:
    """Return the known result if it has the inferred kind, since it may have its own format."""
    config = found.as_field()
    if not known:
        return config
    kinds = {_kind(known), _kind(config)}
    return dict(known) if len(kinds) == 1 or kinds == {"number", "checkbox"} else config


def _kind(config: Mapping[str, Any]) -> str:
    kind = type_of_field(config["type"]).kind
    return "date" if kind == "dateTime" else kind
