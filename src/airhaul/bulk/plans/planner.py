"""Planning: what each verb would write, without writing it."""

from __future__ import annotations

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import replace
from itertools import chain, islice
from typing import Any, Final, Generic, TypeVar

from airhaul.bulk.engine.context import JobContext
from airhaul.bulk.engine.flow import Flow, Step
from airhaul.bulk.linking.link_encoders import TakesOneName
from airhaul.bulk.linking.link_keys import LinkKeys
from airhaul.bulk.linking.link_names import LinkNames
from airhaul.bulk.linking.lookups import link_rows, look_up, names_in
from airhaul.bulk.plans.comparison import Compared, CompareRows
from airhaul.bulk.plans.outline import NewLinked, Outline
from airhaul.bulk.plans.plain_rows import PlainRows
from airhaul.bulk.plans.plan import Planned, new_linked
from airhaul.bulk.plans.stored_table import StoredTable
from airhaul.bulk.plans.sync import DeleteGuard
from airhaul.bulk.reads.division import Parallel
from airhaul.bulk.reads.linked_names import look_up_links
from airhaul.bulk.reads.missing import missing_fields
from airhaul.bulk.reads.table_reader import TableReader
from airhaul.bulk.rows.changes import Change, ColumnsWritten, InvalidRow
from airhaul.bulk.rows.encoders import (
    DeleteEncoder,
    Encoder,
    ReplaceEncoder,
    RowEncoder,
    SaveEncoder,
    UpdateEncoder,
    UpsertEncoder,
    upsert_encoder,
)
from airhaul.bulk.rows.keys import Key, KeysAlike
from airhaul.bulk.rows.links_by_name import ChecksLinks, Pair, check_links
from airhaul.bulk.rows.precheck import encode_each, sort_out
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.prefetch import PrefetchById, PrefetchByKey
from airhaul.errors import RowError
from airhaul.messages import counted
from airhaul.model.base import RecordBase
from airhaul.model.columns import Columns, columns_of
from airhaul.tabular import InputFile
from airhaul.wire.endpoints import ListParameters
from airhaul.wire.shapes import Cells, RecordJson

M = TypeVar("M", bound=RecordBase)

Rows = Sequence[object]
Select = Callable[[TableReader], Flow[list[RecordJson]]]
"""Reads the records to write, with a reader that counts the requests."""

# A multiple of the records that one request finds, so that parts cost no more requests.
_PART: Final = 2_000
# As many rows as make comparing them column by column worth it.
_TOGETHER: Final = 200

_NO_NAMES: Final = (
    "The token may not read the schema: links by name are not compared, and are written again."
)
_NO_SCHEMA: Final = (
    "The token may not read the schema: cells of fields that the model does not have are kept."
)


