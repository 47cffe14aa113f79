"""What the metadata API tells of computed fields: whether they are whole, and what they result in.

Source: https://airtable.com/developers/web/api/field-model. That a number has no digits behind the
point is known from answers that others have recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from airhaul.server.computed.linked import default_formula
from airhaul.server.computed.references import (
    compiled,
    formula_of,
    looked_up,
    references,
    steps,
)
from airhaul.server.computed.result_type import (
    ARRAY,
    CHECKBOX,
    DATE,
    NUMBER,
    TEXT,
    result_type,
)
from airhaul.server.schema import Field, Table
from airhaul.wire.shapes import NUMBER_TYPES

_WHOLE: Final = {"type": "number", "options": {"precision": 0}}
_CONFIGS: Final[dict[str, dict[str, Any]]] = {
    NUMBER: _WHOLE,
    CHECKBOX: {"type": "checkbox", "options": {"icon": "check", "color": "greenBright"}},
    TEXT: {"type": "singleLineText"},
    ARRAY: {"type": "singleLineText"},
    DATE: {
        "type": "dateTime",
        "options": {
            "dateFormat": {"name": "local", "format": "l"},
            "timeFormat": {"name": "12hour", "format": "h:mma"},
            "timeZone": "client",
        },
    },
}


def with_results(tables: Mapping[str, Table]) -> list[tuple[Table, Field]]:
    """The computed fields of a base that the metadata tells wrongly of, as they should be.

    Args:
        tables: All tables of the base by id.
    """
    known = steps(tables)
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
        kind = _kind_of_formula(formula_of(field), table, told)
        options["result"] = _fitting(options.get("result"), _CONFIGS[kind])
        return options
    far = looked_up(table, field, tables)
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
        return _WHOLE
    options = field.options or {}
    if "result" in options:
        return options["result"] or {"type": "singleLineText"}
    return {"type": field.type, "options": options} if options else {"type": field.type}


def _kind_of_formula(text: str, table: Table, told: Mapping[str, Field]) -> str:
    kinds: dict[str, str] = {}
    for name in compiled(text)[1]:
        field = table.find_in_formula(name)
        assert field is not None, "what is sound has all that it refers to"
        is_list = field.type in ("multipleLookupValues", "multipleRecordLinks", "multipleSelects")
        kinds[name] = ARRAY if is_list else _kind(_config(told.get(field.id, field)))
    return result_type(text, kinds)


def _of_rollup(text: str, known: Any, looked_up_config: dict[str, Any]) -> dict[str, Any]:
    if not text and known:
        return dict(known)  # the service tells the result, and not the formula
    text = text or default_formula(looked_up_config["type"])
    kind = result_type(text, dict.fromkeys(compiled(text)[1], _kind(looked_up_config)))
    if kind == DATE == _kind(looked_up_config):
        return looked_up_config
    return _fitting(known, _CONFIGS[kind])


def _fitting(known: Any, config: dict[str, Any]) -> dict[str, Any]:
    """What is known of a result, if it is of this kind: it may have a format of its own."""
    if not known:
        return config
    kinds = {_kind(known), _kind(config)}
    return dict(known) if len(kinds) == 1 or kinds == {NUMBER, CHECKBOX} else config


def _kind(config: Mapping[str, Any]) -> str:
    if config["type"] in NUMBER_TYPES:
        return NUMBER
    if config["type"] == "checkbox":
        return CHECKBOX
    return DATE if config["type"] in ("date", "dateTime") else TEXT
