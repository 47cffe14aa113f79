"""The context that every endpoint receives."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

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


class NewFields(Enum):
    """What a request can create fields from.

    Attributes:
        OF_THE_API: The types that Airtable's API creates, with the options that it accepts.
        OF_ALL_TYPES: Every type, with such options.
        AS_PRINTED: Every type, with IDs, and with options that only the metadata API prints.
    """

    OF_THE_API = auto()
    OF_ALL_TYPES = auto()
    AS_PRINTED = auto()


@dataclass(frozen=True, slots=True)
class Context:
    """One request and its transaction.

    Args:
        session: The transaction.
        cells: Reads cells in the transaction.
        iterators: The lists that are being read.
        request: The request.
        now: When it arrived, in UTC.
        access: The accepted tokens.
        token: The token of the request.
        workspace_id: The store's only workspace.
        urls: Makes URLs of attachments for this client.
        changes: The changes so far; endpoints add to them.
        webhooks_to_notify: The ids of the webhooks to notify when it is done.
        new_fields: What fields can be created from.
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
    new_fields: NewFields = NewFields.OF_THE_API

    @property
    def moment(self) -> str:
        """When the request arrived, as answers print it: ISO 8601 with milliseconds."""
        return time_text(self.now)

    @property
    def person_id(self) -> str:
        """The id of the person whose token it is."""
        return self.access.person_id(self.token)

    def authorize(self, needs: Needs, *parts: str) -> None:
        """Check whether the token allows the request.

        Args:
            needs: The rights that the endpoint requires.
            parts: The variable parts of its path, the base's id first.

        Raises:
            Refusal: The token lacks a scope or access to the base, or the role is too low.
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
            Refusal: The id is malformed, or the base does not exist.
        """
        if not is_id(base_id, "app"):
            raise refusal.no_such_route()
        base = self.session.schema.base(base_id)
        if base is None:
            raise refusal.not_visible()
        return base

    def table(self, base_id: str, name: str) -> Table:
        """Find a table by id, or by name without regard to case.

        Two tables of a base never have names that differ by case alone. Clients that are tested
        against Airtable name the same table in both ways.

        Raises:
            Refusal: The base's id is malformed, or the base or table does not exist.
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
