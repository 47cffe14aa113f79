"""Which columns hold names of linked records, and the ids in their place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airhaul.bulk.linking.link_names import LinkNames, items_of
from airhaul.bulk.linking.linked_field import (
    LinkedField,
    LinkKey,
    described_by_model,
    field_with_names,
)
from airhaul.bulk.reads.table_reader import table_in
from airhaul.bulk.results.checks import wrong_option
from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.diff import same_cell
from airhaul.bulk.rows.links_by_name import BLANK_NAME, CreateMissing, LinkBy
from airhaul.bulk.values.list_columns import ListColumns
from airhaul.errors import ConfigurationError, RowError, UnknownFieldError
from airhaul.messages import Message, Option, counted
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.wire.ids import is_id
from airhaul.wire.shapes import Cells, TableJson


class LinkKeys:
    """The columns of a model whose cells may hold names of linked records.

    Every distinct name is looked up once.

    Args:
        model: The model.
        link_by: The field of the linked table that has the names, by field of links.
        create_missing: Whether to create the records that are missing, or for which fields.

    Attributes:
        link_by: As given.
        create_missing: As given.

    Raises:
        UnknownFieldError: The model has no such field.
        ConfigurationError: A field has no links, or cannot be written, or ``create_missing`` names
            one that ``link_by`` does not have.
    """

    def __init__(
        self, model: type[RecordBase], link_by: LinkBy, create_missing: CreateMissing = False
    ) -> None:
        if not isinstance(link_by, Mapping):
            raise ConfigurationError(
                Message(Option("link_by"), " has a name for each field, as in {'company': 'name'}.")
            )
        if not isinstance(create_missing, bool | str | Sequence):
            expected = "has to be True, False, or the names of fields of links"
            raise wrong_option("create_missing", expected, create_missing)
        self.link_by = dict(link_by)
        self.create_missing = create_missing
        columns = self._columns = columns_of(model)
        creating = {columns.find(name).column for name in _listed(create_missing)}
        self._by_column: dict[str, LinkKey] = {}
        for name, key_field in link_by.items():
            column = columns.find(name)
            if column.type != "multipleRecordLinks" or column.read_only:
                raise ConfigurationError(
                    Message(
                        f"The field {column.shown_name!r} ({column.type}) has no links that can be "
                        "written; ",
                        Option("link_by"),
                        " is for fields that link to records.",
                    )
                )
            creates = create_missing is True or column.column in creating
            self._by_column[column.column] = LinkKey(column, key_field, creates)
        if more := creating - self._by_column.keys():
            raise ConfigurationError(
                Message(
                    Option("create_missing"),
                    f" names {', '.join(sorted(more))}, which ",
                    Option("link_by"),
                    " does not.",
                )
            )
        self._linked: dict[str, LinkedField] | None = None

    def with_lists(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values by field, with a list in place of a single name where links are a list.

        Args:
            values: The values that all records of a call get.
        """
        return ListColumns(self._columns, self.columns).listed(values)

    @property
    def columns(self) -> frozenset[str]:
        """The columns."""
        return frozenset(self._by_column)

    @property
    def creates(self) -> bool:
        """Whether linked records may be created."""
        return any(key.creates for key in self._by_column.values())

    @property
    def knows_schema(self) -> bool:
        """Whether the linked tables are known."""
        return self._linked is not None

    @property
    def linked(self) -> list[LinkedField]:
        """The fields that have names, each of them once."""
        found = {id(each): each for each in (self._linked or {}).values()}
        return list(found.values())

    def learn_schema(self, tables: Sequence[TableJson], table: str, base_id: str) -> None:
        """Find the linked tables, and their fields that have the names.

        Args:
            tables: The tables of the base.
            table: The table that has the links, by name or id.
            base_id: The base, for errors.

        Raises:
            UnknownFieldError: A linked table does not have the field.
            ConfigurationError: The field has no text, or records cannot be created by it.
        """
        own = {
            name: one
            for one in table_in(tables, table, base_id)["fields"]
            for name in (one["name"], one.get("id", ""))
        }
        self._linked = {}
        known: dict[tuple[str, str], LinkedField] = {}
        for column, key in self._by_column.items():
            options = own[column].get("options") if column in own else None
            linked_id = (options or {}).get("linkedTableId")
            if linked_id is None:
                raise UnknownFieldError(
                    f"The table {table!r} has no field {column!r} that links to records.",
                    field=key.column.shown_name,
                )
            self._learn(key, table_in(tables, str(linked_id), base_id), table, known)

    def learn_models(self, table: str) -> bool:
        """Find the linked tables by the models of typed links, which takes no request.

        Args:
            table: The table that has the links, by name or id.

        Returns:
            Whether all columns have such models, which name the fields as the tables do.

        Raises:
            ConfigurationError: As of ``learn_schema``.
        """
        described = [described_by_model(key) for key in self._by_column.values()]
        if None in described:
            return False
        self._linked = {}
        known: dict[tuple[str, str], LinkedField] = {}
        for key, linked in zip(self._by_column.values(), described, strict=True):
            if linked is not None:
                self._learn(key, linked, table, known)
        return True

    def _learn(
        self,
        key: LinkKey,
        linked: TableJson,
        table: str,
        known: dict[tuple[str, str], LinkedField],
    ) -> None:
        """Take the linked table of a column."""
        if key.creates and table in (linked["id"], linked["name"]):
            raise ConfigurationError(
                Message(
                    f"{key.column.shown_name!r} links to records of its own table, which a row of "
                    "the same call may create: write these records first, and without ",
                    Option("create_missing"),
                    " for this field.",
                )
            )
        found = field_with_names(linked, key)
        assert self._linked is not None, "it is about to be known"
        once = (linked["id"], found["name"])
        self._linked[key.column.column] = known.setdefault(once, LinkedField(linked, found))

    def collect(self, change: Change[Any], names: LinkNames) -> None:
        """Collect the names in the links of a change."""
        for cells in (change.cells, change.for_new):
            for column in self._by_column:
                if column in cells:
                    names.add(column, cells[column])

    def unknown(self, names: LinkNames) -> dict[str, list[str]]:
        """Return the names that were not looked up yet, by column, each once."""
        found: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for column, name in names.may_be_names():
            if self._linked is None or name not in self._linked[column].ids:
                found[column][name] = None
        return {column: list(some) for column, some in found.items()}

    def by_field(self, names: Mapping[str, Iterable[str]]) -> list[tuple[LinkedField, list[str]]]:
        """Return names by the linked field that has them, each once.

        Args:
            names: The names by column.
        """
        assert self._linked is not None, "the schema is read first"
        found: defaultdict[int, dict[str, None]] = defaultdict(dict)
        for column, some in names.items():
            found[id(self._linked[column])].update(dict.fromkeys(some))
        return [(each, list(found[id(each)])) for each in self.linked if found[id(each)]]

    def note_looked_up(self, names: Mapping[str, Iterable[str]]) -> None:
        """Note that some names were looked up, so that those that were not found are missing.

        Args:
            names: The names, by column.
        """
        assert self._linked is not None, "the schema is read first"
        for linked, some in self.by_field(names):
            linked.looked_up += len(some)
            for name in some:
                linked.ids.setdefault(name, [])

    @property
    def notes(self) -> list[str]:
        """What was looked up, a sentence for each linked field, and the warnings."""
        looked_up = [
            f"{counted(each.looked_up, 'name was', 'names were')} looked up in "
            f"{each.table['name']!r} by {each.key_field['name']}."
            for each in self.linked
            if each.looked_up
        ]
        return looked_up + self.warnings

    @property
    def warnings(self) -> list[str]:
        """What somebody may not have meant of the records to create."""
        return [each.note for each in self.linked if each.note is not None]

    def forget_missing(self) -> None:
        """Forget which names no record has, so that they are looked up again."""
        for linked in self.linked:
            linked.ids = {name: ids for name, ids in linked.ids.items() if ids}
            linked.is_whole = False

    def missing(self, names: LinkNames) -> list[tuple[LinkedField, list[str]]]:
        """Return the names for which records have to be created.

        Args:
            names: The names; all of them were looked up.

        Returns:
            The names by field, each once, in the order of the rows.
        """
        found = {
            column: [
                name
                for name in names.names(column, linked.is_known)
                if linked.ids.get(name) == []
                and name not in linked.refused
                and linked.can_have(name)
            ]
            for column, linked in (self._linked or {}).items()
            if self._by_column[column].creates
        }
        return self.by_field(found) if found else []

    def note_created(self, names: LinkNames) -> None:
        """Note for which names records will be created: another cell may be such a name whole.

        Args:
            names: The names; all of them were looked up.
        """
        for column, linked in (self._linked or {}).items():
            if self._by_column[column].creates:
                linked.note_created(names.all_names(column, linked.is_known))

    def refuses(self, names: LinkNames) -> bool:
        """Return whether no record has one of some names, and none will be created, or several."""
        return any(
            len(ids) > 1 or not (ids or (self._by_column[column].creates and linked.can_have(name)))
            for column, linked in (self._linked or {}).items()
            for name in names.names(column, linked.is_known)
            for ids in [linked.ids.get(name, [])]
        )

    def replace(self, change: Change[Any], source: str | None, *, creates_later: bool) -> None:
        """Replace the names in the links of a change by the ids of their records.

        Args:
            change: The change.
            source: The name of the file that its row comes from, for errors.
            creates_later: Whether names stay for which a record will be created.

        Raises:
            RowError: No record has a name, or several have it.
        """
        errors: list[RowError] = []
        replaced = [
            self._replaced(change, cells, source, errors, creates_later=creates_later)
            for cells in (change.cells, change.for_new)
        ]
        if errors:
            raise RowError.of(errors)
        change.cells, change.for_new = replaced
        if change.record is not None and change.kind == "update":
            self._leave_what_is_there(change, change.record)

    def _replaced(
        self,
        change: Change[Any],
        cells: Cells,
        source: str | None,
        errors: list[RowError],
        *,
        creates_later: bool,
    ) -> Cells:
        by_id: Cells = {}
        for column in self._by_column.keys() & cells.keys():
            if not cells[column]:
                continue
            key, linked = self._by_column[column], (self._linked or {}).get(column)
            keeps = creates_later and key.creates
            ids: dict[str, None] = {}
            for item in items_of(cells[column], linked.is_known if linked else _is_unknown):
                if is_id(item, "rec"):
                    ids[item] = None
                    continue
                found = [] if linked is None else linked.ids.get(item, [])
                may_have = keeps and linked is not None and linked.can_have(item)
                if len(found) == 1 or (not found and may_have):
                    ids[found[0] if found else item] = None
                    continue
                errors.append(
                    RowError(
                        # All other names are looked up.
                        BLANK_NAME if linked is None else linked.refusal(item),
                        index=change.index,
                        field=key.column.shown_name if change.line is None else key.column.title,
                        value=item,
                        source=source,
                        line=change.line,
                    )
                )
            by_id[column] = list(ids)
        return {**cells, **by_id} if by_id else cells

    def _leave_what_is_there(self, change: Change[Any], record: RecordBase) -> None:
        """Leave out links that the caller's own record has already."""
        there = record._cells or {}
        for column, key in self._by_column.items():
            cell = change.cells.get(column)
            is_known = key.column.name not in record._unknown
            if cell and is_known and same_cell(key.column.type, cell, there.get(column)):
                del change.cells[column]
        if not change.cells:
            change.kind = "keep"


def _is_unknown(name: str) -> bool:  # noqa: ARG001 - as of ``LinkedField.is_known``
    return False


def _listed(create_missing: CreateMissing) -> Sequence[str]:
    if isinstance(create_missing, bool):
        return ()
    return [create_missing] if isinstance(create_missing, str) else create_missing
