"""Open files and pipes, in and out: as files on disk, and no copy of them is left."""

from __future__ import annotations

import asyncio
import functools
import gc
import io
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from airhaul import Airtable, AsyncAirtable, BulkError, Table
from airhaul.errors import ConfigurationError, FileFormatError, JournalError
from airhaul.tabular import ERROR_COLUMN, Format, read_rows
from tests.conftest import connection_to

FIELDS: list[Any] = [
    {"name": "Code", "type": "singleLineText"},
    {"name": "Pieces", "type": "number", "options": {"precision": 0}},
]
ROWS = [{"Code": f"n{number}", "Pieces": number} for number in range(25)]


@pytest.fixture
def airtable(local_base) -> Iterator[Airtable]:
    """A base with a table of items, whose requests can be counted."""
    with Airtable(connection=connection_to(local_base, journal="journal.db")) as opened:
        opened.create_table("Items", FIELDS)
        yield opened


@pytest.fixture
def items(airtable: Airtable) -> Table[Any]:
    """The table, empty."""
    return airtable.table_named("Items")


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder for temporary files of its own, to see what is left there."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def opened(content: bytes, name: object = None) -> io.BytesIO:
    """An open file with a name, or without one."""
    file = io.BytesIO(content)
    if name is not None:
        file.name = name  # type: ignore[attr-defined]
    return file


def held(items: Table[Any]) -> list[tuple[str, int]]:
    return sorted((item.code, item.pieces) for item in items.all())


@pytest.mark.parametrize("format", get_args(Format))
def test_what_is_written_to_an_open_file_can_be_read_from_one(items, temporary, format) -> None:
    """Each format: exported, imported, synchronized and planned, as from a file on disk."""
    items.bulk_create(ROWS)
    wanted = held(items)
    file = io.BytesIO()
    assert items.export_file(file, format) == 25
    content = file.getvalue()
    items.bulk_delete(items.all())
    items.import_file(io.BytesIO(content), format)
    assert held(items) == wanted
    items.bulk_delete(items.where(code="n1").all())
    items.bulk_update([{"id": items.first(code="n2").id, "pieces": 200}])
    plan = items.plan_sync_file(io.BytesIO(content), "Code", format)
    assert plan.counts() == {"create": 1, "update": 1, "delete": 0, "unchanged": 23}
    plan.apply()
    del plan
    assert held(items) == wanted
    assert items.plan_import_file(io.BytesIO(content), format).counts()["create"] == 25
    assert items.sync_file(io.BytesIO(content), "Code", format).counts() == {"unchanged": 25}
    assert list(temporary.iterdir()) == []


def test_the_async_client_reads_and_writes_open_files(local_base, items) -> None:
    """As the sync one."""
    file = io.BytesIO()

    async def there_and_back() -> None:
        async with AsyncAirtable(connection=connection_to(local_base)) as airtable:
            table = await airtable.table_named("Items")
            await table.import_file(io.BytesIO(b"Code,Pieces\na,1\n"), "csv")
            await table.export_file(file, "jsonl")

    asyncio.run(there_and_back())
    assert file.getvalue() == b'{"Code": "a", "Pieces": 1}\n'


def test_the_name_of_an_open_file_says_its_format(items) -> None:
    """A file on disk has one; what has none, or one without a suffix, needs the format."""
    items.bulk_create(ROWS[:2])
    with Path("items.csv.gz").open("wb") as file:
        items.export_file(file)
    assert Path("items.csv.gz").read_bytes()[:2] == b"\x1f\x8b"
    with Path("items.csv.gz").open("rb") as file:
        items.import_file(file)
    assert items.count() == 4
    with pytest.raises(FileFormatError, match="format"):
        items.import_file(io.BytesIO(b"Code\nx\n"))
    with pytest.raises(FileFormatError, match="format"):
        items.export_file(io.BytesIO())


def test_a_file_opened_as_text_is_refused(items, local_base) -> None:
    """Its bytes may have been decoded wrongly already; the error says how to open it."""
    requests = len(local_base.requests)
    with pytest.raises(ConfigurationError, match='mode "rb"'):
        items.import_file(io.StringIO("Code\nx\n"), "csv")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match='mode "wb"'):
        items.export_file(io.StringIO(), "csv")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="is a folder"):
        items.import_file(".", "csv")
    assert len(local_base.requests) == requests


def test_a_run_of_an_open_file_that_ended_early_is_resumed(airtable, items, temporary) -> None:
    """Its copy stays as long as the run may need it; without a journal there is none."""
    content = "Code,Pieces\n" + "".join(f"n{n},{n}\n" for n in range(50))
    for journal in (None, False):
        with pytest.raises(BulkError):
            items.import_file(io.BytesIO(content.encode()), "csv", max_requests=2, journal=journal)
        assert len(list(temporary.glob("airhaul-*"))) == 1
    assert items.count() == 40
    airtable.resume()
    assert items.count() == 70


