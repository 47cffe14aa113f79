"""Cells of text, barcodes and choices."""

from __future__ import annotations

import pytest

from tests.local_base.asking import Asking

RECORDED = "recorded answers, tests of grouparoo/grouparoo"


@pytest.fixture
def notes(ask: Asking) -> Asking:
    ask.table(
        "Notes",
        {"name": "Rich", "type": "richText"},
        {"name": "Code", "type": "barcode"},
        {"name": "Kind", "type": "singleSelect", "options": {"choices": [{"name": "a"}]}},
        {"name": "Tags", "type": "multipleSelects", "options": {"choices": []}},
    )
    return ask


@pytest.mark.parametrize(
    ("source", "sent", "read"),
    [
        (RECORDED, "**x**", "**x**\n"),
        (RECORDED, "x\n", "x\n"),
        (RECORDED, "* a", "- a\n"),
        (RECORDED, "x\n* a\n* b\n", "x\n- a\n- b\n"),
        (RECORDED, "- a", "- a\n"),
        ("nothing recorded: as it is", "a * b\n*c*\n  * d", "a * b\n*c*\n  * d\n"),
        ("empty cells are left out", "", None),
        ("empty cells are left out", None, None),
    ],
)
def test_rich_text_is_stored_in_the_form_of_the_service(notes, source, sent, read) -> None:
    """Bullets become dashes, and there is a line break at the end."""
    (note,) = notes.add("Notes", {"Rich": sent})
    assert note["fields"].get("Rich") == read, source


def test_a_rich_text_that_was_cleared_reads_as_a_line_break(notes) -> None:
    """The service's own quirk; a formula sees a blank all the same."""
    (note,) = notes.add("Notes", {"Rich": "x"})
    assert notes.change("Notes", note["id"], {"Rich": None}) == {"Rich": "\n"}
    assert len(notes.cells("Notes", ("filterByFormula", "{Rich} = BLANK()"))) == 1
    assert notes.cells("Notes", ("filterByFormula", "{Rich}")) == {}


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"text": "123"}, {"text": "123"}),
        ({"text": "123", "type": "ean13"}, {"text": "123", "type": "ean13"}),
        ({"text": "123", "type": None}, {"text": "123"}),
        ({"text": ""}, None),
        ({}, None),
    ],
)
def test_barcodes(notes, sent, read) -> None:
    """A text, and the kind of code if it is known."""
    (note,) = notes.add("Notes", {"Code": sent})
    assert note["fields"].get("Code") == read


@pytest.mark.parametrize("sent", ["123", 123, [], {"text": 1}, {"type": "x"}, {"x": "y"}])
def test_other_barcodes_are_refused(notes, sent) -> None:
    """Only what the service documents, and text alone if it may be converted."""
    assert notes.add("Notes", {"Code": sent}, status=422)["type"] == "INVALID_VALUE_FOR_COLUMN"
    if sent == "123":
        (note,) = notes.add("Notes", {"Code": sent}, typecast=True)
        assert note["fields"] == {"Code": {"text": "123"}}


def test_a_barcode_in_a_formula_is_its_text(notes) -> None:
    """Decided so, as nothing is published."""
    notes.add("Notes", {"Code": {"text": "123", "type": "ean8"}}, {"Name": "none"})
    assert len(notes.cells("Notes", ("filterByFormula", "{Code} = '123'"))) == 1


def test_choices_are_taken_by_id(notes) -> None:
    """A choice can be named by its id, and reads back by its name."""
    (choice,) = notes.schema()["Notes"]["Kind"]["options"]["choices"]
    (note,) = notes.add("Notes", {"Kind": choice["id"]})
    assert note["fields"] == {"Kind": "a"}


def test_typecast_adds_choices_whose_hues_take_turns(notes) -> None:
    """New choices get the next colour, and those that were there keep id and colour."""
    before = notes.schema()["Notes"]["Kind"]["options"]["choices"]
    notes.add("Notes", {"Kind": " b ", "Tags": "x, y,,x"}, {"Kind": "b"}, typecast=True)
    schema = notes.schema()["Notes"]
    kinds = schema["Kind"]["options"]["choices"]
    assert kinds[:1] == before
    assert [(kind["name"], kind["color"]) for kind in kinds] == [
        ("a", "blueLight2"),
        ("b", "cyanLight2"),
    ]
    tags = schema["Tags"]["options"]["choices"]
    assert [tag["name"] for tag in tags] == ["x", "y"]


@pytest.mark.parametrize(
    ("type", "options"),
    [
        ("singleSelect", {"choices": [{"name": "a", "color": "mauve"}]}),
        ("singleSelect", {"choices": [{"name": "a"}, {"name": "a"}]}),
        ("checkbox", {"icon": "skull", "color": "redBright"}),
        ("checkbox", {"icon": "check", "color": "blueLight2"}),
        ("rating", {"icon": "check", "color": "redBright", "max": 5}),
        ("rating", {"icon": "star", "color": "redBright", "max": 11}),
        ("rating", {"icon": "star", "color": "redBright", "max": True}),
        ("number", {"precision": True}),
        ("number", {"precision": 1.5}),
        ("barcode", {"x": 1}),
        ("singleCollaborator", {"x": 1}),
    ],
)
def test_options_are_checked(notes, type, options) -> None:
    """Only the icons, colours and bounds that the service documents."""
    error = notes.field("Notes", "New", type, status=422, **options)["error"]
    assert error["type"] == "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE"


def test_whole_numbers_may_have_a_point(notes) -> None:
    """To a service in JavaScript 2.0 is 2, in options as in the parameters of a list."""
    made = notes.field("Notes", "N", "number", precision=2.0)
    assert repr(made["options"]["precision"]) == "2"
    notes.add("Notes", {}, {})
    listed = notes("POST", f"{notes.base}/Notes/listRecords", {"maxRecords": 1.0, "pageSize": 9.0})
    assert len(listed["records"]) == 1
    notes("POST", f"{notes.base}/Notes/listRecords", {"maxRecords": 1.5}, status=422)


def test_a_description_is_no_longer_than_documented(notes) -> None:
    """A field that is created has the same bound as one that is changed; an empty text is none."""
    path = f"meta/bases/{notes.base}/tables/Notes/fields"
    described = {"name": "New", "type": "singleLineText", "description": "x" * 20_001}
    notes("POST", path, described, status=422)
    assert "description" not in notes("POST", path, {**described, "description": ""})
