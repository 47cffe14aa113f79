"""The local base itself: filters and orders over a large table, and how fast records are created.

The client of these measurements does nothing but send and parse.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from bench import Bench
from rows import FIELDS, TABLE, as_json, make_rows
from served import Client, Served
from sheet import Sheet

from airhaul.local_base.base import LocalBase
from airhaul.wire import endpoints
from airhaul.wire.limits import RECORDS_PER_WRITE

_LARGE: Final = 100_000
_CREATED: Final = 10_000
_TIMES: Final = 5
_PAGES: Final = 20
_AT_ONCE: Final = 10_000
_ASKED_FOR: Final = 50
_QUERIES: Final[dict[str, dict[str, str]]] = {
    "all": {},
    "{age} > 60": {"filterByFormula": "{age} > 60"},
    "{status} = 'lost'": {"filterByFormula": "{status} = 'lost'"},
    "IS_AFTER({joined}, ...)": {"filterByFormula": "IS_AFTER({joined}, '2020-01-01')"},
    "FIND('quote', {notes})": {"filterByFormula": "FIND('quote', {notes})"},
    "SEARCH('PERSON 77', {name})": {"filterByFormula": "SEARCH('PERSON 77', {name})"},
    "AND of three": {"filterByFormula": "AND({age} > 30, {active}, FIND('stand 9', {notes}))"},
    "sorted by score": {"sort[0][field]": "score"},
    "sorted by name": {"sort[0][field]": "name", "sort[0][direction]": "desc"},
    "sorted by status, joined": {"sort[0][field]": "status", "sort[1][field]": "joined"},
    "{age} > 60, sorted by name": {"filterByFormula": "{age} > 60", "sort[0][field]": "name"},
}


def run(bench: Bench) -> Sheet:
    """Measure."""
    sheet = Sheet(
        "The local base",
        ("task", "query or clients"),
        ("records", "first page, s", "next page, ms", "records/s"),
        notes="airhaul serve on a file, queried over HTTP by a client on the same machine that "
        "only sends and parses; no limit, no latency. Records have the eight fields of the other "
        f"tables. First page: the median of {_TIMES}. Next page: the slowest of {_PAGES}. "
        "Nothing is cached between lists. Created records are synced to disk before they are "
        "acknowledged, ten records per request.",
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "base.db"
        large = bench.rows(_LARGE)
        _fill(file, large)
        with Served(file) as server:
            for how, query in _QUERIES.items():
                first, following = _list(server, query)
                sheet.add("list", how, f"{large:,}", f"{first:.3f}", f"{following * 1e3:.1f}", "")
            first, _ = _list(server, _by_id(server))
            sheet.add("list", f"{_ASKED_FOR} record ids", f"{large:,}", f"{first:.3f}", "", "")
        created = bench.rows(_CREATED)
        for clients in (1, 4):
            small = Path(folder) / f"created-by-{clients}.db"
            _fill(small, 0)
            with Served(small) as server:
                rate = _create(server, created, clients)
            how = f"{clients} client{'s' * (clients > 1)}"
            sheet.add("create", how, f"{created:,}", "", "", f"{rate:,.0f}")
    return sheet


def _fill(file: Path, count: int) -> None:
    with LocalBase.open(file) as local_base:
        base_id = local_base.default_base_id
        local_base.send(endpoints.create_table(base_id, TABLE, FIELDS), lambda: None)
        rows = make_rows(count)
        while part := list(islice(rows, _AT_ONCE)):
            with local_base._store.session(write=True) as session:
                (table,) = session.schema.tables(base_id).values()
                ids = {name: field.id for name, field in table.by_name.items()}
                cells = [
                    {ids[name]: cell for name, cell in as_json(row).items() if cell is not False}
                    for row in part
                ]
                session.records.add(table.id, cells, datetime.now(UTC), local_base._store.user_id)


def _list(server: Served, query: dict[str, str]) -> tuple[float, float]:
    """Ask for the first page some times and read on; the seconds of both."""
    client = Client(server.port)
    path = f"/v0/{server.base_id}/{TABLE}?{urlencode(query, quote_via=quote)}"
    firsts: list[float] = []
    following: list[float] = []
    for _ in range(_TIMES):
        seconds, answer = _timed(client, path)
        firsts.append(seconds)
    while "offset" in answer and len(following) < _PAGES:
        seconds, answer = _timed(client, f"{path}&offset={quote(answer['offset'], safe='')}")
        following.append(seconds)
    client.close()
    return statistics.median(firsts), max(following, default=0.0)


def _by_id(server: Served) -> dict[str, str]:
    """The query for some records by their ids."""
    client = Client(server.port)
    _, answer = client.ask("GET", f"/v0/{server.base_id}/{TABLE}?pageSize={_ASKED_FOR}")
    client.close()
    tests = [f"RECORD_ID() = '{record['id']}'" for record in answer["records"]]
    return {"filterByFormula": f"OR({', '.join(tests)})"}


def _timed(client: Client, path: str) -> tuple[float, dict[str, Any]]:
    began = time.perf_counter()
    status, answer = client.ask("GET", path)
    if status != 200:
        raise RuntimeError(f"{path} was answered by {status}: {answer}")
    return time.perf_counter() - began, answer


def _create(server: Served, count: int, clients: int) -> float:
    """Create so many records, by so many clients at once; how many a second."""
    rows = [{"fields": as_json(row)} for row in make_rows(count)]
    chunks = [rows[n : n + RECORDS_PER_WRITE] for n in range(0, count, RECORDS_PER_WRITE)]
    refused: list[int] = []

    def work(place: int) -> None:
        client = Client(server.port)
        for chunk in chunks[place::clients]:
            body = {"records": chunk}
            status, _ = client.ask("POST", f"/v0/{server.base_id}/{TABLE}", body)
            if status != 200:
                refused.append(status)
        client.close()

    threads = [threading.Thread(target=work, args=(place,)) for place in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if refused:
        raise RuntimeError(f"creating was answered by {refused[0]}")
    return count / seconds
