"""Runs of the program that are killed at random moments and resumed until they are done.

    python bench/kills_of_runs.py [RUNS] [FIRST]

Each run imports or synchronises a file over HTTP, while some replies of the service are lost. Its
process gets SIGKILL at a random moment, up to three times; then ``airhaul resume`` takes over. In
the end the table has to equal the file: no row lost, none doubled; and the counts of created and
updated rows that the last process prints have to be right. A run that was killed before its journal
entry was written has sent nothing, and is started again.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from airhaul import Airtable
from airhaul.bulk.journal.file import Journal
from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.local_base.http.serve import LocalServer

# The program as it is, but for its pace: some thousand requests have to pass.
PROGRAM = """
from functools import partial
from airhaul import Airtable, Retries
from airhaul.cli import app, connect
quick = Retries(backoff_s=0.05, settle_s=0.3)
connect.Airtable = partial(Airtable, requests_per_second=2_000, retries=quick)
app.main()
"""
TOKEN = "patKills.secret"  # noqa: S105 - opens nothing
VERBS = ("import", "import --key", "sync --delete")
LOSSES = ("close-after", "close-before", "502-after", "truncated")
MOST_KILLS = 3
TIMEOUT_S = 120


@dataclass
class Killed:
    """One run, and what came of it.

    Args:
        number: Which one, and the seed of all that is random in it.
        verb: What is done.
        rows: How many the file has.
        kills: How many processes were killed.
        lost: How many rows are not in the table as they stand in the file.
        doubled: How many records there are besides.
        complaints: What else is wrong.
    """

    number: int
    verb: str
    rows: int
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    complaints: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether the table equals the file, and all that was told is right."""
        return not (self.lost or self.doubled or self.complaints)


def carry_out(number: int, folder: Path) -> Killed:
    """Begin a run, kill it, and let it go on until it is done."""
    random = Random(number)  # noqa: S311 - chance that can be repeated is what is wanted
    run = Killed(number, VERBS[number % len(VERBS)], random.choice((25, 250, 2_500)))
    source = folder / "rows.csv"
    lines = [f"row {row},{row}" for row in range(run.rows)]
    source.write_text("\n".join(["Name,Number", *lines, ""]), encoding="utf-8")
    with LocalBase.open(str(folder / "base.db")) as local_base, LocalServer(local_base) as server:
        there = _prepare(server, run)
        local_base.faults = Faults(
            *(Fault(kind, probability=0.004, path="/app") for kind in LOSSES), seed=number
        )
        told = _until_done(run, random, source, server)
        local_base.faults = None
        _compare(run, server, there, told)
    return run


def _connect(server: LocalServer) -> Airtable:
    return Airtable(
        TOKEN,
        server.local_base.default_base_id,
        endpoint_url=server.url,
        requests_per_second=2_000,
    )


def _prepare(server: LocalServer, run: Killed) -> set[int]:
    """Make the table, with old records where some are to be changed or deleted."""
    there = set() if run.verb == "import" else set(range(0, run.rows, 3))
    others = set(range(run.rows, run.rows + run.rows // 8)) if "sync" in run.verb else set()
    with _connect(server) as airtable:
        airtable.create_table(
            "Rows",
            [
                {"name": "Name", "type": "singleLineText"},
                {"name": "Number", "type": "number", "options": {"precision": 0}},
            ],
        )
        old = [{"name": "old", "number": row} for row in sorted(there | others)]
        airtable.table_named("Rows").bulk_create(old)
    return there


def _until_done(run: Killed, random: Random, source: Path, server: LocalServer) -> dict:
    journal = source.parent / "journal.db"
    begin = [*run.verb.split()[:1], str(source), "Rows"]
    begin += [] if run.verb == "import" else ["--key", "Number"]
    begin += ["--delete", "--yes"] if "sync" in run.verb else []
    begin += ["--endpoint-url", server.url]
    while True:
        is_begun = journal.exists() and bool(Journal(journal).runs())
        words = ["resume"] if is_begun else begin
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words, "--json", "--journal", str(journal)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "AIRTABLE_ACCESS_TOKEN": TOKEN,
                "AIRTABLE_BASE_ID": server.local_base.default_base_id,
            },
        )
        if run.kills < MOST_KILLS and _is_killed(process, random, server):
            run.kills += 1
            continue
        out, err = process.communicate(timeout=TIMEOUT_S)
        if process.returncode != 0:
            run.complaints.append(f"{' '.join(words)}: exit {process.returncode}: {err[-600:]}")
        if journal.exists() and TOKEN.encode() in journal.read_bytes():
            run.complaints.append("the token is in the journal")
        return json.loads(out) if out.startswith("{") else {}


def _is_killed(process: subprocess.Popen, random: Random, server: LocalServer) -> bool:
    """Kill a process some time after its first write, or in its beginning."""
    writes = _writes(server)
    if random.random() < 0.8:
        while _writes(server) == writes and process.poll() is None:
            time.sleep(0.001)
    try:
        process.wait(random.random() * random.choice((0.05, 0.3, 1.5)))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return True
    return False


def _writes(server: LocalServer) -> int:
    counts = server.local_base.counts()
    return sum(counts[method] for method in ("POST", "PATCH", "PUT", "DELETE"))


def _compare(run: Killed, server: LocalServer, there: set[int], told: dict) -> None:
    with _connect(server) as airtable:
        held = Counter((row.name, row.number) for row in airtable.table_named("Rows").all())
    wanted = Counter((f"row {row}", row) for row in range(run.rows))
    run.lost, run.doubled = (wanted - held).total(), (held - wanted).total()
    # A process that was killed after its last word leaves nothing to be told by the next.
    if "outcomes" in told:
        said = told.get("created", 0), told.get("updated", 0)
        if said != (run.rows - len(there), len(there)):
            run.complaints.append(f"told {said} created and updated, of {len(there)} old rows")


def main() -> int:
    """Carry out some runs and tell of each; 1 where one was not well."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    done: list[Killed] = []
    for number in range(first, first + runs):
        with tempfile.TemporaryDirectory() as folder:
            run = carry_out(number, Path(folder))
        done.append(run)
        how = "well" if run.is_well else f"{run.lost} lost, {run.doubled} doubled"
        print(f"{number:4} {run.verb:14} {run.rows:5} rows {run.kills} kills  {how}", flush=True)
        for complaint in run.complaints:
            print(f"     {complaint}", flush=True)
    lost, doubled = (sum(getattr(run, name) for run in done) for name in ("lost", "doubled"))
    kills, rows = sum(run.kills for run in done), sum(run.rows for run in done)
    ill = sum(not run.is_well for run in done)
    print(
        f"{len(done)} runs of {rows:,} rows, {kills} kills: "
        f"{lost} lost, {doubled} doubled, {ill} runs not well"
    )
    return 1 if ill else 0


if __name__ == "__main__":
    sys.exit(main())
