"""A base asked by requests alone, as any client would ask it."""

from __future__ import annotations

import json
from typing import Any, Self

from airhaul.local_base.base import LocalBase
from airhaul.local_base.protocol.request import Request
from airhaul.local_base.store import Store

TEXT = {"name": "Name", "type": "singleLineText"}
NOTE = {"name": "Note", "type": "multilineText"}
AS_CREATED = ("view", "Grid view")
"""Lists a table in the order of creation; without a view, the order is that of the random ids."""


class Asking:
    """Asks a local base, which it closes at the end of a block; each answer's status is looked at."""

    def __init__(self, local_base: LocalBase) -> None:
        self.local_base = local_base
        self.base = local_base.default_base_id

    @property
    def store(self) -> Store:
        """What is behind the requests, for what none of them can do."""
        return self.local_base._store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.local_base.close()

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *query: tuple[str, str],
        status: int = 200,
        address: str | None = None,
    ) -> Any:
        request = Request(method, f"/v0/{path}", query, body, "pat.x", address)
        reply = self.local_base.handle(request)
        assert reply.status == status, reply.body
        return json.loads(reply.body) if reply.body else None

    def table(self, name: str, *fields: dict[str, Any]) -> str:
        """Create a table with a name and other fields, and say its id."""
        body = {"name": name, "fields": [TEXT, *fields]}
        return self("POST", f"meta/bases/{self.base}/tables", body)["id"]

    def field(self, table: str, name: str, type: str, status: int = 200, **options: Any) -> Any:
        """Create a field by the API."""
        body = {"name": name, "type": type, **({"options": options} if options else {})}
        return self("POST", f"meta/bases/{self.base}/tables/{table}/fields", body, status=status)

    def computed(self, table: str, name: str, type: str, **options: Any) -> dict[str, Any]:
        """Create a field of any type, as the metadata API prints it."""
        return self.local_base.add_field(
            self.base, table, {"name": name, "type": type, "options": options}
        )

    def schema(self) -> dict[str, dict[str, Any]]:
        """The tables by name, with their fields by name."""
        tables = self("GET", f"meta/bases/{self.base}/tables")["tables"]
        return {
            table["name"]: {field["name"]: field for field in table["fields"]} for table in tables
        }

    def add(self, table: str, *rows: dict[str, Any], status: int = 200, **options: Any) -> Any:
        """Create records; gives the records, or the error."""
        body = {"records": [{"fields": row} for row in rows], **options}
        answer = self("POST", f"{self.base}/{table}", body, status=status)
        return answer["records"] if status == 200 else answer["error"]

    def add_record(self, table: str, fields: dict[str, Any]) -> str:
        """Create a record, and say its id."""
        return self("POST", f"{self.base}/{table}", {"fields": fields})["id"]

    def change(self, table: str, record: str, fields: dict[str, Any], **options: Any) -> Any:
        """Change a record, and give its cells."""
        body = {"fields": fields, **options}
        return self("PATCH", f"{self.base}/{table}/{record}", body)["fields"]

    def delete(self, table: str, *records: str) -> None:
        """Delete records."""
        query = [("records[]", record) for record in records]
        self("DELETE", f"{self.base}/{table}", None, *query)

    def cells(self, table: str, *query: tuple[str, str]) -> dict[str, dict[str, Any]]:
        """The cells of a table's records by id, as a list of all pages shows them.

        Unless a view is named, in the order of creation.
        """
        if all(name != "view" for name, _ in query):
            query = (*query, AS_CREATED)
        found: dict[str, dict[str, Any]] = {}
        offset: tuple[tuple[str, str], ...] = ()
        while True:
            page = self("GET", f"{self.base}/{table}", None, *query, *offset)
            found |= {record["id"]: record["fields"] for record in page["records"]}
            if "offset" not in page:
                return found
            offset = (("offset", page["offset"]),)

    def names(self, table: str, *query: tuple[str, str]) -> list[str | None]:
        """The names in a list, all pages of it."""
        return [cells.get("Name") for cells in self.cells(table, *query).values()]

    def watch(
        self, *data_types: str, includes: dict[str, Any] | None = None, **filters: Any
    ) -> str:
        """Create a webhook, and say its id."""
        filters["dataTypes"] = list(data_types or ["tableData"])
        options = {"filters": filters, "includes": includes or {}}
        body = {"specification": {"options": options}}
        return self("POST", f"bases/{self.base}/webhooks", body)["id"]

    def payloads(self, webhook: str) -> list[dict[str, Any]]:
        """What a webhook tells."""
        return self("GET", f"bases/{self.base}/webhooks/{webhook}/payloads")["payloads"]
