"""Real files: every cell comes back from a base, and every column gets the type it should have.

    python bench/real_files.py PLACE ... [--rows N] [--null WORD ...] [--columns FILE]

A place is a folder, a file, or the name of an installed package that ships data. Each CSV, TSV,
JSON and JSON Lines file of rows is imported into a new table of a local base as ``import --create``
does, exported to every format, compared with the file, and each export is imported again. With
pandas installed, the types of the columns are compared with those that pandas infers. The exit code
is 1 if a cell differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError
from importlib.util import find_spec
from pathlib import Path

from file_trips.originals import MOST_ROWS, NotATableError, read_original
from file_trips.pandas_types import KINDS, pandas_kinds
from file_trips.sources import Source, find_sources
from file_trips.trip import Trip, make_trip
from rich.console import Console
from sheet import Sheet

_WIDTH = 160
_SHOWN = 3


def main(arguments: Sequence[str]) -> int:
    """Make the trips, print what came of them, and say by the exit code whether no cell differs."""
    parser = argparse.ArgumentParser(
        prog="real_files.py", description="Import and export real files.", allow_abbrev=False
    )
    parser.add_argument("place", nargs="+", help="a folder, a file or an installed package")
    parser.add_argument(
        "--rows",
        type=int,
        default=MOST_ROWS,
        help=f"the first rows of a file; {MOST_ROWS:,} unless given",
    )
    parser.add_argument(
        "--null", action="append", default=[], help="a word for an empty cell; repeatable"
    )
    parser.add_argument("--columns", type=Path, help="write the type of each column to this file")
    options = parser.parse_args(arguments)
    try:
        sources = list(find_sources(options.place))
    except PackageNotFoundError as error:
        parser.error(f"{error}; expected folders, files or installed packages")
    console = Console(width=max(Console().width, _WIDTH))
    trips: list[Trip] = []
    for trip in _trips(sources, options, console):
        trips.append(trip)
        for text in [*_remarks(trip), *(_disagreements(trip) if find_spec("pandas") else ())]:
            console.print(text, markup=False, highlight=False, soft_wrap=True)
    console.print(_by_publisher(trips).as_rich())
    if options.columns:
        options.columns.write_text("".join(_column_lines(trips)), encoding="utf-8")
    return 1 if any(trip.differences for trip in trips) else 0


def _trips(sources: list[Source], options: argparse.Namespace, console: Console) -> Iterator[Trip]:
    skipped: Counter[str] = Counter()
    for source in sources:
        try:
            original = read_original(source, options.rows, options.null)
        except NotATableError:
            skipped[source.publisher] += 1
            continue
        with tempfile.TemporaryDirectory() as folder:
            yield make_trip(source, original, Path(folder))
    for publisher, count in skipped.items():
        console.print(f"{publisher}: {count} files are no tables", highlight=False)


def _by_publisher(trips: list[Trip]) -> Sheet:
    sheet = Sheet(
        "Real files",
        ("publisher",),
        ("files", "refused", "rows", "cells", "differences"),
    )
    groups: dict[str, list[Trip]] = defaultdict(list)
    for trip in trips:
        groups[trip.source.publisher].append(trip)
    for publisher, group in [*groups.items(), ("all", trips)]:
        read = [trip for trip in group if trip.refusal is None]
        sheet.add(
            publisher,
            f"{len(read):,}",
            f"{len(group) - len(read):,}",
            f"{sum(len(trip.original.rows) for trip in read):,}",
            f"{sum(trip.cells for trip in read):,}",
            f"{sum(len(trip.differences) for trip in read):,}",
        )
    return sheet


def _remarks(trip: Trip) -> Iterator[str]:
    name = f"{trip.source.publisher}: {trip.source.name}"
    if trip.refusal is not None:
        yield f"refused  {name}: {trip.refusal}"
    for text in trip.differences[:_SHOWN]:
        yield f"differs  {name}: {text}"
    if len(trip.differences) > _SHOWN:
        yield f"         and {len(trip.differences) - _SHOWN:,} more"


def _disagreements(trip: Trip) -> Iterator[str]:
    """Where pandas infers another type."""
    if trip.refusal is not None:
        return
    name = f"{trip.source.publisher}: {trip.source.name}"
    try:
        kinds = pandas_kinds(trip.source, trip.original)
    except (ValueError, TypeError) as error:
        yield f"pandas   {name}: {error}"
        return
    for column, type_ in trip.types.items():
        kind = kinds.get(column)
        if kind not in (None, "empty", KINDS.get(type_, "text")):
            samples = ", ".join(map(repr, _samples(trip, column)))
            yield f"type     {name}: {column!r} is {type_}, {kind} to pandas: {samples}"


def _samples(trip: Trip, column: str) -> list[str]:
    names = [name for name in trip.original.columns if name.strip() == column]
    cells = Counter(str(row.get(name)) for row in trip.original.rows for name in names)
    rare = cells.most_common()[: -_SHOWN - 1 : -1]
    return [text[:40] for text, _ in dict([*cells.most_common(_SHOWN), *rare]).items()]


def _column_lines(trips: list[Trip]) -> Iterator[str]:
    for trip in trips:
        for column, type_ in trip.types.items():
            samples = " | ".join(_samples(trip, column))
            yield f"{trip.source.publisher}\t{trip.source.name}\t{column}\t{type_}\t{samples}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
