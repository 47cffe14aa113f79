"""A clock that goes when a test says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class Clock(Generic[T]):
    """Tells ``now``: seconds, or the date and time."""

    now: T

    def __call__(self) -> T:
        return self.now
