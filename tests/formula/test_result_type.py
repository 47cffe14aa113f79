"""What kind of value a formula gives, and other references in the same formula."""

from __future__ import annotations

import pytest
from hypothesis import given

from airhaul.formula import field_names, parse, print_formula, with_fields
from airhaul.formula.result_types import ResultType, result_type, type_of_field
from tests.formula.test_printer import trees

FIELDS = {
    "n": type_of_field("number", {"precision": 2}),
    "w": type_of_field("number", {"precision": 0}),
    "t": type_of_field("multilineText"),
    "d": type_of_field("date"),
    "m": type_of_field("dateTime"),
    "c": type_of_field("checkbox"),
    "links": type_of_field("multipleRecordLinks"),
    "look": type_of_field(
        "multipleLookupValues", {"result": {"type": "currency", "options": {"precision": 2}}}
    ),
    "days": type_of_field("multipleLookupValues", {"result": {"type": "date"}}),
    "f": type_of_field("formula", {"result": {"type": "date", "options": {}}}),
    "broken": type_of_field("formula", {"isValid": False, "result": None}),
}


@pytest.mark.parametrize(
    ("formula", "kind", "is_list"),
    [
        ("1", "number", False),
        ("1.5", "number", False),
        ("{w} * 2 + {c}", "number", False),
        ("{w} / 2", "number", False),
        ("-{n}", "number", False),
        ("{t} & {n}", "text", False),
        ("{d} > {m}", "number", False),
        ("NOT({n})", "checkbox", False),
        ("IF({n}, AND({n}), 2)", "number", False),
        ("LEN({t})", "number", False),
        ("ROUND({n}, 2)", "number", False),
        ("SUM({look})", "number", False),
        ("SUM({w}, 1)", "number", False),
        ("MAX({days})", "date", False),
        ("MAX({n}, {w})", "number", False),
        ("{look}", "number", True),
        ("{links}", "text", True),
        ("ARRAYUNIQUE({days})", "date", True),
        ("ARRAYJOIN({look})", "text", False),
        ("IF({c}, {n}, BLANK())", "number", False),
        ("IF({c}, {w})", "number", False),
        ("IF({c}, 1, 'x')", "text", False),
        ("IF({c}, {d}, {m})", "dateTime", False),
        ("SWITCH({t}, 'a', 1, 'b', 2)", "number", False),
        ("SWITCH({t}, 'a', 1, 'none')", "text", False),
        ("BLANK()", "text", False),
        ("{broken}", "text", False),
        ("{f}", "date", False),
        ("TODAY()", "date", False),
        ("NOW()", "dateTime", False),
        ("DATEADD({d}, 1, 'days')", "date", False),
        ("DATEADD({d}, 1, 'h')", "dateTime", False),
        ("DATEADD({d}, 1, {t})", "dateTime", False),
        ("DATEADD({m}, 1, 'days')", "dateTime", False),
        ("DATEADD('2024-01-01', 1, 'days')", "dateTime", False),
        ("WORKDAY({d}, 3)", "date", False),
        ("DATETIME_FORMAT({d})", "text", False),
    ],
)
def test_result_types(formula: str, kind: str, is_list: bool) -> None:
    """Operators, functions and branches settle what comes out."""
    found = result_type(parse(formula), FIELDS.__getitem__)
    assert found == ResultType(kind, is_list)


@pytest.mark.parametrize(
    ("formula", "field"),
    [
        ("1", {"type": "number", "options": {"precision": 0}}),
        ("{n}", {"type": "number", "options": {"precision": 0}}),
        ("AND({n})", {"type": "checkbox", "options": {"icon": "check", "color": "greenBright"}}),
        ("{t}", {"type": "singleLineText"}),
        ("{d}", {"type": "date", "options": {"dateFormat": {"name": "local", "format": "l"}}}),
        (
            "{m}",
            {
                "type": "dateTime",
                "options": {
                    "dateFormat": {"name": "local", "format": "l"},
                    "timeFormat": {"name": "12hour", "format": "h:mma"},
                    "timeZone": "client",
                },
            },
        ),
    ],
)
def test_result_types_as_fields(formula: str, field: dict) -> None:
    """As ``options.result`` of a formula field shows them, which reads back as the same type."""
    found = result_type(parse(formula), FIELDS.__getitem__)
    assert found.as_field() == field
    assert type_of_field(field["type"], field.get("options")) == found


def test_names_become_ids_and_names_again() -> None:
    """Airtable keeps ids, so that a renamed field stays in its formulas."""
    tree = parse('IF({Full Name} = "x", -{Age} * LEN({Full Name}), Age)')
    ids = {"Full Name": "fld00000000000001", "Age": "fld00000000000002"}
    stored = with_fields(tree, ids.__getitem__)
    assert print_formula(stored) == (
        'IF({fld00000000000001} = "x", -{fld00000000000002} * LEN({fld00000000000001}), '
        "{fld00000000000002})"
    )
    assert field_names(stored) == ("fld00000000000001", "fld00000000000002")
    renamed = {id: name.upper() for name, id in ids.items()}
    assert field_names(with_fields(stored, renamed.__getitem__)) == ("FULL NAME", "AGE")


@given(trees)
def test_any_tree_is_renamed_whole(tree) -> None:
    """No reference is left behind, and renaming back gives the tree."""
    there = with_fields(tree, lambda name: f"x{name}")
    assert field_names(there) == tuple(f"x{name}" for name in field_names(tree))
    assert with_fields(there, lambda name: name[1:]) == tree
