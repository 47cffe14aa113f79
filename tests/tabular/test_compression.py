"""Compressed files are read and written like others, by their suffix."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from airhaul import Airtable, Record
from airhaul.errors import FileFormatError, MissingExtraError


class Part(Record, table="Parts"):
    code: str


@pytest.fixture
def parts():
    with Airtable.local() as airtable:
        airtable.table(Part).create_table()
        yield airtable.table(Part)


@pytest.mark.parametrize(
    "name", ["parts.csv.gz", "parts.tsv.gz", "parts.jsonl.gz", "parts.json.GZ"]
)
def test_a_compressed_file_is_written_and_read(parts, name) -> None:
    """Equal records make equal files, without the time in them."""
    parts.bulk_create([{"code": "a\r\nb"}, {"code": "2"}])
    assert parts.export_file(name) == 2
    content = Path(name).read_bytes()
    assert b"code" in gzip.decompress(content)
    assert parts.sync_file(name, "code").counts() == {"unchanged": 2}
    parts.export_file(name)
    assert Path(name).read_bytes() == content


def test_zstandard_needs_a_library_or_has_one(parts) -> None:
    """Before Python 3.14, one has to be installed; the error says which."""
    parts.bulk_create([{"code": "1"}])
    try:
        parts.export_file("parts.csv.zst")
    except MissingExtraError as error:
        assert "pip install" in str(error)
        assert not list(Path().glob("*parts*"))
    else:
        assert parts.sync_file("parts.csv.zst", "code").counts() == {"unchanged": 1}


def test_rejects_are_never_compressed(parts) -> None:
    """They are written row by row, and saved before a crash."""
    with pytest.raises(FileFormatError, match="not compressed"):
        parts.bulk_create([{"code": "1"}], rejects="rejects.csv.gz")


@pytest.mark.parametrize("suffix", ["csv.gz", "jsonl.gz", "json.gz"])
def test_a_damaged_compressed_file_is_refused_by_its_name(parts, suffix) -> None:
    """One that is cut off, changed, or not compressed at all: nothing of it is imported."""
    name = f"parts.{suffix}"
    parts.bulk_create([{"code": f"{number * 7919}"} for number in range(300)])
    parts.export_file(name)
    whole = Path(name).read_bytes()
    middle = len(whole) // 2
    for damaged in (whole[:middle], whole[:middle] + b"zz" + whole[middle + 2 :], b"code\n1\n"):
        Path(name).write_bytes(damaged)
        with pytest.raises(FileFormatError, match=rf"^{name}: .*damaged or cut off"):
            parts.import_file(name)
    assert parts.count() == 300
