"""``RecordReadVerbs``: the verbs of a model that read records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Self, Unpack

from airhaul.record.bound import BoundRecord

if TYPE_CHECKING:
    from polars import DataFrame

    from airhaul.bulk.reads.division import Parallel
    from airhaul.client.options import Condition, ReadOptions
    from airhaul.client.sync.query import Query


class RecordReadVerbs(BoundRecord):
    """The verbs of a model that read records."""

    @classmethod
    def get(cls, record_id: str) -> Self:
        """Read one record by its id.

        Args:
            record_id: The record's id, ``rec...``.

        Returns:
            The record.

        Raises:
            NotFoundError: The table has no such record.
            LookupValueError: This is no text, or empty.
        """
        return cls._table().get(record_id)

    @classmethod
    def get_or_none(cls, record_id: str) -> Self | None:
        """Read one record by its id, if it is there; one request.

        Args:
            record_id: The record's id, ``rec...``.

        Returns:
            The record, or None if the table has no such record.

        Raises:
            LookupValueError: This is no text, or empty.
        """
        return cls._table().get_or_none(record_id)

    @classmethod
    def where(cls, *conditions: Condition, **lookups: Any) -> Query[Self]:
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
        return cls._table().where(*conditions, **lookups)

    @classmethod
    def first(cls, *conditions: Condition, **lookups: Any) -> Self | None:
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
        return cls._table().first(*conditions, **lookups)

    @classmethod
    def find_by(cls, *conditions: Condition, **lookups: Any) -> list[Self]:
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
        return cls._table().find_by(*conditions, **lookups)

    @classmethod
    def all(cls, *, parallel: Parallel = 1, **options: Unpack[ReadOptions]) -> list[Self]:
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
        return cls._table().all(parallel=parallel, **options)

    @classmethod
    def iterate(cls, **options: Unpack[ReadOptions]) -> Iterator[Self]:
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
        return cls._table().iterate(**options)

    @classmethod
    def prefetch(cls, records: Iterable[Self], *paths: str) -> list[Self]:
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
        return cls._table().prefetch(records, *paths)

    @classmethod
    def exists(cls, record_id: str | None = None, /, **lookups: Any) -> bool:
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
        return cls._table().exists(record_id, **lookups)

    @classmethod
    def count(cls, *conditions: Condition, **lookups: Any) -> int:
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
        return cls._table().count(*conditions, **lookups)

    @classmethod
    def to_arrow(cls, *conditions: Condition, **lookups: Any) -> Any:
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
        return cls._table().where(*conditions, **lookups).to_arrow()

    @classmethod
    def to_polars(cls, *conditions: Condition, **lookups: Any) -> DataFrame:
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
        return cls._table().where(*conditions, **lookups).to_polars()

    @classmethod
    def to_pandas(cls, *conditions: Condition, **lookups: Any) -> Any:
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
        return cls._table().where(*conditions, **lookups).to_pandas()
