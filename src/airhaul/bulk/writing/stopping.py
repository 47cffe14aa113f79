"""Whether a bulk call goes on after what has failed."""

from __future__ import annotations

from typing import Final

from airhaul.bulk.results.policy import OnError
from airhaul.errors import AirhaulError

# A service that loses so many requests in a row is down; asking on would take hours.
_MOST_OUTAGES: Final = 3


class StopSwitch:
    """True once nothing new may be sent.

    Args:
        on_error: What a row does that is not written.
    """

    def __init__(self, on_error: OnError) -> None:
        self._on_error: OnError = on_error
        self._stopped = False
        self._outages = 0
        self.ended_by: AirhaulError | None = None

    def __bool__(self) -> bool:
        return self._stopped

    def stop(self) -> None:
        """Stop, because that is asked for."""
        self._stopped = True

    def end(self, error: AirhaulError) -> None:
        """Stop, whatever the policy: what failed would fail again."""
        self._stopped = True
        self.ended_by = self.ended_by or error

    def note_failure(self) -> None:
        """Learn that a row is not written."""
        if self._on_error != "continue":
            self._stopped = True

    def note_unknown(self, error: AirhaulError) -> None:
        """Learn that it cannot be told what became of rows."""
        if self._on_error != "continue":
            self.end(error)

    def note_outage(self, error: AirhaulError) -> None:
        """Learn that the service was not reached, or did not answer, however often it was tried."""
        self._outages += 1
        if self._on_error != "continue" or self._outages >= _MOST_OUTAGES:
            self.end(error)

    def note_answer(self) -> None:
        """Learn that the service is there."""
        self._outages = 0
