"""The events that bulk calls pass to ``on_event``, on the caller's own thread."""

from airhaul.bulk.engine.events import (
    Event,
    PageRead,
    Reconciled,
    Restarted,
    Retrying,
    RollingBack,
    RowRefused,
    RowsChecked,
    RowsWritten,
    Splitting,
)

__all__ = [
    "Event",
    "PageRead",
    "Reconciled",
    "Restarted",
    "Retrying",
    "RollingBack",
    "RowRefused",
    "RowsChecked",
    "RowsWritten",
    "Splitting",
]
