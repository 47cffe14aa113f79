"""Cells of every type, as webhooks tell them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airhaul.local_base.base import LocalBase
from tests.local_base.asking import NOTE, Asking
from tests.local_base.clock import Clock

FILES = {"name": "Files", "type": "multipleAttachments"}
WHO = {"name": "Who", "type": "singleCollaborator"}


class Linked(Asking):
    """Two tables with links between them, and a webhook on the base."""

    def __init__(self) -> None:
        self.clock = Clock(datetime(2024, 5, 1, 12, tzinfo=UTC))
        super().__init__(LocalBase.open(wall_clock=self.clock, all_field_types=True))
        authors = self.table("Authors", NOTE)
        link = {"name": "By", "type": "multipleRecordLinks", "options": {"linkedTableId": authors}}
        books = self.table("Books", NOTE, FILES, WHO, link)
        self.books, self.authors = books, authors
        schema = self.schema()
        by, name = schema["Books"]["By"]["id"], schema["Authors"]["Name"]["id"]
        options = {"recordLinkFieldId": by, "fieldIdInLinkedTable": name}
        described = {"name": "Authors' names", "type": "multipleLookupValues", "options": options}
        self.lookup = self("POST", f"meta/bases/{self.base}/tables/{books}/fields", described)["id"]
        self.by, self.back = by, schema["Authors"]["Books"]["id"]
        includes = {"includeCellValuesInFieldIds": [self.lookup], "includePreviousCellValues": True}
        self.webhook = self.watch(includes=includes)

    def last(self) -> dict[str, Any]:
        return self.payloads(self.webhook)[-1]["changedTablesById"]


@pytest.fixture
def ask() -> Iterator[Linked]:
    with Linked() as ask:
        yield ask


def test_links_are_told_with_names_on_both_sides(ask: Linked) -> None:
    """And lookups by the records that they come from."""
    ada = ask.add_record("Authors", {"Name": "Ada"})
    book = ask.add_record("Books", {"Name": "Notes", "By": [ada]})
    told = ask.last()
    created = told[ask.books]["createdRecordsById"][book]["cellValuesByFieldId"]
    assert created[ask.by] == [{"id": ada, "name": "Ada"}]
    assert created[ask.lookup] == {
        "linkedRecordIds": [ada],
        "valuesByLinkedRecordId": {ada: ["Ada"]},
    }
    changed = told[ask.authors]["changedRecordsById"][ada]
    assert changed["current"]["cellValuesByFieldId"] == {ask.back: [{"id": book, "name": "Notes"}]}
    assert changed["previous"]["cellValuesByFieldId"] == {ask.back: None}


def test_a_deleted_record_leaves_the_links_to_it(ask: Linked) -> None:
    """The other side has changed, and what is gone has no name any more."""
    ada = ask.add_record("Authors", {"Name": "Ada"})
    book = ask.add_record("Books", {"Name": "Notes", "By": [ada]})
    ask("DELETE", f"{ask.base}/Authors/{ada}")
    told = ask.last()
    assert told[ask.authors] == {"destroyedRecordIds": [ada]}
    changed = told[ask.books]["changedRecordsById"][book]
    assert changed["current"]["cellValuesByFieldId"] == {ask.by: None}
    assert changed["previous"]["cellValuesByFieldId"] == {ask.by: [{"id": ada, "name": ""}]}


def test_people_are_told_with_what_they_may(ask: Linked) -> None:
    """As a cell shows them, and the permission level."""
    book = ask.add_record("Books", {"Who": {"id": ask.store.user_id}})
    created = ask.last()[ask.books]["createdRecordsById"][book]["cellValuesByFieldId"]
    assert created[ask.schema()["Books"]["Who"]["id"]] == {
        "id": ask.store.user_id,
        "email": "owner@example.com",
        "name": "Owner",
        "permissionLevel": "create",
    }


def test_files_are_told_by_urls_that_are_good_when_they_are_read(ask: Linked) -> None:
    """However old the payload is, and however its reader reaches the server."""
    book = ask.add_record("Books", {"Name": "x"})
    body = {"filename": "a", "contentType": "text/plain", "file": base64.b64encode(b"x").decode()}
    ask("POST", f"{ask.base}/{book}/Files/uploadAttachment", body)
    ask.clock.now += timedelta(days=3)
    url = f"bases/{ask.base}/webhooks/{ask.webhook}/payloads"
    payload = ask("GET", url, address="http://box.test")["payloads"][-1]
    changed = payload["changedTablesById"][ask.books]["changedRecordsById"][book]
    ((file,),) = changed["current"]["cellValuesByFieldId"].values()
    assert file["url"].startswith("http://box.test/attachments/")
    assert ask.local_base.file(file["url"]).body == b"x"


def test_a_url_in_a_cell_is_told_as_it_was_written(ask: Linked) -> None:
    """Attachments that are not here have no URL of ours."""
    book = ask.add_record("Books", {"Files": [{"url": "https://example.com/a/b.png"}]})
    created = ask.last()[ask.books]["createdRecordsById"][book]["cellValuesByFieldId"]
    ((file,),) = created.values()
    assert file == {"id": file["id"], "url": "https://example.com/a/b.png", "filename": "b.png"}
