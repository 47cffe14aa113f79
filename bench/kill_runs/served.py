"""A server of a local base in a process of its own, that can be killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_SERVE: Final = "import sys; from airhaul.cli.app import main; sys.exit(main())"


class Served:
    """``airhaul serve`` on a file.

    Args:
        file: The base's file.
    """

    def __init__(self, file: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, "serve", "--local", str(file), "--port", "0"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None, "opened as a pipe"
        said = self._process.stdout.readline().split()
        if not said:
            raise RuntimeError(f"the server of {file} did not start; see above")
        self.base_id = said[3]
        self.port = urlsplit(said[-1]).port or 0

    def kill(self) -> None:
        """End it as nothing can be prepared for: by SIGKILL."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
