"""Links by name: which records the names in the cells of links mean.

With typecast, Airtable takes the name of a linked record in place of its id, and stores the id. To
compare such a cell with the stored one, the names are looked up first. Of several records with one
name Airtable links the first (a maintainer of airtable.js:
https://github.com/Airtable/airtable.js/issues/130), and which one is the first is not documented: a
link to any of them is the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar

from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.encoders import Encoder
from airhaul.bulk.rows.target import Target
from airhaul.errors import RowError
from airhaul.messages import Message, Option
from airhaul.model.base import RecordBase
from airhaul.model.columns import Column, columns_of
from airhaul.tabular import split_items
from airhaul.wire.ids import is_id
from airhaul.wire.shapes import Cells, RecordJson

M = TypeVar("M", bound=RecordBase)


class HasCells(Protocol):
    """What was or will be written to a record: a change."""

    cells: Cells


Pair = tuple[HasCells, RecordJson]
"""What is written, and the record that it is written to."""

LinkBy = Mapping[str, str]
"""The field of the linked table that has the names, by field of links: company -> name."""

CreateMissing = bool | str | Sequence[str]
"""Whether to create linked records for names that no record has; or for which fields of links."""

IdsByName = Mapping[str, Sequence[str]]
"""The records of a linked table by name."""

BLANK_NAME: Final = "the name of a linked record is blank"
"""Why a name of no characters, or of spaces only, is refused: no record can be found by it."""


def names_to_find(target: Target, pairs: Iterable[Pair]) -> dict[str, set[str]]:
    """Collect the names that have to be looked up to compare links.

    Args:
        target: The table.
        pairs: The changes with their records.

    Returns:
        The names, by column. A cell that is stored empty differs whatever the names mean.
    """
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for change, record in pairs:
        for column, cell in change.cells.items():
            if target.type_of(column) == "multipleRecordLinks" and record["fields"].get(column):
                wanted[column].update(names_in(cell))
    return {column: names for column, names in wanted.items() if names}


def link_by_id(pairs: Iterable[Pair], found: Mapping[str, IdsByName]) -> None:
    """Replace the names in the cells of links by the ids of their records.

    A cell that means what is stored becomes the stored one. A name that no record has, or several,
    stays for Airtable.

    Args:
        pairs: The changes with their records.
        found: For each column that was looked up, the records by name.
    """
    for change, record in pairs:
        by_id = {
            column: _by_id(cell, found[column], record["fields"].get(column) or [])
            for column, cell in change.cells.items()
            if column in found and names_in(cell)
        }
        if by_id:
            change.cells = {**change.cells, **by_id}  # several changes may share one dictionary


def names_in(cell: Any) -> list[str]:
    """Return the names that a cell of links has; the text of a file may be one name or several."""
    if isinstance(cell, str):
        return _names([cell, *split_items(cell)])
    return _names(cell) if isinstance(cell, list) else []


def _names(items: Iterable[Any]) -> list[str]:
    others = [item for item in items if not is_id(item, "rec")]
    if not others:
        return []  # mostly
    texts = [item.strip() for item in others if isinstance(item, str)]
    return [text for text in texts if text and not is_id(text, "rec")]


def _by_id(cell: Any, ids: IdsByName, stored: Sequence[str]) -> Any:
    items = _items(cell, ids)
    if _mean(items, ids, stored):
        return stored
    return [_the_only(ids.get(item, ())) or item for item in items]


def _items(cell: Any, ids: IdsByName) -> list[str]:
    """The ids and names that a cell has, each once."""
    if isinstance(cell, str):
        cell = [cell] if ids.get(cell.strip()) else split_items(cell)
    return list(dict.fromkeys(item.strip() for item in cell if item.strip()))


def _the_only(found: Sequence[str]) -> str | None:
    return found[0] if len(found) == 1 else None


def _mean(items: Iterable[str], ids: IdsByName, stored: Collection[str]) -> bool:
    """Return whether linking these items would store the same links."""
    certain: set[str] = set()
    ambiguous: list[Sequence[str]] = []
    for item in items:
        found = [item] if is_id(item, "rec") else ids.get(item, ())
        if not found:
            return False  # a new record would be linked
        if len(found) == 1:
            certain.update(found)
        else:
            ambiguous.append(found)
    left = set(stored) - certain
    for found in ambiguous:
        one = next((id_ for id_ in found if id_ in left), None)
        left.discard(one or "")
        if one is None and not certain & set(found) & set(stored):
            return False
    return certain <= set(stored) and not left


class ChecksLinks(Generic[M]):
    """An encoder that refuses links that Airtable cannot take: names, unless typecast finds them.

    Args:
        encoder: Makes changes of rows.
        model: The model of the table.
        source: The name of the file that the rows come from, for errors.
        by_key: The columns in which names are looked up.
        typecast: Whether Airtable finds records by name.
    """

    def __init__(
        self,
        encoder: Encoder[M],
        model: type[M],
        source: str | None = None,
        by_key: Collection[str] = (),
        *,
        typecast: bool,
    ) -> None:
        self._encoder = encoder
        self._model = model
        self._source = source
        self._by_key = by_key
        self._typecast = typecast

    def encode(self, index: int, row: object) -> Change[M]:
        """Make a change of a row; arguments and errors as of ``Encoder.encode``."""
        change = self._encoder.encode(index, row)
        check_links(
            self._model,
            change.cells,
            index,
            self._source,
            change.line,
            by_key=self._by_key,
            typecast=self._typecast,
        )
        return change


def check_links(
    model: type[RecordBase],
    cells: Cells,
    index: int | None = None,
    source: str | None = None,
    line: int | None = None,
    *,
    by_key: Collection[str] = (),
    typecast: bool,
) -> None:
    """Refuse cells that have a name in a link, or a blank one.

    With typecast, Airtable may create another record for a blank name each time.

    Args:
        model: The model of the table.
        cells: The cells.
        index: The place of their row in the input, for the error; None if they are of no row.
        source: The name of the file that the row comes from.
        line: The row's line in it.
        by_key: The columns in which names are looked up.
        typecast: Whether Airtable finds records by name.

    Raises:
        RowError: They have some.
    """
    errors: list[RowError] = []
    for column in columns_of(model).links:
        if column.column in by_key:
            continue
        cell = cells.get(column.column)
        reason = _refusal(cell, column, is_bulk=index is not None, typecast=typecast)
        if reason is None:
            continue
        error = RowError(
            reason,
            index=index,
            field=column.shown_name if line is None else column.title,
            value=cells[column.column],
            source=source,
            line=line,
        )
        errors.append(error)
    if errors:
        raise RowError.of(errors)


def _refusal(cell: Any, column: Column, *, is_bulk: bool, typecast: bool) -> str | None:
    """Return why Airtable cannot take a cell of links, if it cannot."""
    if not cell:
        return None
    if isinstance(cell, list) and any(_is_blank(item) for item in cell):
        return BLANK_NAME
    name = None if typecast else next(iter(names_in(cell)), None)
    if name is None:
        return None
    reason = Message(
        f"{name!r} is not a record ID; to link by name, set ", Option("typecast", value=True)
    )
    # Bulk verbs have both options.
    return Message(reason, " or ", Option("link_by", {column.title: "NAME"})) if is_bulk else reason


def _is_blank(item: object) -> bool:
    return isinstance(item, str) and not item.strip()
