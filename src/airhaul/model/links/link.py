"""``Link``: a reference to a record of another table, by its id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast, get_args, overload

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from airhaul.errors import LinkNotLoadedError, SchemaError, shown
from airhaul.fields.encode import encode_as
from airhaul.model.base import RecordBase
from airhaul.model.links.named import LinkedByName
from airhaul.wire.ids import is_id

M = TypeVar("M", bound=RecordBase)
R = TypeVar("R", bound=RecordBase)

_NESTED: Final = ("links", "records")
# The ids of the records that are being serialized, from the outermost one.
_WITHIN: Final = "_airhaul_within"


@dataclass(frozen=True, slots=True)
class LinkDeclaration:
    """What a field declares about its links.

    Args:
        target: The linked model.
        field: The name of the field in the model.
    """

    target: type[RecordBase] | LinkedByName
    field: str | None

    @property
    def model(self) -> type[RecordBase]:
        """The linked model.

        Raises:
            SchemaError: There is no model of its name.
        """
        target = self.target
        return target.resolve() if isinstance(target, LinkedByName) else target

    def take(self, value: object) -> Link[Any]:
        """Make a link of a value that a user gives, or Airtable sends.

        Args:
            value: A link, a record, an id, a list with one of them, or an object with an id.

        Raises:
            ValueError: It is no link to one record of the linked model.
        """
        if type(value) is str:
            return self._to_id(value)
        match value:
            case Link():
                return self._adopt(value)
            case RecordBase():
                return self._to_record(value)
            case list() | tuple():
                items = cast("list[object]", value)
                if len(items) != 1:
                    raise ValueError(f"expected one record, got {len(items)}")
                return self.take(items[0])
            case {"id": str() as record_id}:
                return self._to_id(record_id)
            case str():
                return self._to_id(str(value))
            case _:
                raise ValueError("expected a record, a link or a record ID")

    def _to_id(self, record_id: str) -> Link[Any]:
        if not record_id.strip():
            raise ValueError("expected a record ID, got a blank text")
        return Link(record_id, declared=self)

    def _to_record(self, record: RecordBase) -> Link[Any]:
        record_id = _id_of(record)
        if isinstance(record, self.model):
            return Link(record_id, record, self)
        self._refuse_another_table(type(record))
        return Link(record_id, declared=self)  # by another model of the same table

    def _adopt(self, link: Link[Any]) -> Link[Any]:
        """Return a link as one of this field; one that is of a field already stays as it is."""
        if link._declared is not None and link._declared != self:
            if link._declared.model is not self.model:
                self._refuse_another_table(link._declared.model)
                return Link(link.id, declared=self, origin=link._origin)
            return link
        if link._record is not None and not isinstance(link._record, self.model):
            return self._to_record(link._record)
        link._declared = self
        return link

    def _refuse_another_table(self, model: type[RecordBase]) -> None:
        wanted = self.model
        if model.__airhaul_table__ != wanted.__airhaul_table__ or model.__airhaul_table__ is None:
            raise ValueError(f"expected a record of {wanted.__name__}, got one of {model.__name__}")


class Link(Generic[M]):
    """A link to a record of another table.

        class Deal(Record, table="Deals"):
            title: str
            company: Link[Company] | None = None
            contacts: list[Link["Contact"]] = []

    A link always has the ``id`` of its record. The record itself is there if it was prefetched,
    loaded or assigned. Links are equal if they have the same id. Where a link is expected, a record
    or its id may be given.
    """

    __slots__ = ("_declared", "_is_missing", "_origin", "_record", "id")

    def __init__(
        self,
        id: str,
        record: M | None = None,
        declared: LinkDeclaration | None = None,
        origin: object = None,
    ) -> None:
        self.id = id
        self._record = record
        self._declared = declared
        self._origin = origin
        self._is_missing = False

    if not TYPE_CHECKING:

        def __class_getitem__(cls, target: object) -> Any:
            """Keep the name of a model that is declared later."""
            named = LinkedByName(target) if isinstance(target, str) else target
            return super().__class_getitem__(named)

    if TYPE_CHECKING:
        # Type checkers take a link for a descriptor, so that they accept a record or an id where
        # a link is assigned; reading gives a link. Python itself sees an ordinary attribute.
        def __get__(self, instance: object, owner: Any) -> Link[M]: ...
        def __set__(self, instance: object, value: Link[M] | M | str | None) -> None: ...

    @overload
    @staticmethod
    def to(record: R) -> Link[R]: ...
    @overload
    @staticmethod
    def to(record: str) -> Link[Any]: ...
    @staticmethod
    def to(record: RecordBase | str) -> Link[Any]:
        """Make a link to a record.

        Args:
            record: The record, which is then loaded; or its id, ``rec...``.

        Returns:
            The link.

        Raises:
            ValueError: The record has no id, because it was never saved; or the text is not a
                record id.
        """
        if isinstance(record, RecordBase):
            return Link(_id_of(record), record)
        if not is_id(record, "rec"):
            raise ValueError(
                f"{shown(record)} is not a record ID; expected rec + 14 characters, as in "
                "recAbCdEfGhIjKlMn"
            )
        return Link(record)

    @property
    def is_loaded(self) -> bool:
        """Whether the linked record is there, so that ``record`` sends no request."""
        return self._record is not None

    @property
    def is_missing(self) -> bool:
        """Whether the linked record was read, and was not there: it may have been deleted."""
        return self._is_missing and self._record is None

    @property
    def record(self) -> M:
        """The linked record; never a request.

        Raises:
            LinkNotLoadedError: It was not read yet.
        """
        if self._record is None:
            raise LinkNotLoadedError(self._reason, record_id=self.id)
        return self._record

    def load(self) -> M:
        """Read the linked record; one request, unless it is there already.

        It is read from the base that the link was read from. To read many, use ``prefetch``.

        Returns:
            The record; from now on ``record``, too.

        Raises:
            NotFoundError: The record was deleted.
        """
        if self._record is None:
            self._record = cast("M", self._model._load(self.id, self._origin))
        return self._record

    @property
    def aio(self) -> AsyncLink[M]:
        """The async version of ``load``: ``await link.aio.load()``."""
        return AsyncLink(self)

    @property
    def _model(self) -> type[RecordBase]:
        if self._declared is None:
            raise SchemaError(
                f"The link to {self.id} does not know its table yet. Assign it to a field of a "
                "record first, or read the record with its model: Model.get(id)."
            )
        return self._declared.model

    @property
    def _reason(self) -> str:
        """Why the record is not there, and what to do."""
        what = f"The linked {self._title} {self.id}"
        if self._is_missing:
            return f"{what} was not there when it was read; it may have been deleted."
        field = None if self._declared is None else self._declared.field
        return (
            f"{what} is not loaded. Read linked records together with the query, as in "
            f'where(...).prefetch("{field or "..."}"), or this one alone with load() of the link.'
        )

    @property
    def _title(self) -> str:
        return "record" if self._declared is None else self._declared.target.__name__

    def __eq__(self, other: object) -> bool:
        """Links are equal if they have the same id."""
        return self.id == other.id if isinstance(other, Link) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.id)

    def __str__(self) -> str:
        return self.id

    def __repr__(self) -> str:
        """The id, and whether the record is there; a record may link back."""
        return f"<Link to {self._title} {self.id}{', loaded' if self.is_loaded else ''}>"

    def __copy__(self) -> Link[M]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Link[M]:
        return self  # a copy of a record links to the same records

    def __reduce__(self) -> tuple[Any, ...]:
        return Link, (self.id, self._record, self._declared)  # a connection is not pickled

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take a record, a link or an id; serialize as the id, or on request as the record."""
        targets = get_args(source)
        is_model = bool(targets) and (
            isinstance(targets[0], LinkedByName)
            or (isinstance(targets[0], type) and issubclass(targets[0], RecordBase))
        )
        if not is_model:
            field = "" if handler.field_name is None else f"field {handler.field_name!r}: "
            raise SchemaError(
                f"{field}a link names the model of the linked records, as in Link[Company]; got "
                f"{source!r:.100}."
            )
        return core_schema.no_info_plain_validator_function(
            LinkDeclaration(targets[0], handler.field_name).take,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(
                _serialized, info_arg=True
            ),
        )


