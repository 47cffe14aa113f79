"""Reading records with the records that they link to, at Airtable's limit."""

from __future__ import annotations

from typing import Final

from bench import Bench
from limit import LATENCY_S
from sheet import Sheet

ROWS: Final = 1_000
# Somebody who waits longer for a thousand records has given up.
_MOST_S: Final = 300.0


def run(bench: Bench) -> Sheet:
    """Measure."""
    sheet = Sheet(
        f"Linked records, {LATENCY_S} s latency",
        ("task", "client"),
        ("rows", "seconds", "requests"),
        "result",
        "Each record links to one of another table, and the name of that one is used. airhaul's "
        'prefetch("company") reads a hundred linked records in a request; pyairtable\'s ORM reads '
        "the linked records of one record when they are used, which is a request for each record.",
    )
    for client in bench.clients_of("read-linked"):
        rows = bench.rows(ROWS)
        measured = bench.measure(
            client, "read-linked", rows, limit=True, latency_s=LATENCY_S, most_s=_MOST_S
        )
        sheet.add(
            measured.task.label,
            client,
            f"{measured.rows:,}",
            f"{measured.seconds:.1f}",
            f"{measured.requests:,}",
            measured.outcome,
        )
    return sheet
