"""Looking up linked records by name: in the primary fields of the linked tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.reads.table_reader import TableReader, table_in
from airhaul.bulk.rows.diff import as_text
from airhaul.bulk.rows.links_by_name import Pair, link_by_id, names_to_find
from airhaul.bulk.rows.target import Target, with_ids
from airhaul.errors import PermissionDeniedError
from airhaul.fields import card_of
from airhaul.formula import print_formula
from airhaul.formula.build import any_of
from airhaul.formula.nodes import Binary, Call, Field, Node, Number, Text
from airhaul.wire.endpoints import ListParameters
from airhaul.wire.limits import RECORDS_PER_PAGE
from airhaul.wire.shapes import FieldJson, RecordJson, TableJson


@dataclass(frozen=True, slots=True)
class NameQuery:
    """What to read to learn which records have some names.

    Args:
        table_id: The linked table.
        parameters: The list of records to read.
        names: The names; None for all names of the table.
    """

    table_id: str
    parameters: ListParameters
    names: tuple[str, ...] | None


class LinkedNames:
    """The linked records of a table by name, as far as they were looked up.

    A query has up to 100 names. A linked table whose primary field is not text is read whole, since
    the text of a name may be written in several ways.

    Args:
        target: The table.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._linked: dict[str, tuple[str, FieldJson]] | None = None
        self._ids: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
        self._whole: set[str] = set()

    @property
    def knows_schema(self) -> bool:
        """Whether the schema is known, which shows the linked tables."""
        return self._linked is not None

    def are_needed(self, pairs: Sequence[Pair]) -> bool:
        """Return whether names have to be known to compare some links."""
        return self._target.typecast and bool(names_to_find(self._target, pairs))

    def learn_schema(self, tables: Sequence[TableJson]) -> None:
        """Take the schema of the base."""
        own = table_in(tables, self._target.table, self._target.base_id)
        by_id = {table["id"]: table for table in tables}
        self._linked = {
            name: (linked["id"], primary_of(linked))
            for field in own["fields"]
            if field["type"] == "multipleRecordLinks"
            for linked in [by_id.get((field.get("options") or {}).get("linkedTableId", ""))]
            if linked is not None
            for name in (field["name"], field.get("id", ""))
        }

    def queries(self, pairs: Sequence[Pair]) -> list[NameQuery]:
        """Return what to read to compare some links; nothing that was read before."""
        assert self._linked is not None, "the schema is read first"
        wanted: defaultdict[str, set[str]] = defaultdict(set)
        primaries: dict[str, FieldJson] = {}
        for column, names in names_to_find(self._target, pairs).items():
            if column in self._linked:
                table_id, primaries[table_id] = self._linked[column]
                wanted[table_id] |= names - self._ids[table_id].keys()
        return [
            query
            for table_id, names in wanted.items()
            if names and table_id not in self._whole
            for query in name_queries(table_id, primaries[table_id], sorted(names))
        ]

    def learn(self, query: NameQuery, records: Iterable[RecordJson]) -> None:
        """Take the records that a query has found."""
        ids = self._ids[query.table_id]
        if query.names is None:
            self._whole.add(query.table_id)
        for name in query.names or ():
            ids[name] = []  # looked up, and maybe not there
        for record in records:
            name = "".join(map(as_text, record["fields"].values())).strip()
            ids.setdefault(name, []).append(record["id"])

    def apply(self, pairs: Iterable[Pair]) -> None:
        """Replace the names in the cells of links by the ids of their records."""
        linked = self._linked or {}
        link_by_id(pairs, {column: self._ids[id_] for column, (id_, _) in linked.items()})


