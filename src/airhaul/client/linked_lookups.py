"""Lookups through links: reading first which linked records meet their conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.reads.linked_names import name_in_formulas, primary_of
from airhaul.bulk.reads.table_reader import TableReader, table_in
from airhaul.client.selection import Selection
from airhaul.errors import PermissionDeniedError
from airhaul.formula.lookups.filter import LinkedCondition, Matches
from airhaul.model.base import table_name_of
from airhaul.model.columns import columns_of
from airhaul.model.schema import column_name
from airhaul.wire.shapes import FieldJson, TableJson


class LinkedLookups:
    """Finds out which linked records meet the conditions of a selection.

    This takes one request for the schema, which has the fields whose text formulas see of a link,
    and one for each hundred records that meet a condition. Conditions that lead on through further
    links are answered first.

    Args:
        reader: Reads lists of the base.
    """

    def __init__(self, reader: TableReader) -> None:
        self._reader = reader
        self._tables: Sequence[TableJson] | None = None

    def answer(self, selection: Selection) -> Flow[Selection]:
        """Return a selection with the linked records that meet its conditions.

        Args:
            selection: The selection.
        """
        through = selection.through()
        if not through:
            return selection
        matches: tuple[Matches, ...] = ()
        for one in through:
            matches = *matches, (yield from self._matches(one))
        return replace(selection, matches=matches)

    def _matches(self, asked: LinkedCondition) -> Flow[Matches]:
        model = asked.target
        selection = yield from self.answer(Selection(model, (asked.condition,)))
        if selection.finds_nothing:
            return {}
        columns, primary = columns_of(model), (yield from self._primary(model))
        by_id = columns.are_ids
        named = None if primary is None else column_name(primary, by_id=by_id)
        first = next(iter(columns.by_column)) if named is None else named
        parameters = replace(selection, fields=()).parameters()
        parameters = replace(parameters, fields=(first, *(parameters.fields or ())))
        table = self._reader.of_table(table_name_of(model), by_field_id=by_id)
        records = selection.keeper().keep((yield from table.all(parameters)))
        if primary is None or named is None:
            return dict.fromkeys(record["id"] for record in records)
        return {
            record["id"]: name_in_formulas(primary, record["fields"].get(named))
            for record in records
        }

    def _primary(self, model: Any) -> Flow[FieldJson | None]:
        """Find the primary field of a model's table; None if the token may not read the schema."""
        if self._tables is None:
            try:
                self._tables = yield from self._reader.tables()
            except PermissionDeniedError:
                self._tables = ()
        if not self._tables:
            return None
        return primary_of(table_in(self._tables, table_name_of(model), self._reader.base_id))
