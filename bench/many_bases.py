"""How long many bases take, on a simulated clock, with the pace that airhaul really keeps.

    python bench/many_bases.py [--bases 10000] [--records 10000] [--latency 0.25] [--simulate 100]

Each task reads one base after the other, page after page, or writes ten records after ten. All
tasks of a token share its limit of 50 requests a second, and each base has its own of 5. Only so
many bases of each token are simulated; all take the same time, so the others follow from these.
"""

from __future__ import annotations

import argparse
import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from rich.console import Console
from rich.table import Table

from airhaul.bulk.engine.pacer import Pacer, Window
from airhaul.bulk.engine.slots import Slot, Slots
from airhaul.wire.limits import (
    RECORDS_PER_PAGE,
    RECORDS_PER_WRITE,
    REQUESTS_PER_SECOND_PER_BASE,
    REQUESTS_PER_SECOND_PER_TOKEN,
)

_TASKS: Final = (1, 2, 5, 10, 15, 20, 40)
_TOKENS: Final = (1, 2, 5, 10, 20)


@dataclass
class Done:
    """What a simulation showed.

    Args:
        seconds: How long the requests took.
        left: When each left, by base.
    """

    seconds: float
    left: list[list[float]]

    @property
    def requests(self) -> int:
        """How many requests left."""
        return sum(map(len, self.left))

    def share_of_token(self) -> float:
        """The share of the token's limit that was used."""
        return self.requests / self.seconds / REQUESTS_PER_SECOND_PER_TOKEN

    def most_in_a_second(self) -> tuple[int, int]:
        """The most requests that left within a second: for one base, and for the token."""
        every = sorted(time for times in self.left for time in times)
        return max(map(_most, self.left)), _most(every)


@dataclass
class _Task:
    """Works on one base at a time: a request, its reply, the next request."""

    base: int
    pacer: Pacer
    requests: int
    slot: Slot = field(default_factory=Slot)
    is_in_flight: bool = False


def simulate(bases: int, requests: int, tasks: int, latency_s: float) -> Done:
    """Let some tasks share one token.

    Args:
        bases: How many bases there are.
        requests: How many requests each of them takes, one after the other.
        tasks: How many bases are worked on at the same time.
        latency_s: How long a reply takes, in seconds.
    """
    token = Slots()
    left: list[list[float]] = [[] for _ in range(bases)]
    waiting = iter(range(bases))

    def begin() -> _Task | None:
        base = next(waiting, None)
        if base is None:
            return None
        windows = [
            Window(REQUESTS_PER_SECOND_PER_BASE),
            Window(REQUESTS_PER_SECOND_PER_TOKEN, token),
        ]
        return _Task(base, Pacer(windows), requests)

    now = 0.0
    due = [(now, place, task) for place in range(tasks) if (task := begin()) is not None]
    while due:
        now, place, task = heapq.heappop(due)
        if task.is_in_flight:
            task.pacer.answered(task.slot, now, with_success=True)
            task.requests -= 1
            following = task if task.requests else begin()
            if following is None:
                continue
            following.slot, following.is_in_flight = Slot(), False
            task = following
        ask_at = task.pacer.hand_over(task.slot, now)
        if ask_at <= now:
            ask_at = task.pacer.leave(task.slot, now)
        if ask_at > now:
            heapq.heappush(due, (ask_at, place, task))
            continue
        task.pacer.written(task.slot, now)
        task.is_in_flight = True
        left[task.base].append(now)
        heapq.heappush(due, (now + latency_s, place, task))
    return Done(now, left)


def _most(times: Sequence[float]) -> int:
    first, most = 0, 0
    for last, time in enumerate(times):
        while time - times[first] >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bases", type=int, default=10_000)
    parser.add_argument("--records", type=int, default=10_000, help="in each base")
    parser.add_argument("--latency", type=float, default=0.25, help="of a reply, in seconds")
    parser.add_argument("--simulate", type=int, default=100, help="bases that are simulated")
    asked = parser.parse_args()
    pages = math.ceil(asked.records / RECORDS_PER_PAGE)
    writes = math.ceil(asked.records / RECORDS_PER_WRITE)
    console = Console(width=100)

    shares: dict[int, float] = {}
    table = Table("bases at the same time", "of the token's limit", "most in 1 s: base, token")
    for tasks in _TASKS:
        done = simulate(max(asked.simulate, 5 * tasks), pages, tasks, asked.latency)
        shares[tasks] = done.share_of_token()
        base, token = done.most_in_a_second()
        table.add_row(f"{tasks}", f"{shares[tasks]:.1%}", f"{base}, {token}")
    console.print(table)

    best = max(shares.values())
    enough = min(tasks for tasks, share in shares.items() if share > 0.98 * best)
    table = Table("tokens", "bases at the same time", "requests", "hours to read", "hours to write")
    for tokens in _TOKENS:
        rate = tokens * REQUESTS_PER_SECOND_PER_TOKEN * best
        hours = [asked.bases * requests / rate / 3_600 for requests in (pages, writes)]
        table.add_row(
            f"{tokens}",
            f"{tokens * enough}",
            f"{asked.bases * pages:,} and {asked.bases * writes:,}",
            *(f"{each:.2f}" for each in hours),
        )
    console.print(table)


if __name__ == "__main__":
    main()
