"""The number of the last intent of each run, in a small file beside the journal.

SQLite takes the end of a damaged write-ahead log for what a power cut has torn, and ignores it. But
requests were sent for the intents that it had. So their number is kept once more, where that damage
does not reach: written after each commit, it is never ahead of a journal that is whole.

It is not synchronised. After a power cut it may be behind, and shows less damage than it could.
"""

from __future__ import annotations

import glob
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_SUFFIX: Final = ".last"


def _file(journal: Path, run_id: str) -> Path:
    return Path(f"{journal}.{run_id}{_SUFFIX}")


class LastIntent:
    """The file with the number of the last intent of one run, while a process works on it.

    Args:
        journal: The journal.
        run_id: The run.
        number: The number of the last intent so far.

    Raises:
        OSError: The file cannot be written.
    """

    def __init__(self, journal: Path, run_id: str, number: int) -> None:
        self._path = _file(journal, run_id)
        # Not emptied: whoever reads it meanwhile finds the number from before.
        self._file = self._path.open("r+b" if self._path.exists() else "w+b", buffering=0)
        self.note(number)

    def note(self, number: int) -> None:
        """Write the number of the last intent, which is in the journal by now."""
        self._file.seek(0)
        self._file.write(b"%020d\n" % number)

    def close(self, *, delete: bool = False) -> None:
        """Close the file.

        Args:
            delete: Whether to delete it, because the write-ahead log has nothing any more.
        """
        self._file.close()
        if delete:
            self._path.unlink(missing_ok=True)


def last_intents(journal: Path) -> Mapping[str, int]:
    """Return the number of the last intent of each run that has such a file, by the run's id.

    Args:
        journal: The journal.
    """
    found: dict[str, int] = {}
    for path in journal.parent.glob(f"{glob.escape(journal.name)}.*{_SUFFIX}"):
        try:
            found[path.name[len(journal.name) + 1 : -len(_SUFFIX)]] = int(path.read_bytes())
        except (OSError, ValueError):
            continue  # deleted meanwhile; or it is empty after a power cut
    return found


def forget(journal: Path, run_id: str) -> None:
    """Delete the file of a run, if it has one."""
    _file(journal, run_id).unlink(missing_ok=True)


def forget_all(journal: Path) -> None:
    """Delete the files of all runs."""
    for run_id in last_intents(journal):
        forget(journal, run_id)
