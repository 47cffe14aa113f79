"""How a local base is opened in this process, and how it behaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airhaul.drive.pace.paces import local_pace
from airhaul.drive.pace.shared import SharedPace

if TYPE_CHECKING:
    from typing import TypeAlias

    from airhaul.local_base.base import LocalBase
    from airhaul.local_base.gate.faults import Fault, Faults

    LocalFaults: TypeAlias = Faults | Iterable[Fault | str]


@dataclass(frozen=True, slots=True)
class LocalOptions:
    """How a local base behaves.

    Args:
        schema: A base to create in it: a file with the schema as the metadata API returns it, or
            its content.
        latency: How long to hold back each reply, in seconds.
        faults: What goes wrong, such as ``["503-before:0.05", "POST close-after@1"]``.
        requests_per_second: The rate limit of the base, which the client keeps to; None for no
            limit.
        monthly_quota: How many data requests are answered; None for no limit.
    """

    schema: str | Path | Mapping[str, Any] | None = None
    latency: float = 0.0
    faults: LocalFaults | None = None
    requests_per_second: int | None = None
    monthly_quota: int | None = None

    def open(self, path: str) -> LocalBase:
        """Open the base.

        Args:
            path: The file, or ``":memory:"``.

        Raises:
            ConfigurationError: The file is not a local base, or an option is invalid.
        """
        from airhaul.local_base.base import LocalBase

        return LocalBase.open(
            path,
            schema=self.schema,
            latency_s=self.latency,
            faults=self.faults,
            requests_per_second=self.requests_per_second,
            monthly_quota=self.monthly_quota,
        )

    def pace(self) -> SharedPace:
        """Make the pace for a client of this base."""
        return local_pace(self.requests_per_second)