def name_queries(
    table_id: str, field: FieldJson, names: Sequence[str], *, with_alike: bool = False
) -> list[NameQuery]:
    """Return what to read to learn which records of a table have some names.

    Args:
        table_id: The table.
        field: Its field that has the names.
        names: The names.
        with_alike: Whether to read names, too, that differ from these only in case and spaces.

    Returns:
        A query for each hundred names; one for the whole table if the field is not text.
    """
    column = field["name"]
    if not _is_plain_text(field):
        return [NameQuery(table_id, ListParameters(fields=(column,)), None)]
    groups = _groups(names)
    formulas = [
        any_of(
            [
                *(Binary("=", Field(column), Text(name)) for name in group),
                *([_is_like(Field(column), group)] if with_alike else []),
            ]
        )
        for group in groups
    ]
    return [
        NameQuery(table_id, ListParameters(fields=(column,), formula=print_formula(formula)), group)
        for group, formula in zip(groups, formulas, strict=True)
    ]


def _is_like(field: Field, names: Sequence[str]) -> Node:
    """Whether a field differs from one of some names only in case and spaces."""
    alike = dict.fromkeys(name.strip().lower() for name in names)
    cases = [part for name in alike for part in (Text(name), Number(1))]
    return Call("SWITCH", (Call("LOWER", (Call("TRIM", (field,)),)), *cases, Number(0)))


def look_up_links(
    reader: TableReader,
    target: Target,
    pairs: Sequence[Pair],
    tables: Sequence[TableJson] | None = None,
) -> Flow[bool]:
    """Replace the names in the cells of links by the ids of their records.

    It takes a request for the schema, and one for each query of ``LinkedNames``.

    Args:
        reader: Reads the table that has the links; its requests are counted.
        target: The table.
        pairs: What is written, with the records that it is written to.
        tables: The schema of the base, if it was read before.

    Returns:
        Whether the names could be looked up: the token may read the schema, or there are none.
    """
    known = LinkedNames(target)
    if not known.are_needed(pairs):
        return True
    try:
        known.learn_schema(tables or (yield from reader.tables()))
    except PermissionDeniedError:
        return False
    for query in known.queries(pairs):
        known.learn(query, (yield from reader.of_table(query.table_id).all(query.parameters)))
    known.apply(pairs)
    return True


def names_of_linked(
    reader: TableReader, ids: Mapping[str, Collection[str]]
) -> Flow[Mapping[str, str]]:
    """Read the names of linked records: a request for the schema, and one for 100 records.

    Args:
        reader: Reads the table that has the links.
        ids: The ids of linked records, by column.

    Returns:
        The names by id, as far as formulas see them unchanged: none that is no text, or has quotes.
    """
    try:
        tables = yield from reader.tables()
    except PermissionDeniedError:
        return {}
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for field in table_in(tables, reader.table, reader.base_id)["fields"]:
        linked = str((field.get("options") or {}).get("linkedTableId", ""))
        for column in {field["name"], field.get("id", "")} & ids.keys() if linked else ():
            wanted[linked].update(ids[column])
    found: dict[str, str] = {}
    for table_id, some in wanted.items():
        primary = primary_of(table_in(tables, table_id, reader.base_id))
        if not _is_plain_text(primary):
            continue
        for group in _groups(sorted(some)):
            asked = ListParameters(
                fields=(primary["name"],), formula=print_formula(with_ids(group))
            )
            for record in (yield from reader.of_table(table_id).all(asked)):
                name = name_in_formulas(primary, record["fields"].get(primary["name"]))
                if name is not None:
                    found[record["id"]] = name
    return found


def _is_plain_text(field: FieldJson) -> bool:
    return card_of(field["type"]).is_text and field["type"] != "richText"


def _groups(items: Sequence[str]) -> list[tuple[str, ...]]:
    starts = range(0, len(items), RECORDS_PER_PAGE)
    return [tuple(items[start : start + RECORDS_PER_PAGE]) for start in starts]


def name_in_formulas(primary: FieldJson, cell: Any) -> str | None:
    """Return the name of a linked record as formulas see it.

    Args:
        primary: The primary field of its table.
        cell: The cell of the record.

    Returns:
        The name; None if formulas may see it changed: it is no text, or has quotes.
    """
    name = as_text(cell).strip() if _is_plain_text(primary) else ""
    return name if name and '"' not in name and "\n" not in name else None


def primary_of(table: TableJson) -> FieldJson:
    """Return the primary field of a table."""
    return next(field for field in table["fields"] if field.get("id") == table["primaryFieldId"])
