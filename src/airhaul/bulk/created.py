"""Telling created records from updated ones, also when an earlier try has created them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from airhaul.bulk.changes import Change
from airhaul.bulk.observed import Observed
from airhaul.bulk.outcomes import State
from airhaul.bulk.work import Sending
from airhaul.wire.shapes import RecordJson


def created_or_updated(
    changes: Sequence[Change[Any]],
    raws: Sequence[RecordJson],
    answer: Mapping[str, Any],
    sending: Sending,
    observed: Observed,
) -> list[State]:
    """Tell which records a request has created.

    A request that is sent again finds the records that its first try has made, and the answer calls
    them updated. They are told by their time of creation.

    Args:
        changes: The rows of the request.
        raws: The records that they are.
        answer: The answer; an upsert's names those that it has created.
        sending: The request.
        observed: The service's clock, and the records that are known to be older.
    """
    created = set(answer.get("createdRecords") or ())
    if sending.was_lost and observed.clock.is_known:
        since = sending.since or observed.clock.earliest(sending.first_at)
        before = observed.created_lately()
        created |= {
            raw["id"]
            for change, raw in zip(changes, raws, strict=True)
            if change.record_id is None
            and raw["id"] not in before
            and datetime.fromisoformat(raw["createdTime"]) >= since
        }
    return ["created" if raw["id"] in created else "updated" for raw in raws]
