"""The pace of a host: small files in the user's runtime folder, one for each base and token.

One lock is held for all of them, for some microseconds and never while waiting. A process that dies
with it releases it. One that is stopped with it, or a folder that cannot be written, makes the
others keep a pace of their own.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import math
import os
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final, Self

from airhaul.bulk.engine.slots import Slots

_LOGGER: Final = logging.getLogger("airhaul")
_NOT_USED_FOR_S: Final = 86_400.0
# The lock is never held so long by a process that runs.
_STUCK_S: Final = 1.0
_ASKED_AGAIN_WITHIN_S: Final = 0.5
_AGAIN_S: Final = 10.0
_LOOK_AGAIN_S: Final = 0.0005
_FORMAT: Final = b"airhaul-pace-1\n"
# Clocks are set by some seconds; a boot takes longer.
_BOOT_GRAIN_S: Final = 60.0


class HostSlots(Slots):
    """The slots of a base or token in a file.

    Args:
        *whose: What identifies the base or token.
    """

    def __init__(self, *whose: str) -> None:
        super().__init__()
        # Slots of another boot have times of another clock, and what seems to be one is that of a
        # process that sees another clock. Such processes must not overwrite each other's slots.
        self._head = _FORMAT + boot_id()
        self._name = digest_of(self._head.decode(), *whose) + ".slots"

    def load(self, folder: Path) -> None:
        """Read what other processes have left.

        Raises:
            OSError: The file cannot be read.
        """
        head = self._head
        try:
            found = (folder / self._name).read_bytes()
        except FileNotFoundError:
            found = b""
        is_usable = found.startswith(head) and len(found) == len(head) + self.SIZE
        self.block[:] = found[len(head) :] if is_usable else bytes(self.SIZE)

    def save(self, folder: Path) -> None:
        """Leave what other processes have to know.

        Raises:
            OSError: The file cannot be written.
        """
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        file = os.open(folder / self._name, flags, 0o600)
        try:
            # In place: a process that is killed leaves all of it or none.
            content = self._head + self.block
            if os.write(file, content) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(file)


class Host:
    """The folder in which the processes of this host share their slots.

    Args:
        folder: The folder; it is made when it is first needed.
    """

    def __init__(self, folder: Path) -> None:
        from filelock import FileLock

        self._folder = folder
        self._lock = FileLock(folder / "pace.lock", thread_local=False)
        self._is_ready = False
        self._alone_until = 0.0
        self._busy_since = 0.0
        self._busy_at = -math.inf

    @classmethod
    def of_user(cls) -> Self:
        """Find that of this user; one that shares nothing if there is none."""
        try:
            return cls(default_folder())
        except OSError as error:
            host = cls(Path())
            host._be_alone(str(error), math.inf)
            return host

    def take(self, slots: Sequence[HostSlots], patience_s: float) -> bool:
        """Take slots from the other processes, and read them.

        Args:
            slots: The slots.
            patience_s: How long to wait for another process, in seconds; 0 not to wait.

        Returns:
            Whether they were taken, or there is nobody to share them with; ``give_back`` follows
            then, and soon.
        """
        now = time.monotonic()
        if now < self._alone_until:
            return True
        try:
            self._prepare()
            if not self._acquire(now + patience_s):
                return self._is_stuck(now)
            for each in slots:
                each.load(self._folder)
        except (OSError, NotImplementedError) as error:
            self._be_alone(f"{self._folder} cannot be used ({error})", math.inf)
        except BaseException:  # Ctrl-C: nobody is going to give them back
            self._lock.release()
            raise
        return True

    def give_back(self, slots: Sequence[HostSlots]) -> None:
        """Leave slots to the other processes, as they are now.

        Args:
            slots: As given to ``take``.
        """
        if not self._lock.is_locked:
            return
        try:
            for each in slots:
                each.save(self._folder)
        except OSError as error:
            self._be_alone(f"{self._folder} cannot be written ({error})", math.inf)
        finally:
            self._lock.release()

    def _prepare(self) -> None:
        """Make the folder, and delete what nobody has used for long."""
        if self._is_ready:
            return
        # What others could write to would be refused by the programs that come next.
        for folder in (self._folder.parent, self._folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if hasattr(os, "getuid") and self._folder.stat().st_uid != os.getuid():
            raise PermissionError("it belongs to another user")
        unused = time.time() - _NOT_USED_FOR_S
        for file in self._folder.glob("*.slots"):
            with suppress(OSError):  # another process does the same
                if file.stat().st_mtime < unused:
                    file.unlink()
        self._is_ready = True

    def _acquire(self, until: float) -> bool:
        """Take the lock, unless somebody has it until a time."""
        from filelock import Timeout

        while True:
            try:
                self._lock.acquire(blocking=False)
            except Timeout:
                if time.monotonic() >= until:
                    return False
                time.sleep(_LOOK_AGAIN_S)
            else:
                self._busy_at = -math.inf
                return True

    def _is_stuck(self, now: float) -> bool:
        """Whether another process holds the lock without end; this one goes on alone then."""
        if now > self._busy_at + _ASKED_AGAIN_WITHIN_S:
            self._busy_since = now  # when it was busy before, others had their turn since
        self._busy_at = now
        if now < self._busy_since + _STUCK_S:
            return False
        self._be_alone(f"a process that was stopped holds {self._lock.lock_file}", now + _AGAIN_S)
        return True

    def _be_alone(self, reason: str, until: float) -> None:
        """Keep a pace of this process alone for a while."""
        self._lock.release()
        self._alone_until = until
        _LOGGER.warning(
            "The pace is not shared with the other processes of this host: %s. If they use the "
            "same base, its rate limit may be exceeded.",
            reason,
        )


@lru_cache(maxsize=1)
def boot_id() -> bytes:
    """Identify this boot of the host: another one has another clock."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_bytes()
    except OSError:
        booted = round((time.time() - time.monotonic()) / _BOOT_GRAIN_S)
        return b"%36d\n" % booted


def default_folder() -> Path:
    """Find the folder of this user: in the one for what lasts as long as the host runs.

    Raises:
        OSError: There is none that is safe to use.
    """
    import platformdirs

    with warnings.catch_warnings():
        # It falls back to a folder for temporary files, which is as good here.
        warnings.simplefilter("ignore")
        return platformdirs.user_runtime_path("airhaul", appauthor=False)


def digest_of(*parts: str) -> str:
    """Name what is kept for a base or token, without telling which.

    Args:
        *parts: What identifies it.
    """
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
