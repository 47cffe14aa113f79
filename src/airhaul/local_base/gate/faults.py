"""Fault injection: which requests fail, and how.

A fault happens before its request is carried out, or after. The client cannot distinguish the two,
but the contents of the base differ.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Final, Literal, Self, cast, get_args

from airhaul.errors import ConfigurationError
from airhaul.local_base.protocol.request import Request

FaultKind = Literal[
    "close-before",
    "close-after",
    "timeout-before",
    "timeout-after",
    "500-before",
    "500-after",
    "502-before",
    "502-after",
    "503-before",
    "503-after",
    "429",
    "429-retry-after",
    "quota",
    "iterator-lost",
    "truncated",
    "not-json",
]

KINDS: Final[tuple[FaultKind, ...]] = get_args(FaultKind)
_CARRIED_OUT: Final = frozenset(
    {
        "close-after",
        "timeout-after",
        "500-after",
        "502-after",
        "503-after",
        "truncated",
        "not-json",
    }
)
METHODS: Final = ("GET", "POST", "PATCH", "PUT", "DELETE")
_TEXT: Final = re.compile(
    r"(?:(\w+) +)?([\w-]+)(?:@(\d+)|:(\d*\.?\d+))(?: +x(\d+))?(?: +(/\S*))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of failure, and the requests that it happens to.

    Args:
        kind: The kind of failure.
        at: It happens to this one of the matching requests, counted from 1.
        probability: Or to each matching request with this probability, from 0 to 1.
        method: Only requests with this HTTP method match.
        path: Only requests whose path contains this text match, percent-encoded.
        times: The highest number of times that it happens; None for any number.
        retry_after_s: The ``Retry-After`` of a 503 and of ``429-retry-after``, in seconds.

    Raises:
        ConfigurationError: An argument is invalid.
    """

    kind: FaultKind
    at: int | None = None
    probability: float = 0.0
    method: str | None = None
    path: str | None = None
    times: int | None = None
    retry_after_s: float = 1.0

    def __post_init__(self) -> None:
        """Validate the arguments."""
        if self.kind not in KINDS:
            raise ConfigurationError(
                f"{self.kind!r} is not a kind of fault; expected one of {', '.join(KINDS)}."
            )
        if self.method is not None and self.method not in METHODS:
            raise ConfigurationError(
                f"{self.method!r} is not an HTTP method; expected one of {', '.join(METHODS)}."
            )
        if not 0 <= self.probability <= 1:
            raise ConfigurationError(f"A probability is from 0 to 1, not {self.probability:g}.")
        if self.at is not None and (self.at < 1 or self.probability):
            raise ConfigurationError(
                "A fault happens either at the N-th request, counted from 1, or with a "
                f"probability; got {self.at} and {self.probability:g}."
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a fault as written on a command line.

        Args:
            text: A kind and when it happens, as in ``503-after@3`` or ``close-after:0.05``;
                optionally preceded by a method, as in ``POST close-after@1``, and followed by the
                highest number of times and a part of the path, as in ``502-before:1 x3 /Contacts``.

        Raises:
            ConfigurationError: The text does not describe a fault.
        """
        found = _TEXT.fullmatch(text.strip())
        if found is None:
            raise ConfigurationError(
                f"{text!r} is not a fault. Write KIND@N for the N-th request or KIND:P for a "
                "probability, optionally with a method first: 503-after@3, close-after:0.05, "
                f"'POST close-before@1'. The kinds are {', '.join(KINDS)}."
            )
        method, kind, at, probability, times, path = found.groups()
        return cls(
            cast("FaultKind", kind),  # validated by __post_init__
            at=None if at is None else int(at),
            probability=float(probability or 0),
            method=method.upper() if method else None,
            path=path,
            times=None if times is None else int(times),
        )

    def __str__(self) -> str:
        """Return the fault as written on a command line."""
        method = f"{self.method} " if self.method else ""
        share = f"{self.probability:.9f}".rstrip("0").rstrip(".")
        when = f":{share}" if self.at is None else f"@{self.at}"
        times = "" if self.times is None else f" x{self.times}"
        path = f" {self.path}" if self.path else ""
        return f"{method}{self.kind}{when}{times}{path}"

    @property
    def is_carried_out(self) -> bool:
        """Whether the request is carried out although the reply fails."""
        return self.kind in _CARRIED_OUT

    def fits(self, request: Request) -> bool:
        """Return whether a request matches."""
        if self.method not in (None, request.method):
            return False
        if self.path is not None and self.path not in request.path:
            return False
        if self.kind == "iterator-lost":
            return request.list_offset is not None
        return self.kind != "quota" or request.is_data


class Faults:
    """Several faults; the same requests and the same seed give the same failures.

    Args:
        faults: The faults, or their texts. If several are due, the first one happens.
        seed: The seed of the random numbers.

    Raises:
        ConfigurationError: A text does not describe a fault.
    """

    def __init__(self, *faults: Fault | str, seed: int = 0) -> None:
        self.injected: Counter[str] = Counter()
        self._seed = seed
        self._triggers = [
            _Trigger(Fault.parse(fault) if isinstance(fault, str) else fault, f"{seed} {place}")
            for place, fault in enumerate(faults)
        ]

    def happened(self) -> list[tuple[Fault, int]]:
        """Return the faults, in order, and how often each has happened."""
        return [(due.fault, due.happened) for due in self._triggers]

    def changed(self, texts: Iterable[str]) -> Faults:
        """Return a new set of faults; those that are in both sets keep their counts.

        Args:
            texts: The new faults, each as ``Fault.parse`` reads it.

        Raises:
            ConfigurationError: A text does not describe a fault.
        """
        staying: dict[str, _Trigger | None] = {str(due.fault): due for due in self._triggers}
        faults = Faults(seed=self._seed)
        faults.injected = self.injected
        faults._triggers = [
            staying.pop(text, None) or _Trigger(Fault.parse(text), f"{self._seed} {place}")
            for place, text in enumerate(texts)
        ]
        return faults

    def next_for(self, request: Request) -> Fault | None:
        """Count the next request, and return the fault that happens to it, if any.

        Args:
            request: The request.
        """
        # Every trigger sees every request, so that no fault shifts another's count or chance.
        due = [due for due in self._triggers if due.fires_for(request)]
        if not due:
            return None
        due[0].happened += 1
        self.injected[due[0].fault.kind] += 1
        return due[0].fault


class _Trigger:
    """Decides when a fault happens."""

    def __init__(self, fault: Fault, seed: str) -> None:
        self.fault = fault
        self.happened = 0
        self._seen = 0
        self._random = Random(seed)  # noqa: S311 - repeatable chance is wanted

    def fires_for(self, request: Request) -> bool:
        """Count a matching request, and return whether the fault is due."""
        fault = self.fault
        if not fault.fits(request):
            return False
        self._seen += 1
        is_hit = self._random.random() < fault.probability
        if fault.times is not None and self.happened >= fault.times:
            return False
        return is_hit if fault.at is None else self._seen == fault.at
