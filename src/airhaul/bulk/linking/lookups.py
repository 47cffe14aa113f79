"""Looking up the names of linked records, each distinct name once, a hundred in a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.linking.link_keys import LinkKeys
from airhaul.bulk.linking.link_names import LinkNames
from airhaul.bulk.reads.table_reader import TableReader
from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.errors import RowError
from airhaul.model.base import RecordBase

M = TypeVar("M", bound=RecordBase)

MOST_HELD: Final = 1_000
"""How many rows of a stream wait at most until the names in their links are looked up."""


def look_up(reader: TableReader, keys: LinkKeys, names: LinkNames) -> Flow[None]:
    """Look up the records that have some names.

    It takes a request for each hundred new names, and one for the schema if links are not typed; a
    linked table is read whole if the field of its names is not text.

    Args:
        reader: Reads the table that has the links; its requests are counted.
        keys: Takes what is found.
        names: The names; those that were looked up before are not looked up again.

    Raises:
        PermissionDeniedError: The token may not read the schema.
    """
    unknown = keys.unknown(names)
    if unknown:
        yield from _look_up(reader, keys, unknown)
    keys.note_created(names)


def _look_up(reader: TableReader, keys: LinkKeys, unknown: Mapping[str, list[str]]) -> Flow[None]:
    if not keys.knows_schema and not keys.learn_models(reader.table):
        keys.learn_schema((yield from reader.tables()), reader.table, reader.base_id)
    for linked, some in keys.by_field(unknown):
        queries = linked.queries(some, with_alike=keys.creates)
        if queries:
            lists = [query.parameters for query in queries]
            records = yield from reader.of_table(linked.table["id"]).all_of(lists)
            linked.is_whole = queries[0].names is None
            linked.learn(some, records)
    keys.note_looked_up(unknown)


def link_rows(
    reader: TableReader,
    keys: LinkKeys,
    rows: Sequence[Change[M] | InvalidRow],
    source: str | None,
    *,
    creates_later: bool,
) -> Flow[list[Change[M] | InvalidRow]]:
    """Replace the names in the links of rows by the ids of their records.

    Args:
        reader: Reads the table that has the links.
        keys: The columns that may have names, and what is known of them.
        rows: The rows.
        source: The name of the file that they come from, for errors.
        creates_later: Whether names stay for which a record will be created.

    Returns:
        The rows; those with a name that cannot be replaced are not valid.
    """
    yield from look_up(reader, keys, names_in(keys, rows))
    return replace_names(keys, rows, source, creates_later=creates_later)


def names_in(keys: LinkKeys, rows: Iterable[Change[Any] | InvalidRow]) -> LinkNames:
    """Collect the names in the links of rows."""
    names = LinkNames()
    for row in rows:
        if isinstance(row, Change):
            keys.collect(row, names)
    return names


def replace_names(
    keys: LinkKeys,
    rows: Iterable[Change[M] | InvalidRow],
    source: str | None,
    *,
    creates_later: bool = False,
) -> list[Change[M] | InvalidRow]:
    """Replace names that were looked up; arguments and result as of ``link_rows``."""
    return [_linked(keys, row, source, creates_later=creates_later) for row in rows]


def _linked(
    keys: LinkKeys, row: Change[Any] | InvalidRow, source: str | None, *, creates_later: bool
) -> Change[Any] | InvalidRow:
    if isinstance(row, InvalidRow):
        return row
    try:
        keys.replace(row, source, creates_later=creates_later)
    except RowError as error:
        return InvalidRow(row.index, error, row.source)
    return row
