"""Faults on demand: which requests go wrong, and in which way.

A fault comes before its request is carried out, or after. The client cannot tell which, but what
the base holds then is not the same.
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
    """A way in which requests go wrong, and which do.

    Args:
        kind: What happens.
        at: It happens to this one of the requests that fit, counted from 1.
        probability: Or to this share of them, from 0 to 1.
        method: Only requests of this HTTP method fit.
        path: Only requests fit whose path holds this text, percent-encoded.
        times: How often it happens at most; None for any number.
        retry_after_s: The seconds to wait that a 503 and ``429-retry-after`` name.

    Raises:
        ConfigurationError: There is no such fault.
    """

    kind: FaultKind
    at: int | None = None
    probability: float = 0.0
    method: str | None = None
    path: str | None = None
    times: int | None = None
    retry_after_s: float = 1.0

    def __post_init__(self) -> None:
        """Look whether there can be such a fault."""
        if self.kind not in KINDS:
            raise ConfigurationError(
                f"{self.kind!r} is no kind of fault; there are {', '.join(KINDS)}."
            )
        if self.method is not None and self.method not in METHODS:
            raise ConfigurationError(
                f"{self.method!r} is no method of a fault; there are {', '.join(METHODS)}."
            )
        if not 0 <= self.probability <= 1:
            raise ConfigurationError(f"A probability is from 0 to 1, not {self.probability:g}.")
        if self.at is not None and (self.at < 1 or self.probability):
            raise ConfigurationError(
                "A fault happens at the N-th request, counted from 1, or to a share of all; "
                f"got {self.at} and {self.probability:g}."
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a fault from a command line.

        Args:
            text: A kind and where it happens, as ``503-after@3`` or ``close-after:0.05``; with a
                method before it, as ``POST close-after@1``, if only its requests fit; after it how
                often at most and a part of the path, as ``502-before:1 x3 /Contacts``.

        Raises:
            ConfigurationError: It is no fault.
        """
        found = _TEXT.fullmatch(text.strip())
        if found is None:
            raise ConfigurationError(
                f"{text!r} is no fault. Write KIND@N for the N-th request or KIND:P for a share of "
                "all, and perhaps a method before it: 503-after@3, close-after:0.05, "
                f"'POST close-before@1'. There are {', '.join(KINDS)}."
            )
        method, kind, at, probability, times, path = found.groups()
        return cls(
            cast("FaultKind", kind),  # looked at when it is made
            at=None if at is None else int(at),
            probability=float(probability or 0),
            method=method.upper() if method else None,
            path=path,
            times=None if times is None else int(times),
        )

    def __str__(self) -> str:
        """The fault as it is written on a command line."""
        method = f"{self.method} " if self.method else ""
        share = f"{self.probability:.9f}".rstrip("0").rstrip(".")
        when = f":{share}" if self.at is None else f"@{self.at}"
        times = "" if self.times is None else f" x{self.times}"
        path = f" {self.path}" if self.path else ""
        return f"{method}{self.kind}{when}{times}{path}"

    @property
    def is_carried_out(self) -> bool:
        """Whether the request is carried out all the same."""
        return self.kind in _CARRIED_OUT

    def fits(self, request: Request) -> bool:
        """Whether it can happen to a request."""
        if self.method not in (None, request.method):
            return False
        if self.path is not None and self.path not in request.path:
            return False
        if self.kind == "iterator-lost":
            return request.list_offset is not None
        return self.kind != "quota" or request.is_data


class Faults:
    """Faults that happen together; the same ones for the same requests and the same seed.

    Args:
        faults: The faults, or their texts. Where several are due, the first of them happens.
        seed: What chance begins with.

    Raises:
        ConfigurationError: A text is no fault.
    """

    def __init__(self, *faults: Fault | str, seed: int = 0) -> None:
        self.injected: Counter[str] = Counter()
        self._seed = seed
        self._triggers = [
            _Trigger(Fault.parse(fault) if isinstance(fault, str) else fault, f"{seed} {place}")
            for place, fault in enumerate(faults)
        ]

    def happened(self) -> list[tuple[Fault, int]]:
        """Each fault, in order, and how often it has happened."""
        return [(due.fault, due.happened) for due in self._triggers]

    def changed(self, texts: Iterable[str]) -> Faults:
        """Make other faults of these; those that stay go on counting where they are.

        Args:
            texts: All the faults there shall be, each as ``Fault.parse`` reads it.

        Raises:
            ConfigurationError: One of them is no fault.
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
        """Say what happens to the request that comes next, if anything does.

        Args:
            request: The request.
        """
        # Each looks at every request, so that no fault shifts another's count or chance.
        due = [due for due in self._triggers if due.fires_for(request)]
        if not due:
            return None
        due[0].happened += 1
        self.injected[due[0].fault.kind] += 1
        return due[0].fault


class _Trigger:
    """When a fault is due."""

    def __init__(self, fault: Fault, seed: str) -> None:
        self.fault = fault
        self.happened = 0
        self._seen = 0
        self._random = Random(seed)  # noqa: S311 - chance that can be repeated is what is wanted

    def fires_for(self, request: Request) -> bool:
        """Count a request that fits, and say whether the fault is due now."""
        fault = self.fault
        if not fault.fits(request):
            return False
        self._seen += 1
        is_hit = self._random.random() < fault.probability
        if fault.times is not None and self.happened >= fault.times:
            return False
        return is_hit if fault.at is None else self._seen == fault.at
