"""What an endpoint works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from airhaul.local_base.attachments.urls import AttachmentUrls
from airhaul.local_base.gate.tokens import Access, Needs, Token
from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.request import Request
from airhaul.local_base.reading.reading import Reading
from airhaul.local_base.store import Session
from airhaul.local_base.store.schema import Base, Table
from airhaul.local_base.transaction.changes import Change
from airhaul.local_base.transaction.iterators import Iterators
from airhaul.wire.ids import is_id


@dataclass(frozen=True, slots=True)
class Context:
    """One request, and the transaction it is done in.

    Args:
        session: The transaction.
        reading: How cells are read in it.
        iterators: The lists that are being read.
        request: The request.
        now: When it came, in UTC.
        access: The tokens that are accepted.
        token: The one that came with the request.
        workspace_id: The store's only workspace.
        urls: What shows attachments to this client.
        changes: What it has changed so far; endpoints add to it.
        news: The ids of webhooks that are to be notified when it is done.
        all_field_types: Whether fields may be created that the service does not create by its API.
    """

    session: Session
    reading: Reading
    iterators: Iterators
    request: Request
    now: datetime
    access: Access
    token: Token
    workspace_id: str
    urls: AttachmentUrls
    changes: list[Change] = field(default_factory=list[Change])
    news: list[str] = field(default_factory=list[str])
    all_field_types: bool = False

    @property
    def moment(self) -> str:
        """When the request came, as answers print it: ISO 8601 with milliseconds."""
        return self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @property
    def person_id(self) -> str:
        """Who asks."""
        return self.access.person_id(self.token)

    def admit(self, needs: Needs, *parts: str) -> None:
        """Look whether the request may be carried out.

        Args:
            needs: What its endpoint asks for.
            parts: The variable parts of its path, the base's id the first.

        Raises:
            Refusal: The token lacks a scope, or may not see the base, or the role is too low.
        """
        token, base_id = self.token, parts[0] if parts else None
        if not token.has_scopes(needs) or (
            base_id is not None and is_id(base_id, "app") and not token.sees(base_id)
        ):
            raise refusal.not_visible()
        if base_id is None or token.has_role(needs.role):
            return
        self.base(base_id)
        if needs.doing is None:
            raise refusal.not_permitted()
        table = self.table(base_id, parts[1])
        raise refusal.not_permitted(f"{needs.doing} {table.name} ({table.id})")

    def base(self, base_id: str) -> Base:
        """Find a base.

        Raises:
            Refusal: The id is malformed, or there is no such base.
        """
        if not is_id(base_id, "app"):
            raise refusal.no_such_route()
        base = self.session.schema.base(base_id)
        if base is None:
            raise refusal.not_visible()
        return base

    def table(self, base_id: str, name: str) -> Table:
        """Find a table by id or name; the name without regard to case.

        Two tables of a base never have names that differ by case alone. Clients that are tried
        against the service name one table in both ways.

        Raises:
            Refusal: The base's id is malformed, or there is no such base or table.
        """
        if not is_id(base_id, "app"):
            raise refusal.no_such_route()
        tables = self.session.schema.tables(base_id)
        if name in tables:
            return tables[name]
        for table in tables.values():
            if table.name.lower() == name.lower():
                return table
        raise refusal.not_visible()
