"""Keep a table in sync with a file: plan, sync, one bad row, and its correction.

    python examples/sync.py [FOLDER]

It uses a local base in FOLDER (``out`` by default), so it needs no account. The data is the first
part of the CSV file in this folder, and the same list as it might look a day later.
"""

import csv
import sys
from datetime import date
from pathlib import Path

from airhaul import Airtable, Record, airtable_field

SOURCE = Path(__file__).parent / "electron_files.csv"
COLUMNS = ["Asset id", "Release", "File", "Size", "Downloads", "Released on"]
ROWS = 500


class ReleaseFile(Record, table="Release files"):
    """A file that the Electron project has published."""

    asset_id: int = airtable_field(column="Asset id")
    release: str = airtable_field(column="Release")
    file: str = airtable_field(column="File")
    size: int = airtable_field(column="Size", ge=0)
    downloads: int = airtable_field(column="Downloads", ge=0)
    released_on: date = airtable_field(column="Released on")


def main(folder: Path) -> None:
    """Import, plan, sync, correct, and check that the table matches the last file."""
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob("sync.db*"):
        leftover.unlink()
    first, second, rejects = (
        folder / name for name in ("first_day.csv", "second_day.csv", "rejects.csv")
    )
    write(first, first_day())
    write(second, second_day())

    with Airtable.local(folder / "sync.db") as airtable:
        files = airtable.table(ReleaseFile)
        files.create_table()

        print(f"1. Import {first.name}")
        print(f"   {files.import_csv(first)}")

        print(f"2. Plan the sync with {second.name}")
        print(indented(files.plan_sync_file(second, key="asset_id")))

        print("3. Sync all valid rows")
        result = files.sync_file(second, key="asset_id", on_error="continue", rejects=rejects)
        print(f"   {result}")

        print(f"4. Correct {rejects.name} and import it with the same key")
        text = rejects.read_text(encoding="utf-8")
        rejects.write_text(text.replace(",a lot,", ",1013,"), encoding="utf-8")
        print(f"   {files.import_csv(rejects, key='asset_id')}")
        rejects.unlink()

        print("5. Delete the records that the file no longer has")
        write(second, second_day(downloads_of_first="1013"))
        plan = files.plan_sync_file(second, key="asset_id", delete_missing=True)
        print(indented(plan))
        print(f"   {plan.apply()}")

        print("6. Sync again: nothing to do")
        print(f"   {files.sync_file(second, key='asset_id')}")
        if files.count() != ROWS:
            sys.exit("the table does not match the file")
        print(f"   {airtable.requests_made} requests in total")


def first_day() -> list[dict[str, str]]:
    """Read the first rows of the list."""
    with SOURCE.open(encoding="utf-8", newline="") as file:
        rows = [row for _, row in zip(range(ROWS), csv.DictReader(file), strict=False)]
    return [{name: row[name] for name in COLUMNS} for row in rows]


def second_day(downloads_of_first: str = "a lot") -> list[dict[str, str]]:
    """Return the list with three counts raised, one invalid, two files removed and two added."""
    rows = first_day()
    rows[0]["Downloads"] = downloads_of_first
    for row in rows[1:4]:
        row["Downloads"] = str(int(row["Downloads"]) + 1)
    new = [{**rows[-1], "Asset id": str(number), "File": f"new-{number}.zip"} for number in (1, 2)]
    return [*rows[:-2], *new]


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """Write rows to a CSV file without airhaul."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def indented(text: object) -> str:
    """Indent the lines of a text."""
    return "\n".join(f"   {line}" for line in str(text).splitlines())


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
