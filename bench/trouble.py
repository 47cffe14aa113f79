"""When something goes wrong: a row that Airtable refuses, and replies that never arrive."""

from __future__ import annotations

from typing import Any, Final

from bench import Bench
from measure import Measurement
from sheet import Sheet

MOST_S: Final = 60.0
SIZES: Final = {"bad-row": 100, "lost-replies": 500, "cut-replies": 500}
BAD_ROWS: Final = {"bad-row": 1, "lost-replies": 0, "cut-replies": 0}
_SOME_REPLIES: Final = {"method": "POST", "probability": 0.2, "times": 10}
TROUBLE: Final[dict[str, dict[str, Any]]] = {
    "bad-row": {},
    "lost-replies": {"lose": _SOME_REPLIES},
    "cut-replies": {"fault": {"kind": "truncated", **_SOME_REPLIES}},
}
_SHOWN: Final = 3


def run(bench: Bench) -> Sheet:
    """Measure; the sizes are small, so ``--quick`` changes nothing."""
    sheet = Sheet(
        "When something goes wrong",
        ("task", "client"),
        ("good rows", "written", "missing", "duplicated", "requests", "rows reported"),
        "message",
        "One bad row: of 100 rows, number 50 has a choice that its field does not have. By "
        "default, pyairtable's ORM lets Airtable add such a choice to the field. Lost replies: "
        "one in five create requests is carried out but its connection is closed without a reply, "
        "at most ten times. Truncated replies: the same, but the connection is closed in the "
        "middle of the reply. No limit, no latency. Rows reported are those that the client lists "
        "as not written or possibly not written.",
    )
    for task_name, rows in SIZES.items():
        for client in bench.clients_of(task_name):
            measured = bench.measure(
                client, task_name, rows, limit=False, most_s=MOST_S, trouble=TROUBLE[task_name]
            )
            good = rows - BAD_ROWS[task_name]
            written = measured.distinct - measured.odd
            sheet.add(
                measured.task.label,
                client,
                str(good),
                str(written),
                str(good - written),
                str(measured.doubled),
                str(measured.requests),
                _named(measured),
                measured.error or measured.said,
            )
    return sheet


def _named(measured: Measurement) -> str:
    if not measured.named:
        return "none"
    if len(measured.named) > _SHOWN:
        return f"{len(measured.named)} rows"
    return "number " + ", ".join(map(str, measured.named))
