"""One cell of the matrix: what is asked for, and what goes wrong meanwhile."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from random import Random
from typing import Final, Literal, get_args

from chaos_runs.deeds import change, create, delete, replace
from chaos_runs.keyed_deeds import sync, upsert
from chaos_runs.seen import OUR_TOKEN, Base
from chaos_runs.start import Deed, Start
from plain_airtable.api import Asked
from plain_airtable.server import MISHAPS, Mishap, Plan

Course = Literal["once", "once, bad row", "often, bad row", "each write", "each request"]
"""Which requests a mishap happens to: the second write, every third request, each write from the
second on, or each request from then on; and whether one of the rows is refused."""

COURSES: Final[tuple[Course, ...]] = get_args(Course)
VERBS: Final = (
    "bulk_create",
    "bulk_update",
    "bulk_upsert",
    "bulk_delete",
    "bulk_replace",
    "sync",
)
POLICIES: Final = ("stop", "continue", "rollback")
_ROWS: Final = 25
_OFTEN: Final = 3


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix.

    Args:
        number: Which one; what is random in it begins with this.
        mishap: What goes wrong.
        verb: What is asked for.
        course: Which requests the mishap happens to.
        on_error: The policy.
        is_async: Whether the asynchronous client is asked.
        is_stream: Whether the rows are a generator instead of a list.
    """

    number: int
    mishap: Mishap
    verb: str
    course: Course
    on_error: str
    is_async: bool
    is_stream: bool

    def __str__(self) -> str:
        """Say in a line what it is."""
        face = "async" if self.is_async else "sync"
        shape = "a stream" if self.is_stream else "a list"
        return f"{self.verb}, {self.mishap} {self.course}, {self.on_error}, {face}, {shape}"

    def deed(self, base: Base) -> Deed:
        """Fill the table of a base, and return what is asked for."""
        start = Start(
            Random(self.number),  # noqa: S311 - it is to repeat
            base,
            self.on_error,
            is_async=self.is_async,
            is_stream=self.is_stream,
            size=_ROWS,
            bad=int("bad row" in self.course),
        )
        match self.verb:
            case "bulk_create":
                return create(start, "generator" if self.is_stream else "list")
            case "bulk_update":
                return change(start, "bulk_update")
            case "bulk_upsert":
                # One key that Airtable merges on, and one that it does not.
                return upsert(start, start.chance.choice(("email", "rank")))
            case "bulk_delete":
                return delete(start)
            case "bulk_replace":
                return replace(start)
            case _:
                return sync(start, delete_missing=True)

    def plan(self) -> Plan:
        """Return what decides which requests the mishap happens to."""
        requests = writes = 0

        def decide(asked: Asked) -> Mishap | None:
            nonlocal requests, writes
            if asked.token != OUR_TOKEN:
                return None
            requests += 1
            writes += not asked.is_read
            match self.course:
                case "once" | "once, bad row":
                    is_hit = not asked.is_read and writes == 2
                case "often, bad row":
                    is_hit = requests % _OFTEN == 0
                case "each write":
                    is_hit = not asked.is_read and writes >= 2
                case "each request":
                    is_hit = writes >= 2
            return self.mishap if is_hit else None

        return decide


def all_cells() -> list[Cell]:
    """Return every cell of the matrix."""
    kinds = itertools.product(MISHAPS, VERBS, COURSES, POLICIES, (False, True), (False, True))
    return [Cell(number, *kind) for number, kind in enumerate(kinds)]
