"""What data frames and Parquet files cost the CPU, next to records and dicts.

    python bench/frames.py [--records 100000] [--rows 200000] [--memory 1000000]

A server in a process of its own answers from memory. Both ways of a comparison take turns, and of
each the best of three runs counts, in CPU time of this process. The peak of the memory is that of a
process of its own for each way.
"""

from __future__ import annotations

import argparse
import importlib
import json
import multiprocessing
import re
import socketserver
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))

from contenders import TOKEN
from contenders.airhaul_table import Person, Unpaced
from rows import COLUMNS, as_text, make_csv, make_rows

from airhaul import Airtable, Table
from airhaul.client.config import make_config

_PAGE: Final = 100
_RUNS: Final = 3
_BASE: Final = "appFramesFrames00"
_OFFSET: Final = re.compile(rb"offset=(\d+)")
_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_CREATED: Final = "2026-01-01T00:00:00.000Z"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--memory", type=int, default=0)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        _measure(asked, Path(folder) / "people.parquet")


def _measure(asked: argparse.Namespace, file: Path) -> None:
    with _server(asked.records) as people:
        _compare(
            f"{asked.records:,} records",
            ("all()", people.all),
            ("to_polars()", people.to_polars),
            ("to_arrow()", people.to_arrow),
        )
        rows = list(make_rows(asked.rows))
        text = make_csv(asked.rows)
        people.import_file(_parquet_of(iter(rows), file))  # what is needed is imported
        _compare(
            f"{asked.rows:,} rows",
            ("dicts", lambda: people.bulk_create(rows)),
            ("Parquet", lambda: people.import_file(file)),
            ("CSV", lambda: people.import_file(text)),
        )
    if asked.memory:
        _measure_memory(asked.memory, file)


def _measure_memory(count: int, file: Path) -> None:
    """Measure the import and the export of a long file, each in a new process."""
    _parquet_of(make_rows(count), file)
    for way in ("import_file", "export_file"):
        with _server(count if way == "export_file" else 1) as people:
            ours, theirs = multiprocessing.Pipe()
            url, target = str(people.airtable.config.endpoint_url), file.with_suffix(".out.parquet")
            path = str(file if way == "import_file" else target)
            process = multiprocessing.get_context("spawn").Process(
                target=_peak, args=(url, way, path, theirs)
            )
            process.start()
            before, peak = ours.recv()
            process.join()
        print(f"{count:,} rows, {way}: {peak:.0f} MB at most, {before:.0f} MB before")


def _peak(url: str, way: str, path: str, pipe: Any) -> None:
    people = _people(url)
    people.where().limit(1).to_arrow()
    importlib.import_module("pyarrow.parquet")
    before = _peak_memory()
    getattr(people, way)(path)
    pipe.send((before, _peak_memory()))


def _peak_memory() -> float:
    """The peak of this process since it began, in MB; that of ``resource`` counts its parent."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0]) / 1_000


def _parquet_of(rows: Iterator[dict[str, Any]], path: Path) -> Path:
    arrow: Any = importlib.import_module("pyarrow")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    writer: Any = None
    while part := list(islice(rows, 50_000)):
        table = arrow.Table.from_pylist(part)
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()
    return path


def _compare(what: str, *ways: tuple[str, Callable[[], object]]) -> None:
    best: dict[str, float] = {}
    for _ in range(_RUNS):
        for name, way in ways:
            before = time.process_time()
            way()
            seconds = time.process_time() - before
            best[name] = min(seconds, best.get(name, seconds))
    first = best[ways[0][0]]
    for name, seconds in best.items():
        print(f"{what}: {name:14} {seconds:6.2f} s CPU, {seconds / first:.2f} times {ways[0][0]}")


class _server:  # noqa: N801 - a context manager that reads like a function
    """Serves so many records, and takes whatever is written."""

    def __init__(self, records: int) -> None:
        self._records = records

    def __enter__(self) -> Table[Person]:
        ours, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.Process(target=_serve, args=(self._records, theirs))
        self._process.start()
        return _people(f"http://127.0.0.1:{ours.recv()}")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()


def _people(url: str) -> Table[Person]:
    config = make_config(access_token=TOKEN, base_id=_BASE, endpoint_url=url)
    people = Airtable(connection=Unpaced(config)).table(Person)
    people.first()
    return people


def _serve(records: int, pipe: Any) -> None:
    pages = list(_pages(records))
    ids = count()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while line := self.rfile.readline():
                head = line
                while (part := self.rfile.readline()) not in (b"\r\n", b""):
                    head += part
                length = _LENGTH.search(head)
                body = self.rfile.read(int(length[1])) if length else b""
                answer = self._read(line) if line.startswith(b"GET") else self._created(body)
                self.wfile.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                    b"content-length: %d\r\n\r\n%b" % (len(answer), answer)
                )

        def _read(self, line: bytes) -> bytes:
            if b"maxRecords" in line:
                return b'{"records":[]}'
            offset = _OFFSET.search(line)
            return pages[int(offset[1]) if offset else 0]

        def _created(self, body: bytes) -> bytes:
            made = [
                {"id": f"rec{next(ids):014}", "createdTime": _CREATED, "fields": one["fields"]}
                for one in json.loads(body)["records"]
            ]
            return json.dumps({"records": made}).encode()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        pipe.send(server.server_address[1])
        server.serve_forever()


def _pages(records: int) -> Iterator[bytes]:
    rows = [as_text(row) for row in make_rows(records)]
    every = [
        {
            "id": f"rec{place:014}",
            "createdTime": _CREATED,
            "fields": {COLUMNS[name]: value for name, value in row.items() if value is not False},
        }
        for place, row in enumerate(rows)
    ]
    for start in range(0, records, _PAGE):
        page: dict[str, Any] = {"records": every[start : start + _PAGE]}
        if start + _PAGE < records:
            page["offset"] = str(start // _PAGE + 1)
        yield json.dumps(page, separators=(",", ":")).encode()


if __name__ == "__main__":
    main()
