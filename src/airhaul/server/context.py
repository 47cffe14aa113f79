"""What an endpoint works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from airhaul.server import refusal
from airhaul.server.attachment_urls import AttachmentUrls
from airhaul.server.changes import Change
from airhaul.server.iterators import Iterators
from airhaul.server.reading import Reading
from airhaul.server.request import Request
from airhaul.server.schema import Base, Table
from airhaul.server.store import Session
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
        person_id: Who asks.
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
    person_id: str
    urls: AttachmentUrls
    changes: list[Change] = field(default_factory=list[Change])
    news: list[str] = field(default_factory=list[str])
    all_field_types: bool = False

    @property
    def moment(self) -> str:
        """When the request came, as answers print it: ISO 8601 with milliseconds."""
        return self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

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
