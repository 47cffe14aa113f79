"""Programs in processes of their own, forked from one that has imported airhaul already.

Python needs half a second to import the program, and the tests run it a thousand times. So each
worker of the tests has one process that has imported everything, and forks it for every program:
with its own memory, signals, working folder, environment and streams, like any process.
"""

from __future__ import annotations

import fcntl
import io
import multiprocessing
import os
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing import reduction
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import airhaul

COMMAND = [sys.executable, "-m", "airhaul"]  # as users start it
PROGRAM = "from airhaul.cli.app import main; main()"  # the same, forked

_CONTEXT = multiprocessing.get_context("forkserver")
_SOURCE = Path(airhaul.__file__).parent
_CONTEXT.set_forkserver_preload(
    [
        ".".join(path.relative_to(_SOURCE.parent).with_suffix("").parts)
        for path in _SOURCE.rglob("*.py")
        if not path.stem.startswith("__")
    ]
)


def run_python(
    code: str,
    *words: object,
    environment: Mapping[str, str] | None = None,
    piped: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run Python code with words as its arguments, and nothing or a pipe to read; wait for its end."""
    with (
        open(os.devnull) as nothing,
        tempfile.TemporaryFile("w+") as output,
        tempfile.TemporaryFile("w+") as errors,
    ):
        if piped is None:
            process = start_python(
                code, *words, streams=(nothing, output, errors), environment=environment
            )
        else:
            process = _start_piped(code, words, piped, (output, errors), environment)
        process.join(60)
        timed_out = process.is_alive()
        process.kill()
        process.join()
        output.seek(0)
        errors.seek(0)
        done = subprocess.CompletedProcess(
            words, process.exitcode or 0, output.read(), errors.read()
        )
    assert not timed_out, f"it did not end within a minute:\n{done.stdout}\n{done.stderr}"
    return done


def _start_piped(
    code: str,
    words: tuple[object, ...],
    piped: str,
    streams: tuple[Any, Any],
    environment: Mapping[str, str] | None,
) -> BaseProcess:
    reader, writer = os.pipe()
    process = start_python(code, *words, streams=(reader, *streams), environment=environment)
    os.close(reader)
    with suppress(BrokenPipeError), open(writer, "w", encoding="utf-8") as pipe:
        pipe.write(piped)  # the program may end without having read it
    return process


def start_python(
    code: str,
    *words: object,
    streams: tuple[Any, Any, Any],
    environment: Mapping[str, str] | None = None,
    on_terminal: bool = False,
) -> BaseProcess:
    """Start Python code with three files, or their numbers, as its standard streams."""
    process = _CONTEXT.Process(
        target=_run,
        args=(
            code,
            list(map(str, words)),
            dict(os.environ if environment is None else environment),
            os.getcwd(),
            [_Stream(one if isinstance(one, int) else one.fileno()) for one in streams],
            on_terminal,
        ),
    )
    process.start()
    return process


class _Stream:
    """An open file that is passed to another process."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Callable[[Any], int], tuple[Any]]:
        return _received, (reduction.DupFd(self.number),)


def _received(stream: Any) -> int:
    return stream.detach()


def _run(
    code: str,
    words: list[str],
    environment: dict[str, str],
    folder: str,
    streams: list[int],
    on_terminal: bool,
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    if on_terminal:  # Ctrl-C typed there reaches the program
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    given = io.FileIO(0)
    given.name = "<stdin>"  # as Python calls it, and so do errors and runs
    sys.stdin = io.TextIOWrapper(io.BufferedReader(given))
    sys.stdout = open(1, "w")
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace")
    sys.argv = ["airhaul", *words]
    exec(compile(code, "<program>", "exec"), {"__name__": "__main__"})
