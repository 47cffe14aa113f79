"""The server of the benchmark: a process of its own, so that its work never counts for a client.

    python bench/server.py

It serves a local base over HTTP and takes orders on stdin, a JSON object a line, each answered with
one on stdout:

    {"do": "reset", "limit": true, "latency_s": 0.2, "seed": 1000}
        with "lose": {"method": "POST", "probability": 0.2, "times": 10}, so many replies are lost;
        with "fault": {"kind": "truncated", "method": "POST", ...}, such a fault happens
        with "counts_only": true, nothing is held: the server only makes records and counts
    {"do": "clear"}     forget the requests that came
    {"do": "counts"}    the requests since then
    {"do": "held"}      the rows that the table holds
    {"do": "ids"}       the ids of all records
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final

from counting import CountingServer
from relay import Losses, Relay
from rows import CHOICES, COLUMNS, KEY, TABLE, make_rows
from tables import make_tables

from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.answers import Answer, NoReply, TruncatedReply
from airhaul.local_base.gate.request_log import RequestLog
from airhaul.local_base.http.serve import LocalServer
from airhaul.local_base.protocol.request import Request
from airhaul.local_base.store import MEMORY, Store
from airhaul.wire import endpoints
from airhaul.wire.call import Call
from airhaul.wire.endpoints import ListParameters
from airhaul.wire.limits import REQUESTS_PER_SECOND_PER_BASE

_ANY_BASE: Final = "appBenchmark00000"


class Tally(RequestLog):
    """Counts all requests, of which the log itself remembers only the latest."""

    def __init__(self) -> None:
        super().__init__()
        self.methods: Counter[str] = Counter()
        self.refused = 0
        self.written = 0

    def note(self, request: Request, answer: Answer, **circumstances: Any) -> None:
        """Count a request, with the rows that it has written."""
        super().note(request, answer, **circumstances)
        sent = answer.reply if isinstance(answer, TruncatedReply) else answer
        status = 0 if isinstance(sent, NoReply) else sent.status
        with self._lock:
            self.methods[request.method] += 1
            self.refused += status == 429
            if status == 200:
                self.written += _rows_written(request)


class Server:
    """A served base that is made anew for each measurement."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._local_base: LocalBase
        self._tally: Tally
        self._counting: CountingServer | None = None
        # The same base once more, without a limit, for what is no client's business.
        self._inside: LocalBase

    def reset(
        self,
        *,
        limit: bool,
        latency_s: float,
        seed: int,
        lose: dict[str, Any] | None = None,
        fault: dict[str, Any] | None = None,
        counts_only: bool = False,
    ) -> dict[str, Any]:
        """Begin with a new base, and say where it is.

        Args:
            limit: Whether Airtable's limit holds, with its penalty of 30 seconds.
            latency_s: How long each reply is held back, in seconds.
            seed: How many rows the table has.
            lose: Which replies are lost on their way; as of ``Losses``.
            fault: What the server does wrong; as of airhaul's ``Fault``.
            counts_only: Whether to serve no base, but only to count.
        """
        self.close()
        if counts_only:
            self._counting = self._open.enter_context(CountingServer(seed))
            return {"url": self._counting.url, "base_id": _ANY_BASE}
        self._counting = None
        store = Store(MEMORY)
        self._inside = self._open.enter_context(LocalBase(store))
        self._local_base = LocalBase(
            store,
            requests_per_second=REQUESTS_PER_SECOND_PER_BASE if limit else None,
            latency_s=latency_s,
        )
        make_tables(self._inside, make_rows(seed))
        self.clear()
        if fault is not None:
            from airhaul.local_base.gate.faults import Fault, Faults

            self._local_base.faults = Faults(Fault(**fault), seed=1)
        server = self._open.enter_context(LocalServer(self._local_base))
        url = server.url
        if lose is not None:
            url = self._open.enter_context(Relay(url, Losses(**lose))).url
        return {"url": url, "base_id": store.default_base_id}

    def _call(self, call: Call) -> Any:
        reply = self._inside.send(call, lambda: None)
        if reply.status != 200:
            raise RuntimeError(f"the server could not do its own call: {reply.body!r}")
        return json.loads(reply.body)

    def _records(self) -> Iterator[dict[str, Any]]:
        base_id, offset = self._inside.default_base_id, None
        while True:
            page = self._call(endpoints.list_records(base_id, TABLE, ListParameters(), offset))
            yield from page["records"]
            offset = page.get("offset")
            if offset is None:
                return

    def clear(self) -> dict[str, Any]:
        """Forget the requests that came."""
        if self._counting is not None:
            self._counting.clear()
            return {}
        self._local_base.requests = self._tally = Tally()
        return {}

    def counts(self) -> dict[str, Any]:
        """Count the requests by method, those that were refused with 429, and the rows written."""
        if self._counting is not None:
            return self._counting.counts()
        tally = self._tally
        return {
            "requests": tally.methods,
            "refused": tally.refused,
            "written": tally.written,
        }

    def held(self) -> dict[str, Any]:
        """Count the rows in the table, the keys among them, and those with an unknown choice."""
        if self._counting is not None:
            return self._counting.held()
        rows = [record["fields"] for record in self._records()]
        return {
            "held": len(rows),
            "distinct": len({row[COLUMNS[KEY]] for row in rows}),
            "odd": sum(row[COLUMNS["status"]] not in CHOICES for row in rows),
        }

    def ids(self) -> dict[str, Any]:
        """List the ids of all records."""
        return {"ids": [record["id"] for record in self._records()]}

    def close(self) -> None:
        """Stop serving."""
        self._open.close()


def _rows_written(request: Request) -> int:
    if request.method == "GET" or request.path.endswith("/listRecords"):
        return 0
    if request.method == "DELETE":
        return sum(name == "records[]" for name, _ in request.query) or 1
    return len(request.body.get("records", [None]))


def main() -> None:
    """Obey until stdin ends."""
    server = Server()
    orders = {
        "reset": server.reset,
        "clear": server.clear,
        "counts": server.counts,
        "held": server.held,
        "ids": server.ids,
    }
    for line in sys.stdin:
        order = json.loads(line)
        answer = orders[order.pop("do")](**order)
        print(json.dumps(answer), flush=True)
    server.close()


if __name__ == "__main__":
    main()
