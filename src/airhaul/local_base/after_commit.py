"""What follows from a request that was carried out: notifications, and fetching what it named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from airhaul.local_base.attachments import Reach
from airhaul.local_base.attachments.fetch import AttachmentFetcher
from airhaul.local_base.store import Store
from airhaul.local_base.store.background import Background
from airhaul.local_base.transaction.context import Context
from airhaul.local_base.webhooks.delivery import Delivery


class AfterCommit:
    """Does in the background what nobody waits for.

    Args:
        store: The bases.
        wall_clock: The date and time, with its zone.
        webhook_retry_s: After how many seconds a notification is tried again first.
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
        self._fetching = AttachmentFetcher(store, self._background, fetch_attachments)
        self._delivery.resume()

    def begin(self, context: Context) -> None:
        """Begin what follows from a request whose transaction has ended."""
        self._delivery.notify(context.webhooks_to_notify)
        self._fetching.fetch(context.session.attachments.to_fetch)

    def close(self) -> None:
        """Begin nothing more, and wait a moment for what is under way."""
        self._background.close()
