"""Link cells, stored as ids of records of a table in the same base.

Source: https://airtable.com/developers/web/api/field-model. How typecast finds records is known
from a maintainer of airtable.js: by the primary field; the first match wins, and a missing record
is created. Not published, and decided here: a record that is named twice in a cell is stored once;
a single text names one record as a whole, otherwise several, separated by commas.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from airhaul.fields import card_of
from airhaul.formula.values import to_text
from airhaul.local_base.protocol import refusal
from airhaul.local_base.store.schema import Field, Table
from airhaul.local_base.writing.cells.write_context import Check, WriteContext
from airhaul.wire.ids import is_id


class CheckLinks:
    """Accepts ids of records; with typecast also their names.

    Args:
        check_cell: Checks a cell of any type, for the primary cells of new records.
    """

    def __init__(self, check_cell: Check) -> None:
        self._check_cell = check_cell

    def __call__(self, field: Field, value: Any, write: WriteContext) -> Any:
        """Check a cell."""
        tables = write.context.session.schema.tables(write.table.base_id)
        linked = tables.get((field.options or {}).get("linkedTableId", ""))
        if linked is None:
            raise refusal.cannot_accept(field.name)
        if write.typecast and isinstance(value, str | list):
            value = self._ids(field, linked, value, write)
        if not isinstance(value, list) or not all(is_id(item, "rec") for item in value):
            raise refusal.not_record_ids()
        ids = list(dict.fromkeys(value))
        found = {record.id: record for record in write.context.session.records.some(ids)}
        for record_id in ids:
            record = found.get(record_id)
            if record is None or record.table_id not in tables:
                raise refusal.linked_row_does_not_exist(record_id)
            if record.table_id != linked.id:
                raise refusal.row_of_another_table(record_id, record.table_id, linked.id)
        return ids

    def _ids(
        self, field: Field, linked: Table, value: str | list[Any], write: WriteContext
    ) -> list[Any]:
        names = value
        if isinstance(value, str):
            whole = is_id(value, "rec") or self._find(linked, value, write) is not None
            names = [value] if whole else value.split(",")
        return [self._id(field, linked, name, write) for name in names if name != ""]

    def _id(self, field: Field, linked: Table, name: Any, write: WriteContext) -> Any:
        if not isinstance(name, str):
            return name  # refused later, since it is not an id
        name = name.strip()
        return name if is_id(name, "rec") else self._named(field, linked, name, write)

    def _named(self, field: Field, linked: Table, name: str, write: WriteContext) -> str:
        found = self._find(linked, name, write)
        if found is not None:
            return found
        if card_of(linked.primary.type).is_computed:
            raise refusal.cannot_accept(field.name)  # no record with this name can be created
        return write.create(linked, {linked.primary.id: name}).id

    def _find(self, linked: Table, name: str, write: WriteContext) -> str | None:
        """Find the first record with a name."""
        context, primary = write.context, linked.primary
        if card_of(primary.type).is_computed or primary.type == "barcode":
            records = context.cells.in_batches(context.session.records.all_of(linked.id))
            named = (r for r in records if to_text(context.cells.value(r, primary)) == name)
            return next((record.id for record in named), None)
        try:
            cell = self._check_cell(primary, name, self._as_other(linked, write))
        except refusal.Refusal:
            return None
        if cell is None:
            return None
        found = islice(context.session.records.holding(linked.id, {primary.id: cell}), 1)
        return next((record.id for record in found), None)

    def _as_other(self, linked: Table, write: WriteContext) -> WriteContext:
        return WriteContext(write.context, linked, typecast=True, create=write.create)
