"""What the owner of a local base can do that Airtable's API does not offer."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from airhaul.errors import ConfigurationError
from airhaul.local_base.after_commit import AfterCommit
from airhaul.local_base.gate.tokens import FULL_ACCESS, WRITE_SCHEMA
from airhaul.local_base.lists.views import add_view
from airhaul.local_base.protocol.request import Request
from airhaul.local_base.resources.route import Route
from airhaul.local_base.resources.tables import create_field
from airhaul.local_base.service import Service
from airhaul.local_base.store import Store
from airhaul.local_base.store.attachment_rows import LARGEST_FILE
from airhaul.local_base.store.schema import Table
from airhaul.local_base.transaction.context import NewFields
from airhaul.local_base.transaction.iterators import Iterators

# Imported by the calls that restore something: validating descriptions takes a while to prepare.
if TYPE_CHECKING:
    from airhaul.local_base.restoring.described import DescribedBase
    from airhaul.local_base.restoring.restore import Restorer


class OwnerOperations:
    """The operations of a base's owner on this machine, past the API: restore, add views, close.

    Args:
        store: The bases.
        service: Carries out requests.
        iterators: The lists that are being read.
        after_commit: The work that follows a request; it ends when the bases are closed.
        wall_clock: The date and time, with a zone.
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
    def path(self) -> str:
        """The file, as it was given, or ``":memory:"``."""
        return self._store.path

    @property
    def default_base_id(self) -> str:
        """The base that is used when none is named."""
        return self._store.default_base_id

    @property
    def workspace_id(self) -> str:
        """The store's only workspace."""
        return self._store.workspace_id

    def restore(self, described: DescribedBase | str | Path | Mapping[str, Any]) -> str:
        """Create a base from its description, keep its ids, and make it the default base.

        A base that already exists with these tables stays as it is.

        Args:
            described: A JSON file or its contents: ``{"tables": [...]}``, as
                ``GET /v0/meta/bases/{baseId}/tables`` answers, optionally with the base's ``id``
                and ``name``. Anything without an id gets a new one.

        Returns:
            The base's id.

        Raises:
            ConfigurationError: The description is invalid, or the base exists with other tables.
        """
        from airhaul.local_base.restoring.described import DescribedBase, describe_base

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
        """Add records as the API answers them, with their ids and times; all of them or none.

        Args:
            base_id: The base.
            table: The table's name or id.
            records: The records, with cells by name or id; computed cells are computed again where
                that is possible.
            contents: The contents of attachments by their ids, as far as they are known.

        Returns:
            The number of records.

        Raises:
            ConfigurationError: The table does not exist, or a record does not fit it.
        """
        with self._restoring() as restorer:
            return restorer.records(_known(restorer, base_id, table), records, contents)

    def sort_by_creation(self, base_id: str, table: str) -> None:
        """Bring restored records into the order of their creation, which is that of views.

        Args:
            base_id: The base.
            table: The table's name or id.

        Raises:
            ConfigurationError: The table does not exist.
        """
        with self._restoring() as restorer:
            restorer.session.records.sort_by_creation(_known(restorer, base_id, table).id)

    def restore_file(self, attachment_id: str, content: BinaryIO, size: int) -> None:
        """Store the content of an attachment that was restored without it.

        Args:
            attachment_id: The attachment.
            content: The content, which is read piece by piece.
            size: Its length in bytes.

        Raises:
            ConfigurationError: There is no such attachment, or it is too large.
        """
        if size > LARGEST_FILE:
            raise ConfigurationError(
                f"The file has {size:,} bytes; a local base holds at most {LARGEST_FILE:,}."
            )
        with self._store.session(write=True) as session:
            if session.attachments.one(attachment_id) is None:
                raise ConfigurationError(f"There is no attachment {attachment_id} to fill.")
            session.attachments.fill(attachment_id, content, size)

    @contextlib.contextmanager
    def _restoring(self) -> Generator[Restorer]:
        from airhaul.local_base.restoring.restore import Restorer

        try:
            with self._store.session(write=True) as session:
                now = self._now()
                yield Restorer(session, now, self._store.user_id)
        except sqlite3.IntegrityError as error:
            raise ConfigurationError(f"An ID to restore exists already: {error}.") from None

    def add_field(self, base_id: str, table: str, described: Mapping[str, Any]) -> dict[str, Any]:
        """Add a field of any type, as Airtable's own page can and its API cannot.

        Args:
            base_id: The base.
            table: The table's name or id.
            described: ``{"name", "type", "description"?, "options"?}``, with the options as the
                metadata API prints them, and names of fields instead of ids if you like. A rollup
                also takes ``formula``, as in ``SUM(values)``, a button ``label`` and ``url``,
                which is a formula.

        Returns:
            The field as the metadata API prints it.

        Raises:
            Refusal: The table does not exist, or the field cannot be created.
        """
        path = f"/v0/meta/bases/{base_id}/tables/{table}/fields"
        route = Route("POST", path, create_field, WRITE_SCHEMA, writes=True, source="client")
        request = Request("POST", path, body=dict(described))
        now = self._now()
        added: dict[str, Any] = self._service.carry_out(
            route, (base_id, table), request, FULL_ACCESS, now, NewFields.AS_PRINTED
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
        """Add a view to a table, as Airtable's own page can and its API cannot.

        Args:
            base_id: The base.
            table: The table's name or id.
            name: The view's name.
            formula: A filter for the records it shows; all if None.
            sort: The order, as ``[{"field": "Name", "direction": "desc"}]``.
            fields: The fields that it shows, in that order; all if None.

        Returns:
            The view's id.

        Raises:
            Refusal: The table or a field does not exist, the name is taken, or the formula is
                invalid.
        """
        with self._store.session(write=True) as session:
            return add_view(
                session, base_id, table, name, formula=formula, sort=sort, fields=fields
            ).id

    def delete_unused_attachments(self) -> int:
        """Delete the files that no cell holds any more, and return how many were deleted.

        Until then they can be put back into a cell by their ids.
        """
        with self._store.session(write=True) as session:
            return session.attachments.delete_unused()

    def forget_iterators(self) -> None:
        """Forget all lists that are being read, as Airtable does when it restarts."""
        self._iterators.forget()

    def _now(self) -> datetime:
        return self._wall_clock().astimezone(UTC)

    def close(self) -> None:
        """Close the file."""
        self._after_commit.close()
        self._store.close()

    def __enter__(self) -> Self:
        """Return the base, which is closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()


def _known(restorer: Restorer, base_id: str, table: str) -> Table:
    known = restorer.session.schema.find_table(base_id, table)
    if known is None:
        raise ConfigurationError(f"The base {base_id} has no table {table!r}.")
    return known
