"""The tables of webhooks and their payloads."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass
from typing import Any, Final

from airhaul.local_base.protocol.encoding import compact_json

_COLUMNS: Final = "webhooks.id, webhooks.base_id, webhooks.last_payload, webhooks.state"
_ELSEWHERE: Final = frozenset({"id", "base_id", "last_payload"})


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook that watches a base. Times are ISO 8601 in UTC.

    Args:
        id: Its id.
        base_id: The base.
        specification: What it watches, as the client sent it.
        secret: The secret that signs notifications, in base 64.
        expires: When it expires unless it is renewed.
        url: The address of notifications; None for no notifications.
        is_notifying: Whether notifications are switched on.
        is_broken: Whether something that it watches was deleted, which ends it for good.
        last_payload: The number of the last payload; 0 if there is none yet.
        notified: The number of the last payload at the last successful notification.
        last_success: The time of the last successful notification.
        last_result: The result of the last notification, as the API prints it.
    """

    id: str
    base_id: str
    specification: dict[str, Any]
    secret: str
    expires: str
    url: str | None = None
    is_notifying: bool = False
    is_broken: bool = False
    last_payload: int = 0
    notified: int = 0
    last_success: str | None = None
    last_result: dict[str, Any] | None = None


class WebhookRows:
    """The webhooks of all bases, within one transaction.

    Args:
        connection: The transaction's connection.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, webhook: Webhook) -> None:
        """Add a webhook after the others."""
        self._connection.execute(
            "INSERT INTO webhooks (id, base_id, state) VALUES (?, ?, ?)",
            (webhook.id, webhook.base_id, _state(webhook)),
        )

    def one(self, webhook_id: str) -> Webhook | None:
        """Find a webhook of any base."""
        found = self._select("WHERE id = ?", webhook_id)
        return found[0] if found else None

    def of_base(self, base_id: str) -> list[Webhook]:
        """Return the webhooks of a base in the order of their creation."""
        return self._select("WHERE base_id = ? ORDER BY place", base_id)

    def around(self, table_id: str) -> list[Webhook]:
        """Return the webhooks of a table's base."""
        return self._select(
            "JOIN tables ON tables.base_id = webhooks.base_id WHERE tables.id = ? "
            "ORDER BY webhooks.place",
            table_id,
        )

    def everywhere(self) -> list[Webhook]:
        """Return the webhooks of all bases."""
        return self._select("ORDER BY place")

    def change(self, webhook: Webhook) -> None:
        """Store a webhook's state."""
        self._connection.execute(
            "UPDATE webhooks SET state = ? WHERE id = ?", (_state(webhook), webhook.id)
        )

    def delete(self, webhook_id: str) -> None:
        """Delete a webhook with its payloads."""
        self._connection.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,))

    def next_transaction(self, base_id: str) -> int:
        """Count a transaction of a base, and return its number."""
        (number,) = self._connection.execute(
            "UPDATE bases SET transactions = transactions + 1 WHERE id = ? RETURNING transactions",
            (base_id,),
        ).fetchone()
        return int(number)

    def add_payload(self, webhook_id: str, at: str, payload: dict[str, Any]) -> None:
        """Add a payload after the others."""
        (number,) = self._connection.execute(
            "UPDATE webhooks SET last_payload = last_payload + 1 WHERE id = ? "
            "RETURNING last_payload",
            (webhook_id,),
        ).fetchone()
        self._connection.execute(
            "INSERT INTO payloads (webhook_id, number, at, payload) VALUES (?, ?, ?, ?)",
            (webhook_id, number, at, compact_json(payload)),
        )

    def payloads(self, webhook_id: str, first: int, most: int) -> list[tuple[int, dict[str, Any]]]:
        """Return payloads with their numbers, in order.

        Args:
            webhook_id: The webhook.
            first: The lowest number.
            most: The highest count of payloads.
        """
        rows = self._connection.execute(
            "SELECT number, payload FROM payloads WHERE webhook_id = ? AND number >= ? "
            "ORDER BY number LIMIT ?",
            (webhook_id, first, most),
        )
        return [(number, json.loads(payload)) for number, payload in rows]

    def forget_payloads(self, webhook_id: str, before: str) -> None:
        """Delete the payloads of a webhook that are older than a time."""
        self._connection.execute(
            "DELETE FROM payloads WHERE webhook_id = ? AND at < ?", (webhook_id, before)
        )

    def _select(self, condition: str, *values: str) -> list[Webhook]:
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM webhooks {condition}",  # noqa: S608 - fixed text only
            values,
        )
        return [
            Webhook(id=id_, base_id=base_id, last_payload=last, **json.loads(state))
            for id_, base_id, last, state in rows
        ]


def _state(webhook: Webhook) -> str:
    return compact_json(
        {key: value for key, value in asdict(webhook).items() if key not in _ELSEWHERE}
    )
