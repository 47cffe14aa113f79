"""Synchronising a table with CSV: what the file says is what the table holds."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from airhaul.local_base.protocol.request import Request
from tests.local_base.asking import AS_CREATED, NOTE, TEXT, Asking

AGE = {"name": "Age", "type": "number", "options": {"precision": 0}}


class Syncing(Asking):
    """A base with a table that is synchronised."""

    def __init__(self) -> None:
        super().__init__(LocalBase.open())
        self.table("T", NOTE, AGE)

    def sync(self, text: str | bytes | None, sync_id: str = "sync1", status: int = 200) -> dict:
        content = text.encode() if isinstance(text, str) else text
        request = Request(
            "POST", f"/v0/{self.base}/T/sync/{sync_id}", (), None, "pat.x", None, content
        )
        reply = self.local_base.handle(request)
        assert reply.status == status, reply.body
        return json.loads(reply.body)

    def records(self) -> list[dict]:
        return self("GET", f"{self.base}/T", None, AS_CREATED)["records"]

    def rows(self) -> list[dict]:
        return [record["fields"] for record in self.records()]


@pytest.fixture
def ask() -> Iterator[Syncing]:
    with Syncing() as ask:
        yield ask


def test_lines_become_records_with_typed_cells(ask: Syncing) -> None:
    """Quotes, a byte order mark, missing cells at the end, and blank lines are understood."""
    text = '\ufeffName,Age,Note\r\nAda,36,"a ""b"",\nc"\r\n\r\nBob,,\r\nCy\r\n'
    assert ask.sync(text) == {"success": True}
    assert ask.rows() == [
        {"Name": "Ada", "Age": 36, "Note": 'a "b",\nc'},
        {"Name": "Bob"},
        {"Name": "Cy"},
    ]


def test_a_second_file_replaces_the_first(ask: Syncing) -> None:
    """Records with the same primary cell stay the same records, others come and go."""
    ask.sync("Name,Age\nAda,36\nBob,1\nBob,2\n")
    before = {record["id"]: record["fields"] for record in ask.records()}
    ada, bob, _ = before
    ask.sync("Name,Age\nCy,3\nBob,7\nAda,\n")
    after = {record["id"]: record["fields"] for record in ask.records()}
    assert after[ada] == {"Name": "Ada"}
    assert after[bob] == {"Name": "Bob", "Age": 7}
    assert sorted(fields["Name"] for fields in after.values()) == ["Ada", "Bob", "Cy"]


def test_new_columns_become_fields_of_text(ask: Syncing) -> None:
    """The table grows with the file."""
    ask.sync("Name,City\nAda,London\n")
    assert ask.rows() == [{"Name": "Ada", "City": "London"}]
    assert ask.schema()["T"]["City"]["type"] == "singleLineText"


def test_a_table_with_records_of_its_own_is_not_overwritten(ask: Syncing) -> None:
    """Only an empty table becomes one that is synchronised, by one id from then on."""
    ask.add_record("T", {"Name": "mine"})
    ask.sync("Name\nAda\n", status=422)
    assert ask.rows() == [{"Name": "mine"}]
    ask("DELETE", f"{ask.base}/T/{ask.records()[0]['id']}")
    ask.sync("Name\nAda\n")
    ask.sync("Name\nBob\n", sync_id="sync2", status=422)
    ask.sync("Name\nBob\n")
    assert ask.rows() == [{"Name": "Bob"}]


@pytest.mark.parametrize(
    "text",
    [
        None, "", "\n\n", "Name,Name\na,b\n", "Name,\na,b\n", "Name\na,b\n", "Name,name\na,b\n",
        "Name,Age\na,many\n", b"Name\n\xff\xfe\n", 'Name\n"a', "Name,NOTE\na,b\n",
        ",".join(f"c{n}" for n in range(501)), "Name\n" + "a\n" * 10_001,
    ],
)  # fmt: skip
def test_bad_files_change_nothing(ask: Syncing, text: str | bytes | None) -> None:
    """Airtable's 422; records, fields and the id stay as they were."""
    ask.sync("Name,Age\nAda,36\n")
    ask.sync(text, status=422)
    assert ask.rows() == [{"Name": "Ada", "Age": 36}]
    assert len(ask.schema()["T"]) == 3


def test_files_have_two_megabytes_at_most(ask: Syncing) -> None:
    """More is a 413."""
    ask.sync("Name\n" + "x" * (2 * 1024 * 1024), status=413)
    assert ask.rows() == []


def test_bad_addresses_are_refused(ask: Syncing) -> None:
    """A table that is not there, and ids of another form."""
    ask("POST", f"{ask.base}/Nope/sync/sync1", status=403)
    ask("POST", f"{ask.base}/T/sync/a-b", status=404)
    ask("POST", f"{ask.base}/T/sync/sync1", {"json": 1}, status=422)


def test_webhooks_are_told_that_it_was_a_sync(ask: Syncing) -> None:
    """One payload for the whole file."""
    webhook = ask.watch(fromSources=["sync"])
    ask.sync("Name\nAda\nBob\n")
    (payload,) = ask.payloads(webhook)
    assert payload["actionMetadata"] == {"source": "sync"}
    (changed,) = payload["changedTablesById"].values()
    assert len(changed["createdRecordsById"]) == 2


def test_ten_thousand_lines_over_http(local_base: LocalBase, server: LocalServer) -> None:
    """The most that is allowed arrives whole, in seconds."""
    base, headers = local_base.default_base_id, {"authorization": "Bearer pat.x"}
    table = {"name": "T", "fields": [TEXT, NOTE]}
    url = f"{server.url}/v0/meta/bases/{base}/tables"
    assert requests.post(url, json=table, headers=headers, timeout=5).status_code == 200
    content = "Name,Note\n" + "".join(f"{n},note {n}\n" for n in range(10_000))
    url = f"{server.url}/v0/{base}/T/sync/abc"
    headers["content-type"] = "text/csv; charset=utf-8"
    started = time.process_time()
    reply = requests.post(url, data=content.encode(), headers=headers, timeout=60)
    assert reply.json() == {"success": True}
    assert time.process_time() - started < 30
    last = local_base.handle(
        Request("GET", f"/v0/{base}/T", (("filterByFormula", "Name = '9999'"),), None, "pat.x")
    )
    assert json.loads(last.body)["records"][0]["fields"] == {"Name": "9999", "Note": "note 9999"}


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)


@given(st.lists(st.lists(st.tuples(CELL, CELL), max_size=6), min_size=1, max_size=3))
def test_whatever_the_files_say_is_what_the_table_holds(files: list[list[tuple[str, str]]]) -> None:
    """As a multiset of rows, after any files one after the other."""
    ask = Syncing()
    for rows in files:
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL)
        writer.writerows([("Name", "Note"), *rows])
        ask.sync(text.getvalue())
        held = [(row.get("Name", ""), row.get("Note", "")) for row in ask.rows()]
        assert sorted(held) == sorted(rows)
    ask.local_base.close()
