"""Open files and pipes: their content can be read once only, so it is copied to a file on disk."""

from __future__ import annotations

import contextlib
import io
import shutil
import stat
import tempfile
import weakref
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final, Protocol

from airhaul.errors import ConfigurationError

_PREFIX: Final = "airhaul-"
_UNNAMED: Final = "input"
_NAMELESS: Final = "the open file"
# Next to each copy, so that no other file is ever taken for one; has the name of the open file.
_MARK: Final = ".airhaul-copy"


class ReadableFile(Protocol):
    """What bytes can be read from: a file opened with ``"rb"``, a ``BytesIO``, a reply's body."""

    def read(self, size: int = -1, /) -> bytes:
        """Read so many bytes, or all; none at the end."""
        ...


class WritableFile(Protocol):
    """What bytes can be written to: a file opened with ``"wb"``, a ``BytesIO``."""

    def write(self, content: bytes, /) -> object:
        """Write some bytes."""
        ...


class FileCopy:
    """A copy of an open file, which is deleted with this object, unless it is kept.

    Args:
        file: The open file.

    Attributes:
        path: The copy. It has the name of the file, if that has one.

    Raises:
        ConfigurationError: The file is opened as text.
        OSError: It cannot be read, or the disk is full.
    """

    def __init__(self, file: ReadableFile) -> None:
        _refuse_text(file, "rb")
        folder = tempfile.mkdtemp(prefix=_PREFIX)
        self._deleted = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.path = _path_in(folder, file, _UNNAMED)
        try:
            with self.path.open("wb") as copy:
                shutil.copyfileobj(file, copy)
        except OSError as error:
            if error.filename is not None:
                raise
            raise OSError(error.errno, error.strerror, shown_name(self.path)) from None

    def keep(self) -> None:
        """Leave the copy on disk."""
        self._deleted.detach()


def name_of_copied(path: str | Path) -> str | None:
    """Return the name of the open file that a file is a copy of; None if it is no copy.

    Args:
        path: A file.
    """
    try:
        return (Path(path).parent / _MARK).read_text("utf-8", "surrogateescape")
    except OSError:
        return None


def shown_name(path: str | Path) -> str:
    """Return what a file is called in messages: its path, or the name of the open file it copies.

    Args:
        path: The file.
    """
    return name_of_copied(path) or str(path)


def delete_copy(path: Path) -> None:
    """Delete a copy that was kept, once nobody needs it; any other file is left alone.

    Args:
        path: A file.
    """
    if (path.parent / _MARK).exists():
        shutil.rmtree(path.parent, ignore_errors=True)


def is_pipe(path: Path) -> bool:
    """Return whether a path is that of something that can be read once only."""
    return (
        path.exists() and not stat.S_ISREG(mode := path.stat().st_mode) and not stat.S_ISDIR(mode)
    )


@contextlib.contextmanager
def sending_to(file: WritableFile) -> Generator[Path]:
    """Give a file on disk whose content goes to an open file, if the block ends without an error.

    Args:
        file: The open file.

    Yields:
        The file to write; it has the name of the open one, if that has one.

    Raises:
        ConfigurationError: The file is opened as text.
        OSError: It cannot be written.
    """
    _refuse_text(file, "wb")
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:
        path = _path_in(folder, file, "output")
        yield path
        with path.open("rb") as content:
            shutil.copyfileobj(content, file)


def _refuse_text(file: object, mode: str) -> None:
    if isinstance(file, io.TextIOBase):
        raise ConfigurationError(
            f'The file is opened as text. Open it with the mode "{mode}": files say themselves how '
            "their text is encoded."
        )


def _path_in(folder: str, file: Any, unnamed: str) -> Path:
    """Choose a path in a folder for the content of an open file, and note the name of that there.

    Args:
        folder: The folder, empty.
        file: The open file.
        unnamed: The last part of the path for a file without a name.
    """
    name = getattr(file, "name", None)
    name = name if isinstance(name, str) else ""  # some files have a number
    Path(folder, _MARK).write_text(name or _NAMELESS, "utf-8", "surrogateescape")
    # Standard streams have names such as <stdin>.
    return Path(folder, Path(name.strip("<>")).name or unnamed)
