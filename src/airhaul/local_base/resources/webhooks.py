"""Webhooks: create, list, renew and delete them, and read their payloads.

Source: https://airtable.com/developers/web/api/create-a-webhook and related pages. Not published,
and decided: switching notifications and deleting answer an empty object; a URL may be plain HTTP;
an expired webhook cannot be renewed; an unknown one is refused like an unknown base.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from airhaul.local_base.gate.tokens import MANAGE_WEBHOOKS, READ_WEBHOOKS
from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.request import read_count
from airhaul.local_base.resources.route import Route
from airhaul.local_base.store import Webhook
from airhaul.local_base.transaction.context import Context
from airhaul.local_base.webhooks.cells import with_fresh_urls
from airhaul.local_base.webhooks.lifetime import delete_expired, expiration, is_alive, is_gone
from airhaul.local_base.webhooks.specification import read_specification
from airhaul.wire.ids import is_id, new_id

_MOST: Final = 10
_SCOPES: Final = {"tableData": "data.records:read"}
_PAYLOADS_PER_PAGE: Final = 50


def create(context: Context, base_id: str) -> dict[str, Any]:
    """Create a webhook; only this answer contains the secret."""
    context.base(base_id)
    delete_expired(context, base_id)
    body = context.request.body_object()
    specification = body.get("specification", {})
    tables = context.session.schema.tables(base_id)
    url = _notification_url(body.get("notificationUrl"))
    if not read_specification(specification).is_valid(tables):
        raise refusal.invalid_filters()
    _check_scopes(context, specification)
    if len(context.session.webhooks.of_base(base_id)) >= _MOST:
        raise refusal.too_many_webhooks()
    webhook = Webhook(
        new_id("ach"),
        base_id,
        specification,
        base64.b64encode(secrets.token_bytes(32)).decode(),
        expiration(context.now),
        url,
        is_notifying=url is not None,
    )
    context.session.webhooks.add(webhook)
    context.webhooks_to_notify.append(webhook.id)
    return {
        "id": webhook.id,
        "macSecretBase64": webhook.secret,
        "expirationTime": webhook.expires,
    }


def _notification_url(given: Any) -> str | None:
    if given is None:
        return None
    try:
        parts = urlsplit(given)
        has_port = parts.port is None or parts.port > 0
    except (ValueError, TypeError, AttributeError):
        raise refusal.invalid_request() from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not has_port:
        raise refusal.invalid_request()
    return str(given)


def list_webhooks(context: Context, base_id: str) -> dict[str, Any]:
    """List the webhooks of a base."""
    context.base(base_id)
    webhooks = context.session.webhooks.of_base(base_id)
    return {
        "webhooks": [
            {
                "id": webhook.id,
                "specification": webhook.specification,
                "notificationUrl": webhook.url,
                "cursorForNextPayload": webhook.last_payload + 1,
                "isHookEnabled": is_alive(webhook, context.now),
                "areNotificationsEnabled": webhook.is_notifying,
                "expirationTime": webhook.expires,
                "lastSuccessfulNotificationTime": webhook.last_success,
                "lastNotificationResult": webhook.last_result,
            }
            for webhook in webhooks
            if not is_gone(webhook, context.now)
        ]
    }


def enable_notifications(context: Context, base_id: str, webhook_id: str) -> dict[str, Any]:
    """Switch notifications on or off; switching on immediately announces missed payloads."""
    webhook = _webhook(context, base_id, webhook_id)
    enable = context.request.body_object().get("enable")
    if not isinstance(enable, bool):
        raise refusal.invalid_request()
    context.session.webhooks.change(replace(webhook, is_notifying=enable))
    if enable and webhook.last_payload > webhook.notified:
        context.webhooks_to_notify.append(webhook.id)
    return {}


def refresh(context: Context, base_id: str, webhook_id: str) -> dict[str, Any]:
    """Renew a webhook for seven days."""
    webhook = _webhook(context, base_id, webhook_id)
    if not is_alive(webhook, context.now):
        raise refusal.expired_webhook()
    return {"expirationTime": _renew(context, webhook).expires}


def _renew(context: Context, webhook: Webhook) -> Webhook:
    renewed = replace(webhook, expires=expiration(context.now))
    context.session.webhooks.change(renewed)
    return renewed


def delete(context: Context, base_id: str, webhook_id: str) -> dict[str, Any]:
    """Delete a webhook and its payloads."""
    context.session.webhooks.delete(_webhook(context, base_id, webhook_id).id)
    return {}


def list_payloads(context: Context, base_id: str, webhook_id: str) -> dict[str, Any]:
    """List payloads from a cursor on, which renews the webhook."""
    webhook = _webhook(context, base_id, webhook_id)
    _check_scopes(context, webhook.specification)
    given = context.request.query_object()
    cursor = read_count(given.get("cursor")) or 1
    most = read_count(given.get("limit"), _PAYLOADS_PER_PAGE) or _PAYLOADS_PER_PAGE
    if is_alive(webhook, context.now):
        _renew(context, webhook)
    delete_expired(context, base_id)
    found = context.session.webhooks.payloads(webhook.id, cursor, most)
    following = found[-1][0] + 1 if found else cursor
    return {
        "cursor": following,
        "mightHaveMore": following <= webhook.last_payload,
        "payloads": [with_fresh_urls(context, payload) for _, payload in found],
    }


def _check_scopes(context: Context, specification: Any) -> None:
    """Check that the token may read what the webhook reports."""
    kinds = read_specification(specification).data_types
    needed = {_SCOPES.get(kind, "schema.bases:read") for kind in kinds}
    if not all(context.token.has_scope(scope) for scope in needed):
        raise refusal.not_visible()


def _webhook(context: Context, base_id: str, webhook_id: str) -> Webhook:
    context.base(base_id)
    if not is_id(webhook_id, "ach"):
        raise refusal.no_such_route()
    webhook = context.session.webhooks.one(webhook_id)
    if webhook is None or webhook.base_id != base_id or is_gone(webhook, context.now):
        raise refusal.not_visible()
    return webhook


_WEBHOOKS: Final = "/v0/bases/{}/webhooks"
ROUTES = (
    Route("POST", _WEBHOOKS, create, MANAGE_WEBHOOKS, writes=True),
    Route("GET", _WEBHOOKS, list_webhooks, READ_WEBHOOKS),
    Route(
        "POST",
        _WEBHOOKS + "/{}/enableNotifications",
        enable_notifications,
        MANAGE_WEBHOOKS,
        writes=True,
    ),
    Route("POST", _WEBHOOKS + "/{}/refresh", refresh, MANAGE_WEBHOOKS, writes=True),
    Route("DELETE", _WEBHOOKS + "/{}", delete, MANAGE_WEBHOOKS, writes=True),
    # Listing payloads renews the webhook.
    Route("GET", _WEBHOOKS + "/{}/payloads", list_payloads, READ_WEBHOOKS, writes=True),
)
