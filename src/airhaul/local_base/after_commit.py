"""What follows a committed request: notifications, and fetching attachments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from airhaul.local_base.attachments import Reach
from airhaul.local_base.store import Store
from airhaul.local_base.store.background import Background
from airhaul.local_base.transaction.context import Context
from airhaul.local_base.webhooks.delivery import Delivery

if TYPE_CHECKING:
    from airhaul.local_base.attachments.fetch import AttachmentFetcher


class AfterCommit:
    """Does in the background what no client waits for.

    Args:
        store: The bases.
        wall_clock: The date and time, with a zone.
        webhook_retry_s: Seconds before a notification is first retried.
        fetch_attachments: From where attachments are fetched.
    """

    def __init__(
        self,
        store: Store,
        wall_clock: Callable[[], datetime],
        *,
        webhook_retry_s: float,
        fetch_attachments: Reach,
    ) -> None:
        self._background = Background()
        self._delivery = Delivery(store, self._background, wall_clock, webhook_retry_s)
        self._fetching: AttachmentFetcher | None = None
        if fetch_attachments != "nowhere":
            # Imported here: it needs an HTTP client, and most bases fetch nothing.
            from airhaul.local_base.attachments.fetch import AttachmentFetcher

            self._fetching = AttachmentFetcher(store, self._background, fetch_attachments)
        self._delivery.resume()

    def begin(self, context: Context) -> None:
        """Start what follows a request whose transaction has been committed."""
        self._delivery.notify(context.webhooks_to_notify)
        if self._fetching is not None:
            self._fetching.fetch(context.session.attachments.to_fetch)

    def close(self) -> None:
        """Start nothing more, and wait briefly for work in progress."""
        self._background.close()
