"""Bases, views, collaborators and what a schema tells beside tables and fields."""

from __future__ import annotations

import pyairtable
import pytest

from airhaul.local_base.http.serve import LocalServer
from airhaul.local_base.store.schema import View
from airhaul.wire.ids import new_id
from tests.local_base.asking import Asking

DATE = {"dateFormat": {"name": "iso"}}
FIELDS = [
    {"name": "Task", "type": "singleLineText"},
    {"name": "From", "type": "date", "options": DATE},
    {"name": "To", "type": "date", "options": DATE},
    {"name": "Days", "type": "number", "options": {"precision": 0}},
]


@pytest.fixture
def table(ask: Asking) -> dict:
    """A table with a second and a third view, made as the API cannot make them."""
    url = f"meta/bases/{ask.base}/tables"
    made = ask("POST", url, {"name": "Tasks", "fields": FIELDS})
    with ask.store.session(write=True) as session:
        stored = session.schema.tables(ask.base)[made["id"]]
        shown = {"visibleFieldIds": [stored.fields[0].id, "fld00000000000000"]}
        session.schema.add_view(stored, View(new_id("viw"), "Short", "grid", shown))
        session.schema.add_view(stored, View(new_id("viw"), "Board", "kanban"))
    return ask("GET", url)["tables"][0]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "type_"),
    [
        ("GET", "meta/workspaces", None, 403, "INVALID_PERMISSIONS"),
        ("DELETE", "meta/bases/{}", None, 403, "INVALID_PERMISSIONS"),
        (
            "POST",
            "meta/bases",
            {"name": "New", "workspaceId": "wsp00000000000000", "tables": [{"name": "T", "fields": FIELDS}]},
            404,
            "MODEL_ID_NOT_FOUND",
        ),
    ],
)  # fmt: skip
def test_what_an_ordinary_account_may_not_do_with_workspaces(
    ask: Asking, method, path, body, status, type_
) -> None:
    """As clients found that were tested against Airtable."""
    answer = ask(method, path.format(ask.base), body, status=status)
    assert answer["error"]["type"] == type_


def test_bases_come_a_thousand_on_a_page(ask: Asking) -> None:
    """An offset leads on, each base comes once, and what is no offset is refused."""
    with ask.store.session(write=True) as session:
        now = ask.local_base._wall_clock()
        made = [session.schema.add_base(f"Base {n}", now) for n in range(2_001)]
    pages, offset = [], []
    while True:
        page = ask("GET", "meta/bases", None, *offset)
        pages.append([base["id"] for base in page["bases"]])
        if "offset" not in page:
            break
        offset = [("offset", page["offset"])]
    assert [len(page) for page in pages] == [1_000, 1_000, 2]
    listed = [base_id for page in pages for base_id in page]
    assert listed == [ask.base, *made]
    for wrong in ("1", "itr00000000000000/app00000000000000", "x/y"):
        ask("GET", "meta/bases", None, ("offset", wrong), status=422)


@pytest.mark.parametrize("name", ["include", "include[]", "include[0]"])
def test_visible_fields_come_when_asked_for_in_any_spelling(ask: Asking, table, name) -> None:
    """For grids only, and without fields that are not there."""
    url = f"meta/bases/{ask.base}/tables"
    assert all("visibleFieldIds" not in view for view in table["views"])
    shown = ask("GET", url, None, (name, "visibleFieldIds"))
    ids = [field["id"] for field in table["fields"]]
    views = [(view["name"], view.get("visibleFieldIds")) for view in shown["tables"][0]["views"]]
    assert views == [("Grid view", ids), ("Short", ids[:1]), ("Board", None)]
    refused = ask("GET", url, None, (name, "everything"), status=422)
    assert refused["error"]["type"] == "INVALID_REQUEST_UNKNOWN"


def test_views_are_listed_got_and_deleted(ask: Asking, table) -> None:
    """As another client's models read them; the last view of a table stays."""
    with LocalServer(ask.local_base) as server:
        api = pyairtable.Api("patAny.x", endpoint_url=server.url)
        base = api.base(ask.base)
        short = base.schema().table("Tasks").view("Short")
        assert short.visible_field_ids == [table["fields"][0]["id"]]
        short.delete()
        api.session.close()
    url = f"meta/bases/{ask.base}/views"
    listed = ask("GET", url)
    assert [view["name"] for view in listed["views"]] == ["Grid view", "Board"]
    first, second = listed["views"]
    assert ask("GET", f"{url}/{second['id']}") == second
    assert ask("DELETE", f"{url}/{second['id']}") is None
    ask("DELETE", f"{url}/{first['id']}", status=422)
    ask("GET", f"{url}/{second['id']}", status=403)
    assert ask("GET", f"{url}/junk", status=404) == {"error": "NOT_FOUND"}


