"""The lifetimes of webhooks and their payloads.

Source: https://airtable.com/developers/web/guides/webhooks-api. A webhook expires after seven days,
and its payloads can be read for seven more; a payload is kept for seven days.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from airhaul.local_base.protocol.encoding import time_text
from airhaul.local_base.store import Webhook
from airhaul.local_base.transaction.context import Context

_LIFE: Final = timedelta(days=7)


def expiration(now: datetime) -> str:
    """Return when a webhook expires that is created or renewed now."""
    return time_text(now + _LIFE)


def is_alive(webhook: Webhook, now: datetime) -> bool:
    """Return whether a webhook still gets payloads."""
    return webhook.expires > time_text(now) and not webhook.is_broken


def is_gone(webhook: Webhook, now: datetime) -> bool:
    """Return whether even the payloads of a webhook can no longer be read."""
    return webhook.expires <= time_text(now - _LIFE)


def delete_expired(context: Context, base_id: str) -> None:
    """Delete the expired webhooks and payloads of a base."""
    for webhook in context.session.webhooks.of_base(base_id):
        if is_gone(webhook, context.now):
            context.session.webhooks.delete(webhook.id)
        else:
            context.session.webhooks.forget_payloads(webhook.id, time_text(context.now - _LIFE))
