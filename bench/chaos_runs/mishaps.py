"""What goes wrong in a run: faults of the service, and calls that are broken off from outside."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, Self

from airhaul.local_base.gate.faults import KINDS, Fault, Faults
from airhaul.local_base.protocol.request import Request
from chaos_runs.seen import OUR_TOKEN


class FaultsForUs(Faults):
    """Faults that happen to the call that is checked, and to nobody else."""

    def next_for(self, request: Request) -> Fault | None:
        """Say what happens to a request."""
        return super().next_for(request) if request.token == OUR_TOKEN else None


def some_faults(chance: Random, seed: int) -> Faults:
    """Choose what goes wrong in the service."""
    faults = [_some_fault(chance) for _ in range(chance.choice([0, 1, 2, 3, 4, 5]))]
    return FaultsForUs(*faults, seed=seed)


def _some_fault(chance: Random) -> Fault:
    """A fault that happens by chance, at the very N-th request, or for a while altogether."""
    kind = chance.choice(KINDS)
    if kind == "quota" and chance.random() < 0.5:
        kind = "timeout-after"  # it ends a call for good
    if kind == "iterator-lost":
        return Fault(kind, probability=0.7, times=chance.randint(1, 3))
    method = chance.choice([None, None, None, "GET", "POST", "PATCH", "DELETE"])
    retry_after_s = chance.choice([0.0, 0.0, 0.0, 1.0])
    way = chance.random()
    if way < 0.4:
        return Fault(kind, at=chance.randint(1, 14), method=method, retry_after_s=retry_after_s)
    return Fault(
        kind,
        probability=chance.choice([0.1, 0.3, 0.6]) if way < 0.9 else 1.0,
        method=method,
        times=chance.randint(1, 8 if kind.startswith("timeout") else 20),
        retry_after_s=retry_after_s,
    )


class InterruptionError(Exception):
    """What the caller's own code raises in the middle of a call."""


@dataclass
class Break:
    """How a call is broken off from outside, if it is.

    Args:
        at_event: The event at which the caller's callback raises, or None.
        error: What it raises.
        cancel_after_s: When the task is cancelled, or None.
    """

    at_event: int | None = None
    error: BaseException | None = None
    cancel_after_s: float | None = None

    @classmethod
    def some(cls, chance: Random, *, is_async: bool, is_likely: bool) -> Self:
        """Choose; most calls come to their own end."""
        if chance.random() > (0.4 if is_likely else 0.12):
            return cls()
        is_first = chance.random() < 0.5
        if is_async and is_first:
            return cls(cancel_after_s=chance.uniform(0.0, 1.5))
        error = InterruptionError() if is_async or is_first else KeyboardInterrupt()
        return cls(at_event=chance.randint(1, 12), error=error)

    @property
    def is_one(self) -> bool:
        """Whether it happens."""
        return self.at_event is not None or self.cancel_after_s is not None

    def options(self) -> dict[str, Any]:
        """The options of the call that make it happen."""
        if self.at_event is None:
            return {}
        left = self.at_event

        def count(_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                assert self.error is not None
                raise self.error

        return {"on_event": count}
