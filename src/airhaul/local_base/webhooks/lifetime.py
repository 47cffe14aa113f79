"""How long webhooks and their payloads live.

Source: https://airtable.com/developers/web/guides/webhooks-api. A webhook lives seven days, and
seven more for its payloads to be read; a payload lives seven days.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from airhaul.local_base.protocol.encoding import time_text
from airhaul.local_base.store import Webhook
from airhaul.local_base.transaction.context import Context

_LIFE: Final = timedelta(days=7)


def expiration(now: datetime) -> str:
    """When a webhook ends that is made or renewed now."""
    return time_text(now + _LIFE)


def is_alive(webhook: Webhook, now: datetime) -> bool:
    """Whether it is still told what happens."""
    return webhook.expires > time_text(now) and not webhook.is_broken


def is_gone(webhook: Webhook, now: datetime) -> bool:
    """Whether even its payloads can no longer be read."""
    return webhook.expires <= time_text(now - _LIFE)


def delete_expired(context: Context, base_id: str) -> None:
    """Delete what has outlived its time in a base."""
    for webhook in context.session.webhooks.of_base(base_id):
        if is_gone(webhook, context.now):
            context.session.webhooks.delete(webhook.id)
        else:
            context.session.webhooks.forget_payloads(webhook.id, time_text(context.now - _LIFE))
