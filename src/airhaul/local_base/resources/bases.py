"""Bases: list, create, and their collaborators.

Source: https://airtable.com/developers/web/api/list-bases, .../create-base and
.../get-base-collaborators; the refusals of ``pageSize``, of a missing or unknown workspace, of the
list of workspaces and of deleting a base are from the notes of clients that were tested against
Airtable. Not published, and decided: the collaborators of a base are the owner and the persons of
its tokens, all as base collaborators, not workspace collaborators.
"""

from __future__ import annotations

from typing import Any, Final, NoReturn

from airhaul.local_base.gate.tokens import CREATE_BASE, LIST_BASES, READ_COLLABORATORS
from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.request import read_text
from airhaul.local_base.resources.route import Route
from airhaul.local_base.resources.tables import add_table
from airhaul.local_base.transaction.context import Context
from airhaul.wire.ids import is_id, new_id

_PER_PAGE: Final = 1_000
_PARTS: Final = frozenset({"collaborators", "inviteLinks", "interfaces", "packages"})


def list_bases(context: Context) -> dict[str, Any]:
    """List the bases that the token may access, in pages of a fixed size of 1,000."""
    asked = context.request.query_object()
    if "pageSize" in asked:
        raise refusal.invalid_request()
    seen = [base for base in context.session.schema.bases() if context.token.sees(base.id)]
    first = _place([base.id for base in seen], asked.get("offset"))
    answer: dict[str, Any] = {
        "bases": [
            {"id": base.id, "name": base.name, "permissionLevel": context.token.role}
            for base in seen[first : first + _PER_PAGE]
        ]
    }
    if len(seen) > first + _PER_PAGE:
        answer["offset"] = f"{new_id('itr')}/{seen[first + _PER_PAGE].id}"
    return answer


def _place(base_ids: list[str], offset: Any) -> int:
    """Return the index at which a page starts."""
    given = read_text(offset)
    if not given:
        return 0
    iterator_id, _, base_id = given.partition("/")
    if not is_id(iterator_id, "itr") or base_id not in base_ids:
        raise refusal.invalid_request()
    return base_ids.index(base_id)


def create_base(context: Context) -> dict[str, Any]:
    """Create a base with at least one table."""
    if context.token.bases is not None:
        raise refusal.not_visible()
    if not context.token.has_role("create"):
        raise refusal.not_permitted()
    body = context.request.body_object()
    name, tables = body.get("name"), body.get("tables")
    if body.get("workspaceId") is None:
        raise refusal.missing_workspace()
    if not isinstance(name, str) or not name or not isinstance(body["workspaceId"], str):
        raise refusal.invalid_request()
    if body["workspaceId"] != context.workspace_id:
        raise refusal.no_such_workspace()
    if not isinstance(tables, list) or not tables:
        raise refusal.invalid_request()
    base_id = context.session.schema.add_base(name, context.now)
    made = [add_table(context, base_id, described) for described in tables]
    return {"id": base_id, "tables": [table.as_json() for table in made]}


def collaborators(context: Context, base_id: str) -> dict[str, Any]:
    """Describe a base, with its collaborators and other parts that are asked for."""
    base = context.base(base_id)
    parts = context.request.included(_PARTS)
    shown: dict[str, Any] = {
        "id": base.id,
        "name": base.name,
        "createdTime": base.created,
        "permissionLevel": context.token.role,
        "workspaceId": context.workspace_id,
    }
    if "collaborators" in parts:
        shown["individualCollaborators"] = {
            "baseCollaborators": _people(context, base_id, base.created),
            "workspaceCollaborators": [],
        }
        shown["groupCollaborators"] = {"baseCollaborators": [], "workspaceCollaborators": []}
    if "inviteLinks" in parts:
        shown["inviteLinks"] = {"baseInviteLinks": [], "workspaceInviteLinks": []}
    if "interfaces" in parts:
        shown["interfaces"] = {}
    if "packages" in parts:
        shown["packageInstallations"] = []
    return shown


def _people(context: Context, base_id: str, since: str) -> list[dict[str, Any]]:
    roles = context.access.roles(base_id)
    return [
        {
            "userId": person.id,
            "email": person.email,
            "permissionLevel": roles[person.id],
            "createdTime": since,
            "grantedByUserId": context.access.owner_id,
        }
        for person in context.session.people.everybody().values()
        if person.id in roles
    ]


def refuse_workspaces(_context: Context) -> NoReturn:
    """Refuse to list workspaces, which needs an enterprise account."""
    raise refusal.not_permitted()


def refuse_deletion(context: Context, base_id: str) -> NoReturn:
    """Refuse to delete a base, which needs an enterprise account."""
    context.base(base_id)
    raise refusal.not_permitted()


ROUTES = (
    Route("GET", "/v0/meta/workspaces", refuse_workspaces, LIST_BASES),
    Route("DELETE", "/v0/meta/bases/{}", refuse_deletion, READ_COLLABORATORS),
    Route("GET", "/v0/meta/bases", list_bases, LIST_BASES),
    Route("POST", "/v0/meta/bases", create_base, CREATE_BASE, writes=True),
    Route("GET", "/v0/meta/bases/{}", collaborators, READ_COLLABORATORS),
)
