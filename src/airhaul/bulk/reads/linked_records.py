"""Reading the records that others link to: each once, a hundred a request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.reads.table_reader import TableReader
from airhaul.bulk.rows.target import with_ids
from airhaul.caller import warn_caller
from airhaul.formula import print_formula
from airhaul.model.base import RecordBase, table_name_of
from airhaul.model.columns import columns_of
from airhaul.model.links.assigning import links_in
from airhaul.model.links.link import Link
from airhaul.model.links.paths import LinkPaths
from airhaul.model.read import Reader
from airhaul.wire.endpoints import ListParameters
from airhaul.wire.ids import is_id
from airhaul.wire.limits import RECORDS_PER_PAGE

_NAMED = 5


class MissingRecordWarning(UserWarning):
    """A linked record is not there any more; ``link.is_missing`` is true."""


class LinkedRecords:
    """Gives links their records; a record that several links have is one object.

    Args:
        reader: Reads lists of the base.
        paths: The links to follow.
        origin: The connection that the records are read from.
    """

    def __init__(self, reader: TableReader, paths: LinkPaths, origin: object) -> None:
        self._reader = reader
        self._paths = paths
        self._origin = origin
        self._known: defaultdict[type[RecordBase], dict[str, RecordBase | None]]
        self._known = defaultdict(dict)
        self._given: dict[str, RecordBase] = {}

    def load(self, records: Sequence[RecordBase]) -> Flow[None]:
        """Read what records link to, level by level.

        Links of one level to the same table share their requests. Links to the table of the records
        themselves share those of them that are complete.

        Args:
            records: Records of the model from which the paths lead.
        """
        self._given = {
            record.id: record
            for record in records
            if type(record) is self._paths.model and record.id is not None and not record._unknown
        }
        level: list[tuple[LinkPaths, Iterable[RecordBase]]] = [(self._paths, records)]
        while level:
            links = [
                (paths.model, name, further, list(links_in_each(some, name)))
                for paths, some in level
                for name, further in paths.next.items()
            ]
            wanted: defaultdict[type[RecordBase], dict[str, None]] = defaultdict(dict)
            for _, _, further, found in links:
                wanted[further.model].update(self._unknown(further.model, found))
            for model in [model for model, ids in wanted.items() if ids]:
                yield from self._read(model, list(wanted[model]))
            for owner, name, further, found in links:
                self._fill(owner, name, further.model, found)
            level = [
                (further, _records_of(found)) for _, _, further, found in links if further.next
            ]

    def _unknown(self, model: type[RecordBase], links: Iterable[Link[Any]]) -> Mapping[str, None]:
        """The ids that have to be read, each once; what is loaded is shared."""
        known, wanted = self._known[model], dict[str, None]()
        for link in links:
            if link.is_loaded:
                known.setdefault(link.id, link.record)
            elif is_id(link.id, "rec") and not self._knows(model, link.id):
                wanted[link.id] = None
        return wanted

    def _knows(self, model: type[RecordBase], record_id: str) -> bool:
        is_given = model is self._paths.model and record_id in self._given
        return is_given or record_id in self._known[model]

    def _found(self, model: type[RecordBase], record_id: str) -> RecordBase | None:
        given = self._given.get(record_id) if model is self._paths.model else None
        return given or self._known[model].get(record_id)

    def _read(self, model: type[RecordBase], ids: Sequence[str]) -> Flow[None]:
        columns, known = columns_of(model), self._known[model]
        table = self._reader.of_table(table_name_of(model), by_field_id=columns.are_ids)
        reader = Reader(model, origin=self._origin)
        parts = [
            ListParameters(
                fields=tuple(columns.by_column),
                formula=print_formula(with_ids(ids[start : start + RECORDS_PER_PAGE])),
            )
            for start in range(0, len(ids), RECORDS_PER_PAGE)
        ]
        raws = yield from table.all_of(parts)
        reader.leave_out(table.missing)
        known.update(dict.fromkeys(ids))  # None stays for those that are not there
        known.update({record.id or "": record for record in reader.read_page(raws)})

    def _fill(
        self,
        owner: type[RecordBase],
        name: str,
        model: type[RecordBase],
        links: Sequence[Link[Any]],
    ) -> None:
        missing: dict[str, None] = {}
        for link in links:
            if link.is_loaded or not self._knows(model, link.id):
                continue
            record = self._found(model, link.id)
            if record is None:
                link._is_missing = True
                missing[link.id] = None
            else:
                link._record = record
        if missing:
            shown = ", ".join([*missing][:_NAMED]) + (", ..." if len(missing) > _NAMED else "")
            count = "a record" if len(missing) == 1 else f"{len(missing)} records"
            warn_caller(
                f"{owner.__name__}.{name} links to {count} of the table {table_name_of(model)!r} "
                f"that cannot be read, and may have been deleted since: {shown}.",
                MissingRecordWarning,
            )


def links_in_each(records: Iterable[RecordBase], name: str) -> Iterable[Link[Any]]:
    """Return the links that records have in one field."""
    return (link for record in records for link in links_in(record, (name,)))


def _records_of(links: Iterable[Link[Any]]) -> Sequence[RecordBase]:
    """The records of links, each once."""
    found = {id(link.record): link.record for link in links if link.is_loaded}
    return list(found.values())
