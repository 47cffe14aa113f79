"""Restoring bases and records that already have ids: described bases, and copies of real ones.

Cells that are computed from other cells are computed again. Where the computation is not published,
cells stay as they were copied: rollups, whose formula Airtable does not print, buttons, generated
text, and fields of unknown types.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from airhaul.errors import ConfigurationError
from airhaul.local_base.restoring.described import DescribedBase, DescribedTable, DescribedView
from airhaul.local_base.store import Attachment, Person, Session, StoredRecord
from airhaul.local_base.store.schema import CHOICE_TYPES, Field, Table, View
from airhaul.local_base.writing.cells.choices import default_color
from airhaul.wire.ids import is_id, new_id

_COMPUTED_AGAIN: Final = frozenset({"formula", "multipleLookupValues", "count", "createdTime"})


@dataclass(frozen=True, slots=True)
class Restorer:
    """Restores bases and records within one transaction.

    Args:
        session: The transaction.
        now: The time of creation of bases without one.
        owner_id: The creator of records that do not name one.
    """

    session: Session
    now: datetime
    owner_id: str

    def base(self, described: DescribedBase) -> str:
        """Create a base, make it the default one, and return its id.

        A base that already exists with the same tables stays as it is.

        Raises:
            ConfigurationError: The base exists with other tables.
        """
        schema = self.session.schema
        default_id = schema.default_base_id()
        base_id = described.id or default_id
        there = schema.tables(base_id)
        if there:
            self._compare(base_id, there, described)
            return base_id
        if schema.base(base_id) is None:
            name = described.name or "Local base"
            schema.add_base(name, self.now, base_id, described.created_time)
            schema.make_default(base_id)
            schema.delete_if_empty(default_id)
        elif described.name is not None:
            schema.rename_base(base_id, described.name)
        for table in described.tables:
            schema.add_table(_table(base_id, table))
        return base_id

    @staticmethod
    def _compare(base_id: str, there: Mapping[str, Table], described: DescribedBase) -> None:
        names = {table.name for table in there.values()}
        for table in described.tables:
            if table.id not in there if table.id is not None else table.name not in names:
                raise ConfigurationError(
                    f"The base {base_id} exists already, but has no table {table.name!r} as "
                    "described. Name another file, or omit the description."
                )

    def records(
        self,
        table: Table,
        records: Iterable[Mapping[str, Any]],
        contents: Mapping[str, bytes] | None = None,
    ) -> int:
        """Add records at the end of a table, and return how many were added.

        Args:
            table: The table.
            records: The records as the API answers them, with cells by name or id, also computed.
            contents: The contents of attachments by their ids, as far as they are known.

        Raises:
            ConfigurationError: A record has no id or time, or a field that the table lacks.
        """
        cells = _Cells(self.session, table, contents or {})
        number = self.session.records.last_number(table.id)
        made: list[StoredRecord] = []
        for record in records:
            number += 1
            made.append(self._record(cells, record, number))
            number = max(number, made[-1].number)
        self.session.records.restore(made)
        self.session.records.count_from(table.id, number)
        return len(made)

    def _record(self, cells: _Cells, record: Mapping[str, Any], number: int) -> StoredRecord:
        id_, created, given = (record.get(key) for key in ("id", "createdTime", "fields"))
        if not is_id(id_, "rec") or not isinstance(created, str) or not isinstance(given, dict):
            raise ConfigurationError(
                f"A record to restore needs id, createdTime and fields; got {list(record)}."
            )
        restored = StoredRecord(str(id_), cells.table.id, created, {}, number, self.owner_id)
        cells.fill(restored, given)
        return restored


class _Cells:
    """Converts cells as the API answers them to cells as they are stored.

    Args:
        session: The transaction.
        table: The table.
        contents: The contents of attachments by their ids.
    """

    def __init__(self, session: Session, table: Table, contents: Mapping[str, bytes]) -> None:
        self.table = table
        self._session = session
        self._contents = contents
        self._people = session.people.everybody()

    def fill(self, record: StoredRecord, given: Mapping[str, Any]) -> None:
        """Fill in a record's cells, and the properties that its computed cells report."""
        cells: dict[str, Any] = {}
        for name, cell in given.items():
            field = self.table.by_name.get(name)
            if field is None:
                raise ConfigurationError(
                    f"The table {self.table.name!r} has no field {name!r}, but a record does; was "
                    "the table changed while it was read?"
                )
            cells[field.id] = cell
        touches: list[tuple[Field, str]] = []
        people: dict[str, str] = {}
        for field in self.table.fields:
            cell = cells.get(field.id)
            if cell is None:
                continue
            match field.type:
                case "autoNumber":
                    record.number = int(cell)
                case "createdBy":
                    record.created_by = self._person(cell)
                case "lastModifiedTime":
                    touches.append((field, _moment(cell)))
                case "lastModifiedBy":
                    people[str(_watched(field))] = self._person(cell)
                case type_ if type_ not in _COMPUTED_AGAIN:
                    record.cells[field.id] = self._stored(field, cell)
                case _:
                    pass
        self._touch(record, touches, people)

    def _touch(
        self, record: StoredRecord, touches: list[tuple[Field, str]], people: Mapping[str, str]
    ) -> None:
        """Store when cells were last written, inferred from the last-modified fields.

        The time is stored at one of the cells that a field watches, starting with the field that
        watches the fewest.
        """
        stored = [field.id for field in self.table.fields if field.id in record.cells]
        for field, at in sorted(touches, key=lambda touch: len(_watched(touch[0])) or 1_000):
            watched = _watched(field)
            person = people.get(str(watched)) or record.created_by or ""
            candidates = [id_ for id_ in stored if not watched or id_ in watched]
            free = [id_ for id_ in candidates if id_ not in record.touched]
            for field_id in (free or candidates)[:1]:
                record.touched[field_id] = max((at, person), record.touched.get(field_id, ("", "")))

    def _stored(self, field: Field, cell: Any) -> Any:
        match field.type:
            case "multipleAttachments":
                return [self._attachment(element) for element in cell]
            case "singleCollaborator":
                return self._person(cell)
            case "multipleCollaborators":
                return [self._person(element) for element in cell]
            case _:
                return cell

    def _person(self, cell: Mapping[str, Any]) -> str:
        id_ = str(cell["id"])
        if id_ not in self._people:
            email = cell.get("email") or ""
            person = Person(id_, email, cell.get("name") or email.partition("@")[0])
            self._session.people.add(person)
            self._people[id_] = person
        return id_

    def _attachment(self, element: Mapping[str, Any]) -> str:
        id_ = str(element["id"])
        if self._session.attachments.one(id_) is None:
            content = self._contents.get(id_)
            kept = Attachment(
                id_,
                self.table.base_id,
                str(element.get("filename") or "attachment"),
                element.get("type"),
                element.get("size") if content is None else len(content),
                element.get("width"),
                element.get("height"),
                element.get("url"),
            )
            self._session.attachments.restore(kept, content)
        return id_