def test_collaborators_are_read_by_another_client(ask: Asking) -> None:
    """The base's name and workspace, and its owner; nothing of them unless asked for."""
    plain = ask("GET", f"meta/bases/{ask.base}")
    assert set(plain) == {"id", "name", "createdTime", "permissionLevel", "workspaceId"}
    with LocalServer(ask.local_base) as server:
        api = pyairtable.Api("patAny.x", endpoint_url=server.url)
        told = api.base(ask.base).collaborators()
        me = api.whoami()
        api.session.close()
    assert (told.name, told.workspace_id) == ("Local base", ask.local_base.workspace_id)
    (owner,) = told.individual_collaborators.via_base
    assert (owner.user_id, owner.permission_level) == (me["id"], "create")
    assert owner.email == me["email"]


def test_a_date_dependency_is_kept_and_printed(ask: Asking, table) -> None:
    """As it was sent, with what it leaves out; and taken away by null."""
    url = f"meta/bases/{ask.base}/tables"
    ids = {field["name"]: field["id"] for field in table["fields"]}
    settings = {
        "isEnabled": True,
        "startDateFieldId": ids["From"],
        "endDateFieldId": ids["To"],
        "durationFieldId": ids["Days"],
        "reschedulingMode": "flexible",
        "shouldSkipWeekendsAndHolidays": True,
    }
    changed = ask("PATCH", f"{url}/Tasks", {"dateDependencySettings": settings})
    kept = {**settings, "predecessorFieldId": None, "holidays": []}
    assert changed["dateDependencySettings"] == kept
    assert ask("GET", url)["tables"][0]["dateDependencySettings"] == kept
    for wrong in (
        {"startDateFieldId": ids["Task"]},
        {"durationFieldId": "fld00000000000000"},
        {"reschedulingMode": "often"},
        {"holidays": "never"},
        {"predecessorFieldId": ids["Task"]},
        {"surprise": 1},
    ):
        body = {"dateDependencySettings": {**settings, **wrong}}
        ask("PATCH", f"{url}/Tasks", body, status=422)
    changed = ask("PATCH", f"{url}/Tasks", {"dateDependencySettings": None})
    assert "dateDependencySettings" not in changed


@pytest.mark.parametrize("body", [{}, {"unknown": 1}, [], None])
def test_a_change_that_changes_nothing_is_refused(ask: Asking, table, body) -> None:
    """At least one of the parts that can change has to be named."""
    url = f"meta/bases/{ask.base}/tables/{table['id']}"
    ask("PATCH", url, body, status=422)
    field = f"{url}/fields/{table['fields'][0]['id']}"
    ask("PATCH", field, body, status=422)


def test_the_first_field_is_the_primary_one(ask: Asking, table) -> None:
    """Renaming tables and fields keeps ids; an empty name is refused."""
    url = f"meta/bases/{ask.base}/tables/{table['id']}"
    assert table["primaryFieldId"] == table["fields"][0]["id"]
    renamed = ask("PATCH", url, {"name": "Jobs", "description": "what to do"})
    assert (renamed["id"], renamed["description"]) == (table["id"], "what to do")
    ask("PATCH", url, {"name": "  "}, status=422)
    shown = ask("GET", url.rpartition("/")[0])
    assert shown["tables"] == [{**table, "name": "Jobs", "description": "what to do"}]


def test_a_base_is_created_in_a_workspace(ask: Asking) -> None:
    """With its tables, or not at all."""
    tables = [{"name": "T", "fields": FIELDS}]
    body = {"name": "New", "workspaceId": ask.local_base.workspace_id, "tables": tables}
    made = ask("POST", "meta/bases", body)
    assert made["tables"][0]["views"][0]["name"] == "Grid view"
    for wrong in ({"workspaceId": 1}, {"tables": []}, {"name": ""}, {"tables": tables * 2}):
        ask("POST", "meta/bases", {**body, **wrong}, status=422)
    listed = ask("GET", "meta/bases")
    assert [base["name"] for base in listed["bases"]] == ["Local base", "New"]


def test_a_base_without_a_workspace_is_refused_as_the_service_does(ask: Asking) -> None:
    """The answer tells nothing of the workspace, and a program has to know it all the same."""
    body = {"name": "New", "tables": [{"name": "T", "fields": FIELDS}]}
    refused = ask("POST", "meta/bases", body, status=422)
    assert refused == {"error": {"type": "INVALID_REQUEST", "message": "Server error"}}


def test_pages_of_bases_have_no_size_of_choice(ask: Asking) -> None:
    """The service takes ``pageSize`` for records and comments, and refuses it here."""
    ask("GET", "meta/bases", None, ("pageSize", "10"), status=422)


def test_a_single_record_is_not_asked_for_some_fields(ask: Asking) -> None:
    """``fields`` is a parameter of lists alone; a program that sends it is told here already."""
    ask.table("T", *FIELDS[1:])
    record = ask.add_record("T", {})
    ask("GET", f"{ask.base}/T/{record}", None, ("fields[]", "Name"), status=422)
