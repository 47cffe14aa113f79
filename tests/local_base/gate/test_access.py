"""Tokens: what their scopes, their bases and their persons' roles let them do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import httpx2
import pytest

from airhaul.errors import ConfigurationError
from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.tokens import SCOPES, Token
from airhaul.local_base.http.serve import LocalServer
from airhaul.local_base.protocol.request import Request
from airhaul.local_base.resources import ROUTES
from tests.local_base.clock import Clock

NAME = [{"name": "Name", "type": "singleLineText"}]
HIDDEN = "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"


def ask(local_base: LocalBase, method: str, path: str, body=None, token="patAll.x", query=()):
    """The status, and the JSON or what the error says."""
    reply = local_base.handle(Request(method, path, tuple(query), body, token))
    answer = json.loads(reply.body) if reply.body else None
    error = answer.get("error") if isinstance(answer, dict) else None
    return reply.status, answer if error is None else error


@pytest.fixture
def path(tmp_path) -> Iterator[str]:
    """A file with a base that has the table Things, and one record in it."""
    path = str(tmp_path / "base.db")
    with LocalBase.open(path) as local_base:
        base = local_base.default_base_id
        ask(local_base, "POST", f"/v0/meta/bases/{base}/tables", {"name": "Things", "fields": NAME})
        ask(local_base, "POST", f"/v0/{base}/Things", {"fields": {"Name": "one"}})
    return path


def calls(local_base: LocalBase) -> dict[str, tuple]:
    """For each scope the calls that need it, and it alone."""
    base = local_base.default_base_id
    _, schema = ask(local_base, "GET", f"/v0/meta/bases/{base}/tables")
    table = schema["tables"][0]
    _, listed = ask(local_base, "GET", f"/v0/{base}/Things")
    one = f"/v0/{base}/Things/{listed['records'][0]['id']}"
    row = {"fields": {"Name": "x"}}
    fields_path = f"/v0/meta/bases/{base}/tables/{table['id']}/fields"
    return {
        "data.records:read": (
            ("GET", f"/v0/{base}/Things", None),
            ("POST", f"/v0/{base}/Things/listRecords", {}),
            ("GET", one, None),
        ),
        "data.records:write": (
            ("POST", f"/v0/{base}/Things", row),
            ("PATCH", one, row),
            ("PUT", one, row),
        ),
        "data.recordComments:read": (("GET", f"{one}/comments", None),),
        "data.recordComments:write": (("POST", f"{one}/comments", {"text": "hm"}),),
        "schema.bases:read": (
            ("GET", "/v0/meta/bases", None),
            ("GET", f"/v0/meta/bases/{base}/tables", None),
        ),
        "schema.bases:write": (
            ("POST", f"/v0/meta/bases/{base}/tables", {"name": "New", "fields": NAME}),
            ("PATCH", f"/v0/meta/bases/{base}/tables/Things", {"description": "all"}),
            ("POST", fields_path, {"name": "Mail", "type": "email"}),
            ("PATCH", f"{fields_path}/{table['primaryFieldId']}", {"description": "its name"}),
        ),
        "workspacesAndBases:read": (("GET", f"/v0/meta/bases/{base}/views", None),),
    }


SCOPES_TRIED = (
    "data.records:read",
    "data.records:write",
    "data.recordComments:read",
    "data.recordComments:write",
    "schema.bases:read",
    "schema.bases:write",
    "workspacesAndBases:read",
)


@pytest.mark.parametrize("scope", SCOPES_TRIED)
def test_each_endpoint_needs_its_scope_and_no_other(path, scope) -> None:
    """A token with the scope may, and one with all scopes but this may not."""
    tokens = [
        "patAll.x",
        Token("patOnly.x", scopes=frozenset({scope})),
        Token("patNot.x", scopes=SCOPES - {scope}),
    ]
    with LocalBase.open(path, tokens=tokens) as local_base:
        for method, url, body in calls(local_base)[scope]:
            status, error = ask(local_base, method, url, body, "patNot.x")
            assert (status, error["type"]) == (403, HIDDEN), url
            assert "both your user and your token" in error["message"]
            assert ask(local_base, method, url, body, "patOnly.x")[0] == 200, url


def test_every_endpoint_says_what_it_needs() -> None:
    """No endpoint but whoami is open to all tokens, and no scope that is asked for is unknown."""
    assert [route.pattern for route in ROUTES if not route.needs.scopes] == ["/v0/meta/whoami"]
    asked = {scope for route in ROUTES for scope in route.needs.scopes}
    assert asked <= SCOPES


def test_a_webhook_needs_the_scopes_of_what_it_tells(path) -> None:
    """Whoever may not read records, or the schema, is told nothing of them."""
    manage = frozenset({"webhook:manage"})
    tokens = [
        "patAll.x",
        Token("patHook.x", scopes=manage),
        Token("patData.x", scopes=manage | {"data.records:read"}),
        Token("patSchema.x", scopes=manage | {"schema.bases:read"}),
    ]
    allowed = {
        "tableData": {"patAll.x", "patData.x"},
        "tableFields": {"patAll.x", "patSchema.x"},
        "tableMetadata": {"patAll.x", "patSchema.x"},
    }
    with LocalBase.open(path, tokens=tokens) as local_base:
        url = f"/v0/bases/{local_base.default_base_id}/webhooks"
        for kind, who in allowed.items():
            body = {"specification": {"options": {"filters": {"dataTypes": [kind]}}}}
            hook = ask(local_base, "POST", url, body)[1]["id"]
            for token in ("patAll.x", "patHook.x", "patData.x", "patSchema.x"):
                expected = 200 if token in who else 403
                assert ask(local_base, "POST", url, body, token)[0] == expected, (kind, token)
                assert ask(local_base, "GET", f"{url}/{hook}/payloads", None, token)[0] == expected
            assert ask(local_base, "GET", url, None, "patHook.x")[0] == 200


def test_a_missing_and_a_wrong_token_are_the_same_refusal(path) -> None:
    """401 for both, and before anything else is looked at."""
    with LocalBase.open(path, tokens=["patAll.x"]) as local_base:
        for token in (None, "", "patOther.x", "patAll"):
            status, error = ask(local_base, "GET", "/v0/meta/nothing", token=token)
            assert (status, error["type"]) == (401, "AUTHENTICATION_REQUIRED")
        assert ask(local_base, "GET", "/v0/meta/nothing") == (404, "NOT_FOUND")


def test_bases_that_a_token_may_not_see_are_not_there(path) -> None:
    """They are missing from the list, and refused as bases that do not exist."""
    with LocalBase.open(path) as local_base:
        body = {"name": "Second", "workspaceId": local_base.workspace_id, "tables": []}
        body["tables"] = [{"name": "T", "fields": NAME}]
        first, second = (
            local_base.default_base_id,
            ask(local_base, "POST", "/v0/meta/bases", body)[1],
        )
    bound = Token("patBound.x", bases=frozenset({second["id"]}))
    with LocalBase.open(path, tokens=["patAll.x", bound]) as local_base:
        seen = [base["id"] for base in ask(local_base, "GET", "/v0/meta/bases")[1]["bases"]]
        assert seen == [first, second["id"]]
        _, listed = ask(local_base, "GET", "/v0/meta/bases", token="patBound.x")
        assert [base["id"] for base in listed["bases"]] == [second["id"]]
        for base, expected in ((first, 403), ("app00000000000000", 403), (second["id"], 200)):
            status, answer = ask(
                local_base, "GET", f"/v0/meta/bases/{base}/tables", token="patBound.x"
            )
            assert status == expected
            assert status == 200 or answer["type"] == HIDDEN
        assert ask(local_base, "GET", f"/v0/{first}/Things", token="patBound.x")[0] == 403
        status, error = ask(local_base, "POST", "/v0/meta/bases", body, token="patBound.x")
        assert (status, error["type"]) == (403, HIDDEN)


def test_a_role_that_is_too_low_is_told_in_the_words_of_the_reference(path) -> None:
    """Each role may do what the one before may, and one thing more."""
    tokens = [Token(f"pat{role}.x", role=role) for role in ("read", "comment", "edit", "create")]
    with LocalBase.open(path, tokens=["patAll.x", *tokens]) as local_base:
        base = local_base.default_base_id
        _, schema = ask(local_base, "GET", f"/v0/meta/bases/{base}/tables")
        table_id = schema["tables"][0]["id"]
        done = calls(local_base)
        ladder = (
            ("read", done["data.records:read"][0]),
            ("comment", done["data.recordComments:write"][0]),
            ("edit", done["data.records:write"][1]),
            ("create", done["schema.bases:write"][1]),
        )
        for needed, (method, url, body) in ladder:
            for place, token in enumerate(tokens):
                allowed = place >= [role for role, _ in ladder].index(needed)
                status, answer = ask(local_base, method, url, body, token.text)
                assert status == (200 if allowed else 403), (needed, token.role)
                if not allowed:
                    assert answer == {
                        "type": "INVALID_PERMISSIONS",
                        "message": "You are not permitted to perform this operation",
                    }
        row = {"fields": {"Name": "x"}}
        status, error = ask(local_base, "POST", f"/v0/{base}/Things", row, "patread.x")
        assert status == 403
        assert error["message"] == (
            f"You are not permitted to create records in table Things ({table_id})"
        )
        status, error = ask(local_base, "POST", f"/v0/{base}/Nothing", row, "patread.x")
        assert (status, error["type"]) == (403, HIDDEN)
        _, listed = ask(local_base, "GET", "/v0/meta/bases", token="patedit.x")
        assert listed["bases"][0]["permissionLevel"] == "edit"


def test_what_a_token_does_is_done_by_its_person(path) -> None:
    """Whoami, comments and the list of collaborators name the same person, kept in the file."""
    ada = Token("patAda.x", person="ada.king@example.org", role="edit")
    shy = replace(ada, text="patShy.x", scopes=frozenset({"data.records:read"}))
    ids = set()
    for _ in range(2):
        with LocalBase.open(path, tokens=["patAll.x", ada, shy]) as local_base:
            status, me = ask(local_base, "GET", "/v0/meta/whoami", token="patAda.x")
            assert status == 200
            assert me["email"] == "ada.king@example.org"
            assert ask(local_base, "GET", "/v0/meta/whoami", token="patShy.x")[1] == {
                "id": me["id"]
            }
            method, url, body = calls(local_base)["data.recordComments:write"][0]
            comment = ask(local_base, method, url, body, "patAda.x")[1]
            assert comment["author"]["name"] == "Ada King"
            owner = ask(local_base, "GET", "/v0/meta/whoami")[1]["id"]
            _, shown = ask(
                local_base,
                "GET",
                f"/v0/meta/bases/{local_base.default_base_id}",
                query=[("include", "collaborators")],
            )
            people = {
                person["userId"]: person["permissionLevel"]
                for person in shown["individualCollaborators"]["baseCollaborators"]
            }
            assert people == {owner: "create", me["id"]: "edit"}
            ids.add(me["id"])
    assert len(ids) == 1
    with pytest.raises(ConfigurationError, match="Nobody"):
        LocalBase.open(path, tokens=[Token("p", person="usr00000000000000")])


def test_all_tokens_of_a_person_share_fifty_requests_a_second(path) -> None:
    """The limit is the person's; another person is not held up by it."""
    tokens = [Token("patA.x", person="a@x.org"), Token("patB.x", person="a@x.org"), "patC.x"]
    with LocalBase.open(
        path, tokens=tokens, requests_per_second=5, clock=Clock(100.0)
    ) as local_base:
        used = [
            ask(local_base, "GET", "/v0/meta/whoami", token=f"pat{'AB'[n % 2]}.x")[0]
            for n in range(51)
        ]
        assert used == [200] * 50 + [429]
        assert ask(local_base, "GET", "/v0/meta/whoami", token="patA.x")[0] == 429
        assert ask(local_base, "GET", "/v0/meta/whoami", token="patC.x")[0] == 200


