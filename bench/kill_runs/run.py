"""One run: servers on one file, clients that write, a kill, and a look at the file."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

from served import Served

from airhaul.local_base.base import LocalBase
from airhaul.wire import endpoints
from airhaul.wire.endpoints import ListParameters
from kill_runs.writer import FIELDS, TABLE, Things, Writer

SERVERS: Final = 2


def begin(file: Path) -> None:
    """Make the file, with its table."""
    with LocalBase.open(file) as local_base:
        call = endpoints.create_table(local_base.default_base_id, TABLE, FIELDS)
        reply = local_base.send(call, lambda: None)
        if reply.status != 200:
            raise RuntimeError(f"the table could not be made: {reply.body!r}")


def kill_once(file: Path, writers: Sequence[Writer], random: Random) -> list[str]:
    """Let writers work through two servers, kill these, and look at the file.

    Args:
        file: The base's file.
        writers: The writers, each with one server.
        random: When the servers are killed.

    Returns:
        What is wrong; nothing if all is well.
    """
    servers = [Served(file) for _ in range(SERVERS)]
    stop = threading.Event()
    failures: list[str] = []

    def work(writer: Writer, server: Served) -> None:
        try:
            writer.write(server.base_id, server.port, stop)
        except RuntimeError as error:
            failures.append(str(error))

    threads = [
        threading.Thread(target=work, args=(writer, servers[place % SERVERS]))
        for place, writer in enumerate(writers)
    ]
    for thread in threads:
        thread.start()
    # Seldom both at once: one of them may be waiting for what the other is in the middle of.
    for server in random.sample(servers, len(servers)):
        time.sleep(random.uniform(0.02, 0.5))
        server.kill()
    stop.set()
    for thread in threads:
        thread.join()
    return failures + look(file, writers)


def look(file: Path, writers: Sequence[Writer]) -> list[str]:
    """Compare what a file holds with what its writers were told.

    Args:
        file: The base's file.
        writers: The writers.

    Returns:
        What is wrong.
    """
    found: dict[int, Things] = {writer.number: {} for writer in writers}
    ids: dict[int, dict[str, str]] = {writer.number: {} for writer in writers}
    wrong: list[str] = []
    with LocalBase.open(file) as local_base:
        offset: str | None = ""
        while offset is not None:
            call = endpoints.list_records(
                local_base.default_base_id, TABLE, ListParameters(), offset or None
            )
            page = json.loads(local_base.send(call, lambda: None).body)
            for record in page["records"]:
                fields = record["fields"]
                if fields["Key"] in found[fields["Writer"]]:
                    wrong.append(f"the key {fields['Key']} is there twice")
                found[fields["Writer"]][fields["Key"]] = fields["Value"]
                ids[fields["Writer"]][fields["Key"]] = record["id"]
            offset = page.get("offset")
    with sqlite3.connect(file) as connection:
        (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    if sound != "ok":
        wrong.append(f"the file is damaged: {sound}")
    settled = (writer.settle(found[writer.number], ids[writer.number]) for writer in writers)
    return wrong + [problem for problem in settled if problem is not None]
