"""The policy for rows that cannot be written: ``on_error``, as one object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from airhaul.bulk.results.result import BulkResult
from airhaul.errors import AirhaulError, BulkError, BulkInterrupted, ConfigurationError
from airhaul.messages import Message, Option

OnError = Literal["stop", "continue", "rollback"]
"""``"stop"``: send nothing new after the first row that fails, and raise ``BulkError``.
``"continue"``: write all good rows, and list the others in the result.
``"rollback"``: undo what this call has written, and raise ``BulkError``."""

_MOST_LINES: Final = 10
# A service that loses so many requests in a row is down; trying all rows would take hours.
_MOST_OUTAGES: Final = 3


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy of a bulk call for rows that cannot be written.

    Args:
        name: As users write it.
        checks_first: Whether the rows of a list are all validated before the first request, and
            none is sent if one of them is not valid.
        stops: Whether nothing new is sent once a row has failed, and the call raises.
        splits: Whether a refused batch is split until its bad rows are found, so that the others
            are written.
        rolls_back: Whether what was written is undone once a row has failed.
    """

    name: OnError
    checks_first: bool = True
    stops: bool = True
    splits: bool = False
    rolls_back: bool = False

    @classmethod
    def of(cls, on_error: object) -> Policy:
        """Find a policy by its name.

        Raises:
            ConfigurationError: There is no such policy.
        """
        if not isinstance(on_error, str) or on_error not in _POLICIES:
            known = ", ".join(f'"{name}"' for name in get_args(OnError))
            if not isinstance(on_error, str):
                raise ConfigurationError(f"on_error is {on_error!r}; expected one of {known}.")
            raise ConfigurationError(
                Message(Option("on_error", on_error), f" does not exist; expected one of {known}.")
            )
        return _POLICIES[on_error]

    def raise_if_failed(self, result: BulkResult[Any], ended_by: AirhaulError | None) -> None:
        """Raise when the policy asks for it.

        Args:
            result: The outcome of each row.
            ended_by: What ended the call before its last row, if anything did.

        Raises:
            BulkError: Not every row was written; its ``result`` has the outcome of each.
        """
        if result.is_complete or not (self.stops or ended_by):
            return
        failed = result.errors
        cause = ended_by or (failed[0].error if failed else None)
        if cause is None:
            cause = next((row.error for row in result.outcomes if row.error is not None), None)
        message = _message(self._heading(result), result, cause)
        raise BulkError(message, result=result) from cause

    def _heading(self, result: BulkResult[Any]) -> str:
        if not self.rolls_back:
            return "Stopped" if self.stops else "Ended early"
        left = {"created", "updated", "deleted", "unknown"} & set(result.counts())
        return "Rolled back in part" if left else "Rolled back"


_POLICIES: Final[dict[str, Policy]] = {
    policy.name: policy
    for policy in (
        Policy("stop"),
        Policy("continue", checks_first=False, stops=False, splits=True),
        Policy("rollback", rolls_back=True),
    )
}


class StopSwitch:
    """A switch that is true once nothing new may be sent.

    Args:
        policy: What to do about rows that cannot be written.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._stopped = False
        self._outages = 0
        self.ended_by: AirhaulError | None = None

    def __bool__(self) -> bool:
        return self._stopped

    def stop(self) -> None:
        """Stop because the caller asks for it."""
        self._stopped = True

    def end(self, error: AirhaulError) -> None:
        """Stop, whatever the policy is, since what failed would fail again."""
        self._stopped = True
        self.ended_by = self.ended_by or error

    def note_failure(self) -> None:
        """Record that a row was not written."""
        if self._policy.stops:
            self._stopped = True

    def note_unknown(self, error: AirhaulError) -> None:
        """Record that the outcome of rows is unknown."""
        if self._policy.stops:
            self.end(error)

    def note_outage(self, error: AirhaulError) -> None:
        """Record that a write was not carried out in any of its tries."""
        self._outages += 1
        if self._policy.stops or self._outages >= _MOST_OUTAGES:
            self.end(error)

    def note_answer(self) -> None:
        """Record that a write was answered; reads may go well while every write fails."""
        self._outages = 0


def interrupted(result: BulkResult[Any]) -> BulkInterrupted:
    """Make the error for Ctrl-C, after what was in flight has landed."""
    return BulkInterrupted(_message("Interrupted", result, None), result=result)


def _message(what: str, result: BulkResult[Any], cause: AirhaulError | None) -> str:
    counts = result.counts()
    figures = ", ".join(f"{number:,} {state}" for state, number in counts.items()) or "no rows"
    lines = result.explain(brief=True)
    if cause is not None and not any(str(cause) in line for line in lines[:_MOST_LINES]):
        lines.insert(0, cause.message)  # the cause comes first, however many rows it cost
    more = len(lines) - _MOST_LINES
    return Message.of_lines(
        [f"{what}: {figures}.", *lines[:_MOST_LINES], *([f"and {more} more"] if more > 0 else [])]
    )
