"""A server that only counts: it makes the records of a list, and answers writes as Airtable does.

A local base that holds a million records would take longer than all other measurements together.
What a client holds does not depend on what is behind the replies.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from typing import Any, Final, Self

from rows import make_pages

_HOST: Final = "127.0.0.1"
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_PLACE: Final = re.compile(rb"offset=[^& ]*?(\d+)[& ]")
_LENGTH: Final = b"content-length:"
_PER_PAGE: Final = 100


class CountingServer:
    """The server, in threads of its own: one for each connection.

    Args:
        seed: How many rows its table has.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._requests = {"GET": 0, "POST": 0}
        self._created = 0
        self._emails: set[str] = set()
        self._listening = socket.create_server((_HOST, 0))
        self.url = f"http://{_HOST}:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        """Start."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop; connections end with their clients."""
        self._listening.close()

    def clear(self) -> None:
        """Forget the requests that came."""
        self._requests = dict.fromkeys(self._requests, 0)

    def counts(self) -> dict[str, Any]:
        """Count the requests, and the rows written."""
        return {"requests": self._requests, "refused": 0, "written": self._created}

    def held(self) -> dict[str, int]:
        """Count the rows in the table, and the keys among them."""
        held = self._seed + self._created
        return {"held": held, "distinct": self._seed + len(self._emails), "odd": 0}

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return  # it was closed
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as asked:
            while line := asked.readline():
                length = 0
                while (header := asked.readline()) not in (b"\r\n", b""):
                    if header.lower().startswith(_LENGTH):
                        length = int(header[len(_LENGTH) :])
                body = self._answer(line, asked.read(length))
                connection.sendall(_HEAD % len(body) + body)

    def _answer(self, line: bytes, body: bytes) -> bytes:
        method = line.partition(b" ")[0].decode()
        with self._lock:
            self._requests[method] += 1
        return self._create(json.loads(body)["records"]) if method == "POST" else self._list(line)

    def _list(self, line: bytes) -> bytes:
        found = _PLACE.search(line)
        first = int(found[1]) if found else 0
        end = min(first + _PER_PAGE, self._seed)
        if first == end:
            return b'{"records":[]}'
        if b"maxRecords=1&" in line or b"maxRecords=1 " in line:
            return make_pages(1, first)[0]
        (page,) = make_pages(end - first, first)
        return page if end == self._seed else page[:-1] + b',"offset":"itr%d"}' % end

    def _create(self, records: list[dict[str, Any]]) -> bytes:
        with self._lock:
            first = self._seed + self._created
            self._created += len(records)
            self._emails.update(record["fields"]["E-Mail"] for record in records)
        made = [
            {
                "id": f"rec{number:014}",
                "createdTime": "2026-01-01T00:00:00.000Z",
                "fields": {name: cell for name, cell in record["fields"].items() if cell},
            }
            for number, record in enumerate(records, first)
        ]
        return json.dumps({"records": made}).encode()
