"""The matrix: every verb, with every fault, under every policy, and whether what it says is so.

    python bench/matrix.py [--jobs J] [--only N] [--every N]

The verbs that write (``bulk_create``, ``bulk_update``, ``bulk_upsert``, ``bulk_delete``,
``bulk_replace``, ``sync``) meet what can happen to a request: its reply is lost before it is
carried out or after, or cut; 500, 503, 429; or it is carried out when the client has given up. Each
of these happens once, often, to each write, or to all requests, under each policy, with the sync
and the async client, with a list of rows and a stream: some three thousand calls over HTTP. The
server is a plain one that shares no code with airhaul or its local base.

Then the outcome of every row is compared with what the server holds. The exit code is 1 if a row
is lost or doubled, an outcome is untrue, or a row is unknown for which no rule of
docs/when-things-go-wrong.md allows it. ``--only`` plays one cell again, by its number.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Final

from chaos_runs.many import play_all
from matrix_runs.cell import all_cells
from matrix_runs.play import play
from matrix_runs.table import Totals
from rich.console import Console

_WIDTH: Final = 100


def main(arguments: Sequence[str]) -> int:
    """Play, print, and say by the exit code whether all was well."""
    parser = argparse.ArgumentParser(
        prog="matrix.py", description="Check every verb with every fault.", allow_abbrev=False
    )
    parser.add_argument("--jobs", type=int, default=16, help="how many calls at a time")
    parser.add_argument("--every", type=int, default=1, help="play only each N-th cell")
    parser.add_argument("--only", type=int, help="play only the cell of this number")
    options = parser.parse_args(arguments)
    cells = all_cells()[:: options.every]
    if options.only is not None:
        cells = [cell for cell in cells if cell.number == options.only]
    console = Console(width=_WIDTH)
    totals = Totals()
    began = time.monotonic()
    for cell, report in zip(cells, play_all(play, cells, options.jobs), strict=True):
        totals.add(cell, report)
        for problem in report.problems:
            said = f"cell {problem.seed}: {problem.kind}: {problem.what}"
            console.print(said, markup=False, highlight=False)
    console.print(totals.sheet(time.monotonic() - began).as_rich())
    return 1 if totals.has_violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
