"""What is told while a bulk call runs."""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import time

import pytest
from rich.console import Console

from airhaul.bulk.engine.events import (
    Reconciled,
    Restarted,
    RollingBack,
    RowRefused,
    RowsChecked,
    RowsWritten,
    Splitting,
)
from airhaul.cli.output import progress
from airhaul.cli.output.progress import RowProgress
from airhaul.errors import InvalidRequestError, RowError
from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.local_base.http.serve import LocalServer
from tests.cli.conftest import file
from tests.cli.program import airhaul
from tests.processes import COMMAND

REFUSED = InvalidRequestError("Airtable answered 422.", status=422)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Restarted(), "The list expired on the server; reading it again from the start."),
        (
            Splitting(10, REFUSED),
            "A request was refused because of some of its rows; finding out which.",
        ),
        (
            Reconciled(found=7, absent=3, unknown=0),
            "A reply was lost; looked for its rows in the table: 7 found, 3 not there.",
        ),
        (
            Reconciled(found=0, absent=0, unknown=10),
            "A reply was lost; looked for its rows in the table: 10 unclear.",
        ),
        (RollingBack(1_230), "Undoing what was written: 1,230 rows."),
        (
            RollingBack(20, 57.2),
            "Undoing what was written: 20 rows. A request whose reply was lost may still be at work, so this begins in 58 s.",
        ),
    ],
)
def test_what_happens_is_told_once(capsys, event, said) -> None:
    """Each trouble is a short note; requests in flight that meet the same one share it."""
    with RowProgress("Importing") as shown:
        shown.on_event(event)
        shown.on_event(event)
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"{said}\n")


def test_figures_are_lines_where_there_is_no_terminal(capsys, monkeypatch) -> None:
    """Done, total, failed and the time left; the last line has no time left."""
    monkeypatch.setattr(progress, "_PLAIN_EVERY_S", 0.0)
    with RowProgress("Importing x.csv") as shown:
        shown.on_event(RowsChecked(2_000, None))
        shown.on_event(RowsChecked(12_000, 12_000))
        shown.on_event(RowsWritten([], 10, 12_000, "created", seconds_left=3_725.0))
        shown.on_event(RowRefused(RowError("no"), 11, 12_000))
        shown.on_event(RowsWritten([], 12_000, 12_000, "created", seconds_left=0.0))
        shown.on_event(RowsWritten([], 12_001, None))
    assert capsys.readouterr().err.splitlines() == [
        "Importing x.csv: 2,000 rows checked",
        "Importing x.csv: 12,000 of 12,000 rows checked",
        "Importing x.csv: 10 of 12,000 rows, 1:02:05 left",
        "Importing x.csv: 11 of 12,000 rows, 1 failed, 1:02:05 left",
        "Importing x.csv: 12,000 of 12,000 rows, 1 failed",
        "Importing x.csv: 12,001 rows, 1 failed",
    ]


@pytest.mark.slow
def test_a_lost_reply_is_told_and_doubles_nothing() -> None:
    """What was sent and not answered is looked for; the note says so, and no row is twice."""
    faults = Faults(Fault.parse("POST close-after@3"))
    file("new.csv", *(f"n{number},A,1" for number in range(30)))
    with LocalBase.open(faults=faults) as local_base, LocalServer(local_base) as server:
        options = ["--endpoint-url", server.url, "--base", local_base.default_base_id]
        words = ["import", "new.csv", "New", "--create", *options, "--token", "patTest.secret"]
        done = airhaul(*words)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("New: 30 created in ")
        assert "A reply was lost; looked for its rows in the table: 10 found." in done.stderr
        assert "secret" not in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("key", [[], ["--key", "Name"]])
def test_ctrl_c_tells_what_was_written_and_how_to_go_on(local_base, server, key) -> None:
    """The partial result as JSON, code 130, and advice that makes no row twice."""
    options = [
        "--endpoint-url",
        server.url,
        "--base",
        local_base.default_base_id,
        "--token",
        "pat.x",
    ]
    airhaul("import", file("one.csv", "P0", header="Name"), "Many", "--create", *options)
    many = file("many.csv", *(f"P{number}" for number in range(1, 20_000)), header="Name")
    child = subprocess.Popen(
        [*COMMAND, "import", str(many), "Many", "--json", "--journal", "off", *key, *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    before = local_base.counts()
    while local_base.counts()["POST"] + local_base.counts()["PATCH"] < before["POST"] + 3:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "Traceback" not in err
    told = json.loads(out)
    assert told["created"] + told["skipped"] == 19_999
    assert told["error"].startswith(f"Interrupted: {told['created']} created, ")
    if key:
        assert "Run the command again; no row is written twice." in err
    else:
        left = re.search(r"([\d,]+) rows were not written; see above. Import only those", err)
        assert left is not None
        assert int(left[1].replace(",", "")) == told["skipped"]
    done = airhaul("export", "Many", "out.csv", *options)
    assert done.stdout == f"out.csv: {told['created'] + 1} records of Many\n"


@pytest.mark.parametrize(("width", "has_label"), [(40, False), (80, True)])
def test_the_figures_are_whole_on_a_narrow_terminal(monkeypatch, width, has_label) -> None:
    """Where there is no room for all, what is being done gives way to how far it is."""
    shown = io.StringIO()
    terminal = Console(file=shown, force_terminal=True, width=width, color_system=None)
    monkeypatch.setattr(progress, "err", lambda: terminal)
    with RowProgress("Importing people.csv") as bar:
        bar.on_event(RowsWritten([], 2_760, 6_000, "created", seconds_left=65.0))
    assert "2,760 of 6,000 rows, 1:05 left" in shown.getvalue()
    assert ("Importing people.csv" in shown.getvalue()) is has_label
