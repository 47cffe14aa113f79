"""What the metadata API tells of computed fields: whether they are whole, and what they result in.

Source: https://airtable.com/developers/web/api/field-model. That a number has no digits behind the
point is known from answers that others have recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from airhaul.formula import parse
from airhaul.formula.result_type import NUMBER, ResultType, result_type, type_of_field
from airhaul.local_base.reading.linked import default_formula
from airhaul.local_base.reading.references import (
    computed_depths,
    formula_of,
    lookup_target,
    references,
)
from airhaul.local_base.store.schema import Field, Table


def corrected_fields(tables: Mapping[str, Table]) -> list[tuple[Table, Field]]:
    """The computed fields of a base that the metadata tells wrongly of, as they should be.

    Args:
        tables: All tables of the base by id.
    """
    known = computed_depths(tables)
    told: dict[str, Field] = {}
    changed: list[tuple[Table, Field]] = []
    computed = [
        (table, field)
        for table in tables.values()
        for field in table.fields
        if field.type in _COMPLETED
    ]
    # Those first on which others stand.
    for table, field in sorted(computed, key=lambda found: known.get(found[1].id, 0)):
        options = _options(table, field, tables, told, is_sound=field.id in known)
        told[field.id] = replace(field, options=options)
        if options != field.options:
            changed.append((table, told[field.id]))
    return changed


_COMPLETED: Final = frozenset(
    {"formula", "rollup", "multipleLookupValues", "count", "lastModifiedTime"}
)


def _options(
    table: Table,
    field: Field,
    tables: Mapping[str, Table],
    told: Mapping[str, Field],
    *,
    is_sound: bool,
) -> dict[str, Any]:
    options = {"isValid": is_sound, **(field.options or {})}
    options["isValid"] = is_sound
    if field.type == "lastModifiedTime":
        return {**options, "referencedFieldIds": options.get("referencedFieldIds") or []}
    if field.type == "count":
        return options
    if not is_sound:
        return {**options, "result": None}
    if field.type == "formula":
        options["referencedFieldIds"] = [one.id for one in references(table, field, tables) or ()]
        found = _of_formula(formula_of(field), table, told)
        options["result"] = _fitting(options.get("result"), found)
        return options
    far = lookup_target(table, field, tables)
    assert far is not None, "what is sound has all that it refers to"
    result = _config(told.get(far[1].id, far[1]))
    if field.type == "rollup":
        options["referencedFieldIds"] = []
        options["result"] = _of_rollup(formula_of(field), options.get("result"), result)
    else:
        options["result"] = result
    return options


def _config(field: Field) -> dict[str, Any]:
    """A field's type and options, or those of what it results in."""
    if field.type in ("count", "autoNumber"):
        return NUMBER.as_field()
    options = field.options or {}
    if "result" in options:
        return options["result"] or {"type": "singleLineText"}
    return {"type": field.type, "options": options} if options else {"type": field.type}


def _of_formula(text: str, table: Table, told: Mapping[str, Field]) -> ResultType:
    def type_of(name: str) -> ResultType:
        field = table.find_in_formula(name)
        assert field is not None, "what is sound has all that it refers to"
        field = told.get(field.id, field)
        return type_of_field(field.type, field.options)

    return result_type(parse(text), type_of)


def _of_rollup(text: str, known: Any, looked_up_config: dict[str, Any]) -> dict[str, Any]:
    if not text and known:
        return dict(known)  # the service tells the result, and not the formula
    values = type_of_field(looked_up_config["type"], looked_up_config.get("options"))
    text = text or default_formula(looked_up_config["type"])
    found = result_type(parse(text), lambda _: values)
    if found == values and found.kind in ("date", "dateTime"):
        return looked_up_config
    return _fitting(known, found)


def _fitting(known: Any, found: ResultType) -> dict[str, Any]:
    """What is known of a result, if it is of this kind: it may have a format of its own."""
    config = found.as_field()
    if not known:
        return config
    kinds = {_kind(known), _kind(config)}
    return dict(known) if len(kinds) == 1 or kinds == {"number", "checkbox"} else config


def _kind(config: Mapping[str, Any]) -> str:
    kind = type_of_field(config["type"]).kind
    return "date" if kind == "dateTime" else kind
