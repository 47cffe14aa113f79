"""Looking up linked records by name: in the primary fields of the linked tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.reads.table_reader import TableReader, table_in
from airhaul.bulk.rows.diff import as_text
from airhaul.bulk.rows.links_by_name import IdsByName, Pair, link_by_id, names_to_find
from airhaul.bulk.rows.target import Target
from airhaul.errors import PermissionDeniedError
from airhaul.fields import card_of
from airhaul.formula import Node
from airhaul.formula.build import any_of
from airhaul.formula.nodes import Binary, Field, Text
from airhaul.wire.endpoints import ListParameters
from airhaul.wire.limits import RECORDS_PER_PAGE
from airhaul.wire.shapes import FieldJson, RecordJson, TableJson


def look_up_links(reader: TableReader, target: Target, pairs: Sequence[Pair]) -> Flow[bool]:
    """Replace the names in the cells of links by the ids of their records.

    Args:
        reader: Reads the table that has the links; its requests are counted.
        target: The table.
        pairs: What is written, with the records that it is written to.

    Returns:
        Whether the names could be looked up: the token may read the schema, or there are none.
    """
    wanted = names_to_find(target, pairs)
    if not wanted:
        return True
    found = yield from _find_by_name(reader, wanted)
    if found is None:
        return False
    link_by_id(pairs, found)
    return True


def _find_by_name(
    reader: TableReader, wanted: Mapping[str, Collection[str]]
) -> Flow[Mapping[str, IdsByName] | None]:
    """Find linked records by name: one request for the schema, and one for 100 names.

    For more than 100 names, a linked table of one page is read instead. A table whose primary field
    is not text is read whole, since the text of a name may be written in several ways.

    Args:
        reader: Reads the table that has the links; its requests are counted.
        wanted: The names, by column.

    Returns:
        The records by name, for each column that links; None if the token may not read the schema.
    """
    try:
        tables = yield from reader.tables()
    except PermissionDeniedError:
        return None
    linked = _linked_tables(table_in(tables, reader.table, reader.base_id))
    names: defaultdict[str, set[str]] = defaultdict(set)
    for column, some in wanted.items():
        if column in linked:
            names[linked[column]].update(some)
    found: dict[str, IdsByName] = {}
    for table_id, some in names.items():
        primary = primary_of(table_in(tables, table_id, reader.base_id))
        found[table_id] = yield from _in_table(reader.of_table(table_id), primary, sorted(some))
    return {column: found[linked[column]] for column in wanted if column in linked}


def primary_of(table: TableJson) -> FieldJson:
    """Return the primary field of a table, which has the names of its records."""
    return next(field for field in table["fields"] if field.get("id") == table["primaryFieldId"])


def _linked_tables(table: TableJson) -> dict[str, str]:
    """The ids of the linked tables, by the name and the id of the field."""
    return {
        name: (field.get("options") or {})["linkedTableId"]
        for field in table["fields"]
        for name in (field["name"], field.get("id", ""))
        if field["type"] == "multipleRecordLinks"
    }


def _in_table(reader: TableReader, primary: FieldJson, names: list[str]) -> Flow[IdsByName]:
    column = primary["name"]
    if not card_of(primary["type"]).is_text or primary["type"] == "richText":
        return _by_name((yield from reader.all(ListParameters(fields=(column,)))), column)
    if len(names) > RECORDS_PER_PAGE:
        records, is_all = yield from reader.first_page((column,))
        if is_all:
            return _by_name(records, column)

    def formula(some: Collection[str]) -> Node:
        return any_of([Binary("=", Field(column), Text(name)) for name in some])

    named = yield from reader.find(names, formula, fields=(column,))
    return _by_name(named.values(), column)


def _by_name(records: Iterable[RecordJson], column: str) -> IdsByName:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for record in records:
        name = as_text(record["fields"].get(column)).strip()
        found[name].append(record["id"])
    return found
