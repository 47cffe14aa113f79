"""By what a file is recognised when a run goes on."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airhaul.bulk.journal.runs import Source
    from airhaul.tabular import Format


def fingerprint(path: Path, format: Format | None = None, encoding: str | None = None) -> Source:
    """Read a file for its size and a hash of its content.

    Args:
        path: The file.
        format: What it is; None if its suffix tells.
        encoding: Its encoding; None for UTF-8, or what its byte order mark says.
    """
    from airhaul.bulk.journal.runs import Source

    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Source(str(path.resolve()), path.stat().st_size, digest, format, encoding)
