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

if TYPE_CHECKING:
    from airhaul.formula import Node

AIRTABLE_NAMES: Final[Mapping[str, str]] = {
    "filterByFormula": "formula",
    "maxRecords": "max_records",
    "pageSize": "page_size",
}
"""Airtable's own parameter names, and ours."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What to read of a model's table.

    Args:
        model: The model.
        conditions: A record has to meet all of them.
        formula: A formula that has to be true as well.
        view: The name or id of a view: read its records only, in its order.
        sort: Field names, in Python or Airtable, with ``-`` for descending order.
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
        return ", ".join(f"{name}={value}" for name, value in pairs) or "all records"

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
        for name in ("sort", "fields"):
            if name in given:
                given[name] = (given[name],) if isinstance(given[name], str) else tuple(given[name])
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
        text = self.formula if isinstance(self.formula, str) and node is None else None
        return ListParameters(
            fields=None if self.fields is None else tuple(map(self._column, self.fields)),
            formula=(text or None) if node is None else print_formula(node),
            view=self.view,
            sort=tuple(map(self._sort_key, self.sort)),
            max_records=_at_least_one("max_records", self.max_records),
            page_size=self._page_size(),
            by_field_id=columns_of(self.model).are_ids,
        )

    def refuse_order(self) -> None:
        """Refuse what several page chains cannot keep.

        Raises:
            ConfigurationError: The selection has an order or a limit.
        """
        if self.sort or self.max_records is not None:
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
        if size is None and self.max_records is not None and self.max_records < RECORDS_PER_PAGE:
            return self.max_records
        return size

    def _column(self, name: str) -> str:
        return columns_of(self.model).find(name).column

    def _sort_key(self, key: SortKey) -> tuple[str, Direction]:
        if isinstance(key, Mapping):
            name, direction = key["field"], key.get("direction", "asc")
        elif isinstance(key, str):
            name, direction = key.removeprefix("-"), "desc" if key.startswith("-") else "asc"
        else:
            name, direction = key
        if direction not in ("asc", "desc"):
            raise ConfigurationError(f'a sort direction is "asc" or "desc", not {direction!r}.')
        return self._column(name), "desc" if direction == "desc" else "asc"


def _at_least_one(name: str, value: int | None) -> int | None:
    if value is not None and value < 1:
        raise ConfigurationError(f"{name} has to be at least 1, not {value}.")
    return value