class AsyncLink(Generic[M]):
    """The async version of a link's verb.

    Args:
        link: The link.
    """

    def __init__(self, link: Link[M]) -> None:
        self._link = link

    async def load(self) -> M:
        """Read the linked record; one request, unless it is there already.

        It is read from the base that the link was read from. To read many, use ``prefetch``.

        Returns:
            The record; from now on ``record``, too.

        Raises:
            NotFoundError: The record was deleted.
        """
        link = self._link
        if link._record is None:
            link._record = cast("M", await link._model._load_async(link.id, link._origin))
        return link._record


def _id_of(record: RecordBase) -> str:
    if record.id is None:
        raise ValueError(
            f"this {type(record).__name__} has no id, because it was never saved; save it first"
        )
    return record.id


def _serialized(link: object, info: core_schema.SerializationInfo) -> Any:
    """Return the id of a link, or its record if the context asks for records and it is loaded."""
    if not isinstance(link, Link):
        return link  # assigned without validation; pydantic serializes the rest in the same way
    given: Any = info.context
    context: Mapping[Any, Any] = given if isinstance(given, Mapping) else {}
    record, within = cast("RecordBase | None", link._record), context.get(_WITHIN, frozenset())
    if context.get(_NESTED[0]) != _NESTED[1] or record is None or link.id in within:
        return link.id
    return record.model_dump(
        mode=info.mode,
        context={**context, _WITHIN: within | {link.id}},
        by_alias=info.by_alias,
        exclude_unset=info.exclude_unset,
        exclude_defaults=info.exclude_defaults,
        exclude_none=info.exclude_none,
        round_trip=info.round_trip,
    )


encode_as(Link, str)
