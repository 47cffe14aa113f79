"""The fingerprint by which a file is recognised when a run is resumed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airhaul.bulk.journal.runs import Source
    from airhaul.tabular import Format


def fingerprint(path: Path, format: Format | None = None, encoding: str | None = None) -> Source:
    """Compute the size of a file and a hash of its content.

    Args:
        path: The file.
        format: Its format; None if it was inferred from the suffix.
        encoding: Its encoding; None for UTF-8, or UTF-16 with a byte order mark.
    """
    from airhaul.bulk.journal.runs import Source

    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Source(str(path.resolve()), path.stat().st_size, digest, format, encoding)
