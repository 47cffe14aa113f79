"""The round trip of one file: into a new table, out into every format, in again, and out again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from airhaul import Airtable
from airhaul.cli.rows.new_table import NewTable
from airhaul.errors import AirhaulError, BulkError
from airhaul.tabular.choose import InputFile
from airhaul.tabular.settings import FileSettings
from file_trips.compare import is_same, plain
from file_trips.originals import Original, read_export
from file_trips.sources import Source

_TABLE: Final = "Rows"
FORMATS: Final = (".csv", ".tsv", ".json", ".jsonl")


@dataclass
class Trip:
    """What became of a file.

    Args:
        source: The file.
        original: Its first rows, read without airhaul.
        types: The types of its columns.
        refusal: Why airhaul refused it; None if it did not.
        differences: Each cell that is not what the file says, or that is lost on the second way.
    """

    source: Source
    original: Original
    types: dict[str, str] = field(default_factory=dict[str, str])
    refusal: str | None = None
    differences: list[str] = field(default_factory=list[str])

    @property
    def cells(self) -> int:
        """How many cells were compared with the file."""
        return len(self.original.rows) * len(self.original.columns)


def make_trip(source: Source, original: Original, folder: Path) -> Trip:
    """Import a file, export it, import what was exported, and compare.

    Args:
        source: The file.
        original: Its first rows, read without airhaul.
        folder: An empty folder.
    """
    trip = Trip(source, original)
    file = folder / f"in{source.suffix}"
    file.write_bytes(original.content)
    try:
        fields = _import(file, original, trip, folder)
    except (AirhaulError, OSError) as error:
        cause = error.__cause__ if isinstance(error, BulkError) else None
        trip.refusal = str(cause or error).replace(f"{folder}/", "")
        return trip
    trip.differences += _differences(trip, folder)
    for suffix in FORMATS:
        again = folder / f"again-from{suffix}"
        try:
            _import_again(folder / f"out{suffix}", fields, again.with_suffix(".jsonl"))
        except (AirhaulError, OSError) as error:
            trip.differences.append(f"{suffix} is refused: {error}")
            continue
        if again.with_suffix(".jsonl").read_bytes() != (folder / "out.jsonl").read_bytes():
            trip.differences.append(f"{suffix} imports as something else")
    return trip


def _import(file: Path, original: Original, trip: Trip, folder: Path) -> list[Any]:
    with Airtable.local(journal=False) as airtable:
        options = {"encoding": original.encoding, "nulls": original.nulls}
        settings = FileSettings.of(None, options)
        new = NewTable.for_file(airtable, _TABLE, InputFile(file, settings))
        airtable.create_table(_TABLE, new.fields)
        trip.types = {column.name: column.type for column in new.columns}
        trip.types |= {field["name"]: field["type"] for field in new.fields}
        table = airtable.table_named(_TABLE)
        table.import_file(file, encoding=original.encoding, nulls=original.nulls)
        for suffix in FORMATS:
            table.where().view("Grid view").export_file(folder / f"out{suffix}")
        return new.fields


def _import_again(file: Path, fields: list[Any], out: Path) -> None:
    with Airtable.local(journal=False) as airtable:
        airtable.create_table(_TABLE, fields)
        table = airtable.table_named(_TABLE)
        table.import_file(file)
        table.where().view("Grid view").export_file(out)


def _differences(trip: Trip, folder: Path) -> list[str]:
    found: list[str] = []
    for suffix in (".csv", ".jsonl"):
        exported = list(read_export((folder / f"out{suffix}").read_bytes(), suffix))
        if len(exported) != len(trip.original.rows):
            found.append(f"{suffix}: {len(exported)} rows, not {len(trip.original.rows)}")
        for number, (row, came) in enumerate(zip(trip.original.rows, exported, strict=False), 1):
            for name in trip.original.columns:
                bare = name.strip()
                type_ = trip.types.get(bare, "singleLineText")
                if not is_same(row.get(name), came.get(bare), type_):
                    found.append(
                        f"{suffix} row {number}, {name!r} ({type_}): {plain(row.get(name))} "
                        f"came back as {plain(came.get(bare))}"
                    )
    return found
