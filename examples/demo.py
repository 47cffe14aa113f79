"""Import a CSV file of real data into a base, query it, and export it again.

    python examples/demo.py [FOLDER]

It uses a local base in FOLDER (``out`` by default), so it needs no account. To run it on Airtable,
replace ``configure(local=...)`` with ``configure(access_token=..., base_id=...)``.
"""

import csv
import json
import sys
from datetime import date, datetime
from pathlib import Path

from airhaul import Record, airtable_field, configure

HERE = Path(__file__).parent
SOURCE = HERE / "electron_files.csv"


class ReleaseFile(Record, table="Release files"):
    """A file that the Electron project has published."""

    asset_id: int = airtable_field(column="Asset id")
    release: str = airtable_field(column="Release")
    title: str = airtable_field(column="Title")
    file: str = airtable_field(column="File")
    label: str = airtable_field("", column="Label")
    content_type: str = airtable_field(
        column="Content type",
        type="singleSelect",
        choices=["application/zip", "application/x-zip-compressed", "text/plain"],
    )
    size: int = airtable_field(column="Size", description="In bytes")
    downloads: int = airtable_field(column="Downloads")
    prerelease: bool = airtable_field(column="Prerelease")
    released_on: date = airtable_field(column="Released on")
    uploaded_at: datetime = airtable_field(column="Uploaded at")
    notes: str = airtable_field("", column="Notes")


def main(folder: Path) -> None:
    """Import, query, export, and compare the exports with the source."""
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob("demo.db*"):
        leftover.unlink()

    print(f"1. Create the model's table in the local base {folder / 'demo.db'}")
    configure(local=folder / "demo.db")
    ReleaseFile.create_table()

    print(f"2. Import {SOURCE.name}")
    result = ReleaseFile.import_csv(SOURCE, progress=True)
    print(f"   {result}")

    print("3. Query the five most downloaded macOS archives released before 2015")
    popular = (
        ReleaseFile.where(
            released_on__lt="2015-01-01",
            file__contains="darwin",
            content_type="application/zip",
        )
        .order_by("-downloads")
        .limit(5)
    )
    for item in popular.all():
        print(f"   {item.downloads:>8,}  {item.released_on}  {item.file}")
    print(f"   {ReleaseFile.count(prerelease=True)} files belong to prereleases")

    print("4. Export")
    for name in ("demo.csv", "demo.json"):
        # A view has the order in which the records were created; without one, there is none.
        count = ReleaseFile.where().view("Grid view").export_file(folder / name)
        print(f"   {count:,} records in {folder / name}")

    print("5. Compare the exports with the source")
    compare(folder)
    print("   every cell of both files matches the source")


def compare(folder: Path) -> None:
    """Exit with an error unless both exports equal the source, cell by cell."""
    before, after_csv = rows_of(SOURCE), rows_of(folder / "demo.csv")
    after_json = [
        {**row, "Uploaded at": datetime.fromisoformat(row["Uploaded at"])}
        for row in json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    ]
    for name, after in (("demo.csv", after_csv), ("demo.json", after_json)):
        if len(before) != len(after):
            sys.exit(f"{name}: {len(before)} rows were imported, {len(after)} were exported")
        for number, (left, right) in enumerate(zip(before, after, strict=True), start=1):
            if left != right:
                sys.exit(f"{name}: row {number} differs:\n  {left}\n  {right}")


def rows_of(path: Path) -> list[dict[str, object]]:
    """Read the rows of a CSV file without airhaul."""
    with path.open(encoding="utf-8", newline="") as file:
        return [typed(row) for row in csv.DictReader(file)]


def typed(row: dict[str, str]) -> dict[str, object]:
    """Convert the cells of a CSV row to the types of their columns."""
    return {
        **row,
        "Asset id": int(row["Asset id"]),
        "Size": int(row["Size"]),
        "Downloads": int(row["Downloads"]),
        "Prerelease": row["Prerelease"] in ("yes", "true"),
        "Uploaded at": datetime.fromisoformat(row["Uploaded at"]),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
