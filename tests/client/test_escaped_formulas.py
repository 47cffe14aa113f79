"""Texts that a spreadsheet runs as formulas: escaped in a CSV file on request, and read back."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from airhaul import Airtable, Table
from airhaul.errors import FileFormatError
from airhaul.local_base import LocalBase

# Source of the characters: https://owasp.org/www-community/attacks/CSV_Injection
TEXTS = [
    # the text, what a file has for it with the option
    ("=1+1", "'=1+1"),
    ('=HYPERLINK("http://x.test";"y")', '\'=HYPERLINK("http://x.test";"y")'),
    ("+1 555 0100", "'+1 555 0100"),
    ("-5", "'-5"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "'\t=1"),
    ("\r=1", "'\r=1"),
    ("'=1", "''=1"),
    ("''-x", "'''-x"),
    ("'quoted'", "'quoted'"),
    ("a=1", "a=1"),
    (" =1", " =1"),
]
NAME = "=Note"


@pytest.fixture
def notes(local_base: LocalBase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Table[Any]:
    monkeypatch.chdir(tmp_path)
    airtable = Airtable(local=local_base)
    choices = {"choices": [{"name": "-a"}, {"name": "b"}]}
    airtable.create_table(
        "Notes",
        [
            {"name": "Key", "type": "singleLineText"},
            {"name": NAME, "type": "multilineText"},
            {"name": "Number", "type": "number", "options": {"precision": 1}},
            {"name": "Tags", "type": "multipleSelects", "options": choices},
        ],
    )
    table = airtable.table_named("Notes")
    table.bulk_create(
        [
            {"Key": str(n), NAME: text, "Number": -n, "Tags": ["-a", "b"]}
            for n, (text, _) in enumerate(TEXTS)
        ]
    )
    return table


def held(table: Table[Any]) -> list[dict[str, Any]]:
    return [record._cells for record in table.all(view="Grid view")]


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_escaped_texts_are_harmless_and_come_back(notes: Table[Any], suffix: str) -> None:
    """No cell of text begins like a formula; with the same option each is what it was."""
    query = notes.where().view("Grid view")
    query.export_file(f"plain.{suffix}")
    query.export_file(f"out.{suffix}", escape_formulas=True)
    delimiter = "," if suffix == "csv" else "\t"
    with Path(f"out.{suffix}").open(newline="") as file:
        header, *rows = csv.reader(file, delimiter=delimiter)
    with Path(f"plain.{suffix}").open(newline="") as file:
        plain = [row[1] for row in csv.reader(file, delimiter=delimiter)][1:]
    assert header == ["Key", "'=Note", "Number", "Tags"]
    assert [row[1] for row in rows] == [escaped for _, escaped in TEXTS]
    assert [row[2:] for row in rows] == [[str(-n), "'-a, b"] for n in range(len(TEXTS))]
    assert plain == [text for text, _ in TEXTS]  # unchanged without the option
    assert notes.sync_file(f"out.{suffix}", "Key", escape_formulas=True).counts() == {
        "unchanged": len(TEXTS)
    }
    before = held(notes)
    notes.bulk_delete(notes.all())
    notes.import_file(f"out.{suffix}", escape_formulas=True)
    assert held(notes) == before


def test_rejects_are_as_they_are_in_the_file(notes: Table[Any]) -> None:
    """A rejected row keeps its apostrophe, and is read with the same option when it is corrected."""
    Path("in.csv").write_text("Key,'=Note,Number\nx,'=1,many\n")
    result = notes.import_file(
        "in.csv", escape_formulas=True, on_error="continue", rejects="bad.csv"
    )
    assert result.counts() == {"failed": 1}
    text = Path("bad.csv").read_text()
    assert "'=1" in text
    Path("bad.csv").write_text(text.replace("many", "7"))
    (record,) = notes.import_file("bad.csv", escape_formulas=True)
    assert record._cells == {"Key": "x", NAME: "=1", "Number": 7}


@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_it_is_for_text_files_alone(notes: Table[Any], suffix: str) -> None:
    """No spreadsheet runs JSON: whoever asks for it there is told so, and nothing is written."""
    path = Path(f"out.{suffix}")
    with pytest.raises(FileFormatError, match="escape_formulas is for CSV and TSV only"):
        notes.export_file(path, escape_formulas=True)
    assert not path.exists()
    notes.export_file(path)
    with pytest.raises(FileFormatError, match="escape_formulas is for CSV and TSV only"):
        notes.import_file(path, escape_formulas=True)
