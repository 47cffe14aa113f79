"""Finding data files: in folders, and in installed packages."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

SUFFIXES: Final = (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson")
_PACKED: Final[dict[str, Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


@dataclass(frozen=True)
class Source:
    """A data file.

    Args:
        publisher: The package or folder that it comes from.
        name: Its path there.
        path: Where it is.
    """

    publisher: str
    name: str
    path: Path

    @property
    def suffix(self) -> str:
        """The suffix of its format, such as ``.csv``; that of a packed file is left out."""
        suffixes = [suffix.lower() for suffix in self.path.suffixes]
        if suffixes and suffixes[-1] in _PACKED:
            suffixes.pop()
        return suffixes[-1] if suffixes else ""

    def content(self) -> bytes:
        """Read the file, unpacked."""
        opener = _PACKED.get(self.path.suffix.lower(), open)
        with opener(self.path, "rb") as file:
            return bytes(file.read())


def find_sources(places: list[str]) -> Iterator[Source]:
    """Find the data files in these places.

    Args:
        places: Folders, files, or names of installed packages.
    """
    for place in places:
        path = Path(place)
        if path.is_file():
            yield Source(path.parent.name, path.name, path)
        elif path.is_dir():
            yield from _in_folder(path)
        else:
            files = metadata.files(place) or []
            located = sorted(Path(str(file.locate())) for file in files)
            sources = (Source(place, file.name, file) for file in located)
            yield from (source for source in sources if source.suffix in SUFFIXES)


def _in_folder(folder: Path) -> Iterator[Source]:
    for path in sorted(folder.rglob("*")):
        source = Source(folder.name, str(path.relative_to(folder)), path)
        if source.suffix in SUFFIXES and path.is_file():
            yield source
