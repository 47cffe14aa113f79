"""Bases, views, collaborators and what a schema tells beside tables and fields."""

from __future__ import annotations

import json

import pyairtable
import pytest

from airhaul.server.emulator import Emulator
from airhaul.server.request import Request
from airhaul.server.schema import View
from airhaul.server.serve import LocalServer
from airhaul.wire.ids import new_id

DATE = {"dateFormat": {"name": "iso"}}
FIELDS = [
    {"name": "Task", "type": "singleLineText"},
    {"name": "From", "type": "date", "options": DATE},
    {"name": "To", "type": "date", "options": DATE},
    {"name": "Days", "type": "number", "options": {"precision": 0}},
]


def ask(emulator: Emulator, method: str, path: str, body=None, query=()):
    reply = emulator.handle(Request(method, path, tuple(query), body, "patAny.x"))
    return reply.status, json.loads(reply.body) if reply.body else None


@pytest.fixture
def table(emulator: Emulator) -> dict:
    """A table with a second and a third view, made as the API cannot make them."""
    url = f"/v0/meta/bases/{emulator.default_base_id}/tables"
    _, made = ask(emulator, "POST", url, {"name": "Tasks", "fields": FIELDS})
    with emulator._store.session(write=True) as session:
        stored = session.schema.tables(emulator.default_base_id)[made["id"]]
        shown = {"visibleFieldIds": [stored.fields[0].id, "fld00000000000000"]}
        session.schema.add_view(stored, View(new_id("viw"), "Short", "grid", shown))
        session.schema.add_view(stored, View(new_id("viw"), "Board", "kanban"))
    return ask(emulator, "GET", url)[1]["tables"][0]


def test_bases_come_a_thousand_on_a_page(emulator) -> None:
    """An offset leads on, each base comes once, and what is no offset is refused."""
    with emulator._store.session(write=True) as session:
        now = emulator._wall_clock()
        made = [session.schema.add_base(f"Base {n}", now) for n in range(2_001)]
    pages, offset = [], []
    while True:
        status, page = ask(emulator, "GET", "/v0/meta/bases", query=offset)
        assert status == 200
        pages.append([base["id"] for base in page["bases"]])
        if "offset" not in page:
            break
        offset = [("offset", page["offset"])]
    assert [len(page) for page in pages] == [1_000, 1_000, 2]
    listed = [base_id for page in pages for base_id in page]
    assert listed == [emulator.default_base_id, *made]
    for wrong in ("1", "itr00000000000000/app00000000000000", "x/y"):
        assert ask(emulator, "GET", "/v0/meta/bases", query=[("offset", wrong)])[0] == 422


@pytest.mark.parametrize("name", ["include", "include[]", "include[0]"])
def test_visible_fields_come_when_asked_for_in_any_spelling(emulator, table, name) -> None:
    """For grids only, and without fields that are not there."""
    url = f"/v0/meta/bases/{emulator.default_base_id}/tables"
    assert all("visibleFieldIds" not in view for view in table["views"])
    _, shown = ask(emulator, "GET", url, query=[(name, "visibleFieldIds")])
    ids = [field["id"] for field in table["fields"]]
    views = [(view["name"], view.get("visibleFieldIds")) for view in shown["tables"][0]["views"]]
    assert views == [("Grid view", ids), ("Short", ids[:1]), ("Board", None)]
    status, error = ask(emulator, "GET", url, query=[(name, "everything")])
    assert (status, error["error"]["type"]) == (422, "INVALID_REQUEST_UNKNOWN")


def test_views_are_listed_got_and_deleted(emulator, table) -> None:
    """As this client's models read them; the last view of a table stays."""
    with LocalServer(emulator) as server:
        api = pyairtable.Api("patAny.x", endpoint_url=server.url)
        base = api.base(emulator.default_base_id)
        short = base.schema().table("Tasks").view("Short")
        assert short.visible_field_ids == [table["fields"][0]["id"]]
        short.delete()
        api.session.close()
    url = f"/v0/meta/bases/{emulator.default_base_id}/views"
    _, listed = ask(emulator, "GET", url)
    assert [view["name"] for view in listed["views"]] == ["Grid view", "Board"]
    first, second = listed["views"]
    assert ask(emulator, "GET", f"{url}/{second['id']}") == (200, second)
    assert ask(emulator, "DELETE", f"{url}/{second['id']}") == (200, None)
    assert ask(emulator, "DELETE", f"{url}/{first['id']}")[0] == 422
    assert ask(emulator, "GET", f"{url}/{second['id']}")[0] == 403
    assert ask(emulator, "GET", f"{url}/junk") == (404, {"error": "NOT_FOUND"})


def test_collaborators_are_read_by_another_client(emulator) -> None:
    """The base's name and workspace, and its owner; nothing of them unless asked for."""
    status, plain = ask(emulator, "GET", f"/v0/meta/bases/{emulator.default_base_id}")
    assert status == 200
    assert set(plain) == {"id", "name", "createdTime", "permissionLevel", "workspaceId"}
    with LocalServer(emulator) as server:
        api = pyairtable.Api("patAny.x", endpoint_url=server.url)
        told = api.base(emulator.default_base_id).collaborators()
        me = api.whoami()
        api.session.close()
    assert (told.name, told.workspace_id) == ("Local base", emulator.workspace_id)
    (owner,) = told.individual_collaborators.via_base
    assert (owner.user_id, owner.permission_level) == (me["id"], "create")
    assert owner.email == me["email"]


