"""The local base as one object: answers requests in process, without a socket."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from airhaul.errors import LostReplyError, ReplyTimeoutError
from airhaul.server import refusal
from airhaul.server.answers import Answer, Cut, Silence, spoil
from airhaul.server.context import Context
from airhaul.server.faults import Fault, Faults
from airhaul.server.iterators import Iterators
from airhaul.server.limits import Limits
from airhaul.server.reading import Reading
from airhaul.server.request import Request
from airhaul.server.request_log import LoggedRequest, RequestLog
from airhaul.server.resources import ROUTES
from airhaul.server.store import MEMORY, Store
from airhaul.wire.call import Call, Reply, Sent
from airhaul.wire.ids import is_id
from airhaul.wire.limits import URL_LENGTH

_BASE: Final = re.compile(r"/v0/(?:meta/bases/)?([^/?]+)")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Emulator:
    """Bases in a file or in memory, behind Airtable's API; a ``Transport`` for clients in process.

    Args:
        store: The bases.
        tokens: The tokens that are accepted over HTTP; None for any.
        requests_per_second: The limit of each base; None for none.
        penalty_s: For how long a base is locked out after breaking it, in seconds.
        retry_after: Whether a refusal for breaking it says how many seconds are left of that.
        monthly_quota: How many data requests are answered until the month ends, which it does
            when the base is opened anew; None for any number.
        latency_s: How long each reply is held back, in seconds.
        faults: What goes wrong; may be set later too. None for nothing.
        hold_s: How long a client over HTTP waits for a reply that does not come, in seconds, until
            the connection is closed.
        clock: Seconds that never go back.
        wall_clock: The date and time, with its zone: of each reply, and of what is created.
    """

    def __init__(
        self,
        store: Store,
        *,
        tokens: Collection[str] | None = None,
        requests_per_second: int | None = None,
        penalty_s: float = 30.0,
        retry_after: bool = False,
        monthly_quota: int | None = None,
        latency_s: float = 0.0,
        faults: Faults | None = None,
        hold_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._store = store
        self._clock = clock
        self._wall_clock = wall_clock
        self._iterators = Iterators(clock)
        self._limits = Limits(
            clock,
            tokens=tokens,
            requests_per_second=requests_per_second,
            penalty_s=penalty_s,
            retry_after=retry_after,
            monthly_quota=monthly_quota,
        )
        self._gate = threading.Lock()
        self._process = os.getpid()
        self.latency_s = latency_s
        self.faults = faults
        self.hold_s = hold_s
        self.requests = RequestLog()

    @classmethod
    def open(cls, path: str | Path = MEMORY, **options: Any) -> Self:
        """Open a file, made if it is not there, or memory; options as of the class.

        Raises:
            ConfigurationError: The file is no local base.
        """
        return cls(Store(path), **options)

    @property
    def default_base_id(self) -> str:
        """The base that every store begins with."""
        return self._store.default_base_id

    @property
    def workspace_id(self) -> str:
        """The store's only workspace."""
        return self._store.workspace_id

    @property
    def limits(self) -> Limits:
        """Who may ask, and how often; may be changed at any time."""
        return self._limits

    def now(self) -> float:
        """The seconds of the clock that requests are logged with."""
        return self._clock()

    def counts(self) -> Counter[str]:
        """How many requests of each method came."""
        return Counter(request.method for request in self.requests.copy_now())

    def forget_iterators(self) -> None:
        """Lose all lists that are being read, as the service does when it restarts."""
        self._iterators.forget()

    def send(self, call: Call, on_sent: Sent) -> Reply:
        """Answer a call in process; no token is asked for.

        Args:
            call: The call.
            on_sent: Called at once.

        Raises:
            ValueError: The body is not JSON: a fault of the caller.
            LostReplyError: A fault closed the connection.
            ReplyTimeoutError: A fault kept the reply; nothing is waited for.
        """
        on_sent()
        # Through text and back, so that both sides never share an object.
        body = None if call.body is None else json.loads(json.dumps(call.body, allow_nan=False))
        answer = self.handle(Request(call.method, call.path, call.query, body), trusted=True)
        if self.latency_s:
            time.sleep(self.latency_s)
        match answer:
            case Reply():
                return answer
            case Cut():
                return answer.reply
            case Silence.HANG_UP:
                raise LostReplyError(f"{call}: a fault of the local base closed the connection.")
            case Silence.HOLD:
                raise ReplyTimeoutError(f"{call}: a fault of the local base kept the reply.")

    def handle(self, request: Request, *, trusted: bool = False) -> Answer:
        """Answer a request, or do to it what a fault says; what was carried out is stored by then.

        Args:
            request: The request.
            trusted: Whether it comes from this process, and needs no token.
        """
        if self._process != os.getpid():
            self._process = os.getpid()
            self._gate = threading.Lock()
            self.requests.after_fork()
        # A request counts when it comes, and not when those before it are answered.
        with self._gate:
            at = self._clock()
            faults = self.faults  # another thread may set others
            fault = None if faults is None else faults.next_for(request)
            refused_at_gate = self._refuse_at_gate(request, trusted=trusted)
        now = self._wall_clock().astimezone(UTC)
        try:
            if refused_at_gate is not None:
                raise refused_at_gate
            reply = refusal.json_reply(self._answer(request, now, fault))
        except refusal.Refusal as refused:
            reply = refused.reply()
        except sqlite3.Error as error:
            reply = refusal.broken(str(error)).reply()
        answer = reply if fault is None else spoil(fault, reply)
        status, body = 0, b""
        match answer:
            case Reply(status, body):
                answer = _dated(answer, now)
            case Cut(Reply(status, body)):
                answer = replace(answer, reply=_dated(answer.reply, now))
            case Silence():
                pass
        logged = LoggedRequest(
            request.method,
            request.path,
            request.query,
            request.body,
            status,
            at,
            None if fault is None else fault.kind,
            self._clock() - at + self.latency_s,
            _base_id(request),
            request.client,
        )
        self.requests.note(logged, body)
        return answer

    def dated(self, reply: Reply) -> Reply:
        """Say the date and time in a reply that was made elsewhere."""
        return _dated(reply, self._wall_clock().astimezone(UTC))

    def _refuse_at_gate(self, request: Request, *, trusted: bool) -> refusal.Refusal | None:
        """Look at who asks, and how often, before the request is looked at."""
        base_id = _base_id(request)
        try:
            if not trusted:
                self._limits.authenticate(request.token)
            self._limits.count(base_id, request.token)
            if request.is_data:
                self._limits.spend()
        except refusal.Refusal as refused:
            return refused
        return None

    def _answer(self, request: Request, now: datetime, fault: Fault | None) -> Any:
        if fault is not None and not fault.is_carried_out:
            if fault.kind == "iterator-lost" and request.list_offset is not None:
                self._iterators.lose(request.list_offset)
            return None  # the fault tells something else
        if sum(len(name) + len(value) + 2 for name, value in request.query) > URL_LENGTH:
            raise refusal.refuse(414, "INVALID_REQUEST_UNKNOWN", "The URL is too long")
        # A slash at the end is accepted; airtable.js always sends one.
        path = request.path.rstrip("/")
        for route in ROUTES:
            parts = route.match(request.method, path)
            if parts is not None:
                with self._store.session(write=route.writes) as session:
                    context = Context(
                        session,
                        Reading(session, now),
                        self._iterators,
                        request,
                        now,
                        self._store.user_id,
                    )
                    return route.handler(context, *parts)
        raise refusal.no_such_route()

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def __enter__(self) -> Self:
        """Use it until the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()


def _base_id(request: Request) -> str | None:
    base = _BASE.match(request.path)
    return base[1] if base and is_id(base[1], "app") else None


def _dated(reply: Reply, now: datetime) -> Reply:
    date = format_datetime(now, usegmt=True)
    return replace(reply, headers={**reply.headers, "date": date})
