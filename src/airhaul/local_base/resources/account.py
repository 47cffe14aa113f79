"""The person of a token.

Source: https://airtable.com/developers/web/api/get-user-id-scopes. Scopes are reported for OAuth
tokens only, which a local base does not have.
"""

from __future__ import annotations

from airhaul.local_base.gate.tokens import ANY_TOKEN
from airhaul.local_base.resources.route import Route
from airhaul.local_base.transaction.context import Context


def whoami(context: Context) -> dict[str, str]:
    """Return the person of the token, with the e-mail address if a scope allows it."""
    shown = {"id": context.person_id}
    if context.token.has_scope("user.email:read"):
        shown["email"] = context.session.people.everybody()[context.person_id].email
    return shown


ROUTES = (Route("GET", "/v0/meta/whoami", whoami, ANY_TOKEN),)