def _watched(field: Field) -> list[str]:
    return list((field.options or {}).get("referencedFieldIds") or ())


def _moment(cell: str) -> str:
    return cell if "T" in cell else f"{cell}T00:00:00.000Z"


def _table(base_id: str, described: DescribedTable) -> Table:
    fields = tuple(
        Field(field.id or new_id("fld"), field.name, field.type, field.options, field.description)
        for field in described.fields
    )
    views = described.views or [DescribedView(name="Grid view")]
    return Table(
        described.id or new_id("tbl"),
        base_id,
        described.name,
        tuple(map(_with_choice_ids, fields)),
        tuple(map(_view, views)),
        described.description,
        described.date_dependency_settings,
    )


def _view(described: DescribedView) -> View:
    settings = described.model_dump(
        include={"visible_field_ids", "formula", "sort"}, exclude_none=True, by_alias=True
    )
    return View(described.id or new_id("viw"), described.name, described.type, settings)


def _with_choice_ids(field: Field) -> Field:
    """Return the field with the ids and colors of choices filled in."""
    if field.type not in CHOICE_TYPES:
        return field
    options = field.options or {}
    made = [
        {"id": new_id("sel"), "color": default_color(place), **choice}
        for place, choice in enumerate(options.get("choices") or ())
    ]
    return replace(field, options={**options, "choices": made})
