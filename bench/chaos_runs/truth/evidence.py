"""What the base did during a call, and what it holds after it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from chaos_runs.seen import Base, Seen
from chaos_runs.things import Cells

# Within the grain of the service's clock, a row cannot be distinguished from an equal older one.
_GRAIN: Final = timedelta(seconds=6)


class Evidence:
    """What there is to hold outcomes against.

    Args:
        base: The base, after the call.
        before: The records before the call, by id.
        injected: How often each kind of fault happened.
    """

    def __init__(self, base: Base, before: Mapping[str, Any], injected: Mapping[str, int]) -> None:
        seen = [one for one in base.seen if one.request.token is not None]
        # The requests of the call that is checked.
        self.ours = [one for one in seen if one.is_ours]
        self.of_others = [one for one in seen if not one.is_ours]
        self.injected = injected
        # What each record held before the call, and what each holds now.
        self.before: dict[str, Cells] = {id_: one["fields"] for id_, one in before.items()}
        self.held: dict[str, Cells] = {id_: one["fields"] for id_, one in base.held().items()}
        self.made_by_us = {id_ for one in self.ours for id_ in one.created}
        # What each record holds that others have written, and not deleted.
        self.left_by_others = self._left_by_others()
        self._created_at = {
            id_: datetime.fromisoformat(one["createdTime"]) for id_, one in before.items()
        }

    def _left_by_others(self) -> dict[str, Cells]:
        left: dict[str, Cells] = {}
        for seen in self.of_others:
            if seen.is_read:
                continue
            for record in seen.records:
                if seen.request.method == "DELETE":
                    left.pop(record["id"], None)
                else:
                    left[record["id"]] = record["fields"]
        return left

    def has_young_twin(self, cells: Cells | None, sent: Seen) -> bool:
        """Whether an equal record was created so shortly before a request that none can tell."""
        return any(
            self.before[id_] == cells and abs(sent.at - at) < _GRAIN
            for id_, at in self._created_at.items()
        )
