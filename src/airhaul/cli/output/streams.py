"""The standard streams of the program, whose readers may go before everything is printed."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any, TextIO

from airhaul.cli.exit_codes import OUTPUT_UNREAD


def expect_readers_to_go() -> None:
    """End the program quietly when nobody reads its output any more, as with ``head``.

    Python would raise ``BrokenPipeError`` wherever something is printed, and once more at exit.
    Without a reader of the errors the program goes on: a write is not left half done.
    """
    sys.stdout = _guarded(sys.stdout, "standard output")
    sys.stderr = _guarded(sys.stderr, None)


def _guarded(stream: TextIO | None, name: str | None) -> TextIO:
    if stream is None:  # the program was started without it
        return Path(os.devnull).open("w", encoding="utf-8")
    return io.TextIOWrapper(
        io.BufferedWriter(_Output(stream, name)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=getattr(stream, "line_buffering", False),
    )


class _Output(io.RawIOBase):
    """Passes bytes to a stream, and after the first error to nowhere.

    Args:
        stream: The stream.
        name: What it is called in errors; None to ignore all of them.
    """

    def __init__(self, stream: TextIO, name: str | None) -> None:
        super().__init__()
        self._stream = stream  # it would be closed without a reference
        self._raw: Any = getattr(stream.buffer, "raw", stream.buffer)
        self._name = name
        self._has_failed = False

    def write(self, content: Any) -> Any:
        """Write some bytes."""
        if not self._has_failed:
            try:
                return self._raw.write(content)
            except OSError as error:
                self._has_failed = True
                if self._name is not None:
                    if isinstance(error, BrokenPipeError):
                        raise SystemExit(OUTPUT_UNREAD) from None
                    raise OSError(error.errno, error.strerror, self._name) from None
        return memoryview(content).nbytes

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def fileno(self) -> int:
        """Return the number of the stream."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        return self._stream.isatty()
