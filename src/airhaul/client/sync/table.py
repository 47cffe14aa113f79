# Generated from client/aio/table.py by tools/sync_face.py: change that one instead.
"""``Table``: the table of a model, with its verbs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from airhaul.bulk.plans.new_tables import add_fields, has_links
from airhaul.bulk.reads.division import Parallel
from airhaul.bulk.reads.linked_records import LinkedRecords
from airhaul.bulk.reads.missing import missing_column, missing_fields
from airhaul.bulk.results.checks import check_flags
from airhaul.bulk.rows.encoders import RowEncoder
from airhaul.bulk.rows.links_by_name import check_links
from airhaul.bulk.values.assigned_values import misfits_in
from airhaul.client.connection import Origin
from airhaul.client.options import Condition, ReadOptions
from airhaul.client.selection import Selection
from airhaul.client.sync.bulk_verbs import BulkVerbs
from airhaul.client.sync.file_verbs import FileVerbs
from airhaul.client.sync.plan_verbs import PlanVerbs
from airhaul.client.sync.query import Query
from airhaul.client.sync.session import Bound, Session, reader_of, target_of
from airhaul.errors import ConfigurationError, InvalidRequestError, LookupValueError
from airhaul.formula import fn
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.model.links.paths import LinkPaths
from airhaul.model.schema import fields_to_create
from airhaul.model.table_check import TableDifference, TablePlan, check_table, plan_table
from airhaul.model.validate_field import texts_as_written
from airhaul.model.write import absorb, cells_to_update, keep_links
from airhaul.wire import endpoints
from airhaul.wire.call import Call
from airhaul.wire.replies import records_in
from airhaul.wire.shapes import Cells, FieldJson, TableJson

if TYPE_CHECKING:
    from polars import DataFrame

M = TypeVar("M", bound=RecordBase)


class Table(BulkVerbs[M], PlanVerbs[M], FileVerbs[M]):
    """The table of a model, with its verbs.

    Args:
        airtable: The connection.
        model: The model, which names the table.
    """

    # --- reading

    def get(self, record_id: str) -> M:
        """Read one record by its id.

        Args:
            record_id: The record's id, ``rec...``.

        Returns:
            The record.

        Raises:
            NotFoundError: The table has no such record.
            LookupValueError: This is no text, or empty.
        """
        call = self._get_call(record_id)
        return self._read(self.airtable.call(call))

    def get_or_none(self, record_id: str) -> M | None:
        """Read one record by its id, if it is there; one request.

        Args:
            record_id: The record's id, ``rec...``.

        Returns:
            The record, or None if the table has no such record.

        Raises:
            LookupValueError: This is no text, or empty.
        """
        return self._with_id(record_id).first()

    def where(self, *conditions: Condition, **lookups: Any) -> Query[M]:
        """Select records, without a request.

        The query is lazy: its verbs (``all``, ``first``, ``count``, ``update``, ...) send the
        requests.

        Args:
            *conditions: ``Q(...)``, ``F("Age") > 17``, or a formula as text; a record has to meet
                all of them.
            **lookups: ``age__gt=17``, ``name__contains="a"``, ...; a record has to meet all of
                them.

        Returns:
            The query.

        Raises:
            UnknownFieldError: The model has no such field.
            LookupValueError: A value does not fit its field.
            FormulaError: A text is not a formula.
        """
        return Query(self, Selection(self.model).where(conditions, lookups))

    def first(self, *conditions: Condition, **lookups: Any) -> M | None:
        """Read the first record that meets the conditions; one request.

        Args:
            *conditions: ``Q(...)``, ``F("Age") > 17``, or a formula as text; a record has to meet
                all of them.
            **lookups: ``age__gt=17``, ``name__contains="a"``, ...; a record has to meet all of
                them.

        Returns:
            The record, or None if there is none.

        Raises:
            UnknownFieldError: The model has no such field.
            LookupValueError: A value does not fit its field.
            FormulaError: A text is not a formula.
        """
        return self.where(*conditions, **lookups).first()

    def find_by(self, *conditions: Condition, **lookups: Any) -> list[M]:
        """Read all records that meet the conditions.

        Args:
            *conditions: ``Q(...)``, ``F("Age") > 17``, or a formula as text; a record has to meet
                all of them.
            **lookups: ``age__gt=17``, ``name__contains="a"``, ...; a record has to meet all of
                them.

        Returns:
            The records.

        Raises:
            UnknownFieldError: The model has no such field.
            LookupValueError: A value does not fit its field.
            FormulaError: A text is not a formula.
        """
        return self.where(*conditions, **lookups).all()

    def all(self, *, parallel: Parallel = 1, **options: Unpack[ReadOptions]) -> list[M]:
        """Read all records.

        Airtable returns up to 100 records in one request
        (https://airtable.com/developers/web/api/list-records).

        With ``parallel`` above 1 the records come in no particular order, and neither a sort order
        nor a limit is possible. ``"auto"`` keeps to one page chain where a sort order, a limit or a
        view is asked for.

        Args:
            parallel: How many page chains to read at the same time; more than 1 is faster when
                replies are slow. ``"auto"`` reads a page, and then uses as many as its latency asks
                for.
            **options: ``ReadOptions``, all optional:
                formula: Read the records for which this formula is true.
                view: The name or id of a view: read its records only, in its order.
                sort: Sort by ``"age"``, by ``"-age"`` for descending order, or by several fields in
                    a list.
                fields: Read these fields only; the others read as empty, are listed in
                    ``not_fetched``, and are never written.
                max_records: The most records to read.
                page_size: How many records to read in one request, 1 to 100.
                on_invalid: What to do with a cell that does not fit its type: ``"empty"`` reads it
                    as empty and lists it in ``cell_errors``, ``"raise"`` raises ``CellError``,
                    ``"skip"`` leaves its record out.
                filterByFormula: ``formula``, by Airtable's name.
                maxRecords: ``max_records``, by Airtable's name.
                pageSize: ``page_size``, by Airtable's name.

        Returns:
            The records.

        Raises:
            UnknownFieldError: The model has no such field.
            ConfigurationError: ``parallel`` is above 1 together with a sort order or a limit.
        """
        selection = Selection(self.model).with_options(options)
        return Query(self, selection).all(parallel=parallel)

    def iterate(self, **options: Unpack[ReadOptions]) -> Iterator[M]:
        """Read records one page at a time, and hold no more than a page in memory.

        Airtable returns up to 100 records in one request
        (https://airtable.com/developers/web/api/list-records).

        Args:
            **options: ``ReadOptions``, all optional:
                formula: Read the records for which this formula is true.
                view: The name or id of a view: read its records only, in its order.
                sort: Sort by ``"age"``, by ``"-age"`` for descending order, or by several fields in
                    a list.
                fields: Read these fields only; the others read as empty, are listed in
                    ``not_fetched``, and are never written.
                max_records: The most records to read.
                page_size: How many records to read in one request, 1 to 100.
                on_invalid: What to do with a cell that does not fit its type: ``"empty"`` reads it
                    as empty and lists it in ``cell_errors``, ``"raise"`` raises ``CellError``,
                    ``"skip"`` leaves its record out.
                filterByFormula: ``formula``, by Airtable's name.
                maxRecords: ``max_records``, by Airtable's name.
                pageSize: ``page_size``, by Airtable's name.

        Returns:
            An iterator over the records.

        Raises:
            UnknownFieldError: The model has no such field.
        """
        selection = Selection(self.model).with_options(options)
        return Query(self, selection).iterate()

    def prefetch(self, records: Iterable[M], *paths: str) -> list[M]:
        """Read what records at hand link to, so that ``link.record`` has it.

        Each linked record is read once, a hundred in one request, and is one object for all that
        link to it. Links that are loaded already stay as they are. The linked records are read from
        the base that the records were read from.

        Args:
            records: Records of the model.
            *paths: The fields with links: ``"company"``; from there on, the links of the linked
                records: ``"contacts__company"``.

        Returns:
            The records.

        Raises:
            UnknownFieldError: A model does not have such a field.
            SchemaError: A field has no ``Link``.
        """
        held, follow = list(records), LinkPaths.of(self.model, paths)
        reading = held[0]._reading if held else None
        origin = reading.origin if reading is not None else None
        airtable = Session(lambda: origin) if isinstance(origin, Origin) else self.airtable
        reader = reader_of(Bound(airtable, self.model))
        airtable.follow(LinkedRecords(reader, follow, airtable.origin).load(held))
        return held

    def exists(self, record_id: str | None = None, /, **lookups: Any) -> bool:
        """Check whether a record exists; one request.

        Args:
            record_id: The record's id, ``rec...``; None to look for any record that meets the
                lookups.
            **lookups: ``age__gt=17``, ``name__contains="a"``, ...; a record has to meet all of
                them.

        Returns:
            Whether there is such a record.

        Raises:
            UnknownFieldError: The model has no such field.
            LookupValueError: A value does not fit its field.
        """
        query = self.where() if record_id is None else self._with_id(record_id)
        return query.where(**lookups).exists()

    def count(self, *conditions: Condition, **lookups: Any) -> int:
        """Count the records that meet the conditions.

        Airtable has no request for it (https://airtable.com/developers/web/api/list-records): all
        of them are read, with one field each.

        Args:
            *conditions: ``Q(...)``, ``F("Age") > 17``, or a formula as text; a record has to meet
                all of them.
            **lookups: ``age__gt=17``, ``name__contains="a"``, ...; a record has to meet all of
                them.

        Returns:
            How many records there are.

        Raises:
            UnknownFieldError: The model has no such field.
            LookupValueError: A value does not fit its field.
            FormulaError: A text is not a formula.
        """
        return self.where(*conditions, **lookups).count()

    def to_arrow(self, *conditions: Condition, **lookups: Any) -> Any:
        """Read records as a table of pyarrow, without making records of them.

        The columns are ``id``, ``created_time`` and the fields of the model, with the types of
        these. An empty cell is null, except that a checkbox is false. So is one that does not fit
        its type; a ``CellWarning`` counts them. ``where(...).to_arrow()`` can use several page
        chains.

        Args:
            *conditions: ``Q(...)``, ``F("Age") > 17``, or a formula as text; a record has to meet
                all of them.
            **lookups: ``age__gt=17``, ``name__contains="a"``, ...; a record has to meet all of
                them.

        Returns:
            The table.

        Raises:
            MissingExtraError: pyarrow is not installed.
            UnknownFieldError: The model has no such field.
            LookupValueError: A value does not fit its field.
            FormulaError: A text is not a formula.
        """
        return self.where(*conditions, **lookups).to_arrow()

    def to_polars(self, *conditions: Condition, **lookups: Any) -> DataFrame:
        """Read records as a data frame of polars, without making records of them.

        The columns are ``id``, ``created_time`` and the fields of the model, with the types of
        these. An empty cell is null, except that a checkbox is false. So is one that does not fit
        its type; a ``CellWarning`` counts them. ``where(...).to_polars()`` can use several page
        chains.

        Args:
            *conditions: ``Q(...)``, ``F("Age") > 17``, or a formula as text; a record has to meet
                all of them.
            **lookups: ``age__gt=17``, ``name__contains="a"``, ...; a record has to meet all of
                them.

        Returns:
            The data frame.

        Raises:
            MissingExtraError: polars or pyarrow is not installed.
            UnknownFieldError: The model has no such field.
            LookupValueError: A value does not fit its field.
            FormulaError: A text is not a formula.
        """
        return self.where(*conditions, **lookups).to_polars()

    def to_pandas(self, *conditions: Condition, **lookups: Any) -> Any:
        """Read records as a data frame of pandas, without making records of them.

        The columns are ``id``, ``created_time`` and the fields of the model, with the types of
        these. An empty cell is null, except that a checkbox is false. So is one that does not fit
        its type; a ``CellWarning`` counts them. ``where(...).to_pandas()`` can use several page
        chains.

        Args:
            *conditions: ``Q(...)``, ``F("Age") > 17``, or a formula as text; a record has to meet
                all of them.
            **lookups: ``age__gt=17``, ``name__contains="a"``, ...; a record has to meet all of
                them.

        Returns:
            The data frame.

        Raises:
            MissingExtraError: pandas or pyarrow is not installed.
            UnknownFieldError: The model has no such field.
            LookupValueError: A value does not fit its field.
            FormulaError: A text is not a formula.
        """
        return self.where(*conditions, **lookups).to_pandas()

    # --- one record

    def create(self, record: M | None = None, /, *, typecast: bool = False, **values: Any) -> M:
        """Create one record.

        Args:
            record: A record of the model, without an id; or give its values.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            **values: The values by field name.

        Returns:
            The record as Airtable has stored it; ``record`` itself, if one was given.

        Raises:
            RowError: A value does not fit its field; nothing was sent.
        """
        change = RowEncoder(self.model).encode(0, values if record is None else record)
        check_links(self.model, change.cells, typecast=typecast)
        call = target_of(self, typecast=typecast).call("create", [change])
        (raw,) = records_in(self._write(call, change.cells), count=1)
        if record is None:
            made = self._read(raw)
            keep_links(made, values)
            return made
        self._absorb(record, raw)
        return record

    def save(self, record: M, *, typecast: bool = False) -> M:
        """Create the record, or send the fields that changed in it.

        A record without an id is created. Nothing is sent when nothing has changed.

        Args:
            record: The record; it is updated in place.
            typecast: Let Airtable convert text, add missing choices, and link records by name.

        Returns:
            The record itself, as Airtable has stored it.

        Raises:
            RowError: A value does not fit its field; nothing was sent.
            NotFoundError: The record was deleted.
        """
        check_flags(typecast=typecast)
        if record.id is None:
            return self.create(record, typecast=typecast)
        cells = cells_to_update(record, misfits_in(record))
        if cells:
            check_links(self.model, cells, typecast=typecast)
            call = endpoints.update_record(
                self.airtable.base_id,
                self.name,
                record.id,
                cells,
                typecast=typecast,
                by_field_id=self._by_field_id,
            )
            self._absorb(record, self._write(call, cells))
        return record

    def delete(self, record: M | str) -> None:
        """Delete the record.

        Args:
            record: The record, or its id.

        Raises:
            NotFoundError: The table has no such record.
            ConfigurationError: The record has no id, because it was never saved.
        """
        call = endpoints.delete_record(self.airtable.base_id, self.name, _id_of(record))
        self.airtable.call(call)

    def refresh(self, record: M) -> M:
        """Read the record again, in place.

        Changes that were not saved are lost.

        Args:
            record: The record.

        Returns:
            The record itself.

        Raises:
            NotFoundError: The table has no such record.
            ConfigurationError: The record has no id, because it was never saved.
        """
        call = self._get_call(_id_of(record))
        self._absorb(record, self.airtable.call(call))
        return record

    def get_or_create(
        self,
        defaults: Mapping[str, Any] | None = None,
        /,
        *,
        typecast: bool = False,
        **lookups: Any,
    ) -> tuple[M, bool]:
        """Find the record with these values, or create it.

        This takes up to two requests. Another client may create the record between them; where that
        matters, use ``update_or_create``.

        Args:
            defaults: Values by field name that only a new record gets.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            **lookups: Values by field name that identify the record; a new record gets them too.

        Returns:
            The record, and whether it is new.

        Raises:
            UnknownFieldError: A lookup is not the name of a field.
            RowError: A value does not fit its field; nothing was sent.
        """
        for name in lookups:
            columns_of(self.model).find(name)  # a value to create with, and not age__gt=17
        found = self.first(**texts_as_written(self.model, lookups))
        if found is not None:
            return found, False
        values = {**lookups, **(defaults or {})}
        return self.create(typecast=typecast, **values), True

    def update_or_create(
        self,
        defaults: Mapping[str, Any] | None = None,
        /,
        *,
        typecast: bool = False,
        **lookups: Any,
    ) -> tuple[M, bool]:
        """Update the record with these values, or create it.

        Airtable itself looks for the record if it can merge on the fields
        (https://airtable.com/developers/web/api/update-multiple-records).

        Args:
            defaults: Values by field name that the record gets in either case.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            **lookups: One to three values by field name that identify the record; a new record gets
                them too.

        Returns:
            The record, and whether it is new.

        Raises:
            ConfigurationError: A field cannot be a key.
            BulkError: Several records have these values, or a value does not fit its field.
        """
        rows = [{**lookups, **(defaults or {})}]
        result = self.bulk_upsert(rows, tuple(lookups), typecast=typecast)
        return result[0], result.counts().get("created", 0) > 0

    # --- the table itself

    def create_table(self, *, exist_ok: bool = False) -> TableJson:
        """Create the table that fits the model.

        The tables that it links to have to be there; ``create_tables`` creates several.

        Args:
            exist_ok: Whether a table of this name may exist already; it is left as it is, also if
                it differs.

        Returns:
            The table as Airtable describes it, with the ids of its fields.

        Raises:
            SchemaError: No table can hold the model.
            InvalidRequestError: The base has a table of this name already.
        """
        if has_links(self.model):
            (table,) = self.airtable.create_tables(self.model, exist_ok=exist_ok)
            return table
        fields = self._fields_to_create()
        return self.airtable.create_table(self.name, fields, exist_ok=exist_ok)

    def check_table(self) -> list[TableDifference]:
        """Compare the model with its table, which takes one request.

        Fields of the table that the model does not name are no difference, nor is another type
        that the annotation fits as well, unless the model declares the type.

        Returns:
            The differences, in the order of the model; none if the table fits.

        Raises:
            ApiError: Airtable refused the request.
        """
        return check_table(self.model, self.airtable.schema(), self.name)

    def plan_table(self) -> TablePlan:
        """Plan what ``sync_table`` would create.

        Returns:
            What would be created, and what has to be changed by hand.

        Raises:
            SchemaError: The table does not exist, and no table can hold the model.
            ApiError: Airtable refused the request.
        """
        return plan_table(self.model, self.airtable.schema(), self.name)

    def sync_table(self) -> TablePlan:
        """Create what the base lacks for the model: the table, or fields of it.

        Nothing is changed or deleted: the API cannot change the type of a field. A second call
        creates nothing.

        Returns:
            What was created, and what has to be changed by hand.

        Raises:
            SchemaError: The table does not exist, and no table can hold the model.
            InvalidRequestError: Airtable refused a field.
        """
        tables = self.airtable.schema()
        plan = plan_table(self.model, tables, self.name)
        if plan.creates_table:
            self.create_table()
        elif plan.fields:
            adding = add_fields(reader_of(self), self.model, tables, plan.fields)
            self.airtable.follow(adding)
        return plan

    def _fields_to_create(self) -> Iterator[FieldJson]:
        # Not read where the table exists: a model may use a table that the API could not create.
        yield from fields_to_create(self.model)

    def _with_id(self, record_id: str) -> Query[M]:
        # Not where(id=...): a table may have a column of its own that is called id.
        return self.where(fn("RECORD_ID") == _checked(record_id))

    @property
    def _by_field_id(self) -> bool:
        return columns_of(self.model).are_ids

    def _get_call(self, record_id: object) -> Call:
        return endpoints.get_record(
            self.airtable.base_id, self.name, _checked(record_id), by_field_id=self._by_field_id
        )

    def _write(self, call: Call, cells: Cells) -> Any:
        try:
            return self.airtable.call(call)
        except InvalidRequestError as error:
            missing = missing_column(error, columns_of(self.model).by_column.keys() & cells)
            if missing is None:
                raise
            raise missing_fields(self.model, self.name, [missing]) from error

    def _read(self, raw: Any) -> M:
        (checked,) = records_in({"records": [raw]})
        record = self._reader().read(checked)
        assert record is not None, "only on_invalid='skip' leaves records out"
        return record

    def _absorb(self, record: M, raw: Any) -> None:
        (checked,) = records_in({"records": [raw]})
        absorb(record, checked, self.airtable.origin)


def _id_of(record: RecordBase | str) -> str:
    if isinstance(record, str):
        return record
    if record.id is None:
        raise ConfigurationError(
            f"This {type(record).__name__} has no id, because it was never saved. Save it first."
        )
    return record.id


def _checked(record_id: object) -> str:
    """Refuse what was never an ID, such as the None of a record that was never saved."""
    if isinstance(record_id, str) and record_id:
        return record_id
    raise LookupValueError(
        f"{record_id!r} is not a record ID; expected rec + 14 characters, as in recAbCdEfGhIjKlMn."
    )
