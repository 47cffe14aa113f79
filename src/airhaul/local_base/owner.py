"""Bases in a file or in memory, and what can be done to them past the API."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from airhaul.errors import ConfigurationError
from airhaul.local_base.after_commit import AfterCommit
from airhaul.local_base.gate.tokens import FULL_ACCESS, WRITE_SCHEMA
from airhaul.local_base.lists.views import add_view
from airhaul.local_base.protocol.request import Request
from airhaul.local_base.resources.route import Route
from airhaul.local_base.resources.tables import create_field
from airhaul.local_base.restoring.described import DescribedBase, describe_base
from airhaul.local_base.restoring.restore import Restorer
from airhaul.local_base.service import Service
from airhaul.local_base.store import Store
from airhaul.local_base.transaction.iterators import Iterators


class OwnerOperations:
    """The bases of a store, and what their owner does to them on this machine alone.

    Args:
        store: The bases.
        service: What carries requests out.
        iterators: The lists that are being read.
        after_commit: What is done once a request is answered; ended with the bases.
        wall_clock: The date and time, with its zone.
    """

    def __init__(
        self,
        store: Store,
        service: Service,
        iterators: Iterators,
        after_commit: AfterCommit,
        wall_clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._service = service
        self._iterators = iterators
        self._after_commit = after_commit
        self._wall_clock = wall_clock

    @property
    def default_base_id(self) -> str:
        """The base that every store begins with."""
        return self._store.default_base_id

    @property
    def workspace_id(self) -> str:
        """The store's only workspace."""
        return self._store.workspace_id

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
        self._store.reload_default_base()
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
            known = restorer.session.schema.find_table(base_id, table)
            if known is None:
                raise ConfigurationError(f"The base {base_id} has no table {table!r}.")
            return restorer.records(known, records, contents)

    @contextlib.contextmanager
    def _restoring(self) -> Generator[Restorer]:
        try:
            with self._store.session(write=True) as session:
                now = self._now()
                yield Restorer(session, now, self._store.user_id)
        except sqlite3.IntegrityError as error:
            raise ConfigurationError(f"An id to restore is there already: {error}.") from None

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
        now = self._now()
        added: dict[str, Any] = self._service.carry_out(
            route, (base_id, table), request, FULL_ACCESS, now, all_field_types=True
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

    def delete_unused_attachments(self) -> int:
        """Delete the files that no cell holds any more, and say how many they were.

        Until then they can be put back into a cell by their ids.
        """
        with self._store.session(write=True) as session:
            return session.attachments.delete_unused()

    def forget_iterators(self) -> None:
        """Lose all lists that are being read, as the service does when it restarts."""
        self._iterators.forget()

    def _now(self) -> datetime:
        return self._wall_clock().astimezone(UTC)

    def close(self) -> None:
        """Close the file."""
        self._after_commit.close()
        self._store.close()

    def __enter__(self) -> Self:
        """Use it until the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()
