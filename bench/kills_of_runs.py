"""Runs of the program that are killed at random moments, and resumed or called again.

    python bench/kills_of_runs.py [RUNS] [FIRST]

Each run imports or synchronises a file, deletes records, undoes a deletion or retries rejected rows
over HTTP, while some replies of the service are lost. Its process gets SIGKILL at a random moment,
up to three times; then ``airhaul resume`` takes over, or the same command is called again. In the
end the table and the file of rejects have to be what an undisturbed run gives: no row lost, none
doubled; and the counts of created and updated rows that the last process prints have to be right. A
run that was killed before its journal entry was written has sent nothing, and is started again.
"""

from __future__ import annotations

import csv
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
quick = Retries(backoff_s=0.05, settle_s=0.1)
connect.Airtable = partial(Airtable, requests_per_second=2_000, retries=quick)
app.main()
"""
TOKEN = "patKills.secret"  # noqa: S105 - opens nothing
VERBS = ("import", "import --key", "sync --delete", "import --rejects", "delete", "undo", "retry")
# A plain import that is called again is another import.
RESUMED_ONLY = ("import", "import --rejects")
EVERY_BAD = 7
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
        called_again: Whether a command was called again, instead of resumed.
        complaints: What else is wrong.
    """

    number: int
    verb: str
    rows: int
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    called_again: bool = False
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
    lines = [f"row {row},{_number(run, row)}" for row in range(run.rows)]
    source.write_text("\n".join(["Name,Number", *lines, ""]), encoding="utf-8")
    with LocalBase.open(str(folder / "base.db")) as local_base, LocalServer(local_base) as server:
        there = _prepare(server, run)
        begin = _command(run, source, server)
        local_base.faults = Faults(
            *(Fault(kind, probability=0.004, path="/app") for kind in LOSSES), seed=number
        )
        told = _until_done(run, random, source.parent / "journal.db", begin, server)
        local_base.faults = None
        _compare(run, server, there, told)
        if run.verb == "import --rejects":
            _compare_rejects(run, source.parent / "rejects.csv")
    return run


def _number(run: Killed, row: int) -> str:
    return "many" if run.verb == "import --rejects" and row % EVERY_BAD == 0 else str(row)


def _connect(server: LocalServer) -> Airtable:
    return Airtable(
        TOKEN,
        server.local_base.default_base_id,
        endpoint_url=server.url,
        requests_per_second=2_000,
    )


def _prepare(server: LocalServer, run: Killed) -> set[int]:
    """Make the table, with old records where some are to be changed or deleted."""
    is_keyed = run.verb in ("import --key", "sync --delete")
    there = set(range(0, run.rows, 3)) if is_keyed else set()
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


def _command(run: Killed, source: Path, server: LocalServer) -> list[str]:
    """Return the words that begin the run, after what has to be done before it."""
    journal, rejects = source.parent / "journal.db", source.parent / "rejects.csv"
    endpoint = ["--endpoint-url", server.url]
    with _connect(server) as airtable:
        rows = airtable.table_named("Rows")
        match run.verb:
            case "delete":
                rows.bulk_create([{"name": "old", "number": row} for row in range(run.rows)])
                return ["delete", "Rows", "--all", "--yes", *endpoint]
            case "undo":
                made = rows.import_file(source)
                deleted = rows.bulk_delete(list(made), journal=journal)
                return ["undo", str(deleted.run), "--yes"]
            case "retry":
                bad = [{"name": f"row {row}", "number": f"{row} pieces"} for row in range(run.rows)]
                done = rows.bulk_create(bad, on_error="continue", rejects=rejects, journal=journal)
                rejects.write_text(rejects.read_text().replace(" pieces,", ","))
                return ["retry", str(done.run)]
            case _:
                begin = [*run.verb.split()[:1], str(source), "Rows", *endpoint]
    begin += ["--key", "Number"] if run.verb in ("import --key", "sync --delete") else []
    begin += ["--delete", "--yes"] if "sync" in run.verb else []
    begin += ["--on-error", "continue", "--rejects", str(rejects)] if "rej" in run.verb else []
    return begin


def _until_done(
    run: Killed, random: Random, journal: Path, begin: list[str], server: LocalServer
) -> dict:
    before = len(Journal(journal).runs())
    while True:
        is_begun = len(Journal(journal).runs()) > before
        is_resumed = is_begun and (run.verb in RESUMED_ONLY or random.random() < 0.5)
        words = ["resume"] if is_resumed else begin
        run.called_again |= is_begun and not is_resumed
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
        wanted = (1,) if run.verb == "import --rejects" else (0,)
        # A retry that was killed after its last word has nothing to send again.
        if run.verb == "retry" and "already sent the rejected rows" in err:
            wanted = (2,)
        if process.returncode not in wanted:
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
    rows = [] if run.verb == "delete" else range(run.rows)
    wanted = Counter((f"row {row}", row) for row in rows if _number(run, row) != "many")
    run.lost, run.doubled = (wanted - held).total(), (held - wanted).total()
    # A process that was killed after its last word leaves nothing to be told by the next, and one
    # that was called again tells what it has done itself.
    if "outcomes" in told and not run.called_again and run.verb != "delete":
        said = told.get("created", 0), told.get("updated", 0)
        if said != (wanted.total() - len(there), len(there)):
            run.complaints.append(f"told {said} created and updated, of {len(there)} old rows")


def _compare_rejects(run: Killed, rejects: Path) -> None:
    with rejects.open(encoding="utf-8", newline="") as file:
        held = Counter(row["Name"] for row in csv.DictReader(file))
    wanted = Counter(f"row {row}" for row in range(0, run.rows, EVERY_BAD))
    run.lost += (wanted - held).total()
    run.doubled += (held - wanted).total()


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
