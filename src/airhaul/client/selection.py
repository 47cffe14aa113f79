"""Which records to read, in which order and with which fields; built without a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from airhaul.client.options import Condition, ReadOptions, SortKey, refuse_unknown_options
from airhaul.errors import AirhaulError, ConfigurationError, LookupValueError
from airhaul.formula import Expression, Filter, Q, build_lookup, parse, print_formula
from airhaul.formula.lookups.filter import Exact, LinkedCondition, Matches, Test, joined
from airhaul.formula.nodes import Call
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.model.links.paths import LinkPaths
from airhaul.model.lookups import lookup_fields, values_for_formulas
from airhaul.model.read import OnInvalid
from airhaul.wire.endpoints import Direction, ListParameters
from airhaul.wire.limits import RECORDS_PER_PAGE
from airhaul.wire.shapes import RecordJson

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
        link_names: The names of linked records that are looked up by id, so that less is read.
        prefetched: The paths along links whose records are read, too.
        matches: For each condition on linked records, those that meet it; None until they are read.
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
    link_names: Mapping[str, str] = field(default_factory=dict[str, str])
    prefetched: tuple[str, ...] = ()
    matches: tuple[Matches, ...] | None = None

    def __str__(self) -> str:
        """The selection as query parameters, or what is wrong with it."""
        try:
            pairs = replace(self.parameters(), by_field_id=False).as_query()
        except AirhaulError as error:
            return f"not valid: {error}"
        parts = [f"{name}={value}" for name, value in pairs]
        parts += [f"through a link: {one.condition!r}" for one in self.through()]
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
        selection.test()
        return selection

    def prefetch(self, paths: Iterable[str]) -> Selection:
        """Add paths along links; they are checked now.

        Raises:
            UnknownFieldError: A model does not have a field of a path.
            SchemaError: A field has no links.
        """
        selection = replace(self, prefetched=(*self.prefetched, *paths))
        LinkPaths.of(self.model, selection.prefetched)
        return selection

    def paths(self) -> LinkPaths:
        """Return the links whose records are read, too.

        Raises:
            SchemaError: A field with these links is not read.
        """
        paths, fetched = LinkPaths.of(self.model, self.prefetched), self.fetched()
        if fetched is not None:
            paths.refuse_unless_fetched(fetched)
        return paths

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

    def filter(self) -> Filter | None:
        """Build one filter from all conditions; None if there are none."""
        resolve = lookup_fields(self.model)
        parts: list[Filter] = []
        for condition in self.conditions:
            match condition:
                case Q():
                    parts.append(build_lookup(condition, resolve))
                case Expression():
                    parts.append(Exact(condition.node))
                case str():
                    parts.append(Exact(parse(condition)))
                case _:
                    raise ConfigurationError(
                        f"a condition is Q(...), F(...), a formula as text or a lookup such as "
                        f"age__gt=17, not {condition!r:.100}"
                    )
        if isinstance(self.formula, Expression):
            parts.append(Exact(self.formula.node))
        elif self.formula and parts:
            parts.append(Exact(parse(self.formula)))
        if not parts:
            return None
        made = joined("and", parts)
        made = made if self.matches is None else made.answered(iter(self.matches))
        return made.narrowed(self.link_names)

    def through(self) -> Sequence[LinkedCondition]:
        """Return the conditions on linked records for which these are to be read first."""
        if self.matches is not None or not self.conditions:
            return ()
        made = self.filter()
        return () if made is None else made.through

    @property
    def finds_nothing(self) -> bool:
        """Whether no linked record meets a condition on them, so that none has to be read."""
        made = None if self.matches is None else self.filter()
        return made is not None and made.wide == Call("FALSE")

    def linked(self) -> Mapping[str, frozenset[str]]:
        """Return the ids of linked records that are looked up, by column."""
        made = self.filter()
        return {} if made is None else made.linked

    def test(self) -> Test | None:
        """Make the test of what was read, for what the formula does not decide; None for nothing.

        Raises:
            LookupValueError: A condition cannot be tested by what is read.
        """
        return self._test_of(self.filter())

    def _test_of(self, made: Filter | None) -> Test | None:
        if made is None or made.is_exact:
            return None
        try:
            return made.check(values_for_formulas(self.model))
        except LookupValueError:
            if made.needs_test:
                raise
            return None  # the formula finds the same records, but for choices that contain commas

    def parameters(self) -> ListParameters:
        """Translate the selection to the parameters of a list request.

        Raises:
            UnknownFieldError: The model does not have a field that is named.
            ConfigurationError: A number is out of range.
        """
        made = self.filter()
        is_tested = self._test_of(made) is not None
        limit = _at_least_one("The limit (max_records)", self.max_records)
        limit = None if is_tested or self.is_sorted_here else limit
        text = self.formula if isinstance(self.formula, str) and made is None else None
        return ListParameters(
            fields=self._fields(made.columns if made is not None and is_tested else ()),
            formula=(text or None) if made is None else print_formula(made.wide),
            view=self.view,
            sort=self._sort_keys(),
            max_records=limit,
            page_size=self._page_size(limit),
            by_field_id=columns_of(self.model).are_ids,
        )

    def keeper(self) -> Keeper:
        """Make what keeps the records of pages as they come; ``arrange`` needs all of them."""
        test = None if self.is_sorted_here else self.test()
        return Keeper() if test is None else Keeper(test, self.max_records, self.fetched())

    def listed(self) -> ListParameters:
        """Translate the selection to the parameters of a list of records to be read.

        The columns of the model are all named, so that Airtable says which the table lacks.

        Raises:
            UnknownFieldError: The model does not have a field that is named.
            ConfigurationError: A number is out of range.
        """
        asked, columns = self.parameters(), columns_of(self.model)
        if asked.fields is not None or columns.table_name is not None or self.test() is not None:
            return asked  # a test may need columns that the model does not have
        return replace(asked, fields=tuple(columns.by_column))

    @property
    def is_sorted_here(self) -> bool:
        """Whether ``arrange`` has to sort and limit what was read."""
        return bool(self.sort) and self._sort_key(self.sort[0])[0] is None

    def arrange(self, records: list[RecordJson]) -> list[RecordJson]:
        """Keep of what was read what the selection asks for, in its order.

        Airtable sorts by fields only (https://airtable.com/developers/web/api/list-records). So the
        whole list is read, and records of the same second keep the order they were read in.

        Args:
            records: All records of the list.

        Returns:
            The records that were asked for, in their order.
        """
        if not self.is_sorted_here:
            return self.keeper().keep(records)
        ordered = sorted(records, key=_created_time, reverse=self._descends)
        return Keeper(self.test(), self.max_records, self.fetched()).keep(ordered)

    @property
    def may_be_divided(self) -> bool:
        """Whether several page chains can read the list without losing an order asked for."""
        return not self._is_ordered() and self.view is None

    def _is_ordered(self) -> bool:
        """Whether Airtable has to keep an order or a limit."""
        is_limited = self.max_records is not None and not self.is_sorted_here
        return bool(self._sort_keys()) or is_limited

    def refuse_order(self) -> None:
        """Refuse what several page chains cannot keep.

        Raises:
            ConfigurationError: Airtable would have to keep an order or a limit.
        """
        if self._is_ordered():
            raise ConfigurationError(
                "Several page chains return records in no particular order, so parallel= cannot be "
                "combined with sort (order_by) or max_records (limit)."
            )

    def fetched(self) -> Sequence[str] | None:
        """List the columns that are read; None for all."""
        return None if self.fields is None else [self._column(name) for name in self.fields]

    def _fields(self, tested: Iterable[str]) -> tuple[str, ...] | None:
        """The columns to read: those that are asked for, and those that are tested."""
        fetched = self.fetched()
        return None if fetched is None else tuple(dict.fromkeys([*fetched, *sorted(tested)]))

    def _page_size(self, limit: int | None) -> int | None:
        size = _at_least_one("page_size", self.page_size)
        if size is not None and size > RECORDS_PER_PAGE:
            raise ConfigurationError(f"page_size has to be at most {RECORDS_PER_PAGE}, not {size}.")
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
            try:
                name, direction = key
            except (TypeError, ValueError):
                raise ConfigurationError(
                    f'a sort key is "name", "-name" or ("name", "desc"), not {key!r:.100}.'
                ) from None
        if direction not in ("asc", "desc"):
            raise ConfigurationError(f'a sort direction is "asc" or "desc", not {direction!r}.')
        way: Direction = "desc" if direction == "desc" else "asc"
        known = columns_of(self.model).by_column
        if name != _CREATED or name in known:
            return self._column(name), way
        times = (column.column for column in known.values() if column.type == "createdTime")
        return next(times, None), way


class LeavesOut(Protocol):
    """What makes something of pages, and has to know what the table lacks."""

    def leave_out(self, missing: AbstractSet[str]) -> None:
        """Leave out columns that the table does not have."""
        ...


class NothingLeftOut:
    """Takes no note of fields that the table has lost meanwhile: their cells are empty."""

    def leave_out(self, missing: AbstractSet[str]) -> None:
        """Leave nothing out."""


class Keeper:
    """Keeps the records that meet a test, up to a limit, page by page.

    Args:
        test: The test; None for one that all records meet.
        limit: The most records to keep; None for all.
        fetched: The columns that are asked for; None for all. Others were read for the test only.
    """

    def __init__(
        self,
        test: Test | None = None,
        limit: int | None = None,
        fetched: Sequence[str] | None = None,
    ) -> None:
        self._test = test
        self._left = limit
        self._fetched = None if fetched is None else frozenset(fetched)

    @property
    def is_full(self) -> bool:
        """Whether it keeps no more."""
        return self._left == 0

    def keep(self, records: Sequence[RecordJson]) -> list[RecordJson]:
        """Return the records of a page that are kept."""
        kept = records
        if self._test is not None:
            kept = [self._as_asked(record) for record in records if self._test(record)]
        kept = kept[: self._left]
        if self._left is not None:
            self._left -= len(kept)
        return list(kept)

    def _as_asked(self, record: RecordJson) -> RecordJson:
        if self._fetched is None:
            return record
        cells = record["fields"]
        return {**record, "fields": {name: cells[name] for name in cells if name in self._fetched}}


def _is_one_key(sort: SortKey | Sequence[SortKey]) -> bool:
    is_pair = isinstance(sort, tuple) and len(sort) == 2 and sort[1] in ("asc", "desc")
    return is_pair or isinstance(sort, str | Mapping)


def _created_time(record: RecordJson) -> str:
    return record.get("createdTime", "")


def _at_least_one(name: str, value: object) -> int | None:
    if value is None or (isinstance(value, int) and value >= 1 and value is not True):
        return value
    raise ConfigurationError(f"{name} has to be a whole number of at least 1, not {value!r}.")
