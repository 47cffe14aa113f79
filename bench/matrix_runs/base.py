"""The base that a cell is asked of: a plain server, as the judge of runs wants to see one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from chaos_runs.seen import Seen
from chaos_runs.things import TABLE, Cells, Thing
from plain_airtable.server import Server

from airhaul.model.schema import fields_to_create

# More than can be mistaken for a record of the call, by a clock that shows whole seconds.
_OLDER_S: Final = 10.0


class PlainBase(Server):
    """A plain server with the table of things."""

    def __init__(self) -> None:
        super().__init__(TABLE, fields_to_create(Thing))

    @property
    def seen(self) -> list[Seen]:
        """What it has served."""
        return [Seen(one.at, one.asked, one.mishap, one.answer) for one in self.served]

    def write(self, rows: Sequence[Cells]) -> list[str]:
        """Create records that are older than the call."""
        table = self.api.table
        return [table.create(table.checked(cells), _OLDER_S)["id"] for cells in rows]

    def held(self) -> dict[str, Any]:
        """The records that the table holds, by id, once no request is at work any more."""
        self.settle()
        return dict(self.api.table.records)
