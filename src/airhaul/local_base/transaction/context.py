"""What an endpoint works with."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime

from airhaul.local_base.attachments.urls import AttachmentUrls
from airhaul.local_base.gate.tokens import Access, Needs, Token
from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.encoding import time_text
from airhaul.local_base.protocol.request import Request
from airhaul.local_base.reading.cell_reader import CellReader
from airhaul.local_base.store import Session, StoredRecord
from airhaul.local_base.store.schema import Base, Table
from airhaul.local_base.transaction.changes import Change
from airhaul.local_base.transaction.iterators import Iterators
from airhaul.wire.ids import is_id


@dataclass(frozen=True, slots=True)
class Context:
    """One request, and the transaction it is done in.

    Args:
        session: The transaction.
        cells: Reads cells in it.
        iterators: The lists that are being read.
        request: The request.
        now: When it came, in UTC.
        access: The tokens that are accepted.
        token: The one that came with the request.
        workspace_id: The store's only workspace.
        urls: What shows attachments to this client.
        changes: What it has changed so far; endpoints add to it.
        webhooks_to_notify: The ids of the webhooks to notify when it is done.
        all_field_types: Whether fields may be created that the service does not create by its API.
    """

    session: Session
    cells: CellReader
    iterators: Iterators
    request: Request
    now: datetime
    access: Access
    token: Token
    workspace_id: str
    urls: AttachmentUrls
    changes: list[Change] = field(default_factory=list[Change])
    webhooks_to_notify: list[str] = field(default_factory=list[str])
    all_field_types: bool = False

    @property
    def moment(self) -> str:
        """When the request came, as answers print it: ISO 8601 with milliseconds."""
        return time_text(self.now)

    @property
    def person_id(self) -> str:
        """Who asks."""
        return self.access.person_id(self.token)

    def authorize(self, needs: Needs, *parts: str) -> None:
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

    def record(self, record_id: str, table_ids: Container[str]) -> StoredRecord:
        """Find a record of some tables.

        Args:
            record_id: The record's id.
            table_ids: The ids of the tables.

        Raises:
            Refusal: The id is malformed, or no such record exists in these tables.
        """
        if not is_id(record_id, "rec"):
            raise refusal.no_such_route()
        record = self.session.records.one(record_id)
        if record is None or record.table_id not in table_ids:
            raise refusal.no_such_record()
        return record

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
