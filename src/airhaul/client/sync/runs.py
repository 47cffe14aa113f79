# Generated from client/aio/runs.py by tools/sync_face.py: change that one instead.
"""Runs of the journal: taken up again, taken back, tried again, looked back at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Unpack

from airhaul.bulk.results.explain import counted
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.rows.encoders import DeleteEncoder, Encoder, Ready, RowEncoder, upsert_encoder
from airhaul.bulk.rows.keys import Key
from airhaul.bulk.rows.target import Target, with_ids
from airhaul.bulk.undoing.undo import UndoPlanner
from airhaul.bulk.writing.prefetch import Prefetch, PrefetchById, PrefetchByKey
from airhaul.client.fingerprint import fingerprint
from airhaul.client.inputs import Rows
from airhaul.client.options import WriteOptions, Writing
from airhaul.client.sync.bound import Bound
from airhaul.client.sync.bulk import Bulk
from airhaul.client.sync.plan import Plan
from airhaul.client.sync.scan import Scan
from airhaul.client.sync.table import Table
from airhaul.drive import blocking as drive
from airhaul.errors import JournalError
from airhaul.messages import Message, Method, Option
from airhaul.model.base import RecordBase
from airhaul.tabular import read_rows

if TYPE_CHECKING:
    from airhaul.bulk.journal import Journal, Run, Source
    from airhaul.client.sync.airtable import Airtable

_KEYED_BY_LOOKING: Final = ("bulk_upsert", "import_file", "retry")


class Runs:
    """The runs that the journal of a connection knows.

    Args:
        airtable: The connection.

    Raises:
        JournalError: The connection has no journal, or it cannot be opened.
    """

    def __init__(self, airtable: Airtable) -> None:
        self._airtable = airtable
        journal = airtable.connection.journal()
        if journal is None:
            raise JournalError(
                Message(
                    "This connection keeps no journal. Set ",
                    Option("journal", True),
                    " or a file when you make it, or set AIRHAUL_JOURNAL.",
                )
            )
        self._journal: Journal = journal

    def all(self, most: int | None = None) -> list[Run]:
        """The runs, the latest first; at most so many."""
        return self._journal.runs(most)

    def one(self, run_id: str | None = None) -> Run:
        """A run by its id or the beginning of it; the latest if None."""
        return self._journal.run(run_id)

    # --- going on

    def resume(
        self,
        run_id: str | None,
        *,
        model: type[RecordBase] | None,
        rows: Rows | None,
        **options: Unpack[WriteOptions],
    ) -> BulkResult[Any]:
        """Go on with a run; as ``Airtable.resume`` says."""
        run = self._run_to_go_on(run_id)
        table = self._table(run, model)
        asked = run.asked
        options.setdefault("on_error", asked.on_error)
        if asked.rejects is not None:
            options.setdefault("rejects", asked.rejects)
        options["typecast"], options["journal"] = asked.typecast, self._journal.path
        path = None if asked.source is None else Path(asked.source.path)
        key = Key.of(table.model, asked.key) if asked.key else None
        bulk = Bulk(table, Writing.of(options), asked.verb, key=key, source=path)
        if asked.on_error == "rollback":
            bulk.learn_types()
        look: Prefetch = PrefetchById()
        if key is not None and asked.verb in _KEYED_BY_LOOKING:
            look = PrefetchByKey(bulk.target, key, always=True)
        encoder: Encoder[RecordBase] = Ready[RecordBase]()
        if asked.rows_from == "copy":
            rows = self._kept(run, key)
        else:
            encoder = _encoder(run, table.model, key)
            rows = _rows_of(run, rows)
        result = bulk.run(
            encoder,
            rows,
            look=look,
            total=asked.total,
            is_stream=asked.rows_from != "copy",
            rows_from=asked.rows_from,
            taken_up=run,
        )
        if asked.verb == "undo":
            self._set_links(run, table, result)
        return result

    def _kept(self, run: Run, key: Key | None) -> Rows:
        from airhaul.bulk.journal.recovery import kept_rows

        return kept_rows(self._journal, run, key)

    def _run_to_go_on(self, run_id: str | None) -> Run:
        run = self._journal.run(run_id)
        # What a run takes back by its own policy is a run of its own: that one goes on.
        for other in self._journal.runs():
            if other.asked.undoes == run.id and other.asked.verb == "rollback" and other.can_go_on:
                run = other
        self._check_place(run)
        if run.state == "running":
            raise JournalError(
                f"Another process is working on run {run.id}; wait for it, or end it first."
            )
        if run.state == "rolled back":
            raise JournalError(f"Run {run.id} was taken back by its own policy; begin it anew.")
        return run

    def _check_place(self, run: Run) -> None:
        asked, connection = run.asked, self._airtable.connection
        if asked.service != connection.service:
            raise JournalError(
                f"Run {run.id} was made at {asked.service}, and this connection goes to "
                f"{connection.service}."
            )
        if asked.base_id != self._airtable.base_id:
            raise JournalError(
                f"Run {run.id} was made in the base {asked.base_id}, and this connection goes to "
                f"{self._airtable.base_id}. Name that base."
            )

    def _table(self, run: Run, model: type[RecordBase] | None) -> Bound[RecordBase]:
        if model is None:
            return self._airtable.table_named(run.asked.table)
        table = Table(self._airtable, model)
        if table.name != run.asked.table:
            self._refuse_another_table(run, table.name)
        return table

    def _refuse_another_table(self, run: Run, name: str) -> None:
        """A table may be told by id, and may have another name by now; another one it is not."""
        theirs = (self._airtable.table_schema(name))["id"]
        for table in self._airtable.schema():
            if run.asked.table in (table["id"], table["name"]) and table["id"] != theirs:
                raise JournalError(
                    f"Run {run.id} writes to the table {run.asked.table!r}, and the model is bound "
                    f"to {name!r}."
                )

    # --- taking back

    def plan_undo(self, run_id: str | None, *, force: bool) -> Plan[RecordBase]:
        """Plan what takes a run back; as ``Airtable.plan_undo`` says."""
        from airhaul.bulk.journal.effects import written_by

        run = self._journal.run(run_id)
        self._check_place(run)
        if run.state == "running":
            raise JournalError(f"Run {run.id} is still being worked on.")
        schema = self._airtable.table_schema(run.asked.table)
        table = self._airtable.table_named(run.asked.table)
        types = {field["name"]: field["type"] for field in schema["fields"]}
        target = Target(self._airtable.base_id, table.name, table.model, types=types)
        written = written_by(self._journal, run)
        scan = Scan(table)
        ids = [row.record_id for row in written if row.state != "deleted"]
        undoing = UndoPlanner(target, run.asked.typecast, force)
        undoing.add(written, scan.find(ids, with_ids))
        notes: list[str] = []
        if run.can_go_on and run.state != "with failures":
            notes.append(
                f"Run {run.id} has not come to its end; only what it is known to have written is "
                "taken back. Resume it first to be sure of the rest."
            )
        return Plan(
            table.name,
            undoing.changes,
            label_columns=tuple(types)[:1],
            refused=undoing.conflicts,
            notes=tuple(notes),
            spent=scan.spent,
            goal=table,
            verb="undo",
            undoes=run.id,
        )

    def undo(
        self, run_id: str | None, *, force: bool, **options: Unpack[WriteOptions]
    ) -> BulkResult[RecordBase]:
        """Take a run back; as ``Airtable.undo`` says."""
        plan = self.plan_undo(run_id, force=force)
        return self.write_undo(plan, **options)

    def write_undo(
        self, plan: Plan[RecordBase], **options: Unpack[WriteOptions]
    ) -> BulkResult[RecordBase]:
        """Make the writes of a plan of ``plan_undo``."""
        options["on_error"], options["journal"] = "continue", self._journal.path
        result = plan.write(Writing.of(options), spent=plan.spent)
        assert result.run is not None, "it is written down"
        assert plan.goal is not None, "a plan is made by a table"
        self._set_links(self._journal.run(result.run), plan.goal, result)
        return result

    def _set_links(
        self, run: Run, table: Bound[RecordBase], result: BulkResult[RecordBase]
    ) -> None:
        """Link the records that an undo has made again with one another."""
        from airhaul.bulk.journal.effects import links_to_set
        from airhaul.bulk.journal.recovery import kept_rows
        from airhaul.bulk.rows.changes import Change

        outcomes = result.outcomes
        made_again = {
            change.index: (change, new_id)
            for change in kept_rows(self._journal, run, None)
            if isinstance(change, Change) and change.kind == "create"
            for new_id in [outcomes[change.index].id]
            if outcomes[change.index].state == "created" and new_id is not None
        }
        links = links_to_set(made_again)
        if not links:
            return
        rows = [{"id": made_again[index][1], **cells} for index, cells in links.items()]
        linking = Table(self._airtable, table.model).bulk_update(
            rows, on_error="continue", journal=False
        )
        for index, linked in zip(links, linking.outcomes, strict=True):
            if linked.error is not None:
                note = f"made again without its links, which were refused: {linked.error}"
                result.note(index, note)

    # --- trying again

    def retry(
        self, run_id: str | None, *, model: type[RecordBase] | None, **options: Unpack[WriteOptions]
    ) -> BulkResult[RecordBase]:
        """Send the rejected rows of a run again; as ``Airtable.retry`` says."""
        run = self._journal.run(run_id)
        self._check_place(run)
        if run.asked.rejects is None:
            raise JournalError(
                Message(
                    f"Run {run.id} kept no file of rejected rows; set ",
                    Option("rejects"),
                    " to a file when you write the rows.",
                )
            )
        path = _file_there(run.asked.rejects, f"Run {run.id} rejected rows to it")
        if not run.asked.key:
            self._refuse_to_double(run, path)
        table = self._table(run, model)
        options.setdefault("on_error", run.asked.on_error)
        options["typecast"], options["journal"] = run.asked.typecast, self._journal.path
        again = Table(self._airtable, table.model)
        writing = Writing.of(options)
        key = run.asked.key or None
        return again.import_again(path, None, key, writing, retries=run.id)

    def _refuse_to_double(self, run: Run, path: Path) -> None:
        """The file still holds the rows that an earlier retry has created, or may have."""
        runs = self._journal.runs()
        taken_back = {other.asked.undoes for other in runs if other.state == "done"}
        for other in runs:
            made = {state: other.counts.get(state, 0) for state in ("created", "unknown")}
            if other.asked.retries == run.id and any(made.values()) and other.id not in taken_back:
                raise JournalError(
                    Message(
                        f"Run {other.id} already sent the rejected rows of run {run.id} again "
                        f"({made['created']:,} created, {made['unknown']:,} unknown), so they "
                        f"would be created twice. Remove them from {path} and import the rest, "
                        "or undo that run first: ",
                        Method("undo", other.id),
                        ".",
                    )
                )


def _encoder(run: Run, model: type[RecordBase], key: Key | None) -> Encoder[RecordBase]:
    source = None if run.asked.source is None else Path(run.asked.source.path).name
    if run.asked.verb == "bulk_delete":
        return DeleteEncoder(model, source)
    return RowEncoder(model, source) if key is None else upsert_encoder(model, key, source)


def _rows_of(run: Run, rows: Rows | None) -> Rows:
    source = run.asked.source
    if source is not None:
        _refuse_if_changed(run, source)
        return read_rows(source.path, source.format, source.encoding)
    if rows is None:
        raise JournalError(
            f"Run {run.id} took its rows from an iterable, and the journal does not hold them. "
            "Hand over the same rows: resume(run, rows=...); or begin such a run with "
            "keep_rows=True."
        )
    return _not_fewer(run, rows)


def _not_fewer(run: Run, rows: Rows) -> Iterator[object]:
    """The rows, unless they end before those that the run has taken already."""
    number = 0
    for row in drive.each(rows):
        number += 1
        yield row
    taken = sum(run.counts.values())
    if number < taken:
        raise JournalError(
            f"Run {run.id} had taken {counted(taken, 'row')}, and now there are only {number:,}. "
            "Hand over the same rows to go on."
        )


def _refuse_if_changed(run: Run, source: Source) -> None:
    path = _file_there(source.path, f"Run {run.id} reads it")
    now = fingerprint(path)
    if now.sha256 == source.sha256:
        return
    size = (
        f"it had {counted(source.size, 'byte')} and has {counted(now.size, 'byte')}"
        if now.size != source.size
        else "it has the same size and other content"
    )
    raise JournalError(
        f"{path} was changed since run {run.id} began: {size}. Put the old file back to go on; or "
        "import the new one, with a key so that no row comes twice."
    )


def _file_there(name: str, why: str) -> Path:
    path = Path(name)
    if not path.exists():
        raise JournalError(f"{path} is not there any more. {why}.")
    return path
