"""Running the program as a process, with its output in pipes or on a terminal."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable

from tests.processes import PROGRAM, run_python, start_python

# The program as it is, but for the time between two tries.
QUICK = (
    "from functools import partial; from airhaul import Airtable, Retries; "
    "from airhaul.cli import app, connect; "
    "connect.Airtable = partial(Airtable, retries=Retries(backoff_s=0.01)); app.main()"
)
QUESTION = "[y/N] "
COLUMNS = 80


def airhaul(
    *words: object, program: str = PROGRAM, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run it where nobody can be asked."""
    done = run_python(program, *words, environment={**os.environ, "COLUMNS": "100", **environment})
    assert "Traceback" not in done.stderr
    return done


def on_terminal(
    *words: object,
    answer: str = "",
    before_answer: Callable[[], object] | None = None,
    columns: int = COLUMNS,
) -> tuple[int, str]:
    """Run it on a terminal of so many columns; gives the exit code and what is to be read there.

    ``answer`` is typed at the question; ``before_answer`` happens while it waits for one.
    """
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    child = start_python(
        PROGRAM,
        *words,
        streams=(terminal, terminal, terminal),
        environment={**environment, "TERM": "xterm-256color"},
        on_terminal=True,
    )
    os.close(terminal)
    shown, ends_at = b"", time.monotonic() + 60
    try:
        while chunk := _read(controller, ends_at):
            shown += chunk
            if answer and QUESTION.encode() in shown:
                if before_answer is not None:
                    before_answer()
                os.write(controller, answer.encode())
                answer = ""
        child.join(20)
        code = child.exitcode
    finally:
        child.kill()
        os.close(controller)
    assert code is not None, "it closed the terminal and did not end"
    assert not answer, f"it never asked:\n{shown.decode()}"
    text = _plain(shown.decode())
    assert "Traceback" not in text
    assert max(map(len, text.splitlines()), default=0) <= columns
    return code, text


def _read(controller: int, ends_at: float) -> bytes:
    ready, _, _ = select.select([controller], [], [], max(0.0, ends_at - time.monotonic()))
    assert ready, "the program waits for something"
    try:
        return os.read(controller, 65_536)
    except OSError as error:
        assert error.errno == errno.EIO, "so Linux says that the other end is closed"
        return b""


def _plain(shown: str) -> str:
    """What stands there in the end: without colours, and lines that were drawn over."""
    without = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r\n", "\n")
    return "\n".join(line.rpartition("\r")[2] for line in without.split("\n"))
