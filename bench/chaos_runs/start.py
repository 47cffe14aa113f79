"""What a run starts from: rows to be written, what of them is there before, and which are bad."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from airhaul.model.read import Reader
from chaos_runs.seen import Base
from chaos_runs.things import Cells, Thing, cells_of


@dataclass
class Row:
    """One row of a call, and what is to come of it.

    Args:
        given: What the call gets.
        target: The record that it is about; None for a new one.
        wanted: What the record holds if the row is written; None if it is deleted.
        refused: Whether it cannot be written.
    """

    given: Any
    target: str | None = None
    wanted: Cells | None = None
    refused: bool = False


@dataclass
class Deed:
    """What a run asks for.

    Args:
        rows: The rows.
        act: Makes the call on a table of either face, with options.
        key: The field that tells records, or None.
        deletes_missing: Whether what is not among the rows is deleted.
    """

    rows: list[Row]
    act: Callable[..., Any]
    key: str | None = None
    deletes_missing: bool = False


class Start:
    """Decides how many rows there are and which are bad, and fills the table before the call.

    Args:
        chance: Decides.
        base: The base.
        on_error: The policy.
        is_async: Whether rows may come from an asynchronous generator.
        is_stream: Whether rows come from a generator; by chance if None.
        size: How many rows there are; by chance if None.
        bad: How many of them cannot be written; by chance if None, and only then may two records
            have one key.
    """

    def __init__(
        self,
        chance: Random,
        base: Base,
        on_error: str,
        *,
        is_async: bool,
        is_stream: bool | None = None,
        size: int | None = None,
        bad: int | None = None,
    ) -> None:
        self.chance = chance
        self._base = base
        self._is_async = is_async
        self._is_stream = is_stream
        self.size = size or chance.randint(1, chance.choice([1, 5, 30, 120, 300, 300]))
        # Whether two records have one key, so that it does not tell which one a row is.
        self.has_twins = bad is None and chance.random() < 0.1
        # The places of the rows that cannot be written. They are late if they end the call, so that
        # there is something written by then, and to be taken back.
        number = chance.choice([0, 0, 0, 0, 1, 2, 5]) if bad is None else bad
        first = 0 if on_error == "continue" else self.size // 2
        self.bad = {chance.randrange(first, self.size) for _ in range(number)}

    def write(self, rows: Sequence[Cells]) -> dict[str, Cells]:
        """Write records, and say what each holds, by id."""
        return dict(zip(self._base.write(rows), rows, strict=True))

    def write_numbered(self, count: int) -> dict[str, Cells]:
        """Write the things of the first numbers, and say what each holds, by id."""
        note = self.chance.choice(["", "old"])
        return self.write([cells_of(index, note=note) for index in range(count)])

    def things(self, there: Mapping[str, Cells]) -> list[Thing]:
        """Records of the table, as the caller has them."""
        held = self._base.held()
        records = [Reader(Thing).read(held[id_]) for id_ in there]
        return [record for record in records if record is not None]

    def kind(self, index: int, *good: str) -> str:
        """A kind for a row: one of some, or one that is refused if the row is bad."""
        return "none" if index in self.bad else self.chance.choice(good or ("plain", "fancy"))

    def new_cells(self, index: int, variety: int) -> Cells:
        """What a new record is to hold: one of so many things, and one more."""
        return cells_of(self.chance.randint(0, variety), kind=self.kind(index, "plain", "plain"))

    def given(self, rows: Sequence[Row]) -> Any:
        """What the call gets: a list of rows, or a generator."""
        given = [row.given for row in rows]
        shape = self.chance.random()
        is_stream = shape >= 0.5 if self._is_stream is None else self._is_stream
        if not is_stream:
            return given
        if self._is_async and shape < 0.75:
            return _slowly(given)
        return (row for row in given)


async def _slowly(rows: Sequence[Any]) -> AsyncIterator[Any]:
    for row in rows:
        await asyncio.sleep(0)
        yield row
