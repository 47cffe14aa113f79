"""The floor: ``http.client`` and ``json``, the least that a program in Python does.

It has no types, no retries, no pace, and looks at no status.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from rows import COLUMNS, KEY, TABLE, as_json
from served import Client

from contenders import Report

_PER_WRITE = 10


class Contender:
    """One connection."""

    def __init__(self, url: str, base_id: str, *, limit: bool) -> None:
        del limit
        self.report = Report()
        self._client = Client(urlsplit(url).port or 80)
        self._path = f"/v0/{base_id}/{TABLE}"

    def warm_up(self) -> None:
        """Use the connection."""
        self._client.ask("GET", f"{self._path}?maxRecords=1")

    def create(self, rows: list[dict[str, Any]]) -> None:
        """Write rows."""
        for chunk in _chunks(rows):
            records = [{"fields": as_json(row)} for row in chunk]
            self._client.ask("POST", self._path, {"records": records})

    def read(self) -> None:
        """Read all, as JSON."""
        records: list[dict[str, Any]] = []
        query = ""
        while True:
            _, page = self._client.ask("GET", f"{self._path}{query}")
            records += page["records"]
            offset = page.get("offset")
            if offset is None:
                break
            query = f"?offset={quote(offset, safe='')}"
        self.report.records = len(records)

    def type_pages(self, pages: list[bytes]) -> None:
        """Parse replies."""
        for page in pages:
            self.report.records += len(json.loads(page)["records"])

    def upsert(self, rows: list[dict[str, Any]]) -> None:
        """Write rows by key."""
        for chunk in _chunks(rows):
            records = [{"fields": as_json(row)} for row in chunk]
            body = {"records": records, "performUpsert": {"fieldsToMergeOn": [COLUMNS[KEY]]}}
            self._client.ask("PATCH", self._path, body)

    def delete(self, ids: list[str]) -> None:
        """Delete records."""
        for chunk in _chunks(ids):
            query = urlencode([("records[]", id_) for id_ in chunk])
            self._client.ask("DELETE", f"{self._path}?{query}")


def _chunks(rows: list[Any]) -> Iterator[list[Any]]:
    return (rows[start : start + _PER_WRITE] for start in range(0, len(rows), _PER_WRITE))
