"""Encoders for rows whose links may have names: they take, collect or replace these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar, cast

from airhaul.bulk.linking.link_keys import LinkKeys
from airhaul.bulk.linking.link_names import LinkNames
from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.encoders import Encoder
from airhaul.bulk.values.list_columns import ListColumns
from airhaul.model.base import RecordBase
from airhaul.model.columns import Columns
from airhaul.tabular import SourceRow
from airhaul.wire.ids import is_id

M = TypeVar("M", bound=RecordBase)


class TakesOneName(Generic[M]):
    """An encoder that takes a single name where a list of links is expected.

    A text of a file without lists of its own may be one name with spaces around it, which a list in
    text does not keep.

    Args:
        encoder: Makes changes of rows.
        keys: The columns that may have names.
        columns: The model's columns by the names that rows may use.
    """

    def __init__(self, encoder: Encoder[M], keys: LinkKeys, columns: Columns) -> None:
        self._encoder = encoder
        self._lists = ListColumns(columns, keys.columns)

    def encode(self, index: int, row: object) -> Change[M]:
        """Make a change of a row; arguments and errors as of ``Encoder.encode``."""
        if isinstance(row, SourceRow):
            if not row.has_lists:
                return self._with_whole_texts(self._encoder.encode(index, row), row.cells)
            listed: object = SourceRow(
                row.line,
                self._lists.listed(row.cells),
                row.style,
                is_typed=row.is_typed,
                has_lists=True,
            )
        elif isinstance(row, Mapping):
            listed = self._lists.listed(cast("Mapping[str, object]", row))
        else:
            return self._encoder.encode(index, row)
        change = self._encoder.encode(index, listed)
        change.source = row
        return change

    def _with_whole_texts(self, change: Change[M], row: Mapping[str, object]) -> Change[M]:
        for key, text in row.items():
            if isinstance(text, str) and text != text.strip() and (name := self._lists.find(key)):
                items = change.cells.get(name) or ()
                if not all(is_id(item, "rec") for item in items):
                    change.cells[name] = text
        return change


class LinksByKey(Generic[M]):
    """An encoder that replaces the names in links by the ids of their records.

    Args:
        encoder: Makes changes of rows.
        keys: The names, which were looked up.
        source: The name of the file that the rows come from, for errors.
        creates_later: Whether names stay for which a record will be created.
    """

    def __init__(
        self,
        encoder: Encoder[M],
        keys: LinkKeys,
        source: str | None = None,
        *,
        creates_later: bool = False,
    ) -> None:
        self._encoder = encoder
        self._keys = keys
        self._source = source
        self._creates_later = creates_later

    def encode(self, index: int, row: object) -> Change[M]:
        """Make a change of a row; arguments and errors as of ``Encoder.encode``."""
        change = self._encoder.encode(index, row)
        self._keys.replace(change, self._source, creates_later=self._creates_later)
        return change


class NamesSeen(Generic[M]):
    """An encoder that collects the names in links, so that they are looked up together.

    Args:
        encoder: Makes changes of rows.
        keys: The columns that may have names.
        names: Takes the names.
    """

    def __init__(self, encoder: Encoder[M], keys: LinkKeys, names: LinkNames) -> None:
        self._encoder = encoder
        self._keys = keys
        self._names = names

    def encode(self, index: int, row: object) -> Change[M]:
        """Make a change of a row; arguments and errors as of ``Encoder.encode``."""
        change = self._encoder.encode(index, row)
        self._keys.collect(change, self._names)
        return change
