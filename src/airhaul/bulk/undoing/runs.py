"""Which runs of the journal may be resumed, undone or retried here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from airhaul.bulk.journal.effects import sent_without_outcome
from airhaul.bulk.journal.file import Journal
from airhaul.bulk.journal.recreated import undos_of
from airhaul.bulk.journal.runs import Run
from airhaul.bulk.rows.encoders import DeleteEncoder, Encoder, RowEncoder, upsert_encoder
from airhaul.bulk.rows.keys import Key
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.prefetch import Prefetch, PrefetchById, PrefetchByKey
from airhaul.caller import seen_from_here
from airhaul.errors import JournalError
from airhaul.messages import Message, Method, Option
from airhaul.model.base import RecordBase
from airhaul.model.columns import Columns, columns_of
from airhaul.wire.shapes import TableJson

_WRITTEN: Final = frozenset({"created", "updated", "deleted"})
_SENT: Final = frozenset({"created", "updated", "unknown"})
_KEYED_BY_LOOKUP: Final = ("bulk_upsert", "import_file", "retry")


@dataclass(frozen=True, slots=True)
class Place:
    """The service and base of a connection.

    Args:
        service: The service's root, or the local base's file.
        base_id: The base.
    """

    service: str
    base_id: str

    def has(self, run: Run) -> bool:
        """Whether a run was made here."""
        return (run.asked.service, run.asked.base_id) == (self.service, self.base_id)

    def check(self, run: Run) -> None:
        """Refuse a run that was made elsewhere.

        Raises:
            JournalError: It was made at another service, or in another base.
        """
        if run.asked.service != self.service:
            raise JournalError(
                f"Run {run.id} was made at {seen_from_here(run.asked.service)}, and this "
                f"connection goes to {seen_from_here(self.service)}."
            )
        if run.asked.base_id != self.base_id:
            raise JournalError(
                f"Run {run.id} was made in the base {run.asked.base_id}, and this connection goes "
                f"to {self.base_id}. Name that base."
            )


def run_to_resume(journal: Journal, run_id: str | None, place: Place) -> Run:
    """Find the run that is resumed.

    Args:
        journal: The journal.
        run_id: The run's id, or the beginning of it; the latest if None.
        place: The service and base of the connection.

    Raises:
        JournalError: There is no such run, it was made elsewhere, another process works on it, or
            its own policy has rolled it back.
    """
    run = journal.run(run_id)
    # The rollback of a run is a run of its own: that one is resumed.
    for other in undos_of(journal, run):
        if other.asked.verb == "rollback":
            run = replace(run, state="rolled back") if other.state == "done" else other
    place.check(run)
    if run.state == "running":
        raise JournalError(
            f"Another process is working on run {run.id}; wait for it, or end it first."
        )
    if run.state == "rolled back":
        raise JournalError(f"Run {run.id} was rolled back by its own policy; start it again.")
    return run


def run_to_undo(journal: Journal, run_id: str | None, place: Place) -> Run:
    """Find the run that is undone.

    Args:
        journal: The journal.
        run_id: The run's id, or the beginning of it; the latest that can be undone if None.
        place: The service and base of the connection.

    Raises:
        JournalError: There is no such run, it was made elsewhere, or a process works on it.
    """
    run = latest_to_undo(journal, place) if run_id is None else journal.run(run_id)
    place.check(run)
    if run.state == "running":
        raise JournalError(f"A process is still working on run {run.id}.")
    refuse_if_being_undone(journal, run)
    return run


def refuse_if_being_undone(journal: Journal, run: Run) -> None:
    """Refuse to undo a run that another process is undoing.

    Raises:
        JournalError: Another process is undoing it.
    """
    for undo in undos_of(journal, run):
        if undo.state == "running":
            raise JournalError(
                f"Another process is undoing run {run.id}, as run {undo.id}; wait for it, or end "
                "it first."
            )


def latest_to_undo(journal: Journal, place: Place | None = None) -> Run:
    """Find the latest run that has written something, and that no run has undone.

    A run that undoes another one is not found, so that a second undo goes further back; it is
    undone only if its id is given.

    Args:
        journal: The journal.
        place: Where the run was made; None for anywhere that is still there.

    Raises:
        JournalError: There is none.
    """
    runs = _runs_at(journal, place)
    known = {run.id: run for run in runs}
    undone = {run.asked.undoes for run in runs if run.state == "done"}
    left = {run.id for run in runs if _has_written(run) and run.id not in undone}
    for run in runs:
        # The records that were created for the links of a run are deleted when that is undone.
        if run.id in left and run.asked.links_of not in left and not _takes_back(run, known):
            return run
    here = "" if place is None else " in this base"
    raise JournalError(
        Message(f"No run has anything left to undo{here}; ", Method("runs"), " lists them.")
    )


def _runs_at(journal: Journal, place: Place | None) -> list[Run]:
    """Return the runs of a place, or of all services and of the local bases that still exist."""
    if place is not None:
        return [run for run in journal.runs() if place.has(run)]
    runs = journal.runs()
    services = {run.asked.service for run in runs}
    there = {
        service
        for service in services
        if service.startswith(("https://", "http://")) or Path(service).exists()
    }
    return [run for run in runs if run.asked.service in there]


def _has_written(run: Run) -> bool:
    return run.state == "running" or not run.counts.keys().isdisjoint(_WRITTEN)


def runs_for_links(journal: Journal, run: Run) -> list[Run]:
    """Return the runs that have created linked records for a run, and are not undone."""
    runs = journal.runs()
    undone = {other.asked.undoes for other in runs if other.state == "done"}
    return [
        other
        for other in runs
        if other.asked.links_of == run.id and other.id not in undone and _has_written(other)
    ]


def _takes_back(run: Run, known: Mapping[str, Run]) -> bool:
    """Whether a run undoes another one; the undo of an undo writes again what was undone."""
    if run.asked.undoes is None:
        return False
    undone = known.get(run.asked.undoes)
    return undone is None or not _takes_back(undone, known)


def run_to_retry(
    journal: Journal, run_id: str | None, place: Place, hash_of: Callable[[Path], str]
) -> tuple[Run, Path, Run | None]:
    """Find the run whose rejected rows are sent again.

    Args:
        journal: The journal.
        run_id: The run's id, or the beginning of it; the latest that can be retried if None.
        place: The service and base of the connection.
        hash_of: Returns the hash of a file, and raises if it does not exist.

    Returns:
        The run, the file of its rejected rows, and the earlier try to resume instead, if there is
        one.

    Raises:
        JournalError: There is no such run, it kept no file of rejected rows, another process is
            sending them, or the rows in the file would be in the table twice.
    """
    run = latest_to_retry(journal, place) if run_id is None else journal.run(run_id)
    place.check(run)
    path = rejects_of(run)
    tries = tries_of(journal, run)
    for other in tries:
        if other.state == "running":
            raise JournalError(
                f"Another process is sending the rejected rows of run {run.id} again, as run "
                f"{other.id}; wait for it, or end it first."
            )
    earlier = try_to_resume(tries, hash_of(path))
    if earlier is None and not run.asked.key:
        _refuse_to_double(journal, run, tries, path)
    return run, path, earlier


def rejects_of(run: Run) -> Path:
    """Return the file of a run's rejected rows.

    Raises:
        JournalError: It kept none, or was killed before the file was complete.
    """
    path = run.asked.rejects_file
    if path is None:
        raise JournalError(
            Message(
                f"Run {run.id} kept no file of rejected rows; set ",
                Option("rejects"),
                " to a file when you write the rows.",
            )
        )
    if run.state == "broken off":
        raise JournalError(
            Message(
                f"Run {run.id} did not finish, so the file of its rejected rows is not complete. "
                "First continue it: ",
                Method("resume", run.id),
            )
        )
    return path


def latest_to_retry(journal: Journal, place: Place | None = None) -> Run:
    """Find the latest run with a file of rejected rows that were not sent again.

    Args:
        journal: The journal.
        place: Where the run was made; None for anywhere that is still there.

    Raises:
        JournalError: There is none.
    """
    runs = _runs_at(journal, place)
    tries = [run for run in runs if not run.is_unfinished]
    sent = {run.asked.retries for run in tries if not run.counts.keys().isdisjoint(_SENT)}
    for run in runs:
        rejects = run.asked.rejects
        has_rejected = rejects is not None and "failed" in run.counts and Path(rejects).exists()
        if has_rejected and run.id not in sent:
            return run
    here = "" if place is None else " in this base"
    raise JournalError(
        Message(
            f"No run has rejected rows left to send again{here}. To keep them in a file, set ",
            Option("rejects"),
            " when you write the rows.",
        )
    )


def tries_of(journal: Journal, run: Run) -> list[Run]:
    """Return the runs that have sent the rejected rows of a run again, the latest first.

    Those that were undone since do not count.
    """
    runs = journal.runs()
    undone = {other.asked.undoes for other in runs if other.state == "done"}
    return [other for other in runs if other.asked.retries == run.id and other.id not in undone]


def try_to_resume(tries: Iterable[Run], sha256: str) -> Run | None:
    """Return the try of the same rows that did not finish, if there is one.

    Args:
        tries: What ``tries_of`` has returned.
        sha256: The hash of the file as it is now.
    """
    for other in tries:
        source = other.asked.source
        if other.is_unfinished and source is not None and source.sha256 == sha256:
            return other
    return None


def _refuse_to_double(journal: Journal, run: Run, tries: Iterable[Run], path: Path) -> None:
    """Refuse a file with rows that an earlier try has created, or may have created."""
    for other in tries:
        created = other.counts.get("created", 0)
        unknown = other.counts.get("unknown", 0) + sent_without_outcome(journal, other)
        if created or unknown:
            raise JournalError(
                Message(
                    f"Run {other.id} already sent the rejected rows of run {run.id} again "
                    f"({created:,} created, {unknown:,} unknown), so they would be created "
                    f"twice. Remove them from {path} and import the rest, or undo that run first: ",
                    Method("undo", other.id),
                    ".",
                )
            )


def refuse_another_table(run: Run, name: str, tables: list[TableJson]) -> None:
    """Refuse a model of another table than the run writes to; it may have been renamed since.

    Args:
        run: The run.
        name: The table of the model, by name or id.
        tables: The tables of the base.

    Raises:
        JournalError: The run writes to another table.
    """
    ids = {table["id"] for table in tables if name in (table["id"], table["name"])}
    for table in tables:
        if run.asked.table in (table["id"], table["name"]) and table["id"] not in ids:
            raise JournalError(
                f"Run {run.id} writes to the table {run.asked.table!r}, and the model is bound "
                f"to {name!r}."
            )


def refuse_other_names(run: Run, model: type[RecordBase]) -> None:
    """Refuse a model that names fields by ID for a run that does not, or the other way round.

    Raises:
        JournalError: The cells in the journal would be those of other columns.
    """
    if columns_of(model).are_ids != run.asked.field_ids:
        way = "by field ID" if run.asked.field_ids else "by name"
        raise JournalError(
            f"Run {run.id} names the fields of its table {way}, and {model.__name__} does not. "
            "Use the model with which the run was begun."
        )


def prefetch_of(run: Run, target: Target) -> Prefetch:
    """Return what to read of records before a resumed run changes them."""
    if target.key is not None and run.asked.verb in _KEYED_BY_LOOKUP:
        return PrefetchByKey(target.key, always=True)
    return PrefetchById()


def encoder_of(
    run: Run, model: type[RecordBase], key: Key | None, columns: Columns
) -> Encoder[RecordBase]:
    """Return the encoder of a resumed run whose rows are not in the journal.

    Args:
        run: The run.
        model: The model of its table.
        key: What identifies its rows, if anything does.
        columns: The model's columns by the names that the rows may use.
    """
    source = None if run.asked.source is None else run.asked.source.shown_name
    if run.asked.verb == "bulk_delete":
        return DeleteEncoder(model, source)
    encoder = RowEncoder(model, source, columns)
    if key is not None:
        encoder = upsert_encoder(model, key, source, columns)
    return encoder
