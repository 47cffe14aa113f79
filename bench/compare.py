"""airhaul, pyairtable and pydantic-airtable side by side, in one run against one server.

    python bench/compare.py [--quick] [--mode MODE] [--task TASK] [--client CLIENT] [--write [FILE]]

Without options it measures everything, which takes half an hour, and prints the tables.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import busy
import cpu
import limit
import links
import memory
import pace
import page
import serve_read
import trouble
from bench import Bench
from contenders import MODULES
from measure import Server
from rich.console import Console
from sheet import Sheet
from tasks import TASKS

import local_base

MODES: Final = {
    "limit": limit.run,
    "links": links.run,
    "pace": pace.run,
    "busy": busy.run,
    "cpu": cpu.run,
    "serve-read": serve_read.run,
    "trouble": trouble.run,
    "memory": memory.run,
    "local-base": local_base.run,
}
_WIDTH: Final = 160  # less would cut the tables
PAGE: Final = Path(__file__).parent.parent / "docs" / "benchmark.md"


def main(arguments: Sequence[str]) -> None:
    """Measure, print, and write the page if that is asked for."""
    options = _parse(arguments)
    about = page.circumstances(shlex.join(["python", "bench/compare.py", *arguments]))
    console = Console(width=max(Console().width, _WIDTH))
    console.rule("airhaul and other clients")
    console.print(about, highlight=False)
    sheets: list[Sheet] = []
    with Server() as server:
        bench = Bench(
            server, options.quick, options.task or TASKS.keys(), options.client or MODULES.keys()
        )
        for mode in options.mode or MODES:
            sheet = MODES[mode](bench)
            if sheet.rows:
                sheets.append(sheet)
                console.print()
                console.print(sheet.as_rich())
    if options.write is not None:
        if options.mode and options.write.exists():
            text = page.renew_page(options.write.read_text(encoding="utf-8"), sheets, about)
        else:
            text = page.make_page(sheets, about)
        options.write.write_text(text, encoding="utf-8")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="compare.py", description="Compare clients.", allow_abbrev=False
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    parser.add_argument("--mode", action="append", choices=MODES, help="only this; repeatable")
    parser.add_argument("--task", action="append", choices=TASKS, help="only this; repeatable")
    parser.add_argument("--client", action="append", choices=MODULES, help="only this; repeatable")
    parser.add_argument(
        "--write",
        nargs="?",
        type=Path,
        const=PAGE,
        metavar="FILE",
        help="write a Markdown page, docs/benchmark.md unless named; with --mode only its tables",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
