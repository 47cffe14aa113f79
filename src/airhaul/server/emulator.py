"""The local base as one object: answers requests in process, without a socket."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from airhaul.errors import ConfigurationError, LostReplyError, ReplyTimeoutError
from airhaul.server import refusal
from airhaul.server.access import EVERYTHING, WRITE_SCHEMA, Access, Token
from airhaul.server.afterwards import Afterwards
from airhaul.server.answers import Answer, Cut, Silence, spoil
from airhaul.server.attachment_fetch import Reach
from airhaul.server.attachment_files import read_file
from airhaul.server.attachment_urls import AttachmentUrls
from airhaul.server.context import Context
from airhaul.server.described import DescribedBase, describe_base
from airhaul.server.faults import Fault, Faults
from airhaul.server.iterators import Iterators
from airhaul.server.limits import Limits
from airhaul.server.reading import Reading
from airhaul.server.request import Request
from airhaul.server.request_log import LoggedRequest, RequestLog
from airhaul.server.resources import ROUTES
from airhaul.server.resources.route import Route
from airhaul.server.resources.tables import create_field
from airhaul.server.restore import Restorer
from airhaul.server.store import MEMORY, Store
from airhaul.server.views import add_view
from airhaul.server.webhooks.noting import note
from airhaul.wire.call import Call, Reply, Sent
from airhaul.wire.ids import is_id
from airhaul.wire.limits import URL_LENGTH

_BASE: Final = re.compile(r"/v0/(?:(?:meta/)?bases/)?([^/?]+)")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Emulator:
    """Bases in a file or in memory, behind Airtable's API; a ``Transport`` for clients in process.

    Args:
        store: The bases.
        tokens: The tokens that are accepted over HTTP, mere text with all rights; None for any.
        requests_per_second: The limit of each base; None for none.
        penalty_s: For how long a base is locked out after breaking it, in seconds.
        retry_after: Whether a refusal for breaking it says how many seconds are left of that.
        monthly_quota: How many data requests are answered until the month ends, which it does
            when the base is opened anew; None for any number.
        latency_s: How long each reply is held back, in seconds.
        faults: What goes wrong, as ``fail`` takes it; may be set later too. None for nothing.
        all_field_types: Whether the API creates fields of every type, computed ones too, which
            the service does not.
        hold_s: How long a client over HTTP waits for a reply that does not come, in seconds, until
            the connection is closed.
        clock: Seconds that never go back.
        wall_clock: The date and time, with its zone: of each reply, and of what is created.
        webhook_retry_s: After how many seconds a webhook's notification is tried again; the second
            time after twice as many, and so on.
        fetch_attachments: From where attachments that are written by URL are fetched:
            ``"nowhere"``, ``"public"`` addresses, or ``"loopback"``, which is this machine too.
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
        self._store = store
        self._clock = clock
        self._wall_clock = wall_clock
        self._iterators = Iterators(clock)
        self._access = Access(tokens, store)
        self._limits = Limits(
            clock,
            requests_per_second=requests_per_second,
            penalty_s=penalty_s,
            retry_after=retry_after,
            monthly_quota=monthly_quota,
        )
        self._afterwards = Afterwards(
            store,
            wall_clock,
            webhook_retry_s=webhook_retry_s,
            fetch_attachments=fetch_attachments,
        )
        self._gate = threading.Lock()
        self._process = os.getpid()
        self.latency_s = latency_s
        self.faults: Faults | None = (
            faults if faults is None or isinstance(faults, Faults) else Faults(*faults)
        )
        self.all_field_types = all_field_types
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
        """Open a file, made if it is not there, or memory.

        Args:
            path: The file, or ``":memory:"``.
            schema: A base to make in it, as ``restore`` takes it.
            **options: As of the class.

        Raises:
            ConfigurationError: The file is no local base, or the schema describes none.
        """
        described = None if schema is None else describe_base(schema)
        store = Store(path)
        try:
            emulator = cls(store, **options)
            if described is not None:
                emulator.restore(described)
        except BaseException:
            store.close()
            raise
        return emulator

    @property
    def default_base_id(self) -> str:
        """The base that every store begins with."""
        return self._store.default_base_id

    @property
    def workspace_id(self) -> str:
        """The store's only workspace."""
        return self._store.workspace_id

    def fail(self, *faults: Fault | str, seed: int = 0) -> Faults:
        """Let requests go wrong from now on, instead of what was said before.

        Args:
            *faults: What goes wrong, also as text: ``"503-before:0.05"``, ``"POST close-after@1"``.
                Without any, all goes well again.
            seed: What the chance begins with.

        Returns:
            The faults, which count how often they happened.

        Raises:
            ConfigurationError: A text is no fault.
        """
        self.faults = told = Faults(*faults, seed=seed)
        return told

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

    def restore(self, described: DescribedBase | str | Path | Mapping[str, Any]) -> str:
        """Make a base as the metadata API describes it, ids kept; it becomes the default one.

        A base that is there with these tables already stays as it is.

        Args:
            described: A file of JSON or what stands in one: ``{"tables": [...]}``, as
                ``GET /v0/meta/bases/{baseId}/tables`` answers, perhaps with the base's ``id`` and
                ``name``. What has no id gets a new one.

        Returns:
            The base's id.

        Raises:
            ConfigurationError: It describes no base, or one that is there with other tables.
        """
        base = described if isinstance(described, DescribedBase) else describe_base(described)
        with self._restoring() as restorer:
            base_id = restorer.base(base)
        self._store.look_again()
        return base_id

    def restore_records(
        self,
        base_id: str,
        table: str,
        records: Iterable[Mapping[str, Any]],
        contents: Mapping[str, bytes] | None = None,
    ) -> int:
        """Add records as the API answers them, ids and times kept; all of them or none.

        Args:
            base_id: The base.
            table: The table's name or id.
            records: The records, with cells by name or id; what can be computed is computed anew.
            contents: The contents of attachments by their ids, as far as they are known.

        Returns:
            How many they were.

        Raises:
            ConfigurationError: There is no such table, or a record does not fit it.
        """
        with self._restoring() as restorer:
            for known in restorer.session.schema.tables(base_id).values():
                if table in (known.id, known.name):
                    return restorer.records(known, records, contents)
        raise ConfigurationError(f"The base {base_id} has no table {table!r}.")

    @contextlib.contextmanager
    def _restoring(self) -> Generator[Restorer]:
        try:
            with self._store.session(write=True) as session:
                now = self._wall_clock().astimezone(UTC)
                yield Restorer(session, now, self._store.user_id)
        except sqlite3.IntegrityError as error:
            raise ConfigurationError(f"An id to restore is there already: {error}.") from None

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
            token = EVERYTHING if trusted else self._access.find(request.token)
            refused_at_gate = self._refuse_at_gate(request, token)
        now = self._wall_clock().astimezone(UTC)
        try:
            if token is None or refused_at_gate is not None:
                raise refused_at_gate or refusal.unauthenticated()
            reply = refusal.json_reply(self._answer(request, token, now, fault))
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

    def file(self, url: str) -> Reply:
        """Hand out an attachment; its URL is all that is asked for.

        Args:
            url: As a cell shows it, or its path alone.
        """
        now = self._wall_clock().astimezone(UTC)
        return _dated(read_file(self._store, urlsplit(url).path, now), now)

    def delete_unused_attachments(self) -> int:
        """Delete the files that no cell holds any more, and say how many they were.

        Until then they can be put back into a cell by their ids.
        """
        with self._store.session(write=True) as session:
            return session.attachments.delete_unused()

    def dated(self, reply: Reply) -> Reply:
        """Say the date and time in a reply that was made elsewhere."""
        return _dated(reply, self._wall_clock().astimezone(UTC))

    def _refuse_at_gate(self, request: Request, token: Token | None) -> refusal.Refusal | None:
        """Look at who asks, and how often, before the request is looked at."""
        if token is None:
            return refusal.unauthenticated()
        base_id = _base_id(request)
        person = None if token is EVERYTHING else self._access.counted_as(token)
        try:
            self._limits.count(base_id, person)
            if request.is_data:
                self._limits.spend()
        except refusal.Refusal as refused:
            return refused
        return None

    def _answer(self, request: Request, token: Token, now: datetime, fault: Fault | None) -> Any:
        if fault is not None and not fault.is_carried_out:
            if fault.kind == "iterator-lost" and request.list_offset is not None:
                self._iterators.lose(request.list_offset)
            return None  # the fault tells something else
        if request.url_length > URL_LENGTH:
            raise refusal.refuse(414, "INVALID_REQUEST_UNKNOWN", "The URL is too long")
        if not request.is_unicode:
            raise refusal.invalid_body()
        # A slash at the end is accepted; airtable.js always sends one.
        path = request.path.rstrip("/")
        for route in ROUTES:
            parts = route.match(request.method, path)
            if parts is not None:
                return self._carry_out(
                    route, parts, request, token, now, all_field_types=self.all_field_types
                )
        raise refusal.no_such_route()

    def _carry_out(
        self,
        route: Route,
        parts: Sequence[str],
        request: Request,
        token: Token,
        now: datetime,
        *,
        all_field_types: bool,
    ) -> Any:
        urls = AttachmentUrls(self._store.signing_key, request.address, now)
        with self._store.session(write=route.writes) as session:
            context = Context(
                session,
                Reading(session, now, urls),
                self._iterators,
                request,
                now,
                self._access,
                token,
                self._store.workspace_id,
                urls,
                all_field_types=all_field_types,
            )
            context.admit(route.needs, *parts)
            shown = route.handler(context, *parts)
            context.news.extend(note(context, route.source))
        self._afterwards.begin(context)
        return shown

    def add_field(self, base_id: str, table: str, described: Mapping[str, Any]) -> dict[str, Any]:
        """Add a field of any type, as the service's own page can, and its API cannot.

        Args:
            base_id: The base.
            table: The table's name or id.
            described: ``{"name", "type", "description"?, "options"?}``, the options as the metadata
                API prints them; names of fields may stand for ids. A rollup takes ``formula`` too,
                as ``SUM(values)``, a button ``label`` and ``url``, which is a formula.

        Returns:
            The field as the metadata API prints it.

        Raises:
            Refusal: There is no such table, or the field cannot be made.
        """
        path = f"/v0/meta/bases/{base_id}/tables/{table}/fields"
        route = Route("POST", path, create_field, WRITE_SCHEMA, writes=True, source="client")
        request = Request("POST", path, body=dict(described))
        now = self._wall_clock().astimezone(UTC)
        added: dict[str, Any] = self._carry_out(
            route, (base_id, table), request, EVERYTHING, now, all_field_types=True
        )
        return added

    def add_view(
        self,
        base_id: str,
        table: str,
        name: str,
        *,
        formula: str | None = None,
        sort: Sequence[Mapping[str, str]] = (),
        fields: Sequence[str] | None = None,
    ) -> str:
        """Add a view to a table, as the service's own page can, and its API cannot.

        Args:
            base_id: The base.
            table: The table's name or id.
            name: The view's name.
            formula: It shows the records that this keeps; all if None.
            sort: The order, as ``[{"field": "Name", "direction": "desc"}]``.
            fields: The fields that it shows, in that order; all if None.

        Returns:
            The view's id.

        Raises:
            Refusal: There is no such table or field, the name is taken, or the formula cannot be
                read.
        """
        with self._store.session(write=True) as session:
            return add_view(
                session, base_id, table, name, formula=formula, sort=sort, fields=fields
            ).id

    def close(self) -> None:
        """Close the file."""
        self._afterwards.close()
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