def test_a_date_dependency_is_kept_and_printed(emulator, table) -> None:
    """As it was sent, with what it leaves out; and taken away by null."""
    url = f"/v0/meta/bases/{emulator.default_base_id}/tables"
    ids = {field["name"]: field["id"] for field in table["fields"]}
    settings = {
        "isEnabled": True,
        "startDateFieldId": ids["From"],
        "endDateFieldId": ids["To"],
        "durationFieldId": ids["Days"],
        "reschedulingMode": "flexible",
        "shouldSkipWeekendsAndHolidays": True,
    }
    status, changed = ask(emulator, "PATCH", f"{url}/Tasks", {"dateDependencySettings": settings})
    assert status == 200
    kept = {**settings, "predecessorFieldId": None, "holidays": []}
    assert changed["dateDependencySettings"] == kept
    assert ask(emulator, "GET", url)[1]["tables"][0]["dateDependencySettings"] == kept
    for wrong in (
        {"startDateFieldId": ids["Task"]},
        {"durationFieldId": "fld00000000000000"},
        {"reschedulingMode": "often"},
        {"holidays": "never"},
        {"predecessorFieldId": ids["Task"]},
        {"surprise": 1},
    ):
        body = {"dateDependencySettings": {**settings, **wrong}}
        assert ask(emulator, "PATCH", f"{url}/Tasks", body)[0] == 422, wrong
    status, changed = ask(emulator, "PATCH", f"{url}/Tasks", {"dateDependencySettings": None})
    assert "dateDependencySettings" not in changed


@pytest.mark.parametrize("body", [{}, {"unknown": 1}, [], None])
def test_a_change_that_changes_nothing_is_refused(emulator, table, body) -> None:
    """At least one of the parts that can change has to be named."""
    url = f"/v0/meta/bases/{emulator.default_base_id}/tables/{table['id']}"
    assert ask(emulator, "PATCH", url, body)[0] == 422
    field = f"{url}/fields/{table['fields'][0]['id']}"
    assert ask(emulator, "PATCH", field, body)[0] == 422


def test_the_first_field_is_the_primary_one(emulator, table) -> None:
    """Renaming tables and fields keeps ids; an empty name is refused."""
    url = f"/v0/meta/bases/{emulator.default_base_id}/tables/{table['id']}"
    assert table["primaryFieldId"] == table["fields"][0]["id"]
    _, renamed = ask(emulator, "PATCH", url, {"name": "Jobs", "description": "what to do"})
    assert (renamed["id"], renamed["description"]) == (table["id"], "what to do")
    assert ask(emulator, "PATCH", url, {"name": "  "})[0] == 422
    _, shown = ask(emulator, "GET", url.rpartition("/")[0])
    assert shown["tables"] == [{**table, "name": "Jobs", "description": "what to do"}]


def test_a_base_is_created_in_a_workspace(emulator) -> None:
    """With its tables, or not at all."""
    tables = [{"name": "T", "fields": FIELDS}]
    body = {"name": "New", "workspaceId": emulator.workspace_id, "tables": tables}
    status, made = ask(emulator, "POST", "/v0/meta/bases", body)
    assert status == 200
    assert made["tables"][0]["views"][0]["name"] == "Grid view"
    for wrong in ({"workspaceId": 1}, {"tables": []}, {"name": ""}, {"tables": tables * 2}):
        assert ask(emulator, "POST", "/v0/meta/bases", {**body, **wrong})[0] == 422, wrong
    _, listed = ask(emulator, "GET", "/v0/meta/bases")
    assert [base["name"] for base in listed["bases"]] == ["Local base", "New"]


def test_a_base_without_a_workspace_is_refused_as_the_service_does(emulator) -> None:
    """The answer tells nothing of the workspace, and a program has to know it all the same."""
    body = {"name": "New", "tables": [{"name": "T", "fields": FIELDS}]}
    status, answer = ask(emulator, "POST", "/v0/meta/bases", body)
    assert status == 422
    assert answer == {"error": {"type": "INVALID_REQUEST", "message": "Server error"}}


def test_pages_of_bases_have_no_size_of_choice(emulator) -> None:
    """The service takes ``pageSize`` for records and comments, and refuses it here."""
    request = Request("GET", "/v0/meta/bases", (("pageSize", "10"),), None, "pat.x")
    assert emulator.handle(request).status == 422


def test_a_single_record_is_not_asked_for_some_fields(emulator) -> None:
    """``fields`` is a parameter of lists alone; a program that sends it is told here already."""
    _, made = ask(
        emulator,
        "POST",
        f"/v0/meta/bases/{emulator.default_base_id}/tables",
        {"name": "T", "fields": FIELDS},
    )
    path = f"/v0/{emulator.default_base_id}/{made['id']}"
    _, record = ask(emulator, "POST", path, {"fields": {}})
    query = (("fields[]", FIELDS[0]["name"]),)
    request = Request("GET", f"{path}/{record['id']}", query, None, "pat.x")
    assert emulator.handle(request).status == 422
