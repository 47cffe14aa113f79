"""Somebody else, who writes to the same table while the call that is checked is under way."""

from __future__ import annotations

import itertools
import threading
from contextlib import suppress
from random import Random
from typing import Any, Final, Self

import pyairtable

from airhaul import Airtable
from chaos_runs.things import TABLE, Cells, Thing, cells_of

_TOKEN: Final = "patOthers.x"  # noqa: S105 - the local base takes any
_FIRST_NUMBER: Final = 1_000_001  # no row of ours has such a one


class Others(threading.Thread):
    """Somebody who creates, changes and deletes things of their own all the time.

    Args:
        url: The base's server.
        base_id: The base.
        seed: What chance begins with.
        is_airhaul: Whether they use airhaul, in this process, over a connection of their own.
    """

    def __init__(self, url: str, base_id: str, seed: int, *, is_airhaul: bool) -> None:
        super().__init__(name="others", daemon=True)
        self._place = url, base_id
        self._chance = Random(f"{seed} others")  # noqa: S311 - it is to repeat
        self._is_airhaul = is_airhaul
        self._end = threading.Event()
        self._ids: list[str] = []
        self._numbers = itertools.count(_FIRST_NUMBER)

    def run(self) -> None:
        """Write until told to stop."""
        url, base_id = self._place
        if self._is_airhaul:
            with Airtable(_TOKEN, base_id, endpoint_url=url, requests_per_second=1_000) as opened:
                self._write(_AirhaulHand(opened))
        else:
            api = pyairtable.Api(_TOKEN, endpoint_url=url)
            self._write(api.table(base_id, TABLE))
            api.session.close()

    def _write(self, table: Any) -> None:
        while not self._end.wait(self._chance.uniform(0, 0.05)):
            with suppress(Exception):  # a sync may have deleted what is theirs
                self._write_once(table)

    def _write_once(self, table: Any) -> None:
        what = self._chance.random()
        if what < 0.5 or not self._ids:
            rows = [self._new() for _ in range(self._chance.randint(1, 3))]
            self._ids += [record["id"] for record in table.batch_create(rows)]
            return
        place = self._chance.randrange(len(self._ids))
        if what < 0.75:
            table.batch_update([{"id": self._ids[place], "fields": {"note": f"their {what}"}}])
        else:
            table.batch_delete([self._ids.pop(place)])

    def _new(self) -> Cells:
        # In all but the owner they look like ours, where they can without having our keys.
        if self._chance.random() < 0.5:
            like = cells_of(self._chance.randint(0, 5), owner="others")
            return {name: like[name] for name in ("name", "kind", "owner")}
        return cells_of(next(self._numbers), owner="others")

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._end.set()
        self.join()


class _AirhaulHand:
    """Airhaul with the verbs of pyairtable."""

    def __init__(self, airtable: Airtable) -> None:
        self._table = airtable.table(Thing)

    def batch_create(self, rows: list[Cells]) -> list[Any]:
        return [{"id": record.id} for record in self._table.bulk_create(rows)]

    def batch_update(self, rows: list[Any]) -> None:
        self._table.bulk_update([{"id": row["id"], **row["fields"]} for row in rows])

    def batch_delete(self, ids: list[str]) -> None:
        self._table.bulk_delete(ids)
