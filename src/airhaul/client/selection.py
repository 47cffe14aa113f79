"""Which records to read, in which order and with which fields; built without a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from airhaul.client.options import Condition, ReadOptions, SortKey, refuse_unknown_options
from airhaul.errors import AirhaulError, ConfigurationError
from airhaul.formula import Expression, Q, build_lookup, parse, print_formula
from airhaul.formula.build import all_of
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.model.lookups import lookup_fields
from airhaul.model.read import OnInvalid
from airhaul.wire.endpoints import Direction, ListParameters
from airhaul.wire.limits import RECORDS_PER_PAGE
from airhaul.wire.shapes import RecordJson

if TYPE_CHECKING:
    from airhaul.formula import Node

AIRTABLE_NAMES: Final[Mapping[str, str]] = {
    "filterByFormula": "formula",
    "maxRecords": "max_records",
    "pageSize": "page_size",
}
"""Airtable's own parameter names, and ours."""
_CREATED: Final = "created_time"


@dataclass(frozen=True, slots=True)
class Selection:
    """What to read of a model's table.

    Args:
        model: The model.
        conditions: A record has to meet all of them.
        formula: A formula that has to be true as well.
        view: The name or id of a view: read its records only, in its order.
        sort: Field names, in Python or Airtable, with ``-`` for descending order; or the creation
            time of the records, by which Airtable cannot sort: see ``arrange``.
        fields: The fields to read; None for all.
        max_records: The most records to read.
        page_size: How many records to read in one request, 1 to 100.
        on_invalid: What to do with a cell that does not fit its type.
    """

    model: type[RecordBase]
    conditions: tuple[Condition, ...] = ()
    formula: str | Expression | None = None
    view: str | None = None
    sort: tuple[SortKey, ...] = ()
    fields: tuple[str, ...] | None = None
    max_records: int | None = None
    page_size: int | None = None
    on_invalid: OnInvalid = "empty"

    def __str__(self) -> str:
        """The selection as query parameters, or what is wrong with it."""
        try:
            pairs = self.parameters().as_query()
        except AirhaulError as error:
            return f"not valid: {error}"
        parts = [f"{name}={value}" for name, value in pairs]
        if self.is_sorted_here:
            parts.append("sorted by created_time" + ", descending" * self._descends)
            parts += [] if self.max_records is None else [f"the first {self.max_records}"]
        return ", ".join(parts) or "all records"

    def where(self, conditions: Iterable[Condition], lookups: Mapping[str, Any]) -> Selection:
        """Add conditions; they are checked now, so that an error points at the right line.

        Raises:
            UnknownFieldError: A lookup names a field that the model does not have.
            LookupValueError: A value does not fit its field.
            FormulaError: A text is not a formula.
            ConfigurationError: A value is not a condition.
        """
        added = (*conditions, *([Q(**lookups)] if lookups else []))
        selection = replace(self, conditions=(*self.conditions, *added))
        selection.condition()
        return selection

    def with_options(self, options: Mapping[str, Any]) -> Selection:
        """Set the options of ``all()``, by our names or Airtable's.

        Raises:
            TypeError: There is no such option.
        """
        refuse_unknown_options(options, [*ReadOptions.__annotations__])
        known = {AIRTABLE_NAMES.get(name, name): value for name, value in options.items()}
        given = {name: value for name, value in known.items() if value is not None}
        if "fields" in given:
            names = given["fields"]
            given["fields"] = (names,) if isinstance(names, str) else tuple(names)
        if "sort" in given:
            keys = given["sort"]
            given["sort"] = (keys,) if _is_one_key(keys) else tuple(keys)
        return replace(self, **given)

    def condition(self) -> Node | None:
        """Build one formula tree from the conditions; None if there are none."""
        resolve = lookup_fields(self.model)
        nodes: list[Node] = []
        for condition in self.conditions:
            match condition:
                case Q():
                    nodes.append(build_lookup(condition, resolve))
                case Expression():
                    nodes.append(condition.node)
                case str():
                    nodes.append(parse(condition))
                case _:
                    raise ConfigurationError(
                        f"a condition is Q(...), F(...), a formula as text or a lookup such as "
                        f"age__gt=17, not {condition!r:.100}"
                    )
        if isinstance(self.formula, Expression):
            nodes.append(self.formula.node)
        elif self.formula and nodes:
            nodes.append(parse(self.formula))
        return all_of(nodes) if nodes else None

    def parameters(self) -> ListParameters:
        """Translate the selection to the parameters of a list request.

        Raises:
            UnknownFieldError: The model does not have a field that is named.
            ConfigurationError: A number is out of range.
        """
        node = self.condition()
        limit = _at_least_one("max_records", self.max_records)
        text = self.formula if isinstance(self.formula, str) and node is None else None
        return ListParameters(
            fields=None if self.fields is None else tuple(map(self._column, self.fields)),
            formula=(text or None) if node is None else print_formula(node),
            view=self.view,
            sort=self._sort_keys(),
            max_records=None if self.is_sorted_here else limit,
            page_size=self._page_size(),
            by_field_id=columns_of(self.model).are_ids,
        )

    @property
    def is_sorted_here(self) -> bool:
        """Whether ``arrange`` has to sort and limit what was read."""
        return bool(self.sort) and self._sort_key(self.sort[0])[0] is None

    def arrange(self, records: list[RecordJson]) -> list[RecordJson]:
        """Sort what was read by creation time, if that is asked for, and limit it.

        Airtable sorts by fields only (https://airtable.com/developers/web/api/list-records). So the
        whole list is read, and records of the same second keep the order they were read in.

        Args:
            records: All records of the list.

        Returns:
            The records that were asked for, in their order.
        """
        if not self.is_sorted_here:
            return records
        ordered = sorted(records, key=_created_time, reverse=self._descends)
        return ordered[: self.max_records]

    def refuse_order(self) -> None:
        """Refuse what several page chains cannot keep.

        Raises:
            ConfigurationError: Airtable would have to keep an order or a limit.
        """
        asked = self.parameters()
        if asked.sort or asked.max_records is not None:
            raise ConfigurationError(
                "Several page chains return records in no particular order, so parallel= cannot be "
                "combined with sort (order_by) or max_records (limit)."
            )

    def fetched(self) -> Sequence[str] | None:
        """List the columns that are read; None for all."""
        return None if self.fields is None else [self._column(name) for name in self.fields]

    def _page_size(self) -> int | None:
        size = _at_least_one("page_size", self.page_size)
        if size is not None and size > RECORDS_PER_PAGE:
            raise ConfigurationError(f"page_size has to be at most {RECORDS_PER_PAGE}, not {size}.")
        limit = None if self.is_sorted_here else self.max_records
        return limit if size is None and limit is not None and limit < RECORDS_PER_PAGE else size

    def _column(self, name: str) -> str:
        return columns_of(self.model).find(name).column

    @property
    def _descends(self) -> bool:
        return self._sort_key(self.sort[0])[1] == "desc"

    def _sort_keys(self) -> tuple[tuple[str, Direction], ...]:
        """The fields that Airtable sorts by."""
        keys: list[tuple[str, Direction]] = []
        for place, key in enumerate(self.sort):
            column, direction = self._sort_key(key)
            if column is not None:
                keys.append((column, direction))
            elif place > 0:
                raise ConfigurationError(
                    f"{_CREATED} has to come first: Airtable sorts by fields only, so airhaul "
                    "sorts by the creation time, after Airtable has sorted by the other keys. Or "
                    'add a field of the type "Created time" to the table and to the model.'
                )
        return tuple(keys)

    def _sort_key(self, key: SortKey) -> tuple[str | None, Direction]:
        """Return the column and direction of a key; None as the column for the creation time."""
        if isinstance(key, Mapping):
            name, direction = key["field"], key.get("direction", "asc")
        elif isinstance(key, str):
            name, direction = key.removeprefix("-"), "desc" if key.startswith("-") else "asc"
        else:
            name, direction = key
        if direction not in ("asc", "desc"):
            raise ConfigurationError(f'a sort direction is "asc" or "desc", not {direction!r}.')
        way: Direction = "desc" if direction == "desc" else "asc"
        known = columns_of(self.model).by_column
        if name != _CREATED or name in known:
            return self._column(name), way
        times = (column.column for column in known.values() if column.type == "createdTime")
        return next(times, None), way


def _is_one_key(sort: SortKey | Sequence[SortKey]) -> bool:
    is_pair = isinstance(sort, tuple) and len(sort) == 2 and sort[1] in ("asc", "desc")
    return is_pair or isinstance(sort, str | Mapping)


def _created_time(record: RecordJson) -> str:
    return record.get("createdTime", "")


def _at_least_one(name: str, value: int | None) -> int | None:
    if value is not None and value < 1:
        raise ConfigurationError(f"{name} has to be at least 1, not {value}.")
    return value