@pytest.mark.parametrize(
    ("content", "on_error"),
    [
        ("Code,Pieces\na,many\n", "stop"),
        ("Code,Nope\na,1\n", "stop"),
        ('Code\n"a', "continue"),
        ("Code,Pieces\n" + "a,1\n" * 12 + "x" * 100_001 + ",1\n", "rollback"),
    ],
    ids=["invalid", "unknown column", "damaged", "rolled back"],
)
def test_no_copy_is_left_of_an_import_that_cannot_be_resumed(
    airtable, items, temporary, content, on_error
) -> None:
    """Nothing of it was sent, or all of it was undone; the journal says so."""
    with pytest.raises((BulkError, FileFormatError)):
        items.import_file(io.BytesIO(content.encode()), "csv", on_error=on_error)
    gc.collect()
    assert not any(run.is_unfinished for run in airtable.runs())
    assert list(temporary.glob("airhaul-*")) == []
    assert items.count() == 0


def test_an_invalid_row_is_named_by_its_line_and_nothing_is_sent(items, local_base) -> None:
    """As in a file on disk."""
    requests = len(local_base.requests)
    with pytest.raises(BulkError, match=r"line 3.*many"):
        items.import_file(io.BytesIO(b"Code,Pieces\na,1\nb,many\n"), "csv", journal=False)
    assert len(local_base.requests) == requests


def test_a_pipe_is_read_once(items) -> None:
    """Its rows are checked before the first is sent, like those of a file."""
    os.mkfifo("pipe.csv")
    writer = threading.Thread(target=Path("pipe.csv").write_text, args=("Code,Pieces\na,1\n",))
    writer.start()
    items.import_file("pipe.csv")
    writer.join()
    assert held(items) == [("a", 1)]


@pytest.fixture
def misfits(airtable) -> Callable[[Format], bytes]:
    """Makes a file of any format whose row does not fit the table of items."""
    fields: list[Any] = [{"name": name, "type": "singleLineText"} for name in ("Code", "Pieces")]
    airtable.create_table("Texts", fields)
    texts = airtable.table_named("Texts")
    texts.bulk_create([{"Code": "a", "Pieces": "many"}])

    def content(format: Format) -> bytes:
        texts.export_file(file := io.BytesIO(), format)
        return file.getvalue()

    return content


@pytest.mark.parametrize(
    ("name", "shown"), [(None, "the open file"), (3, "the open file"), ("in/orders", "in/orders")]
)
@pytest.mark.parametrize("format", get_args(Format))
def test_errors_of_rows_name_the_open_file(items, misfits, format, name, shown) -> None:
    """In results, plans and rejects; the path of its copy would say nothing to the caller."""
    file = functools.partial(opened, misfits(format), name)
    with pytest.raises(BulkError) as imported:
        items.import_file(file(), format)
    with pytest.raises(BulkError) as synchronized:
        items.sync_file(file(), "Code", format)
    plans = items.plan_import_file(file(), format), items.plan_sync_file(file(), "Code", format)
    result = items.import_file(file(), format, on_error="continue", rejects="rejects.jsonl")
    messages = [
        *imported.value.result.explain(),
        *synchronized.value.result.explain(),
        *(str(error) for plan in plans for error in plan.errors),
        *result.explain(),
        *(row.cells[ERROR_COLUMN] for row in read_rows("rejects.jsonl")),
    ]
    assert len(messages) >= 6
    assert [text for text in messages if not str(text).startswith(f"{shown} line ")] == []


@pytest.mark.parametrize("format", get_args(Format))
def test_errors_of_a_damaged_open_file_name_it(items, misfits, format) -> None:
    """Content of another format, and content that was cut off."""
    content = misfits(format)
    cut = content[: len(content) // 2] if format not in ("csv", "tsv") else b'Code\n"a'
    for damaged in (b"\xff\0\xff", cut):
        with pytest.raises(FileFormatError, match=r"^orders[:, ]"):
            items.import_file(opened(damaged, "orders"), format)
        with pytest.raises(FileFormatError, match=r"^orders[:, ]"):
            items.plan_sync_file(opened(damaged, "orders"), "Code", format)


def test_a_run_names_the_open_file(airtable, items) -> None:
    """Also when it is resumed, from the copy, and when that is lost."""
    content = "Code,Pieces\n" + "".join(f"n{n},{n}\n" for n in range(50)) + "x,many\n"
    with pytest.raises(BulkError):
        items.import_file(
            opened(content.encode(), "orders"), "csv", max_requests=2, on_error="continue"
        )
    source = airtable.runs()[0].asked.source
    assert source is not None
    assert source.name == "orders"
    copy = source.file.rename("copy")
    with pytest.raises(JournalError, match="^The copy of orders is not there any more"):
        airtable.resume()
    copy.rename(source.file)
    assert airtable.resume().explain()[0].startswith("orders line 52, row 50")


def test_errors_of_an_export_name_the_open_file(items) -> None:
    """Not the file on disk that is written first."""
    with pytest.raises(FileFormatError, match="^the open file: no file format"):
        items.export_file(io.BytesIO())
    with pytest.raises(FileFormatError, match="^the open file: escape_formulas is for CSV"):
        items.export_file(io.BytesIO(), "json", escape_formulas=True)
