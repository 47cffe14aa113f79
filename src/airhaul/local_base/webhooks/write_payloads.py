"""Writing the payloads of webhooks, in the transaction of the request that caused them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airhaul.local_base.store import Webhook
from airhaul.local_base.transaction.context import Context
from airhaul.local_base.webhooks.deltas import deltas_of, table_of
from airhaul.local_base.webhooks.lifetime import is_alive, is_gone
from airhaul.local_base.webhooks.payloads import PayloadBuilder
from airhaul.local_base.webhooks.specification import read_specification


def write_payloads(context: Context, source: str) -> list[str]:
    """Write payloads for all webhooks that watch something that the request changed.

    Args:
        context: The request, otherwise completed.
        source: The source of the changes, as in ``publicApi``.

    Returns:
        The ids of the webhooks that got a payload.
    """
    if not context.changes:
        return []
    watching = _watching(context)
    if not watching:
        return []
    webhooks, base_id = context.session.webhooks, watching[0].base_id
    tables = context.session.schema.tables(base_id)
    deltas = deltas_of(context.changes, context.session)
    payload = {
        "timestamp": context.moment,
        "baseTransactionNumber": webhooks.next_transaction(base_id),
        "payloadFormat": "v0",
        "actionMetadata": _action(context, source),
    }
    notified: list[str] = []
    for webhook in watching:
        specification = read_specification(webhook.specification)
        if not specification.is_valid(tables):
            webhooks.change(replace(webhook, is_broken=True))
            found: dict[str, Any] = {"error": True, "code": "INVALID_FILTERS"}
        elif specification.sources is not None and source not in specification.sources:
            continue
        else:
            found = PayloadBuilder(context, specification, tables).build(deltas)
        if found:
            webhooks.add_payload(webhook.id, context.moment, payload | found)
            notified.append(webhook.id)
    return notified


def _watching(context: Context) -> list[Webhook]:
    """Return the base's webhooks that still get payloads; delete those that are long expired."""
    webhooks = context.session.webhooks
    watching: list[Webhook] = []
    for webhook in webhooks.around(table_of(context.changes[0])):
        if is_alive(webhook, context.now):
            watching.append(webhook)
        elif is_gone(webhook, context.now):
            webhooks.delete(webhook.id)
    return watching


def _action(context: Context, source: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"source": source}
    person = context.session.people.everybody().get(context.person_id)
    if source == "publicApi" and person is not None:
        shown["sourceMetadata"] = {"user": {**person.as_json(), "permissionLevel": "create"}}
    return shown
