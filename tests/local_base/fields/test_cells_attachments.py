"""Cells of attachments."""

from __future__ import annotations

import pytest

from tests.local_base.asking import Asking

URL = "https://files.example.com/a/b%20c.png?x=1"


@pytest.fixture
def files(ask: Asking) -> Asking:
    ask.table("Files", {"name": "Docs", "type": "multipleAttachments"})
    return ask


def test_a_url_makes_an_attachment(files) -> None:
    """It gets an id, and its name from the URL's path unless it is given one."""
    (record,) = files.add("Files", {"Docs": [{"url": URL}, {"url": URL, "filename": "my.png"}]})
    first, second = record["fields"]["Docs"]
    assert first["id"].startswith("att")
    assert first["id"] != second["id"]
    assert [first["filename"], second["filename"]] == ["b c.png", "my.png"]
    assert files.cells("Files")[record["id"]]["Docs"] == [first, second]


def test_attachments_are_kept_by_id(files) -> None:
    """What is not listed goes; what was read can be written back."""
    (record,) = files.add("Files", {"Docs": [{"url": URL}, {"url": URL}]})
    first, second = record["fields"]["Docs"]
    new = {"url": "http://files.example.com/x"}
    cells = files.change("Files", record["id"], {"Docs": [second, new]})
    assert cells["Docs"][0] == second
    assert cells["Docs"][1]["filename"] == "x"
    cells = files.change("Files", record["id"], {"Docs": [{"id": first["id"]}]})
    assert cells["Docs"] == [first]
    assert files.change("Files", record["id"], {"Docs": None}) == {}


@pytest.mark.parametrize(
    "sent",
    [
        [{}],
        [{"filename": "x"}],
        [{"url": "ftp://x.test/y"}],
        [{"url": "x"}],
        [{"url": "http://[bad/y"}],
        [{"url": 1}],
        [{"url": URL, "filename": 1}],
        [{"id": "attNotThere000000"}],
        [{"id": ["x"]}],
        ["x"],
    ],
)
def test_other_elements_are_refused(files, sent) -> None:
    """Each element needs a URL, or the id of an attachment that is there."""
    assert files.add("Files", {"Docs": sent}, status=422)["type"] == "INVALID_ATTACHMENT_OBJECT"


@pytest.mark.parametrize("sent", [URL, {"url": URL}, 1])
def test_a_cell_of_attachments_is_a_list(files, sent) -> None:
    """Anything else is refused; a URL alone is taken if text may be converted."""
    assert files.add("Files", {"Docs": sent}, status=422)["type"] == "INVALID_VALUE_FOR_COLUMN"
    if sent == URL:
        (record,) = files.add("Files", {"Docs": sent}, typecast=True)
        assert record["fields"]["Docs"][0]["filename"] == "b c.png"


def test_a_new_record_takes_no_attachment_by_id(files) -> None:
    """As recorded: an id keeps a file in its own cell, so it is good in updates only."""
    (record,) = files.add("Files", {"Docs": [{"url": URL}]})
    by_id = {"fields": {"Docs": [{"id": record["fields"]["Docs"][0]["id"]}]}}
    refused = files("POST", f"{files.base}/Files", by_id, status=422)
    assert refused["error"]["type"] == "INVALID_ATTACHMENT_OBJECT"
    kept = files("PATCH", f"{files.base}/Files/{record['id']}", by_id)
    assert kept["fields"]["Docs"][0]["filename"] == "b c.png"


def test_attachments_of_another_base_are_not_taken(files) -> None:
    """An id is good in its own base only."""
    (record,) = files.add("Files", {"Docs": [{"url": URL}]})
    fields = [
        {"name": "Name", "type": "singleLineText"},
        {"name": "Docs", "type": "multipleAttachments"},
    ]
    body = {
        "name": "Other",
        "workspaceId": files.local_base.workspace_id,
        "tables": [{"name": "Files", "fields": fields}],
    }
    other = files("POST", "meta/bases", body)["id"]
    row = {"fields": {"Docs": [{"id": record["fields"]["Docs"][0]["id"]}]}}
    files("POST", f"{other}/Files", row, status=422)


def test_attachments_in_a_formula(files) -> None:
    """A text with name and URL, true when there is one."""
    files.add("Files", {"Docs": [{"url": URL}]}, {})
    assert len(files.cells("Files", ("filterByFormula", "{Docs}"))) == 1
    assert len(files.cells("Files", ("filterByFormula", "FIND('b c.png (http', {Docs}) = 1"))) == 1
