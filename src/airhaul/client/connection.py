"""An open connection to a service: its transports and lanes, or its local base."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from pydantic import SecretStr

from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.retry import Retries
from airhaul.client.config import MEMORY, Config, journal_path, make_config
from airhaul.client.local import LocalOptions
from airhaul.drive.imports import import_for_requests
from airhaul.drive.lane import ConnectionBudget, Lane
from airhaul.drive.pace.paces import known_base_of, pace_of, withdraw_rates
from airhaul.drive.pace.shared import SharedPace
from airhaul.errors import ConfigurationError
from airhaul.messages import Message, Option

if TYPE_CHECKING:
    from airhaul.bulk.journal.file import Journal
    from airhaul.drive.http.transport import AsyncHttpTransport, HttpTransport
    from airhaul.local_base.base import LocalBase


class Origin(NamedTuple):
    """Where a record was read from, and so where it is saved.

    Args:
        connection: The connection.
        base_id: The base's id.
    """

    connection: Connection
    base_id: str


FindConnection = Callable[[], "tuple[Connection, str | None]"]
"""Looks up a connection, and the id of a base; None for the base that is configured."""


class Connection:
    """What the sync and the async client of one configuration share.

    Args:
        config: How to reach the base.
        local_base: A local base that is already open, and is not closed with the connection; if
            None, one is opened on first use.
        local_options: How a local base behaves that is opened here.
    """

    def __init__(
        self,
        config: Config,
        local_base: LocalBase | None = None,
        local_options: LocalOptions = LocalOptions(),  # noqa: B008 - it never changes
    ) -> None:
        self.config = config
        self._local_base = local_base
        self._owns_local_base = local_base is None
        self._was_closed = False
        self._local_options = local_options
        self._local_paces: dict[str, SharedPace] = {}
        self._http: tuple[HttpTransport, AsyncHttpTransport] | None = None
        self._lock = threading.Lock()
        self._known_base = KnownBase()
        self.budget = ConnectionBudget(config.max_requests)

    @classmethod
    def to(
        cls,
        access_token: str | SecretStr | None = None,
        base_id: str | None = None,
        *,
        local: str | Path | LocalBase | None = None,
        **options: Any,
    ) -> Connection:
        """Make a connection from the arguments of a caller.

        Args:
            access_token: A personal access token, ``pat...``.
            base_id: The base's id, ``app...``.
            local: The file of a local base, ``":memory:"``, or a local base that is open already.
            **options: Any other option of ``Config``.

        Raises:
            ConfigurationError: A value is missing or invalid, or two contradict each other.
        """
        opened = None if local is None or isinstance(local, str | Path) else local
        if opened is not None and not hasattr(type(opened), "default_base_id"):
            raise ConfigurationError(
                f"local={opened!r} is not a local base; expected its file, or an open LocalBase."
            )
        path = cast("str | Path | None", local) if opened is None else opened.path
        config = make_config(
            access_token=access_token,
            base_id=base_id,
            local=path,
            **options,
        )
        return cls(config, opened)

    @property
    def is_local(self) -> bool:
        """Whether this is a local base in this process."""
        return self.config.local is not None

    @property
    def retries(self) -> Retries:
        """How to retry; a local base has finished its work once it replies: nothing must settle."""
        retries = self.config.retries
        return replace(retries, settle_s=0.0) if self.is_local else retries

    @property
    def base_id(self) -> str:
        """The id of the base that verbs work on.

        Raises:
            ConfigurationError: No base is configured.
        """
        if self.config.base_id is not None:
            return self.config.base_id
        if self.is_local:
            return self.local_base.default_base_id
        raise ConfigurationError(
            Message(
                "No base is configured. Set ",
                Option("base_id"),
                " or the environment variable AIRTABLE_BASE_ID. The base ID is in the URL of the "
                "base's page and starts with app.",
            )
        )

    @property
    def local_base(self) -> LocalBase:
        """The local base itself, opened on first use.

        Raises:
            ConfigurationError: The connection is not to a local base, or its file cannot be opened;
                or the base was in memory, and has been closed.
        """
        if self.config.local is None:
            raise ConfigurationError("This is a connection to Airtable, not to a local base.")
        with self._lock:
            if self._local_base is None:
                if self._was_closed and self.config.local == MEMORY:
                    raise ConfigurationError(
                        "This connection is closed, and its local base was in memory: the data are "
                        "gone. Open a new one, or keep the data in a file."
                    )
                self._local_base = self._local_options.open(self.config.local)
            return self._local_base

    def journal(self, journal: str | Path | bool | None = None) -> Journal | None:
        """Open the journal in which bulk writes are recorded.

        Args:
            journal: True, False, or the journal's file; as configured for the connection if None.
                True is the configured one, too, if there is one, else the one in the default place.

        Returns:
            The journal, or None if nothing is recorded.

        Raises:
            JournalError: The file is not a journal, is damaged, or cannot be opened.
        """
        configured = self.config.journal
        keeps_configured = journal is None or (journal is True and configured is not None)
        path = configured if keeps_configured else journal_path(journal)
        if path is None:
            return None
        from airhaul.bulk.journal.file import Journal

        return Journal(path)

    @property
    def service(self) -> str:
        """The root URL of the service, or the file of the local base; it contains no secret."""
        config = self.config
        if config.local is None:
            return config.endpoint_url
        return config.local if config.local == MEMORY else str(Path(config.local).resolve())

    def lane(self, base_id: str | None = None) -> Lane:
        """Get the lane of requests to a base, which paces them.

        Args:
            base_id: The base's id; None for endpoints that belong to no base.

        Returns:
            The lane.
        """
        if self.is_local:
            return self._lane_in_process(base_id or "")
        config = self.config
        transport, async_transport = self._transports()
        pace = pace_of(
            config.endpoint_url,
            base_id or "",
            config.token,
            shared=config.shared_pace,
            loss=None if config.pace_loss == "error" else config.pace_loss,
            connection=self,
            requests_per_second=config.requests_per_second,
        )
        return Lane(
            pace,
            known_base_of(config.endpoint_url, base_id or ""),
            self.budget,
            transport,
            async_transport,
            config.concurrency,
            self.retries,
        )

    def service_time(self, base_id: str) -> datetime:
        """Return the earliest time that the service's clock can show now, as its replies reveal it.

        Args:
            base_id: The base, of which a request was answered.

        Returns:
            The time in UTC, cut to whole seconds; by this machine's clock if no reply had a time.
        """
        clock = self.lane(base_id).known_base.clock
        if clock.is_known:
            return clock.earliest(time.monotonic())
        return datetime.now(UTC).replace(microsecond=0)

    def _lane_in_process(self, base_id: str) -> Lane:
        from airhaul.drive.in_thread import InThread

        with self._lock:
            if base_id not in self._local_paces:
                self._local_paces[base_id] = self._local_options.pace()
            pace = self._local_paces[base_id]
        return Lane(
            pace,
            self._known_base,
            self.budget,
            self.local_base,
            InThread(self.local_base),
            concurrency=1,
            retries=self.retries,
        )

    def _transports(self) -> tuple[HttpTransport, AsyncHttpTransport]:
        if self._http is None:
            import_for_requests()
        from airhaul.drive.http.transport import AsyncHttpTransport, HttpTransport

        config = self.config
        with self._lock:
            if self._http is None:
                url, token, timeout_s = config.endpoint_url, config.token, config.timeout_s
                self._http = (
                    HttpTransport(url, token, timeout_s=timeout_s, connections=config.concurrency),
                    AsyncHttpTransport(
                        url, token, timeout_s=timeout_s, connections=config.concurrency
                    ),
                )
            return self._http

    def close(self) -> None:
        """Close the HTTP connections and the local base; its rate no longer holds."""
        withdraw_rates(self)
        if self._http is not None:
            self._http[0].close()
        if self._owns_local_base:
            with self._lock:
                local_base, self._local_base = self._local_base, None
                self._was_closed = True
            if local_base is not None:
                local_base.close()

    async def acquire(self) -> None:
        """Keep the HTTP connections of the running event loop open until ``release``."""
        if not self.is_local:
            await self._transports()[1].acquire()

    async def release(self) -> None:
        """Close what ``acquire`` kept open, unless it is still in use."""
        if not self.is_local:
            await self._transports()[1].release()
