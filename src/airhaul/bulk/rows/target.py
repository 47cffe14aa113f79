"""The table that changes go to: its columns, and the request for each kind of change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypedDict, TypeVar, cast

from airhaul.bulk.rows.changes import KINDS, Change, Kind
from airhaul.bulk.rows.diff import changed_cells, is_empty
from airhaul.bulk.rows.keys import Key
from airhaul.fields import card_of
from airhaul.formula import Node, print_formula
from airhaul.formula.build import any_of, literal
from airhaul.formula.nodes import Binary
from airhaul.formula.nodes import Call as FormulaCall
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.model.schema import column_name, titles_in
from airhaul.wire import endpoints
from airhaul.wire.call import Call
from airhaul.wire.endpoints import ListParameters
from airhaul.wire.shapes import FIELD_TYPES, Cells, FieldType, RecordJson, TableJson

M = TypeVar("M", bound=RecordBase)


class _Form(TypedDict):
    typecast: bool
    by_field_id: bool


@dataclass(frozen=True)
class Target:
    """The table that changes go to.

    Args:
        base_id: The base.
        table: The table's id or name.
        model: Its model.
        typecast: Whether Airtable may convert text, and add choices to select fields.
        key: What upserts merge on.
        types: The types of all columns of the table, where its schema was read.
        titles: The names of its columns by ID, where people call them so: those that a file has,
            and those that the model lacks.
    """

    base_id: str
    table: str
    model: type[RecordBase]
    typecast: bool = False
    key: Key | None = None
    types: Mapping[str, str] | None = None
    titles: Mapping[str, str] = field(default_factory=dict[str, str])

    def described_by(self, table: TableJson) -> Target:
        """Return this table with what its schema says about its columns."""
        by_id, known = self.by_field_id, columns_of(self.model).by_column
        types = {column_name(one, by_id=by_id): one["type"] for one in table["fields"]}
        others = {id_: name for id_, name in titles_in(table).items() if id_ not in known}
        return replace(self, types=types, titles={**others, **self.titles})

    @property
    def by_field_id(self) -> bool:
        """Whether requests and replies name the columns by their IDs."""
        return columns_of(self.model).are_ids

    def title_of(self, column: str) -> str:
        """Return what people call a column, which may be named by its ID."""
        known = columns_of(self.model).by_column.get(column)
        return self.titles.get(column, column if known is None else known.title)

    def type_of(self, column: str) -> FieldType:
        """Return the type of a column in the model, or else in the schema."""
        known = columns_of(self.model).by_column.get(column)
        if known is not None:
            return known.type
        type_ = (self.types or {}).get(column)
        return cast("FieldType", type_ if type_ in FIELD_TYPES else "singleLineText")

    def in_order(self, cells: Cells) -> Cells:
        """Return the cells that are not empty, in the order of the model."""
        return {
            column: cells[column]
            for column in columns_of(self.model).by_column
            if cells.get(column) is not None
        }

    def can_write(self, column: str) -> bool:
        """Return whether a column can be written, by the schema if known, else by the model."""
        if self.types is not None:
            return not card_of(self.types.get(column, "formula")).is_computed
        known = columns_of(self.model).by_column.get(column)
        return known is not None and not known.read_only

    def as_written(self, column: str, cell: Any) -> Any:
        """Return a cell that was read in the form in which it can be written again."""
        known = columns_of(self.model).by_column.get(column)
        type_ = (self.types or {}).get(column) or (known.type if known else "")
        as_written = card_of(type_).as_written
        return cell if as_written is None else as_written(cell)

    @cached_property
    def _depending(self) -> dict[str, Callable[[Any, Any], Any]]:
        """The columns whose cells are sent in a form that depends on what is stored."""
        columns = columns_of(self.model).by_column.values()
        return {one.column: one.card.as_sent for one in columns if one.card.as_sent is not None}

    def _sent(self, change: Change[Any]) -> Cells:
        """Return the cells of a change in the form that its record takes."""
        if not self._depending or (change.before is None and change.record_id is not None):
            return change.cells  # of a record that was not read, nothing is known
        cells, before = dict(change.cells), change.before or {}
        for column in self._depending.keys() & cells.keys():
            cells[column] = self._depending[column](cells[column], before.get(column))
        return cells

    def call(self, kind: Kind, changes: Sequence[Change[Any]]) -> Call:
        """Return the request that carries out up to ten changes of one kind."""
        base_id, table = self.base_id, self.table
        form = _Form(typecast=self.typecast, by_field_id=self.by_field_id)
        match kind:
            case "create":
                cells = [self._sent(change) for change in changes]
                return endpoints.create_records(base_id, table, cells, **form)
            case "update":
                rows = [(_id_of(change), self._sent(change)) for change in changes]
                return endpoints.update_records(base_id, table, rows, **form)
            case "replace":
                rows = [(_id_of(change), self._sent(change)) for change in changes]
                return endpoints.replace_records(base_id, table, rows, **form)
            case "upsert":
                assert self.key is not None, "an upsert has a key"
                keyed = [(change.record_id, self._sent(change)) for change in changes]
                return endpoints.upsert_records(base_id, table, keyed, self.key.names, **form)
            case "delete":
                ids = [_id_of(change) for change in changes]
                return endpoints.delete_records(base_id, table, ids)
            case "keep":
                raise AssertionError("a change that is kept is not sent")

    def restored(self, before: Cells, columns: Iterable[str]) -> Cells:
        """Return some cells that were read in the form in which they can be written again.

        Args:
            before: The cells of the record.
            columns: Which of them; those that cannot be written are left out.
        """
        return {
            column: self.as_written(column, before.get(column))
            for column in columns
            if self.can_write(column)
        }

    def see(self, change: Change[Any], record: RecordJson) -> None:
        """Keep what the record of a change holds before it is written.

        Args:
            change: The change. A replacement then names the cells that it clears.
            record: Its record as it was read.
        """
        stored = record["fields"]
        change.record_id, change.found, change.before = record["id"], record, stored
        if change.kind == "replace":
            cleared = {
                column: None
                for column in stored
                if column not in change.cells and self.can_write(column)
            }
            change.cells = {**change.cells, **cleared}

    def compare(self, change: Change[Any], record: RecordJson) -> None:
        """Reduce a change to the cells in which its record differs.

        Args:
            change: The change; it becomes an update of what differs, or is kept. A deletion stays a
                deletion. An upsert becomes an update only if Airtable cannot merge on its key.
            record: Its record as it was read.
        """
        self.see(change, record)
        if change.traits.removes:
            return
        change.cells = changed_cells(
            change.cells, record["fields"], self.type_of, loosely=self.typecast
        )
        merges = change.kind == "upsert" and self.key is not None and self.key.can_be_merged_on
        if not change.cells:
            change.kind = "keep"
        elif not merges:
            change.kind = "update"

    def find(self, changes: Sequence[Change[Any]]) -> Node:
        """Return the formula that finds the records of some changes, by id or by key."""
        ids = [change.record_id for change in changes if change.record_id is not None]
        by_key = [change.cells for change in changes if change.record_id is None]
        tests = [with_ids(ids)] if ids else []
        if by_key:
            assert self.key is not None, "what has no id has a key"
            tests.append(self.key.formula_for(by_key))
        return any_of(tests)

    def sort(
        self, kind: Kind, changes: Sequence[Change[M]], records: Iterable[RecordJson]
    ) -> tuple[list[Change[M]], list[RecordJson], list[Change[M]]]:
        """Separate the changes that have been carried out from those that have not.

        Args:
            kind: The kind of the changes.
            changes: The rows.
            records: The records that ``find`` has found.

        Returns:
            The changes that are done, their records unless deleted, and the changes that are not.
        """
        by_id: dict[str, RecordJson] = {}
        by_key: dict[Any, RecordJson] = {}
        for record in records:
            by_id[record["id"]] = record
            if self.key is not None:
                by_key[self.key.value_in(record["fields"])] = record
        done: list[Change[M]] = []
        raws: list[RecordJson] = []
        left: list[Change[M]] = []
        for change in changes:
            of_id = change.record_id
            found = by_key.get(change.key) if of_id is None else by_id.get(of_id)
            if self._is_done(kind, change, found):
                done.append(change)
                raws += [] if found is None else [found]
            else:
                left.append(change)
        return done, raws, left

    def _is_done(self, kind: Kind, change: Change[Any], record: RecordJson | None) -> bool:
        removes = KINDS[kind].removes
        if removes or record is None:
            return removes and record is None
        if kind == "replace" and any(self.kept_by_replacement(change, record)):
            return False
        return self.is_as_sent(change, record)

    def is_as_sent(self, change: Change[Any], record: RecordJson) -> bool:
        """Return whether a record has the cells that a change has sent."""
        stored = record["fields"]
        return not changed_cells(change.cells, stored, self.type_of, loosely=self.typecast)

    def kept_by_replacement(
        self, change: Change[Any], record: RecordJson
    ) -> tuple[list[str], list[str]]:
        """Return the columns of filled cells that a replacement has not named.

        Args:
            change: The replacement.
            record: Its record.

        Returns:
            Those that it would have cleared; and those of which this is not known, because neither
            the model nor the schema has their type.
        """
        others = [
            column
            for column, cell in record["fields"].items()
            if column not in change.cells and not is_empty(cell)
        ]
        known = columns_of(self.model).by_column
        unclear = [column for column in others if self.types is None and column not in known]
        return [column for column in others if self.can_write(column)], unclear

    def read(
        self, formula: Node | None, fields: Iterable[str] | None = None, offset: str | None = None
    ) -> Call:
        """Return the request for a page of the records that a formula finds."""
        parameters = ListParameters(
            fields=None if fields is None else tuple(fields),
            formula=None if formula is None else print_formula(formula),
            by_field_id=self.by_field_id,
        )
        return endpoints.list_records(self.base_id, self.table, parameters, offset)

    def read_one(self) -> Call:
        """Return the smallest possible request for records."""
        parameters = ListParameters(max_records=1, page_size=1)
        return endpoints.list_records(self.base_id, self.table, parameters)


def with_ids(record_ids: Iterable[str]) -> Node:
    """Return the formula that finds some records by id."""
    tests: list[Node] = [
        Binary("=", FormulaCall("RECORD_ID"), literal(record_id)) for record_id in record_ids
    ]
    return any_of(tests)


def _id_of(change: Change[Any]) -> str:
    assert change.record_id is not None, "its encoder requires an id"
    return change.record_id
