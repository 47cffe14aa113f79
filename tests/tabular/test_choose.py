"""Which format a file has."""

from __future__ import annotations

from pathlib import Path

import pytest

from airhaul.errors import FileFormatError
from airhaul.tabular import FileSettings, format_of, read_rows


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.csv", "csv"),
        ("A.CSV", "csv"),
        ("a.b.tsv", "tsv"),
        ("a.tab", "tsv"),
        ("a.json", "json"),
        ("a.jsonl", "jsonl"),
        ("a.ndjson", "jsonl"),
    ],
)
def test_the_suffix_tells(name: str, format: str) -> None:
    """In either case, and only the last one counts."""
    assert format_of(name) == format
    assert format_of(Path("dir.json") / name) == format


@pytest.mark.parametrize("name", ["a.docx", "csv", "a.csv.zip"])
def test_an_unknown_suffix_is_named_with_what_there_is(name: str) -> None:
    """The user reads what would have been understood."""
    with pytest.raises(FileFormatError, match=r"\.csv, \.tsv.*\.ndjson") as caught:
        format_of(name)
    assert caught.value.source == name


def test_the_caller_knows_better_than_the_suffix(tmp_path: Path) -> None:
    """``format`` wins, for reading as for telling."""
    file = tmp_path / "rows.csv"
    file.write_text('{"a": 1}\n')
    assert [row.cells for row in read_rows(file, FileSettings("jsonl"))] == [{"a": 1}]


def test_an_unknown_format_is_refused() -> None:
    """Also where no type checker stands in between."""
    with pytest.raises(FileFormatError, match="expected one of csv, tsv, json, jsonl"):
        format_of("a.csv", "word")  # type: ignore[arg-type]
