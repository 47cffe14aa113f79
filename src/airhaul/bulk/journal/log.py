"""The log of one run: intents before they are sent, outcomes after."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from airhaul.bulk.journal.codec import PackedOutcome, pack, pack_changes, pack_outcome
from airhaul.bulk.journal.format import READ_ERRORS, connect, seal
from airhaul.bulk.journal.last_intent import LastIntent
from airhaul.bulk.journal.runs import Asked, RunState
from airhaul.bulk.results.outcomes import State
from airhaul.bulk.rows.changes import Chunk
from airhaul.caller import seen_from_here
from airhaul.errors import AirhaulError, JournalError
from airhaul.messages import Message, Method

if TYPE_CHECKING:
    from filelock import BaseFileLock

_MOST_PENDING: Final = 2_000
_FLUSH_S: Final = 1.0
_MOST_AHEAD: Final = 64
# A group of intents that is sent in less time than this was too small for a synchronised write.
_QUICK_S: Final = 0.05


def utc_now() -> str:
    """Return the current time as the journal stores it; for people, never for decisions."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class RunLog:
    """The log of one run, while this process works on it.

    An intent is durable before its request may be sent. Intents are written in groups that grow
    while requests are sent fast, which keeps the cost low at any speed; at Airtable's pace each is
    written by itself. Outcomes are written with the next intents, at the latest a second later: if
    some are lost, a search finds out what was written.

    Args:
        path: The journal.
        number: The run's number in it.
        id: The run's id.
        asked: What it is asked to do.
        lock: Held until the run ends.
        last_intent: The number of the last intent so far.
        last_outcome: The number of the last group of outcomes.
    """

    def __init__(
        self,
        path: Path,
        number: int,
        id: str,
        asked: Asked,
        lock: BaseFileLock,
        *,
        last_intent: int = 0,
        last_outcome: int = 0,
    ) -> None:
        self.id = id
        self.asked = asked
        self.path = path
        self._number = number
        self._lock = lock
        self._connection = connect(path)
        try:
            self._last_intent = LastIntent(path, id, last_intent)
        except OSError as error:
            self._connection.close()
            raise self.full(error) from None
        self._intents = last_intent
        self._outcomes = last_outcome
        self._pending: list[PackedOutcome] = []
        self._requests: list[tuple[int, str, int, float]] = []
        self._flushed_at = 0.0
        self._intended_at: float | None = None
        self.ahead = 1
        """How many chunks to write as intents in one group, at the current speed."""
        self.server_time: Callable[[float], datetime] | None = None
        """Returns the earliest time that the service's clock can show at a time of ours."""

    def intend(self, chunks: Sequence[Chunk[Any]], now: float) -> None:
        """Record what will be sent next, before it is sent.

        Args:
            chunks: The next requests.
            now: In seconds on the run's clock.

        Raises:
            JournalError: It cannot be written; none of the requests may be sent.
        """
        self._pace_ahead(len(chunks), now)
        since = None if self.server_time is None else self.server_time(now).isoformat()
        with _Writing(self) as write:
            for chunk in chunks:
                self._intents += 1
                intent = (self._number, self._intents, chunk.kind, since, self._pack(chunk))
                write("INSERT INTO intents VALUES (?, ?, ?, ?, ?, ?)", (*intent, seal(*intent)))
            self._write_outcomes(write)
        # Not before: if they cannot be written, others get their numbers.
        for number, chunk in enumerate(chunks, self._intents - len(chunks) + 1):
            chunk.intent = number
        self._flushed_at = now

    def _pack(self, chunk: Chunk[Any]) -> bytes:
        return pack_changes(chunk.changes, as_given=self.asked.rejects is not None)

    def _pace_ahead(self, group: int, now: float) -> None:
        if self._intended_at is not None:
            if now - self._intended_at < _QUICK_S:
                self.ahead = min(2 * self.ahead, _MOST_AHEAD)
            elif now - self._intended_at > group:
                self.ahead = 1
        self._intended_at = now

    def settle(
        self,
        index: int,
        state: str,
        id: str | None,
        error: AirhaulError | None,
        request: int | None,
        note: str | None,
        row: object = None,
    ) -> None:
        """Record the outcome of a row; written with the next intents, or soon."""
        if state != "skipped":
            kept = row if self.asked.rejects is not None else None
            self._pending.append(pack_outcome(index, state, id, error, request, note, kept))

    def note_request(self, number: int, kind: str, rows: int, seconds: float, now: float) -> None:
        """Record how long a request took.

        Args:
            number: Which request of the run it is, from 1.
            kind: The kind of its changes.
            rows: How many rows it had.
            seconds: From its first sending to its settlement.
            now: In seconds on the run's clock.
        """
        self._requests.append((number, kind, rows, round(seconds, 3)))
        if len(self._pending) >= _MOST_PENDING or now - self._flushed_at > _FLUSH_S:
            self._flushed_at = now
            self.flush()

    def flush_if_many(self) -> None:
        """Write the records that are pending if they are many; errors as of ``flush``."""
        if len(self._pending) >= _MOST_PENDING:
            self.flush()

    def flush(self) -> None:
        """Write the records that are pending.

        Raises:
            JournalError: It cannot be written.
        """
        if self._pending or self._requests:
            with _Writing(self) as write:
                self._write_outcomes(write)

    @property
    def last_numbers(self) -> tuple[int, int, int]:
        """The numbers of the last intent and the last group of outcomes, and that of the run."""
        return self._intents, self._outcomes, self._number

    def note_last_intent(self) -> None:
        """Write the number of the last intent beside the journal, which has it by now.

        Raises:
            JournalError: It cannot be written.
        """
        try:
            self._last_intent.note(self._intents)
        except OSError as error:
            raise self.full(error) from None

    def _write_outcomes(self, write: Callable[[str, Sequence[Any]], object]) -> None:
        if not (self._pending or self._requests):
            return
        self._outcomes += 1
        rows, requests = pack(self._pending), pack(self._requests)
        outcomes = (self._number, self._outcomes, utc_now(), rows, requests)
        write("INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?)", (*outcomes, seal(*outcomes)))
        self._pending.clear()
        self._requests.clear()

    def finish(
        self,
        state: RunState,
        counts: Mapping[State, int],
        requests: int,
        seconds: float,
        error: str | None,
        not_carried_out: Sequence[Chunk[Any]] = (),
    ) -> None:
        """Record how the run ended, and let others work on it.

        Args:
            state: Its state.
            counts: How many rows are in each state.
            requests: How many requests were sent since it was begun or resumed.
            seconds: How long that took, in seconds.
            error: What ended it early, or None.
            not_carried_out: Requests whose intents are empty from now on: it is certain that they
                have written nothing.

        Raises:
            JournalError: It cannot be written; the run then counts as broken off.
        """
        try:
            self.flush()
            with _Writing(self) as write:
                for chunk in not_carried_out:
                    self._empty(chunk, write)
                write(
                    "UPDATE runs SET state = ?, ended = ?, requests = requests + ?, "
                    "seconds = seconds + ?, counts = ?, error = ? WHERE number = ?",
                    (
                        state,
                        utc_now(),
                        requests,
                        seconds,
                        json.dumps(counts),
                        error,
                        self._number,
                    ),
                )
            self._last_intent.close(delete=self._is_in_main_file())
        finally:
            self.release()

    def _empty(self, chunk: Chunk[Any], write: Callable[[str, Sequence[Any]], object]) -> None:
        """Leave an intent without rows, in its place: a number that is missing means damage."""
        place = self._number, chunk.intent
        ((kind, since),) = self._connection.execute(
            "SELECT kind, since FROM intents WHERE run = ? AND number = ?", place
        )
        rows = self._pack(replace(chunk, changes=[]))
        sealed = seal(*place, kind, since, rows)
        statement = "UPDATE intents SET rows = ?, seal = ? WHERE run = ? AND number = ?"
        write(statement, (rows, sealed, *place))

    def _is_in_main_file(self) -> bool:
        """Move all from the write-ahead log, unless others use it, and return whether it was."""
        try:
            self._connection.execute("PRAGMA busy_timeout = 0")
            ((is_busy, *_),) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except READ_ERRORS:
            return False
        return not is_busy

    def release(self) -> None:
        """Close the journal, and let others work on the run."""
        self._connection.close()
        self._last_intent.close()
        Path(self._lock.lock_file).unlink(missing_ok=True)
        self._lock.release()

    def full(self, error: Exception) -> JournalError:
        """Make the error for a journal that cannot be written."""
        return JournalError(
            Message(
                f"The journal {seen_from_here(self.path)} cannot be written: {error}. Nothing "
                "more was sent. Free some disk space, and then: ",
                Method("resume", self.id),
            )
        )


class _Writing:
    """One transaction of a log, synchronised when it ends.

    One that is rolled back takes back the numbers that it gave, which the next one would write.
    """

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self._connection: sqlite3.Connection = log._connection
        self._before = log._intents, log._outcomes

    def __enter__(self) -> Callable[[str, Sequence[Any]], object]:
        self._run("BEGIN IMMEDIATE")
        return self._run

    def _run(self, statement: str, values: Sequence[Any] = ()) -> None:
        try:
            with closing(self._connection.cursor()) as cursor:
                cursor.execute(statement, values)
        except READ_ERRORS as error:
            self._roll_back()
            raise self._log.full(error) from None

    def _roll_back(self) -> None:
        self._log._intents, self._log._outcomes = self._before
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            last = self._log.last_numbers
            self._run("UPDATE runs SET last_intent = ?, last_outcome = ? WHERE number = ?", last)
            self._run("COMMIT")
            self._log.note_last_intent()
        else:
            self._roll_back()
