"""Airtable's formula language: parsing, building and printing; ``formula.evaluate`` computes.

The evaluation is imported from its own modules: clients print formulas, and need not load the
functions that only a server calls. See README.md for the phases.
"""

from airhaul.formula.build import Expression, F, fn
from airhaul.formula.lookup import LookupField, build_lookup
from airhaul.formula.nodes import Node, field_names, with_fields
from airhaul.formula.parser import parse
from airhaul.formula.printer import print_formula
from airhaul.formula.q import Q

__all__ = [
    "Expression",
    "F",
    "LookupField",
    "Node",
    "Q",
    "build_lookup",
    "field_names",
    "fn",
    "parse",
    "print_formula",
    "with_fields",
]