def test_a_refused_token_uses_up_nothing(path) -> None:
    """Strangers can neither lock a base out nor spend its month."""
    with LocalBase.open(
        path, tokens=["patAll.x"], requests_per_second=5, monthly_quota=1, clock=Clock(100.0)
    ) as local_base:
        url = f"/v0/{local_base.default_base_id}/Things"
        assert [ask(local_base, "GET", url, token="patBad.x")[0] for _ in range(20)] == [401] * 20
        assert ask(local_base, "GET", url)[0] == 200


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("patA.x", Token("patA.x")),
        (
            "patA.x=data.records:read, schema.bases:read",
            Token("patA.x", frozenset({"data.records:read", "schema.bases:read"})),
        ),
        (
            "patA.x=app00000000000000,read,ada@example.org",
            Token("patA.x", None, frozenset({"app00000000000000"}), "ada@example.org", "read"),
        ),
    ],
)
def test_a_token_is_read_from_a_command_line(text, token) -> None:
    """Words are told apart by their form; without any, all is allowed."""
    assert Token.parse(text) == token


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("patSecret.x=data.records:eat", "not a scope"),
        ("patSecret.x=frob", "'frob'"),
        ("patSecret.x=read,edit", "one role"),
        ("=read", "not be empty"),
    ],
)
def test_what_is_no_token_is_told_without_it(text, said) -> None:
    """The secret stands in no message, and in no repr."""
    with pytest.raises(ConfigurationError, match=said) as caught:
        Token.parse(text)
    assert "Secret" not in str(caught.value)
    assert "Secret" not in repr(Token("patSecret.x"))


def test_urls_beyond_sixteen_thousand_characters_are_refused(path) -> None:
    """Path and query are counted as they come over the wire, percent signs and all."""
    with LocalBase.open(path) as local_base, LocalServer(local_base) as server:
        url = f"/v0/{local_base.default_base_id}/Things"
        longest = 16_000 - len(f"{url}?x=")
        with httpx2.Client(base_url=server.url, headers={"authorization": "Bearer p"}) as client:
            for text in ("a" * longest, "%41" * (longest // 3)):
                assert client.get(f"{url}?x={text}").status_code == 200
                assert client.get(f"{url}?x={text}%41").status_code == 414
        for text in ("a" * longest, "é" * (longest // 6)):
            assert ask(local_base, "GET", url, query=[("x", text)])[0] == 200
            assert ask(local_base, "GET", url, query=[("x", text + "é")])[0] == 414
