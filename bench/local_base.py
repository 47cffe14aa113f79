"""The local base itself: filters and orders over a large table, and how fast records are created.

The client of these measurements does nothing but send and parse.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from bench import Bench
from rows import TABLE, as_json, make_rows
from served import Client, Served
from sheet import Sheet
from tables import make_tables

from airhaul.local_base.base import LocalBase
from airhaul.wire.limits import RECORDS_PER_WRITE

_LARGE: Final = 100_000
_CREATED: Final = 10_000
_TIMES: Final = 5
_PAGES: Final = 20
_ASKED_FOR: Final = 50
_QUERIES: Final[dict[str, dict[str, str]]] = {
    "all": {},
    "{Age} > 60": {"filterByFormula": "{Age} > 60"},
    "{Status} = 'lost'": {"filterByFormula": "{Status} = 'lost'"},
    "IS_AFTER({Joined On}, ...)": {"filterByFormula": "IS_AFTER({Joined On}, '2020-01-01')"},
    "FIND('77', {E-Mail})": {"filterByFormula": "FIND('77', {E-Mail})"},
    "SEARCH('PERSON 77', {Full Name})": {"filterByFormula": "SEARCH('PERSON 77', {Full Name})"},
    "AND of three": {"filterByFormula": "AND({Age} > 30, {Is Active}, FIND('9', {E-Mail}))"},
    "sorted by Age": {"sort[0][field]": "Age"},
    "sorted by Full Name": {"sort[0][field]": "Full Name", "sort[0][direction]": "desc"},
    "sorted by Status, Joined On": {"sort[0][field]": "Status", "sort[1][field]": "Joined On"},
    "{Age} > 60, sorted by Full Name": {
        "filterByFormula": "{Age} > 60",
        "sort[0][field]": "Full Name",
    },
}


def run(bench: Bench) -> Sheet:
    """Measure."""
    sheet = Sheet(
        "The local base",
        ("task", "query or clients"),
        ("records", "first page, s", "next page, ms", "records/s"),
        notes="airhaul serve on a file, queried over HTTP by a client on the same machine that "
        "only sends and parses; no limit, no latency. Records have the nine fields of the other "
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
        make_tables(local_base, make_rows(count))


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
