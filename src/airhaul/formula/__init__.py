"""Airtable's formula language: read, built, printed and computed.  See README.md for its phases."""

from airhaul.formula.build import Expression, F, fn
from airhaul.formula.evaluate import compile_formula
from airhaul.formula.functions.function import Compiled, RecordView
from airhaul.formula.lookup import LookupField, build_lookup
from airhaul.formula.nodes import Node, field_names
from airhaul.formula.parser import parse
from airhaul.formula.printer import print_formula
from airhaul.formula.q import Q
from airhaul.formula.values import FormulaFault, Value, is_kept

__all__ = [
    "Compiled",
    "Expression",
    "F",
    "FormulaFault",
    "LookupField",
    "Node",
    "Q",
    "RecordView",
    "Value",
    "build_lookup",
    "compile_formula",
    "field_names",
    "fn",
    "is_kept",
    "parse",
    "print_formula",
]
