"""Carrying out requests: find the endpoint, run it in a transaction, start what follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from airhaul.local_base.after_commit import AfterCommit
from airhaul.local_base.attachments.urls import AttachmentUrls
from airhaul.local_base.gate.tokens import Access, Token
from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.request import Request
from airhaul.local_base.reading.cell_reader import CellReader
from airhaul.local_base.resources import ROUTES
from airhaul.local_base.resources.route import Route
from airhaul.local_base.store import Store
from airhaul.local_base.transaction.context import Context, NewFields
from airhaul.local_base.transaction.iterators import Iterators
from airhaul.local_base.webhooks.write_payloads import write_payloads
from airhaul.wire.limits import URL_LENGTH


class Service:
    """Carries out the requests that the gate lets through.

    Args:
        store: The bases.
        access: The accepted tokens.
        iterators: The lists that are being read.
        after_commit: The work that follows a request.
    """

    def __init__(
        self, store: Store, access: Access, iterators: Iterators, after_commit: AfterCommit
    ) -> None:
        self._store = store
        self._access = access
        self._iterators = iterators
        self._after_commit = after_commit

    def answer(self, request: Request, token: Token, now: datetime, new_fields: NewFields) -> Any:
        """Find the endpoint of a request and carry it out.

        Args:
            request: The request.
            token: The token of the request.
            now: The date and time, in UTC.
            new_fields: What fields can be created from.

        Returns:
            The JSON of the answer.

        Raises:
            Refusal: No endpoint has this path, or the endpoint refuses the request.
        """
        if request.url_length > URL_LENGTH:
            raise refusal.refuse(414, "INVALID_REQUEST_UNKNOWN", "The URL is too long")
        if not request.is_unicode:
            raise refusal.invalid_body()
        # A slash at the end is accepted; airtable.js always sends one.
        path = request.path.rstrip("/")
        for route in ROUTES:
            parts = route.match(request.method, path)
            if parts is not None:
                return self.carry_out(route, parts, request, token, now, new_fields)
        raise refusal.no_such_route()

    def carry_out(
        self,
        route: Route,
        parts: Sequence[str],
        request: Request,
        token: Token,
        now: datetime,
        new_fields: NewFields,
    ) -> Any:
        """Carry out a request, all of it or nothing.

        Args:
            route: The endpoint.
            parts: The variable parts of its path.
            request: The request.
            token: The token of the request.
            now: The date and time, in UTC.
            new_fields: What fields can be created from.

        Returns:
            The JSON of the answer.

        Raises:
            Refusal: The endpoint refuses the request.
        """
        urls = AttachmentUrls(self._store.signing_key, request.address, now)
        with self._store.session(write=route.writes) as session:
            context = Context(
                session,
                CellReader(session, now, urls),
                self._iterators,
                request,
                now,
                self._access,
                token,
                self._store.workspace_id,
                urls,
                new_fields=new_fields,
            )
            context.authorize(route.needs, *parts)
            shown = route.handler(context, *parts)
            context.webhooks_to_notify.extend(write_payloads(context, route.source))
        self._after_commit.begin(context)
        return shown
