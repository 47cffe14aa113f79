"""The fingerprint by which a file is recognised when a run is resumed."""

from __future__ import annotations

import hashlib

from airhaul.bulk.journal.runs import Source
from airhaul.tabular import InputFile, name_of_copied


def fingerprint(file: InputFile) -> Source:
    """Compute the size of a file and a hash of its content.

    Args:
        file: The file.
    """
    with file.path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    size = file.path.stat().st_size
    path, name = str(file.path.resolve()), name_of_copied(file.path)
    return Source(path, size, digest, file.settings, name)
