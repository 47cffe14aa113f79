"""What a base has seen and holds, by which a run is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, cast

from chaos_runs.things import Cells

OUR_TOKEN: Final = "patOurs.x"  # noqa: S105 - any is taken
"""By this one a base knows the call that is checked."""

# How the kinds of faults begin that leave the sender of a request not knowing its fate.
_LOSING: Final = ("close", "timeout", "500", "502", "503", "truncated", "not-json")


class Asked(Protocol):
    """A request."""

    @property
    def method(self) -> str:
        """Its method."""
        ...

    @property
    def path(self) -> str:
        """Its path, percent-encoded."""
        ...

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The names and values of its query, decoded."""
        ...

    @property
    def body(self) -> Any:
        """The JSON of its body; None without one."""
        ...

    @property
    def token(self) -> str | None:
        """Its token; None without one."""
        ...


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as the base saw it.

    Args:
        at: When, by the base's clock.
        request: The request.
        fault: The kind of fault that happened to it, or None.
        answer: The JSON of its answer, whether or not that went out; None if it was not carried
            out.
    """

    at: datetime
    request: Asked
    fault: str | None
    answer: Any

    @property
    def is_ours(self) -> bool:
        """Whether the call that is checked has sent it."""
        return self.request.token == OUR_TOKEN

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing."""
        return self.request.method == "GET" or self.request.path.endswith("/listRecords")

    @property
    def may_be_lost(self) -> bool:
        """Whether its sender cannot know that it was carried out."""
        return self.fault is not None and self.fault.startswith(_LOSING)

    @property
    def rows(self) -> list[Any]:
        """The rows that it holds."""
        body = self.request.body
        if self.is_read or not isinstance(body, dict):
            return []
        return cast("list[Any]", body.get("records", [body]))

    @property
    def record_ids(self) -> list[str]:
        """The ids of the records that it names."""
        named = [value for name, value in self.request.query if name == "records[]"]
        return named + [row["id"] for row in self.rows if "id" in row]

    @property
    def records(self) -> list[Any]:
        """The records that it was answered with."""
        if self.answer is None:
            return []
        return cast("list[Any]", self.answer.get("records", [self.answer]))

    @property
    def created(self) -> list[str]:
        """The ids of the records that it has created."""
        if self.answer is None or self.is_read or self.request.path.startswith("/v0/meta/"):
            return []
        if self.request.method == "POST":
            return [record["id"] for record in self.records]
        return cast("list[str]", self.answer.get("createdRecords", []))


class Base(Protocol):
    """A base that is written to, and remembers what it has really done."""

    seen: list[Seen]

    def write(self, rows: Sequence[Cells]) -> list[str]:
        """Create records, and say their ids."""
        ...

    def held(self) -> dict[str, Any]:
        """The records that the table holds, by id."""
        ...
