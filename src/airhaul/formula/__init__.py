"""Airtable's formula language: parsing, building, printing and computing.

What computes is imported when it is first used: clients print formulas, and need not load the
functions that only a server calls. See README.md for the phases.
"""

from typing import TYPE_CHECKING, Any

from airhaul.formula.build import Expression, F, fn
from airhaul.formula.lookups.build import build_lookup
from airhaul.formula.lookups.field import LookupField
from airhaul.formula.lookups.filter import Filter
from airhaul.formula.nodes import Node, field_names, with_fields
from airhaul.formula.parser import parse
from airhaul.formula.printer import print_formula
from airhaul.formula.q import Q

if TYPE_CHECKING:
    from airhaul.formula.cell import to_cell
    from airhaul.formula.evaluate import compile_formula
    from airhaul.formula.result_types import result_type, type_of_field

__all__ = [
    "Expression",
    "F",
    "Filter",
    "LookupField",
    "Node",
    "Q",
    "build_lookup",
    "compile_formula",
    "field_names",
    "fn",
    "parse",
    "print_formula",
    "result_type",
    "to_cell",
    "type_of_field",
    "with_fields",
]

_MODULES = {
    "compile_formula": "airhaul.formula.evaluate",
    "result_type": "airhaul.formula.result_types",
    "to_cell": "airhaul.formula.cell",
    "type_of_field": "airhaul.formula.result_types",
}


def __getattr__(name: str) -> Any:
    """Import what computes formulas when it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_MODULES[name]), name)
