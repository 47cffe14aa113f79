"""A client that writes until its server is killed, and knows what was acknowledged."""

from __future__ import annotations

import http.client
import threading
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from urllib.parse import quote

from served import Client

TABLE: Final = "Things"
FIELDS: Final = [
    {"name": "Key", "type": "singleLineText"},
    {"name": "Writer", "type": "number", "options": {"precision": 0}},
    {"name": "Value", "type": "number", "options": {"precision": 0}},
]

Things = dict[str, int]
"""What a table holds: for each key the value."""


@dataclass
class Writer:
    """One client, which alone writes the records that carry its number.

    Args:
        number: Its number.
        random: What it does.
        known: What was acknowledged, or found in the file after a kill.
        ids: The ids of those records.
        pending: What there will be if the request without a reply was carried out; None if there
            is no such request.
        acknowledged: How many requests were.
        unclear: How many were without a reply when their server was killed, so far.
    """

    number: int
    random: Random
    known: Things = field(default_factory=dict[str, int])
    ids: dict[str, str] = field(default_factory=dict[str, str])
    pending: Things | None = None
    acknowledged: int = 0
    unclear: int = 0
    _last_key: int = 0

    def write(self, base_id: str, port: int, stop: threading.Event) -> None:
        """Write through one server until it is gone, or all is to stop.

        Args:
            base_id: The base.
            port: The server's port.
            stop: Set when the servers are killed.

        Raises:
            RuntimeError: The server refused what is right.
        """
        path = f"/v0/{base_id}/{TABLE}"
        connection = Client(port)
        try:
            while not stop.is_set():
                act = self.random.choice([self._create, self._create, self._update, self._upsert])
                if len(self.known) > 300:
                    act = self._delete
                act(connection, path)
        except (OSError, http.client.HTTPException):
            return  # killed: what was asked last is pending
        finally:
            connection.close()

    def _ask(
        self,
        connection: Client,
        method: str,
        path: str,
        body: Any,
        after: Things,
    ) -> dict[str, Any]:
        self.pending = after
        status, answer = connection.ask(method, path, body)
        if status != 200:
            raise RuntimeError(f"{method} was answered by {status}: {answer}")
        self.pending, self.known = None, after
        self.acknowledged += 1
        return answer

    def _new_rows(self, count: int) -> Things:
        rows = {
            f"{self.number}-{self._last_key + n}": self.random.randrange(1_000_000)
            for n in range(count)
        }
        self._last_key += count
        return rows

    def _some(self, count: int) -> list[str]:
        return self.random.sample(sorted(self.ids), min(count, len(self.ids)))

    def _fields(self, rows: Things) -> list[dict[str, Any]]:
        return [
            {"fields": {"Key": key, "Writer": self.number, "Value": value}}
            for key, value in rows.items()
        ]

    def _keep_ids(self, answer: dict[str, Any]) -> None:
        self.ids |= {record["fields"]["Key"]: record["id"] for record in answer["records"]}

    def _create(self, connection: Client, path: str) -> None:
        rows = self._new_rows(self.random.randint(1, 10))
        body = {"records": self._fields(rows)}
        self._keep_ids(self._ask(connection, "POST", path, body, self.known | rows))

    def _update(self, connection: Client, path: str) -> None:
        keys = self._some(10)
        if not keys:
            return
        rows = {key: self.random.randrange(1_000_000) for key in keys}
        records = [{"id": self.ids[key], "fields": {"Value": value}} for key, value in rows.items()]
        self._ask(connection, "PATCH", path, {"records": records}, self.known | rows)

    def _upsert(self, connection: Client, path: str) -> None:
        rows = {key: self.random.randrange(1_000_000) for key in self._some(5)} | self._new_rows(5)
        body = {"performUpsert": {"fieldsToMergeOn": ["Key"]}, "records": self._fields(rows)}
        self._keep_ids(self._ask(connection, "PATCH", path, body, self.known | rows))

    def _delete(self, connection: Client, path: str) -> None:
        keys = self._some(10)
        query = "&".join(f"records[]={quote(self.ids[key])}" for key in keys)
        left = {key: value for key, value in self.known.items() if key not in keys}
        self._ask(connection, "DELETE", f"{path}?{query}", None, left)
        for key in keys:
            del self.ids[key]

    def settle(self, found: Things, ids: dict[str, str]) -> str | None:
        """Compare what the file holds with what was acknowledged, and go on from there.

        Args:
            found: What it holds of this writer's.
            ids: The ids of those records.

        Returns:
            What is wrong; None if all is well.
        """
        expected, alternative = self.known, self.pending
        self.unclear += alternative is not None
        self.known, self.ids, self.pending = found, ids, None
        if found == expected or (alternative is not None and found == alternative):
            return None
        near = expected if alternative is None else alternative
        differing = sorted(
            key for key in {*near, *found, *expected} if found.get(key) != near.get(key)
        )
        kind = "an acknowledged write is not there"
        if alternative is not None and any(
            found.get(key) == alternative.get(key) != expected.get(key) for key in alternative
        ):
            kind = "a request is half applied"
        return f"writer {self.number}: {kind}: {', '.join(differing[:5])}"
