"""Copies of bases: schema and records, ids kept, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from airhaul import Airtable, __version__
from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from airhaul.local_base.protocol.request import Request
from tests.local_base.listening import Listener

from .program import airhaul

pytestmark = pytest.mark.slow  # each test starts the program

FIELDS = [
    {"name": "Name", "type": "singleLineText"},
    {
        "name": "Kind",
        "type": "singleSelect",
        "options": {"choices": [{"name": "a", "color": "redBright"}, {"name": "b"}]},
    },
    {"name": "Done", "type": "checkbox", "options": {"icon": "check", "color": "greenBright"}},
]


@pytest.fixture
def origin() -> Iterator[LocalServer]:
    """A base of 230 records and an attachment, over HTTP."""
    described = {
        "name": "Origin",
        "tables": [
            {"name": "Things", "fields": FIELDS},
            {
                "name": "Papers",
                "fields": [
                    {"name": "Title", "type": "singleLineText"},
                    {
                        "name": "Files",
                        "type": "multipleAttachments",
                        "options": {"isReversed": False},
                    },
                ],
            },
        ],
    }
    with LocalBase.open(schema=described) as local_base, LocalServer(local_base) as server:
        base = local_base.default_base_id
        for start in range(0, 230, 10):
            rows = [
                {"fields": {"Name": f"N{n}", "Kind": "ab"[n % 2], "Done": n % 3 == 0}}
                for n in range(start, start + 10)
            ]
            assert post(local_base, f"/v0/{base}/Things", {"records": rows})
        paper = post(local_base, f"/v0/{base}/Papers", {"fields": {"Title": "Plan"}})
        file = {"contentType": "text/plain", "filename": "plan.txt", "file": "aGVsbG8="}
        post(local_base, f"/v0/{base}/{paper['id']}/Files/uploadAttachment", file)
        yield server


def post(local_base: LocalBase, path: str, body: dict):
    reply = local_base.handle(Request("POST", path, body=body, token="p"))
    assert reply.status == 200, reply.body
    return json.loads(reply.body)


def held(local_base: LocalBase, table: str) -> list[dict]:
    """All records of a table, with ids and times."""
    path, records, query = f"/v0/{local_base.default_base_id}/{table}", [], ()
    while True:
        page = json.loads(local_base.handle(Request("GET", path, query, token="p")).body)
        records += page["records"]
        if "offset" not in page:
            return records
        query = (("offset", page["offset"]),)


def clone(server: LocalServer, *options: str, **environment: str):
    base = server.local_base.default_base_id
    return airhaul(
        "clone", base, "copy.db", "--endpoint-url", server.url, *options,
        AIRTABLE_ACCESS_TOKEN="patAny.x", **environment,
    )  # fmt: skip


def test_a_copy_holds_what_the_origin_holds(origin) -> None:
    """Schema, ids, times and cells, and the contents of files where they are asked for."""
    done = clone(origin, "--attachments")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"copy.db: 231 records of 2 tables and 1 attachment of {origin.local_base.default_base_id}\n"
    )
    with LocalBase.open("copy.db") as copy:
        assert copy.default_base_id == origin.local_base.default_base_id
        assert held(copy, "Things") == held(origin.local_base, "Things")
        (paper,) = held(copy, "Papers")
        (original,) = held(origin.local_base, "Papers")
        (file,) = paper["fields"]["Files"]
        assert file["id"] == original["fields"]["Files"][0]["id"]
        assert copy.file(file["url"]).body == b"hello"
        schemas = [
            json.loads(
                base.handle(
                    Request("GET", f"/v0/meta/bases/{copy.default_base_id}/tables", token="p")
                ).body
            )
            for base in (copy, origin.local_base)
        ]
        assert schemas[0] == schemas[1]
    assert [path.name for path in Path().iterdir()] == ["copy.db"]


def test_without_attachments_their_urls_are_kept(origin) -> None:
    """Names and URLs are known, and nothing is fetched."""
    done = clone(origin, "--json")
    assert json.loads(done.stdout)["records"] == {"Things": 230, "Papers": 1}
    with LocalBase.open("copy.db") as copy:
        (file,) = held(copy, "Papers")[0]["fields"]["Files"]
        assert file["url"].startswith(origin.url)
        assert file["filename"] == "plan.txt"
    assert not [one for one in origin.local_base.requests if "attachments" in one.path]


def test_a_copy_goes_on_through_faults(origin) -> None:
    """A page that is refused is asked for again, and a list that was forgotten read again."""
    origin.local_base.fail("503-before@3", "GET iterator-lost@2")
    assert clone(origin).returncode == 0
    origin.local_base.fail()
    with LocalBase.open("copy.db") as copy:
        assert held(copy, "Things") == held(origin.local_base, "Things")


def test_nothing_is_left_of_a_copy_that_fails(origin) -> None:
    """A file that is there is not touched, and one that is not whole does not appear."""
    Path("copy.db").write_text("mine")
    done = clone(origin)
    assert (done.returncode, "exists already" in done.stderr) == (2, True)
    assert Path("copy.db").read_text() == "mine"
    Path("copy.db").unlink()
    with LocalBase.open(tokens=["patGood.x"]) as guarded, LocalServer(guarded) as server:
        done = clone(server)
        assert (done.returncode, "access token" in done.stderr) == (2, True)
    assert list(Path().iterdir()) == []


def test_files_that_cannot_be_fetched_are_told(origin) -> None:
    """All else is copied, and the exit code says that something is missing."""
    local_base = origin.local_base
    with local_base._store.session(write=True) as session:
        (table,) = [
            one
            for one in session.schema.tables(local_base.default_base_id).values()
            if one.name == "Papers"
        ]
        (record,) = session.records.all_of(table.id)
        gone = session.attachments.add(
            local_base.default_base_id, "gone.txt", url=f"{origin.url}/attachments/nothing"
        )
        files = record.cells[table.fields[1].id]
        record.cells[table.fields[1].id] = [gone.id, *files]
        session.records.change(record)
    done = clone(origin, "--attachments")
    assert done.returncode == 1
    assert "gone.txt" in done.stderr
    with LocalBase.open("copy.db") as copy:
        assert len(held(copy, "Papers")[0]["fields"]["Files"]) == 2


def test_files_are_fetched_without_the_token(origin) -> None:
    """The host of a file learns which client asks, and nothing that opens the base."""
    with Listener() as host:
        host.body = b"hi"
        cells = {"fields": {"Title": "Far", "Files": [{"url": f"{host.url}/far.txt"}]}}
        post(origin.local_base, f"/v0/{origin.local_base.default_base_id}/Papers", cells)
        assert clone(origin, "--attachments").returncode == 0
    ((method, path, headers, _),) = host.asked
    assert (method, path) == ("GET", "/far.txt")
    assert headers["user-agent"] == f"airhaul/{__version__}"
    assert "authorization" not in headers


def test_a_schema_goes_round(origin) -> None:
    """What is printed makes the same base, which prints the same."""
    options = ("--endpoint-url", origin.url, "--base", origin.local_base.default_base_id)
    done = airhaul("schema", *options, AIRTABLE_ACCESS_TOKEN="patAny.x")
    assert done.returncode == 0
    described = json.loads(done.stdout)
    assert described["name"] == "Origin"
    Path("base.json").write_text(done.stdout)
    with Airtable.local("new.db", schema="base.json") as airtable:
        assert airtable.base_id == described["id"]
        assert [table["name"] for table in airtable.schema()] == ["Things", "Papers"]
    assert json.loads(airhaul("schema", "--local", "new.db").stdout) == described
