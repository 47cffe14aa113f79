"""Notifications: a signed ping to the URL of a webhook, sent in the background.

Source: https://airtable.com/developers/web/guides/webhooks-api. The ping only announces that there
are new payloads. It is retried up to 13 times, after 10 s, 20 s, 40 s and so on, for about a day;
then notifications are switched off. Not published, and decided: changes that happen while a ping
waits need no ping of their own; redirects are not followed, and any status from 200 to 299 is a
success.
"""

from __future__ import annotations

import base64
import hmac
import json
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from airhaul.local_base.protocol.encoding import time_text
from airhaul.local_base.store import Store, Webhook
from airhaul.local_base.store.background import Background
from airhaul.local_base.webhooks.lifetime import is_alive

_RETRIES: Final = 13
_TIMEOUT_S: Final = 25.0


@dataclass(frozen=True, slots=True)
class _Sent:
    """The result of a ping; ``failure`` is None if it arrived."""

    failure: str | None
    duration_ms: float


class Delivery:
    """Sends notifications.

    Args:
        store: The webhooks.
        background: Runs the deliveries.
        wall_clock: The date and time, with a zone.
        first_retry_s: Seconds before a ping is first retried.
    """

    def __init__(
        self,
        store: Store,
        background: Background,
        wall_clock: Callable[[], datetime],
        first_retry_s: float,
    ) -> None:
        self._store = store
        self._background = background
        self._wall_clock = wall_clock
        self._first_retry_s = first_retry_s

    def resume(self) -> None:
        """Schedule the pings that were still due when the file was last closed."""
        with self._store.session(write=False) as session:
            behind = [
                webhook.id
                for webhook in session.webhooks.everywhere()
                if webhook.last_payload > webhook.notified
            ]
        self.notify(behind)

    def notify(self, webhook_ids: Iterable[str]) -> None:
        """Schedule a ping for each webhook."""
        for webhook_id in webhook_ids:
            with self._store.session(write=False) as session:
                webhook = session.webhooks.one(webhook_id)
            if webhook is not None and self._is_due(webhook):
                self._plan(webhook_id, 0.0, 0)

    def _is_due(self, webhook: Webhook) -> bool:
        return webhook.is_notifying and webhook.url is not None and is_alive(webhook, self._now())

    def _now(self) -> datetime:
        return self._wall_clock().astimezone(UTC)

    def _plan(self, webhook_id: str, delay_s: float, retry: int) -> None:
        self._background.later(delay_s, webhook_id, partial(self._deliver, webhook_id, retry))

    def _deliver(self, webhook_id: str, retry: int) -> None:
        try:
            with self._store.session(write=False) as session:
                webhook = session.webhooks.one(webhook_id)
            if webhook is None or webhook.url is None or not self._is_due(webhook):
                return
            sent = _ping(webhook.url, webhook, self._now())
            is_retried = sent.failure is not None and retry < _RETRIES
            self._record(webhook, sent, retry, is_retried=is_retried)
        except sqlite3.ProgrammingError:
            return  # the base was closed in the meantime; opening it again resumes the delivery
        if is_retried:
            self._plan(webhook_id, self._first_retry_s * 2**retry, retry + 1)

    def _record(self, sent_for: Webhook, sent: _Sent, retry: int, *, is_retried: bool) -> None:
        now = time_text(self._now())
        result: dict[str, Any] = {
            "success": sent.failure is None,
            "completionTimestamp": now,
            "durationMs": sent.duration_ms,
            "retryNumber": retry,
        }
        if sent.failure is not None:
            result |= {"error": {"message": sent.failure}, "willBeRetried": is_retried}
        with self._store.session(write=True) as session:
            webhook = session.webhooks.one(sent_for.id)
            if webhook is None:
                return
            webhook = replace(webhook, last_result=result)
            if sent.failure is None:
                webhook = replace(webhook, last_success=now, notified=sent_for.last_payload)
            elif not is_retried:
                webhook = replace(webhook, is_notifying=False)
            session.webhooks.change(webhook)


def _ping(url: str, webhook: Webhook, now: datetime) -> _Sent:
    import httpx2

    ping = {
        "base": {"id": webhook.base_id},
        "webhook": {"id": webhook.id},
        "timestamp": time_text(now),
    }
    body = json.dumps(ping, separators=(",", ":")).encode()
    mac = hmac.new(base64.b64decode(webhook.secret), body, "sha256").hexdigest()
    headers = {
        "content-type": "application/json",
        "x-airtable-content-mac": f"hmac-sha256={mac}",
    }
    started = time.monotonic()
    failure = None
    try:
        # Not through a proxy: the URL mostly points to this machine.
        response = httpx2.post(
            url, content=body, headers=headers, timeout=_TIMEOUT_S, trust_env=False
        )
        if not response.is_success:
            failure = f"The address answered with status {response.status_code}."
    except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
        failure = f"The address could not be reached: {type(error).__name__}."
    return _Sent(failure, round((time.monotonic() - started) * 1000, 3))
