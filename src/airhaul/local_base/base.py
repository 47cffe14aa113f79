"""The local base as one object, which answers requests in process, without a socket."""

from __future__ import annotations

import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from airhaul.local_base.after_commit import AfterCommit
from airhaul.local_base.attachments import Reach
from airhaul.local_base.attachments.files import read_file
from airhaul.local_base.gate.answers import Answer, NoReply, TruncatedReply, apply_fault, dated
from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.local_base.gate.gate import Entry, Gate
from airhaul.local_base.gate.in_process import reply_to, request_of
from airhaul.local_base.gate.limits import Limits
from airhaul.local_base.gate.request_log import RequestLog
from airhaul.local_base.gate.tokens import Access, Token
from airhaul.local_base.owner import OwnerOperations
from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.request import Request
from airhaul.local_base.service import Service
from airhaul.local_base.store import MEMORY, Store
from airhaul.local_base.transaction.context import NewFields
from airhaul.local_base.transaction.iterators import Iterators
from airhaul.wire.call import Call, Reply, Sent

if TYPE_CHECKING:
    from airhaul.local_base.restoring.described import DescribedBase


def _utc_now() -> datetime:
    return datetime.now(UTC)


class LocalBase(OwnerOperations):
    """Bases in a file or in memory behind Airtable's API; a ``Transport`` for clients in process.

    Args:
        store: The bases.
        tokens: The tokens accepted over HTTP; a plain text has all rights. None accepts any token.
        requests_per_second: The rate limit of each base; None for no limit.
        penalty_s: Seconds for which a base is locked out after its rate limit was exceeded.
        retry_after: Whether a 429 reply names the seconds left of the lockout.
        monthly_quota: How many data requests are answered before the month ends, which happens
            when the base is opened again; None for no quota.
        latency_s: Seconds by which each reply is delayed.
        faults: The faults to inject, as ``fail`` takes them; they can be set later too.
        all_field_types: Whether the API creates fields of every type, including those that
            Airtable's API does not create.
        hold_s: Seconds after which the connection is closed if a fault withholds the reply to a
            client over HTTP.
        clock: A monotonic clock, in seconds.
        wall_clock: The date and time, with a zone, for replies and for what is created.
        webhook_retry_s: Seconds before a webhook's notification is first retried; each further
            retry waits twice as long.
        fetch_attachments: From where attachments that are written by URL are fetched:
            ``"nowhere"``, ``"public"`` addresses, or ``"loopback"``, which adds this machine.

    Attributes:
        takes_any_token: Whether any token is accepted over HTTP.
    """

    def __init__(
        self,
        store: Store,
        *,
        tokens: Iterable[str | Token] | None = None,
        requests_per_second: int | None = None,
        penalty_s: float = 30.0,
        retry_after: bool = False,
        monthly_quota: int | None = None,
        latency_s: float = 0.0,
        faults: Faults | Iterable[Fault | str] | None = None,
        all_field_types: bool = False,
        hold_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], datetime] = _utc_now,
        webhook_retry_s: float = 10.0,
        fetch_attachments: Reach = "nowhere",
    ) -> None:
        access = Access(tokens, store)
        iterators = Iterators(clock)
        after_commit = AfterCommit(
            store,
            wall_clock,
            webhook_retry_s=webhook_retry_s,
            fetch_attachments=fetch_attachments,
        )
        service = Service(store, access, iterators, after_commit)
        super().__init__(store, service, iterators, after_commit, wall_clock)
        self._clock = clock
        self._limits = Limits(
            clock,
            requests_per_second=requests_per_second,
            penalty_s=penalty_s,
            retry_after=retry_after,
            monthly_quota=monthly_quota,
        )
        self._gate = Gate(access, self._limits, clock)
        self._process = os.getpid()
        self.latency_s = latency_s
        self.faults: Faults | None = (
            faults if faults is None or isinstance(faults, Faults) else Faults(*faults)
        )
        self.all_field_types = all_field_types
        self.takes_any_token = tokens is None
        self.hold_s = hold_s
        self.requests = RequestLog()

    @classmethod
    def open(
        cls,
        path: str | Path = MEMORY,
        *,
        schema: str | Path | Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Self:
        """Open a file, which is created if it does not exist, or a base in memory.

        Args:
            path: The file, or ``":memory:"``.
            schema: A base to create in it, as ``restore`` takes it.
            **options: The options of the class.

        Raises:
            ConfigurationError: The file is not a local base, or the schema is invalid.
        """
        described: DescribedBase | None = None
        if schema is not None:
            # Imported here: validating descriptions takes a while to prepare.
            from airhaul.local_base.restoring.described import describe_base

            described = describe_base(schema)
        store = Store(path)
        try:
            local_base = cls(store, **options)
            if described is not None:
                local_base.restore(described)
        except BaseException:
            store.close()
            raise
        return local_base

    def fail(self, *faults: Fault | str, seed: int = 0) -> Faults:
        """Inject faults from now on, in place of those set before.

        Args:
            *faults: The faults, also as text: ``"503-before:0.05"``, ``"POST close-after@1"``.
                Without any, requests succeed again.
            seed: The seed of the random numbers.

        Returns:
            The faults, which count how often they happened.

        Raises:
            ConfigurationError: A text does not describe a fault.
        """
        self.faults = injected = Faults(*faults, seed=seed)
        return injected

    @property
    def limits(self) -> Limits:
        """The rate limits and the quota; they can be changed at any time."""
        return self._limits

    def now(self) -> float:
        """Return the time of the clock that requests are logged with, in seconds."""
        return self._clock()

    def counts(self) -> Counter[str]:
        """Return how many requests arrived, by HTTP method."""
        return Counter(request.method for request in self.requests.copy_now())

    def send(self, call: Call, on_sent: Sent) -> Reply:
        """Answer a call in process, without a token.

        Args:
            call: The call.
            on_sent: Called immediately.

        Raises:
            ConfigurationError: The local base is closed.
            ValueError: The body cannot be written as JSON: an error of the caller.
            LostReplyError: A fault closed the connection.
            ReplyTimeoutError: A fault withheld the reply; raised without waiting.
        """
        self._store.require_open()
        on_sent()
        answer = self.handle(request_of(call), trusted=True)
        if self.latency_s:
            time.sleep(self.latency_s)
        return reply_to(call, answer)

    def handle(self, request: Request, *, trusted: bool = False) -> Answer:
        """Answer a request, with a fault if one is due; its changes are stored before the answer.

        Args:
            request: The request.
            trusted: Whether it comes from this process and needs no token.
        """
        if self._process != os.getpid():
            self._process = os.getpid()
            self._gate.after_fork()
            self.requests.after_fork()
        entry = self._gate.enter(request, self.faults, trusted=trusted)
        answer = self._answer(request, entry)
        self.requests.note(
            request,
            answer,
            at=entry.at,
            fault=None if entry.fault is None else entry.fault.kind,
            seconds=self._clock() - entry.at + self.latency_s,
        )
        return answer

    def _answer(self, request: Request, entry: Entry) -> Answer:
        now = self._now()
        try:
            if isinstance(entry.token, refusal.Refusal):
                raise entry.token
            shown = self._carry_out(request, entry.token, now, entry.fault)
            reply = refusal.json_reply(shown)
        except refusal.Refusal as refused:
            reply = refused.reply()
        except sqlite3.Error as error:
            reply = refusal.broken(str(error)).reply()
        answer = reply if entry.fault is None else apply_fault(entry.fault, reply)
        match answer:
            case Reply():
                return self.dated(answer, now)
            case TruncatedReply():
                return replace(answer, reply=self.dated(answer.reply, now))
            case NoReply():
                return answer

    def _carry_out(self, request: Request, token: Token, now: datetime, fault: Fault | None) -> Any:
        if fault is not None and not fault.is_carried_out:
            if fault.kind == "iterator-lost" and request.list_offset is not None:
                self._iterators.lose(request.list_offset)
            return None  # the fault decides the reply
        allowed = NewFields.OF_ALL_TYPES if self.all_field_types else NewFields.OF_THE_API
        return self._service.answer(request, token, now, allowed)

    def file(self, url: str) -> Reply:
        """Serve an attachment to anyone who has its URL.

        Args:
            url: The URL as a cell shows it, or its path alone.
        """
        now = self._now()
        return self.dated(read_file(self._store, urlsplit(url).path, now), now)

    def dated(self, reply: Reply, now: datetime | None = None) -> Reply:
        """Add the headers that every reply has, such as its date.

        Args:
            reply: The reply.
            now: The date; the time of the call if None.
        """
        has_limit = self._limits.requests_per_second is not None
        return dated(reply, now or self._now(), has_rate_limit=has_limit)