class Planner(Generic[M]):
    """A planner of the writes to a table.

    Args:
        context: What all jobs of the base share.
        target: The table; with ``typecast`` text is compared as text.
        model: Its model.
        source: The file that the rows come from, if they come from one.
        keeps_all: Whether records that may be deleted are read with all their columns, so that
            they can be restored.
        max_requests: The largest number of requests to send; None for no limit.
        links: The columns of links whose cells may hold names; None for none.
    """

    def __init__(
        self,
        context: JobContext,
        target: Target,
        model: type[M],
        *,
        source: InputFile | None = None,
        keeps_all: bool = False,
        max_requests: int | None = None,
        links: LinkKeys | None = None,
    ) -> None:
        self._target = target
        self._model = model
        self._file = source
        self._source = None if source is None else source.name
        self._keeps_all = keeps_all
        self._reader = TableReader.of(context, target, max_requests)
        self._columns = tuple(columns_of(model).by_column)
        self._notes: list[str] = []
        self._alike = KeysAlike()
        self._links = links
        self._link_names = LinkNames()

    def create(self, rows: Rows) -> Flow[Planned[M]]:
        """Plan new records; no record is read."""
        columns = yield from self._columns_in_rows()
        encoder = RowEncoder(self._model, self._source, columns)
        return (yield from self._created(encoder, rows))

    def _created(self, encoder: Encoder[M], rows: Rows, first: int = 0) -> Flow[Planned[M]]:
        changes, invalid = yield from self._sort_out(encoder, rows, first)
        return self._plan("bulk_create", changes, invalid)

    def update(self, rows: Rows, same: Mapping[str, Any]) -> Flow[Planned[M]]:
        """Plan changes by id."""
        if self._links is not None:
            same = self._links.with_lists(same)
        encoder = UpdateEncoder(self._model, same, self._source)
        return self._by_id("bulk_update", encoder, rows)

    def save(self, records: Rows) -> Flow[Planned[M]]:
        """Plan what saving records would write."""
        return self._by_id("bulk_save", SaveEncoder(self._model), records)

    def replace(self, rows: Rows) -> Flow[Planned[M]]:
        """Plan what replacing records would change: cells that a row leaves out are cleared.

        The schema is read first: cells of fields that the model does not have are cleared, too.
        """
        self._target = yield from self._reader.described(self._target)
        encoder = ReplaceEncoder(self._model, self._source)
        if self._target.types is None:
            self._notes.append(_NO_SCHEMA)
        return (yield from self._by_id("bulk_replace", encoder, rows))

    def delete(self, records: Rows) -> Flow[Planned[M]]:
        """Plan deletions by id."""
        return self._by_id("bulk_delete", DeleteEncoder(self._model, self._source), records)

    def _by_id(self, verb: str, encoder: Encoder[M], rows: Rows) -> Flow[Planned[M]]:
        changes, invalid = yield from self._sort_out(encoder, rows)
        known = [change for change in changes if change.record_id is not None]
        found = yield from self._reader.find(known, PrefetchById().formula)
        missing: set[int] = set()
        pairs: list[tuple[Change[M], RecordJson]] = []
        for change in known:
            record = found.get(change.record_id or "")
            if record is None:
                error = RowError(f"there is no record {change.record_id} in the table")
                invalid.append(self._invalid(change, error))
                missing.add(change.index)
            else:
                pairs.append((change, record))
        yield from self._link_by_id(pairs)
        for change, record in pairs:
            self._target.compare(change, record)
        return self._plan(verb, [one for one in changes if one.index not in missing], invalid)

    def upsert(self, rows: Rows, key: Key) -> Flow[Planned[M]]:
        """Plan changes by key: reads the records that have the keys of the rows."""
        columns = yield from self._columns_in_rows()
        encoder = upsert_encoder(self._model, key, self._source, columns)
        return (yield from self._upserted(encoder, rows, key))

    def _upserted(
        self, encoder: Encoder[M], rows: Rows, key: Key, first: int = 0
    ) -> Flow[Planned[M]]:
        changes, invalid = yield from self._sort_out(encoder, rows, first)
        prefetch = PrefetchByKey(key, always=True)
        found = yield from self._reader.find(changes, prefetch.formula)
        there = {key.value_in(record["fields"]): record for record in found.values()}
        yield from self._link_by_id(_pairs(changes, there))
        unclear = prefetch.apply(self._target, changes, list(found.values()))
        clear = self._without(unclear, changes, invalid)
        self._note_alike(clear, there)
        return self._plan("bulk_upsert", clear, invalid, key)

    def outline(
        self,
        rows: Iterator[object],
        key: Key | None,
        on_part: Callable[[Planned[M]], object] | None = None,
    ) -> Flow[Outline]:
        """Plan new records, or changes by key, of any number of rows: none of them is kept.

        Args:
            rows: The rows.
            key: The key; None if every row is a new record.
            on_part: Called with the plan of each part of the rows, one after the other.

        Raises:
            DuplicateKeyError: Several records of the table have the same key.
        """
        columns = yield from self._columns_in_rows()
        outline = Outline(self._target.table)
        first = 0
        encoder: Encoder[M] = (
            RowEncoder(self._model, self._source, columns)
            if key is None
            else upsert_encoder(self._model, key, self._source, columns)
        )
        while part := list(islice(rows, _PART)):
            if key is None:
                planned = yield from self._created(encoder, part, first)
            else:
                planned = yield from self._upserted(encoder, part, key, first)
            planned.add_to(outline)
            if on_part is not None:
                on_part(planned)
            first += len(part)
        return replace(outline, notes=self._all_notes)

    def sync(
        self,
        rows: Iterable[object] | AsyncIterable[object],
        key: Key,
        guard: DeleteGuard,
        *,
        parallel: Parallel = 1,
    ) -> Flow[Planned[M]]:
        """Plan what makes the table equal to the rows: reads the table once, then pulls the rows.

        Raises:
            DuplicateKeyError: Several records of the table have the same key.
            UnknownFieldError: The table does not have a field that the rows write.
        """
        columns = yield from self._columns_in_rows()
        table = StoredTable(key, self._columns)
        fields = None if self._keeps_all else self._columns
        yield from self._reader.each(
            ListParameters(fields=fields), table.add_records, parallel=parallel
        )
        table.refuse_doubles()
        encoder: Encoder[M] = UpsertEncoder(
            self._model, key, seen=table, source=self._source, columns=columns
        )
        if self._links is not None:
            encoder = TakesOneName(encoder, self._links, columns)
        missing = self._reader.missing
        plain = PlainRows(self._model, columns, key, table)
        are_kept = isinstance(rows, Sequence) and self._links is None
        job = CompareRows(
            encoder,
            plain,
            table,
            self._target,
            self._source,
            missing,
            self._links,
            together=_TOGETHER if are_kept else 1,
        )
        left = iter(rows) if isinstance(rows, Iterable) else aiter(rows)
        compared: Compared[M] = yield Step(job, left)
        if self._links is not None:
            yield from self._link_held(job, left, self._links)
        if compared.missing:
            raise missing_fields(self._model, self._target.table, compared.missing)
        by_name, compared.by_name = compared.by_name, []
        yield from self._link_by_id([job.pair(change) for change in by_name])
        for change in by_name:
            job.compare(change, knows_names=True)
        changes, invalid = compared.changes, compared.invalid
        changes.sort(key=lambda change: change.index)
        new = [change.key for change in changes if change.record_id is None]
        self._alike.add(new, chain(table.keys(), new))
        refusal: str | None = None
        if guard.missing:
            gone = _deletions(table, compared.taken)
            if gone and invalid:
                # Each of these rows may be one of the records that seem to be missing.
                refusal = (
                    f"{counted(len(invalid), 'row is', 'rows are')} not valid, so it is not known "
                    "which records are missing. Correct the rows, or sync without deletions."
                )
            else:
                refusal = guard.refusal(len(gone), len(table.records), compared.taken)
                changes += gone
            if table.without_key:
                self._notes.append(
                    f"{counted(table.without_key, 'record has', 'records have')} no key. A sync "
                    "does not compare, change or delete records without a key."
                )
        plan = self._plan("sync", changes, invalid, key)
        is_stream = not isinstance(rows, Sequence)
        return replace(plan, refusal=refusal, unchanged=compared.unchanged, is_stream=is_stream)

    def _link_held(
        self,
        job: CompareRows[M],
        rows: Iterator[object] | AsyncIterator[object],
        links: LinkKeys,
    ) -> Flow[None]:
        """Look up the names in rows that wait for it, and pull what is left of the rows."""
        while True:
            held = job.take_held()
            yield from look_up(self._reader, links, names_in(links, held))
            for change in held:
                job.link_row(change, links)
            if job.has_ended:
                return
            yield Step(job, rows)

    def update_where(self, select: Select, same: Mapping[str, Any]) -> Flow[Planned[M]]:
        """Plan one change of all records that ``select`` reads."""
        links = self._links
        if links is not None:
            same = links.with_lists(same)
        cells = UpdateEncoder(self._model, same).same
        by_key = () if links is None else links.columns
        check_links(self._model, cells, by_key=by_key, typecast=self._target.typecast)
        if links is not None:
            cells = yield from self._linked_cells(links, cells)
        records = yield from select(self._reader)
        changes = [Change[M]("update", index, cells) for index in range(len(records))]
        self._refuse_missing(changes)
        pairs = list(zip(changes, records, strict=True))
        yield from self._link_by_id(pairs)
        for change, record in pairs:
            self._target.compare(change, record)
        return self._plan("update", changes, [])

    def delete_where(self, select: Select) -> Flow[Planned[M]]:
        """Plan the deletion of all records that ``select`` reads."""
        records = yield from select(self._reader)
        changes: list[Change[M]] = [
            Change("delete", index, record_id=record["id"], before=record["fields"])
            for index, record in enumerate(records)
        ]
        return self._plan("delete", changes, [])

    def _refuse_missing(self, changes: Sequence[Change[M]]) -> None:
        """Refuse to write columns that the table does not have, according to the latest list.

        Raises:
            UnknownFieldError: The table does not have a column that a change writes.
        """
        written = ColumnsWritten()
        for change in changes:
            written.add(change)
        missing = self._reader.missing & written.all
        if missing:
            raise missing_fields(self._model, self._target.table, missing)

    def _columns_in_rows(self) -> Flow[Columns]:
        """Find out which names the columns of a file may have: those that the table has now."""
        columns = columns_of(self._model)
        if self._file is not None:
            columns = yield from self._reader.titles(columns)
            self._target = replace(self._target, titles=columns.titles)
        return columns

    def _sort_out(
        self, encoder: Encoder[M], rows: Rows, first: int = 0
    ) -> Flow[tuple[list[Change[M]], list[InvalidRow]]]:
        """Validate rows; names in links are valid only if their records are found."""
        links = self._links
        if links is not None:
            columns = columns_of(self._model).titled(self._target.titles)
            encoder = TakesOneName(encoder, links, columns)
        by_key, typecast = () if links is None else links.columns, self._target.typecast
        encoder = ChecksLinks(encoder, self._model, self._source, by_key, typecast=typecast)
        if links is None:
            return sort_out(encoder, rows, first)
        encoded = list(encode_each(encoder, rows, first))
        linked = yield from link_rows(
            self._reader, links, encoded, self._source, creates_later=True
        )
        return (
            [row for row in linked if isinstance(row, Change)],
            [row for row in linked if isinstance(row, InvalidRow)],
        )

    def _linked_cells(self, links: LinkKeys, cells: Cells) -> Flow[Cells]:
        """Replace names in cells that all records get.

        Raises:
            RowError: No record has a name, or several have it.
        """
        change = Change[M]("update", 0, cells)
        (linked,) = yield from link_rows(self._reader, links, [change], None, creates_later=True)
        if isinstance(linked, InvalidRow):
            one = linked.error
            raise RowError(one.reason, field=one.field, value=one.value)
        return linked.cells

    def _link_by_id(self, pairs: Sequence[Pair]) -> Flow[None]:
        """Replace names in links by ids, so that they can be compared; only typecast has names."""
        if not (yield from look_up_links(self._reader, self._target, pairs)):
            self._notes.append(_NO_NAMES)

    def _note_alike(
        self, changes: Sequence[Change[M]], known: Iterable[tuple[Any, ...] | None]
    ) -> None:
        """Note the keys of new records that somebody may have meant for other ones."""
        new = [change.key for change in changes if change.record_id is None]
        given = [change.key for change in changes]
        self._alike.add(new, [*(key for key in known if key is not None), *given])

    @property
    def link_warnings(self) -> list[str]:
        """What somebody may not have meant of the records to create for links."""
        return [] if self._links is None else self._links.warnings

    @property
    def _all_notes(self) -> tuple[str, ...]:
        """The notes, each of them once."""
        looked_up = [] if self._links is None else self._links.notes
        notes = tuple(dict.fromkeys([*self._notes, *looked_up]))
        if self._alike.first is None:
            return notes
        key, other = (" ".join(map(repr, one)) for one in self._alike.first)
        found = counted(self._alike.count, "new key differs", "new keys differ")
        note = (
            f"{found} from another one only in case, spaces or Unicode form, such as {key} from "
            f"{other}. They are different keys."
        )
        return (*notes, note)

    def _without(
        self, refused: Mapping[int, RowError], changes: list[Change[M]], invalid: list[InvalidRow]
    ) -> list[Change[M]]:
        """Move the changes that are refused, by their index, to the rows that are not valid."""
        invalid += [
            self._invalid(change, refused[change.index])
            for change in changes
            if change.index in refused
        ]
        return [change for change in changes if change.index not in refused]

    def _invalid(self, change: Change[M], error: RowError) -> InvalidRow:
        placed = error.placed(change.index, source=self._source, line=change.line)
        return InvalidRow(change.index, placed, change.source)

    def _plan(
        self,
        verb: str,
        changes: list[Change[M]],
        invalid: list[InvalidRow],
        key: Key | None = None,
    ) -> Planned[M]:
        new: tuple[NewLinked, ...] = ()
        if self._links is not None:
            # Of all rows so far: a part of them plans no record that an earlier part has planned.
            self._link_names.update(names_in(self._links, changes))
            new = new_linked(self._links, self._link_names)
        return Planned(
            replace(self._target, key=key),
            changes,
            label_columns=key.names if key is not None else self._columns[:1],
            refused=invalid,
            spent=self._reader.spent,
            verb=verb,
            source=self._file,
            notes=self._all_notes,
            links=self._links,
            new_linked=new,
        )


def _pairs(changes: Iterable[Change[M]], records: Mapping[Any, RecordJson]) -> list[Pair]:
    """Return the changes of existing records, with their records by key."""
    return [(change, records[change.key]) for change in changes if change.key in records]


def _deletions(table: StoredTable, first_index: int) -> list[Change[Any]]:
    """Return the deletions of the records whose keys no row has; they follow the rows."""
    gone = map(table.records.record, table.unwanted())
    return [
        Change("delete", index, record_id=record["id"], before=record["fields"])
        for index, record in enumerate(gone, first_index)
    ]
