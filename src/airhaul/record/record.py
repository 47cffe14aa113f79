"""``Record``: a model that carries the verbs of its table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeVar, overload

from pydantic import BaseModel

from airhaul.model.columns import check_columns
from airhaul.model.links.named import completed_by
from airhaul.model.reserved import refuse_names_of_verbs, refuse_other_system_fields
from airhaul.record.bound import connection_and_base_of
from airhaul.record.bulk_verbs import RecordBulkVerbs
from airhaul.record.file_verbs import RecordFileVerbs
from airhaul.record.plan_verbs import RecordPlanVerbs
from airhaul.record.read_verbs import RecordReadVerbs
from airhaul.record.write_verbs import RecordWriteVerbs

if TYPE_CHECKING:
    from airhaul.client.aio.airtable import AsyncAirtable
    from airhaul.client.aio.table import AsyncTable
    from airhaul.client.sync.airtable import Airtable
    from airhaul.client.sync.table import Table
    from airhaul.model.table_check import TableDifference, TablePlan
    from airhaul.wire.shapes import TableJson

R = TypeVar("R", bound="Record")


class _AsyncVerbs:
    """``User.aio``: the async version of each verb."""

    def __get__(self, record: object, model: type[R]) -> AsyncTable[R]:
        # Imported here: most programs never await.
        from airhaul.client.aio.session import AsyncSession
        from airhaul.client.aio.table import AsyncTable

        return AsyncTable(AsyncSession(partial(connection_and_base_of, model)), model)


class Record(RecordReadVerbs, RecordWriteVerbs, RecordBulkVerbs, RecordPlanVerbs, RecordFileVerbs):
    """A model bound to a table, with the verbs that read and write its records.

        class User(Record, table="Users"):
            name: str
            age: int | None = None

        User.bulk_create([{"name": "Ada"}])
        User.first(name="Ada")

    A verb looks up its connection when it runs: the model's own if it has one, else the one that
    ``configure`` set. A record is saved to the base that it was read from. ``User.aio`` has the
    async version of each verb.
    """

    aio: ClassVar[_AsyncVerbs] = _AsyncVerbs()

    def __init_subclass__(
        cls, table: str | None = None, field_ids: bool | None = None, **options: Any
    ) -> None:
        """Bind a subclass to a table.

        Args:
            table: The table's name or id; a subclass without one keeps its parent's.
            field_ids: Whether each field names its column by field ID, so that it may be renamed in
                Airtable; None for what the parent does.
            **options: Pydantic's own class options.
        """
        super().__init_subclass__(**options)
        if table is not None:
            cls.__airhaul_table__ = table
        if field_ids is not None:
            cls.__airhaul_field_ids__ = field_ids

    @classmethod
    def __pydantic_init_subclass__(
        cls, table: str | None = None, field_ids: bool | None = None, **options: Any
    ) -> None:
        """Check the fields; ``__init_subclass__`` has bound the class.

        Raises:
            ConfigurationError: A field has a name that every record uses for something else.
            SchemaError: No field type of Airtable holds the values of a field.
        """
        super().__pydantic_init_subclass__(**options)
        refuse_names_of_verbs(cls.__name__, cls.model_fields, _VERBS)
        refuse_other_system_fields(cls)
        for model in [cls, *completed_by(cls)]:
            if model.__airhaul_table__ is not None:
                check_columns(model)

    @classmethod
    @overload
    def using(cls, airtable: Airtable) -> Table[Self]: ...
    @classmethod
    @overload
    def using(cls, airtable: AsyncAirtable) -> AsyncTable[Self]: ...
    @classmethod
    def using(cls, airtable: Airtable | AsyncAirtable) -> Table[Self] | AsyncTable[Self]:
        """Use the model's table over another connection.

        Args:
            airtable: The connection; of an ``AsyncAirtable``, the verbs are awaited.

        Returns:
            The table, with all the verbs.
        """
        return airtable.table(cls)

    @classmethod
    def create_table(cls, *, exist_ok: bool = False) -> TableJson:
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
        return cls._table().create_table(exist_ok=exist_ok)

    @classmethod
    def check_table(cls) -> list[TableDifference]:
        """Compare the model with its table, which takes one request.

        Fields of the table that the model does not name are no difference, nor is another type
        that the annotation fits as well, unless the model declares the type.

        Returns:
            The differences, in the order of the model; none if the table fits.

        Raises:
            ApiError: Airtable refused the request.
        """
        return cls._table().check_table()

    @classmethod
    def plan_table(cls) -> TablePlan:
        """Plan what ``sync_table`` would create.

        Returns:
            What would be created, and what has to be changed by hand.

        Raises:
            SchemaError: The table does not exist, and no table can hold the model.
            ApiError: Airtable refused the request.
        """
        return cls._table().plan_table()

    @classmethod
    def sync_table(cls) -> TablePlan:
        """Create what the base lacks for the model: the table, or fields of it.

        Nothing is changed or deleted: the API cannot change the type of a field. A second call
        creates nothing.

        Returns:
            What was created, and what has to be changed by hand.

        Raises:
            SchemaError: The table does not exist, and no table can hold the model.
            InvalidRequestError: Airtable refused a field.
        """
        return cls._table().sync_table()


# Pydantic allows fields with its own names, such as ``copy``, and warns: that is left to it.
_VERBS: Final = frozenset(dir(Record)) - frozenset(dir(BaseModel)) - frozenset(Record.model_fields)
