"""The journal itself: begin, find and resume runs, and drop old ones."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from airhaul.bulk.journal.codec import pack_changes, unpack
from airhaul.bulk.journal.format import connect, opened, seal
from airhaul.bulk.journal.last_intent import forget, last_intents
from airhaul.bulk.journal.log import RunLog, utc_now
from airhaul.bulk.journal.runs import Asked, Run, RunState, new_run_id
from airhaul.bulk.results.outcomes import State
from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.caller import seen_from_here
from airhaul.errors import JournalError
from airhaul.messages import Message, Method

if TYPE_CHECKING:
    from filelock import BaseFileLock

_COPIED_AT_ONCE = 500


def _copy(
    connection: sqlite3.Connection,
    number: int,
    rows: Iterable[Change[Any] | InvalidRow],
    *,
    as_given: bool,
) -> None:
    left = iter(rows)
    while some := list(islice(left, _COPIED_AT_ONCE)):
        copy = (number, some[0].index, pack_changes(some, as_given=as_given))
        connection.execute("INSERT INTO copies VALUES (?, ?, ?, ?)", (*copy, seal(*copy)))


class Journal:
    """The file that records runs. Several processes may share it.

    Args:
        path: The file; created if it does not exist.

    Raises:
        JournalError: It is not a journal, is damaged, or cannot be opened.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        connect(self.path).close()

    def begin(
        self,
        asked: Asked,
        rows: Iterable[Change[Any] | InvalidRow] = (),
        run_id: str | None = None,
    ) -> RunLog:
        """Begin a run.

        Args:
            asked: What it is asked to do.
            rows: The rows to copy into the journal, so that it can be resumed without its caller.
            run_id: Its id, of ``new_run_id``; a new one if None.

        Raises:
            JournalError: The journal cannot be written; nothing may be sent.
        """
        id_ = run_id or new_run_id()
        lock = self._lock(id_)
        lock.acquire()
        try:
            with opened(self.path) as connection:
                # In one transaction: a run without its rows would seem to have none.
                connection.execute("BEGIN IMMEDIATE")
                what = (id_, json.dumps(asked.to_dict()), utc_now())
                cursor = connection.execute(
                    "INSERT INTO runs (id, asked, began, state, seal) VALUES (?, ?, ?, ?, ?)",
                    (*what, "running", seal(*what)),
                )
                number = cast("int", cursor.lastrowid)
                _copy(connection, number, rows, as_given=asked.rejects is not None)
                connection.execute("COMMIT")
            return RunLog(self.path, number, id_, asked, lock)
        except BaseException:
            Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()
            raise

    def resume(self, run: Run) -> RunLog:
        """Open a run again, to continue it.

        Args:
            run: The run.

        Raises:
            JournalError: Another process is working on it.
        """
        from filelock import Timeout

        lock = self._lock(run.id)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise JournalError(
                f"Another process is working on run {run.id}; wait for it, or end it first."
            ) from None
        try:
            with opened(self.path) as connection:
                number = self._number(run.id)
                written = last_intents(self.path)
                self._refuse_if_lost(connection, {run.id: written.get(run.id, 0)})
                connection.execute(
                    "UPDATE runs SET state = 'running', counts = NULL WHERE number = ?", (number,)
                )
                last_intent, last_outcome = connection.execute(
                    "SELECT last_intent, last_outcome FROM runs WHERE number = ?", (number,)
                ).fetchone()
            return RunLog(
                self.path,
                number,
                run.id,
                run.asked,
                lock,
                last_intent=last_intent,
                last_outcome=last_outcome,
            )
        except BaseException:
            lock.release()
            raise

    def note_rolled_back(self, run_id: str) -> None:
        """Record that a run that was killed in its rollback is rolled back by now."""
        with opened(self.path) as connection:
            connection.execute("UPDATE runs SET state = 'rolled back' WHERE id = ?", (run_id,))

    def _lock(self, run_id: str) -> BaseFileLock:
        from filelock import FileLock

        # The system releases it when its process ends, however it ends.
        return FileLock(f"{self.path}.{run_id}.lock", thread_local=False)

    @contextmanager
    def alone_with(self, run_id: str) -> Generator[None]:
        """Keep other processes from undoing or retrying a run until the end of the block.

        Args:
            run_id: The run.

        Raises:
            JournalError: Another process does so.
        """
        from filelock import Timeout

        lock = self._lock(f"{run_id}.again")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise JournalError(
                f"Another process is undoing or retrying run {run_id}; wait for it, or end it "
                "first."
            ) from None
        try:
            yield
        finally:
            Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()

    def _is_worked_on(self, run_id: str) -> bool:
        from filelock import Timeout

        lock = self._lock(run_id)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False

    def runs(self, most: int | None = None) -> list[Run]:
        """Return the runs, the latest first.

        Args:
            most: The largest number to return; None for all.
        """
        written = last_intents(self.path)
        with opened(self.path) as connection:
            self._refuse_if_lost(connection, written)
            rows = connection.execute(
                "SELECT * FROM runs ORDER BY number DESC LIMIT ?", (-1 if most is None else most,)
            ).fetchall()
        return [self._run(row) for row in rows]

    def run(self, run_id: str | None = None) -> Run:
        """Find a run.

        Args:
            run_id: Its id, or the beginning of it; the latest run if None.

        Raises:
            JournalError: There is none, or several begin with ``run_id``.
        """
        beginning = run_id or ""
        written = last_intents(self.path)
        with opened(self.path) as connection:
            self._refuse_if_lost(
                connection,
                {id_: last for id_, last in written.items() if id_.startswith(beginning)},
            )
            rows = connection.execute(
                "SELECT * FROM runs WHERE substr(id, 1, length(?)) = ? "
                "ORDER BY number DESC LIMIT 2",
                (beginning, beginning),
            ).fetchall()
        if not rows:
            if run_id is None:
                raise JournalError(f"The journal {seen_from_here(self.path)} has no runs yet.")
            raise JournalError(
                Message(
                    f"The journal {seen_from_here(self.path)} has no run {run_id!r}; ",
                    Method("runs"),
                    " lists them.",
                )
            )
        if len(rows) > 1 and run_id is not None and rows[0][1] != run_id:
            raise JournalError(f"Several runs begin with {run_id!r}; give more of the id.")
        return self._run(rows[0])

    def _run(self, row: tuple[Any, ...]) -> Run:
        number, id_, asked, began, ended, state, requests, seconds, counts, error, *_, sealed = row
        if seal(id_, asked, began) != sealed or state not in get_args(RunState):
            raise self.damaged(id_)
        if state == "running" and not self._is_worked_on(id_):
            state = "broken off"
        try:
            return Run(
                id_,
                Asked.from_dict(json.loads(asked)),
                cast("RunState", state),
                datetime.fromisoformat(began),
                None if ended is None else datetime.fromisoformat(ended),
                self._counts(number) if counts is None else json.loads(counts),
                requests,
                seconds,
                error,
            )
        except (KeyError, TypeError, ValueError):
            raise self.damaged(id_) from None

    def _refuse_if_lost(self, connection: sqlite3.Connection, written: Mapping[str, int]) -> None:
        """Refuse a journal that has lost what it was given.

        Args:
            connection: The journal.
            written: The number of the last intent of some runs, as it was before; a process that
                works on a run may have written more by now.

        Raises:
            JournalError: A run is missing, or its last intents are.
        """
        for run_id, last in written.items():
            query = "SELECT 1 FROM runs WHERE id = ? AND last_intent >= ?"
            is_whole = connection.execute(query, (run_id, last)).fetchone() is not None
            # Unless it was dropped meanwhile.
            if not is_whole and run_id in last_intents(self.path):
                raise self.damaged(run_id)

    def damaged(self, run_id: object) -> JournalError:
        """Make the error for a run of which something was changed or is missing."""
        return JournalError(
            f"The journal {seen_from_here(self.path)} is damaged: what it has of run {run_id} was "
            "changed or is missing, so the run can be neither resumed nor undone. Look at the "
            "table before you write these rows again, and move the journal away, with the files "
            "whose names begin with its name; airhaul then starts a new one."
        )

    def _counts(self, number: int) -> dict[State, int]:
        states: dict[int, State] = {}
        for rows, _, _ in self._outcomes(number):
            states |= {row[0]: row[1] for row in rows}
        return dict(Counter(states.values()))

    def outcomes(self, run: Run) -> Iterator[tuple[list[Any], list[Any], datetime]]:
        """Yield what was recorded about rows and requests, in order of time.

        Yields:
            Outcomes of rows, requests, and when they were recorded.
        """
        yield from self._outcomes(self._number(run.id))

    def _outcomes(self, number: int) -> Iterator[tuple[list[Any], list[Any], datetime]]:
        for _, at, rows, requests in self._rows_of(number, "outcomes"):
            yield unpack(rows), unpack(requests), datetime.fromisoformat(at)

    def intents(
        self, run: Run, *, latest_first: bool = False
    ) -> Iterator[tuple[int, str, str | None, bytes]]:
        """Yield the requests that were about to be sent, in that order.

        Args:
            run: The run.
            latest_first: Whether to reverse the order.

        Yields:
            The number, the kind, the earliest time it can have been sent by the service's clock,
            and the encoded rows.
        """
        number = self._number(run.id)
        yield from self._rows_of(number, "intents", latest_first=latest_first)

    def copies(self, run: Run) -> Iterator[bytes]:
        """Yield the encoded rows that were copied into the journal, in their order."""
        number = self._number(run.id)
        with opened(self.path) as connection:
            for first, rows, sealed in connection.execute(
                "SELECT first, rows, seal FROM copies WHERE run = ? ORDER BY first", (number,)
            ):
                if seal(number, first, rows) != sealed:
                    raise self.damaged(run.id)
                yield rows

    def _rows_of(
        self, number: int, table: Literal["intents", "outcomes"], *, latest_first: bool = False
    ) -> Iterator[Any]:
        """Yield what a run has in a table, without the run and the seal.

        Raises:
            JournalError: Something was changed, or is missing.
        """
        order = "DESC" if latest_first else "ASC"
        found = 0
        with opened(self.path) as connection:
            connection.execute("BEGIN")  # both as of one moment: another process may be writing
            last = f"SELECT id, last_{table[:-1]} FROM runs WHERE number = ?"  # noqa: S608
            run_id, wanted = connection.execute(last, (number,)).fetchone() or (number, -1)
            every = f"SELECT * FROM {table} WHERE run = ? ORDER BY number {order}"  # noqa: S608
            for row in connection.execute(every, (number,)):
                found += 1
                if seal(*row[:-1]) != row[-1]:
                    raise self.damaged(run_id)
                yield row[1:-1]
        if found != wanted:
            raise self.damaged(run_id)

    def _number(self, run_id: str) -> int:
        with opened(self.path) as connection:
            query = "SELECT number FROM runs WHERE id = ?"
            row = connection.execute(query, (run_id,)).fetchone()
        if row is None:
            raise JournalError(
                f"The journal {seen_from_here(self.path)} no longer has run {run_id!r}."
            )
        return int(row[0])

    def drop_older_than(self, moment: datetime) -> int:
        """Delete the runs that ended before a time, except those still running.

        Args:
            moment: The time.

        Returns:
            How many were deleted.
        """
        return self._drop([run for run in self.runs() if (run.ended or run.began) < moment])

    def drop_to_size(self, most_bytes: int) -> int:
        """Delete the oldest runs until the file is small enough, except those still running.

        Args:
            most_bytes: The largest size of the file, in bytes.

        Returns:
            How many were deleted.
        """
        dropped = 0
        for run in reversed(self.runs()):
            if self.path.stat().st_size <= most_bytes:
                break
            dropped += self._drop([run])
        return dropped

    def _drop(self, runs: list[Run]) -> int:
        old = [run.id for run in runs if run.state != "running"]
        for id_ in old:
            forget(self.path, id_)
        with opened(self.path) as connection:
            connection.executemany("DELETE FROM runs WHERE id = ?", [(id_,) for id_ in old])
            if old:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for id_ in old:
            Path(f"{self.path}.{id_}.lock").unlink(missing_ok=True)
        return len(old)
