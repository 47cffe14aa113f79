"""The links of one bulk call: names are looked up, and records created that are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, Final, Generic, TypeVar

from airhaul.bulk.engine.context import JobContext, WithoutCeiling
from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.journal.runs import new_run_id
from airhaul.bulk.linking.link_encoders import LinksByKey
from airhaul.bulk.linking.link_keys import LinkKeys
from airhaul.bulk.linking.link_names import LinkNames
from airhaul.bulk.linking.linked_field import LinkedField
from airhaul.bulk.linking.lookups import (
    MOST_HELD,
    link_rows,
    look_up,
    names_in,
    replace_names,
)
from airhaul.bulk.reads.table_reader import TableReader
from airhaul.bulk.results.outcomes import RowOutcome
from airhaul.bulk.results.policy import Policy
from airhaul.bulk.results.result import NOTHING_SPENT, BulkResult, Spent
from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.bulk.rows.encoders import DeleteEncoder, Encoder, RowEncoder
from airhaul.bulk.rows.precheck import OnRefusal, encode_each, encode_one, refuse_invalid
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.assemble import BulkWrite, RowInput
from airhaul.bulk.writing.bulk_write import NoListener, bulk_write, prepare
from airhaul.errors import (
    AirhaulError,
    BulkError,
    QuotaExceededError,
    RequestCeilingError,
    RowError,
)
from airhaul.messages import Message, Option, counted
from airhaul.model.base import RecordBase, table_name_of
from airhaul.model.read import Reader
from airhaul.model.schema import model_of_table
from airhaul.wire.limits import RECORDS_PER_PAGE

M = TypeVar("M", bound=RecordBase)

_NO_MORE_REQUESTS: Final = (RequestCeilingError, QuotaExceededError)
_LEFT: Final = frozenset({"created", "updated", "deleted", "unknown"})


@dataclass(frozen=True, slots=True)
class _Created:
    """The records that were created in one linked table at one time.

    Args:
        model: A model of the table.
        run: The run that did it; None without a journal.
        ids: Their ids.
    """

    model: type[RecordBase]
    run: str | None
    ids: list[str]


class Linking(Generic[M]):
    """The links of one bulk call.

    Args:
        context: What all jobs of the base share.
        write: The options of the call.
        keys: The columns that may have names.
        run: The id of the run that is resumed, if one is.

    Attributes:
        write: The options of the call, with these links.
        keys: As given.
    """

    def __init__(
        self, context: JobContext, write: BulkWrite[M], keys: LinkKeys, run: str | None = None
    ) -> None:
        # The runs that create linked records refer to that of the call, and may begin before it.
        names_run = write.journal is not None and keys.creates
        self.write = replace(
            write,
            link_by=keys.link_by,
            create_missing=keys.create_missing,
            run=run or write.run or (new_run_id() if names_run else None),
        )
        self.keys = keys
        self._context = context
        self._reader = TableReader.of(context, write.target, write.max_requests)
        self._spent = NOTHING_SPENT
        self._created: list[_Created] = []

    def spent(self) -> Spent:
        """Return the requests and seconds so far."""
        return self._spent.plus(self._reader.spent)

    def encoder(self, encoder: Encoder[M], *, creates_later: bool = False) -> Encoder[M]:
        """Return an encoder that replaces names, which were looked up, by ids.

        Args:
            encoder: Makes changes of rows.
            creates_later: Whether names stay for which a record will be created.
        """
        return LinksByKey(encoder, self.keys, self.write.file, creates_later=creates_later)

    def look_up(self, names: LinkNames) -> Flow[None]:
        """Look up names.

        Args:
            names: The names.
        """
        yield from look_up(self._reader, self.keys, names)

    def prepare(
        self, encoder: Encoder[M], rows: Sequence[object], on_refusal: OnRefusal
    ) -> Flow[RowInput[M]]:
        """Make the rows of a list ready to be pulled: their links have ids.

        Args:
            encoder: Validates them.
            rows: The rows.
            on_refusal: Called with each row that is not valid, if none is sent.

        Raises:
            BulkError: A row is not valid, and the policy is not to continue; nothing was sent.
        """
        checks_first, file = self.write.policy.checks_first, self.write.file
        encoded = list(encode_each(encoder, rows))
        if checks_first:
            refuse_invalid(encoded, on_refusal)
        linked = yield from link_rows(self._reader, self.keys, encoded, file, creates_later=True)
        if checks_first:
            refuse_invalid(linked, on_refusal)
        ready = RowInput.of_changes((yield from self.with_created(linked)))
        return replace(ready, spent=self.spent)

    def part(self, rows: Sequence[Change[M] | InvalidRow]) -> Flow[list[Change[M] | InvalidRow]]:
        """Replace the names in a part of a stream, and create the records that are missing."""
        file = self.write.file
        linked = yield from link_rows(self._reader, self.keys, rows, file, creates_later=True)
        return (yield from self.with_created(linked))

    def with_created(
        self, rows: Sequence[Change[M] | InvalidRow]
    ) -> Flow[list[Change[M] | InvalidRow]]:
        """Create the records that are missing for the names in rows, and replace the names.

        Args:
            rows: The rows; their other names are replaced already.

        Returns:
            The rows; those for which no record could be created are not valid.
        """
        if not self.keys.creates:
            return list(rows)
        yield from self.create(names_in(self.keys, rows))
        return replace_names(self.keys, rows, self.write.file)

    def create(self, names: LinkNames) -> Flow[None]:
        """Create the records that are missing.

        Args:
            names: The names; all of them were looked up.

        Raises:
            RequestCeilingError: ``max_requests`` is reached. The rows are not refused for it, nor
                for the quota, since they can be written later.
            QuotaExceededError: The calls of the month are used up.
        """
        try:
            for linked, missing in self.keys.missing(names):
                yield from self._create(linked, missing)
        except _NO_MORE_REQUESTS:
            if self.write.policy.rolls_back:
                yield from self._delete_created()
            raise

    def _create(self, linked: LinkedField, names: Sequence[str]) -> Flow[None]:
        model = model_of_table(linked.table)
        write = self._write_to(model, "bulk_create")
        column = linked.key_field["name"]
        rows = [{column: name} for name in names]
        result = yield from self._written(write, RowEncoder(model), rows, self._context)
        for name, outcome in zip_longest(names, result.outcomes):
            if outcome is not None and outcome.id is not None:
                linked.ids[name] = [outcome.id]
            else:
                linked.refused[name] = _reason(outcome)
        ids = [outcome.id for outcome in result.outcomes if outcome.id is not None]
        if ids:
            self._created.append(_Created(model, result.run, ids))
        ended_by = _ended_by(result)
        if isinstance(ended_by, RequestCeilingError):
            raise RequestCeilingError(
                Message(
                    f"The limit of {counted(self._ceiling(), 'request')} is reached: "
                    f"{len(ids)} of {counted(len(names), 'record')} were created in "
                    f"{linked.table['name']!r} for links, and the rows that link to them were not "
                    "sent. To continue, write these rows again, and raise ",
                    Option("max_requests"),
                    "; what was created is found by name.",
                )
            )
        if ended_by is not None:
            raise ended_by

    def _ceiling(self) -> int:
        """Return the ceiling that is reached: that of the call, or of its connection."""
        own, budget = self.write.max_requests, self._context.budget
        if own is not None and self.spent().requests >= own:
            return own
        return (None if budget is None else budget.most) or 0

    def _write_to(self, model: type[RecordBase], verb: str) -> BulkWrite[RecordBase]:
        """Return the options of a write to a linked table, which is a run of its own."""
        most = self.write.max_requests
        return BulkWrite(
            verb,
            Target(self.write.target.base_id, table_name_of(model), model),
            Reader(model),
            Policy.of("continue"),
            max_requests=None if most is None else max(0, most - self.spent().requests),
            journal=self.write.journal,
            service=self.write.service,
            links_of=self.write.run,
        )

    def _written(
        self,
        write: BulkWrite[RecordBase],
        encoder: Encoder[RecordBase],
        rows: Sequence[object],
        context: JobContext,
    ) -> Flow[BulkResult[RecordBase]]:
        ready = prepare(encoder, rows, write.policy, lambda _row, _error: None)
        try:
            result = yield from bulk_write(context, write, ready, NoListener())
        except BulkError as error:
            result = error.result  # the rows of the call are refused for it
        self._spent = self._spent.plus(Spent(result.requests, result.seconds))
        return result

    def with_rollback(self, flow: Flow[BulkResult[M]]) -> Flow[BulkResult[M]]:
        """Delete the records that were created for links, if the policy rolls the call back.

        Args:
            flow: Writes the rows.
        """
        try:
            return (yield from flow)
        except BulkError as error:
            if self.write.policy.rolls_back and is_rolled_back(error.result):
                yield from self._delete_created()
            raise

    def _delete_created(self) -> Flow[None]:
        context = replace(self._context, budget=WithoutCeiling(self._context.budget))
        for created in reversed(self._created):
            write = self._write_to(created.model, "rollback")
            write = replace(write, links_of=None, undoes=created.run, max_requests=None)
            encoder = DeleteEncoder(created.model)
            yield from self._written(write, encoder, created.ids, context)


def is_rolled_back(result: BulkResult[Any]) -> bool:
    """Return whether nothing is left, or may be left, of what a call has written."""
    return _LEFT.isdisjoint(result.counts())


def _ended_by(result: BulkResult[Any]) -> AirhaulError | None:
    """Return the error after which the call can send nothing more, if there was one."""
    errors = (outcome.error for outcome in result.outcomes)
    return next((error for error in errors if isinstance(error, _NO_MORE_REQUESTS)), None)


def _reason(outcome: RowOutcome[RecordBase] | None) -> str:
    if outcome is None or outcome.error is None:
        return "the call ended before"
    return outcome.error.reason if isinstance(outcome.error, RowError) else str(outcome.error)


class HeldRows(Generic[M]):
    """The rows of a stream that wait until their names are looked up.

    Args:
        encoder: Validates rows.
        keys: The columns that may have names.
    """

    def __init__(self, encoder: Encoder[M], keys: LinkKeys) -> None:
        self._encoder = encoder
        self._keys = keys
        self._next = 0
        self._rows: list[Change[M] | InvalidRow] = []
        self._unknown: set[tuple[str, str]] = set()

    def add(self, row: object) -> bool:
        """Take a row, and return whether it is time to look names up.

        That is so if a request can look up no more, or if all names are known. A row waits for at
        most a thousand others.

        Args:
            row: The row.
        """
        encoded = encode_one(self._encoder, self._next, row)
        self._next += 1
        self._rows.append(encoded)
        if isinstance(encoded, Change):
            for column, names in self._keys.unknown(names_in(self._keys, [encoded])).items():
                self._unknown.update((column, name) for name in names)
        is_full = len(self._rows) >= MOST_HELD or len(self._unknown) >= RECORDS_PER_PAGE
        return is_full or not self._unknown

    def take(self) -> list[Change[M] | InvalidRow]:
        """Return the rows that wait, and begin again without any."""
        rows, self._rows = self._rows, []
        self._unknown.clear()
        return rows
