"""Kills: servers of a local base ended by SIGKILL in the middle of their work, again and again.

    python bench/kills.py [--kills N] [--seed S] [--writers W]

Two servers share a file; each client creates, updates, upserts and deletes, ten records a request,
and keeps what was acknowledged. At random moments both servers are killed, and the file is looked
at: it opens and is sound, every acknowledged write is there, and of the one request that each
client had no reply to, all or nothing. Then it goes on with the same file. The exit code is 1 if
anything is wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

from kill_runs.run import SERVERS, begin, kill_once
from kill_runs.writer import Writer
from rich.console import Console
from sheet import Sheet

KILLS: Final = 100
WRITERS: Final = 6


def main(arguments: Sequence[str]) -> int:
    """Kill, print, and say by the exit code whether all was well."""
    parser = argparse.ArgumentParser(
        prog="kills.py", description="Kill servers at work.", allow_abbrev=False
    )
    parser.add_argument("--kills", type=int, default=KILLS, help=f"how many; {KILLS} unless given")
    parser.add_argument("--seed", type=int, default=0, help="what chance begins with")
    parser.add_argument("--writers", type=int, default=WRITERS, help="how many clients write")
    options = parser.parse_args(arguments)
    console = Console()
    random = Random(options.seed)  # noqa: S311 - to be the same each time
    writers = [Writer(number, Random(random.random())) for number in range(options.writers)]  # noqa: S311
    wrong: list[str] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "base.db"
        begin(file)
        for round_ in range(-(-options.kills // SERVERS)):
            problems = kill_once(file, writers, random)
            for problem in problems:
                console.print(f"round {round_}: {problem}", markup=False, highlight=False)
            wrong += problems
        size = file.stat().st_size
    sheet = Sheet("Kills", ("what",), ("number",))
    for name, number in {
        "kills": -(-options.kills // SERVERS) * SERVERS,
        "clients": options.writers,
        "requests acknowledged": sum(writer.acknowledged for writer in writers),
        "requests without a reply": sum(writer.unclear for writer in writers),
        "bytes in the file": size,
        "seconds": round(time.monotonic() - began),
        "things wrong": len(wrong),
    }.items():
        sheet.add(name, f"{number:,}")
    console.print(sheet.as_rich())
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
