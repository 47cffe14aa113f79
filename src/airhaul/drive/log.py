"""What the drivers report to ``logging.getLogger("airhaul")``: requests, waits and retries.

No token, query or body gets there: a query may hold values of cells.
"""

from __future__ import annotations

import logging
from typing import Final

from airhaul.bulk.engine.events import Event, Restarted, Retrying
from airhaul.bulk.engine.job import Arrival
from airhaul.wire.call import Call, Reply

_LOGGER: Final = logging.getLogger("airhaul")
# A wait of up to a second is the pace itself.
_LONG_S: Final = 1.5


def log_request(call: Call, arrival: Arrival, seconds: float) -> None:
    """Report a request, at the level DEBUG.

    Args:
        call: What was sent.
        arrival: The reply, or the reason why there is none.
        seconds: How long that took.
    """
    status = arrival.status if isinstance(arrival, Reply) else type(arrival).__name__
    _LOGGER.debug("%s: %s in %.3f s", call, status, seconds)


class JobLog:
    """Reports the retries of one job as warnings, and its waits at the level INFO."""

    def __init__(self) -> None:
        self._last = ""
        self._waits_until = 0.0

    def note(self, event: Event) -> None:
        """Report a retry; any other event is ignored."""
        match event:
            case Retrying():
                # Requests in flight together fail together: one warning is enough.
                is_new = str(event) != self._last
                self._last = str(event)
                _LOGGER.log(logging.WARNING if is_new else logging.DEBUG, event.message)
            case Restarted():
                _LOGGER.info("The server has forgotten a list; reading it again from its start.")
            case _:
                pass

    def wait(self, until: float | None, now: float) -> None:
        """Report a wait that is longer than the pace makes it.

        Args:
            until: When it ends, in seconds on the job's clock; None if that is not known.
            now: The time on the same clock.
        """
        if until is not None and until - now >= _LONG_S and until != self._waits_until:
            self._waits_until = until
            _LOGGER.info("Waiting %.1f s before the next request.", until - now)
