"""Ctrl-C that is raised only where nothing is lost by it.

Python raises ``KeyboardInterrupt`` between any two steps of the main thread, for example after a
reply was taken from its queue and before the job was fed with it; the job would then wait forever.
So while a job is driven, Ctrl-C is recorded, and raised where the job is in a consistent state. In
the caller's own code, which may take long, it is raised immediately; so is a second Ctrl-C.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Interrupts:
    """Records Ctrl-C while a job is driven on the main thread; elsewhere it does nothing.

    A program that has a handler of its own for SIGINT keeps it.

    Args:
        wake: Called when Ctrl-C was recorded, to end a wait.
    """

    def __init__(self, wake: Callable[[], object]) -> None:
        self._wake = wake
        self._is_noted = False
        self._is_outside = False
        self._is_ours = False

    def __enter__(self) -> Self:
        """Start to record Ctrl-C."""
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._is_ours = True
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Restore the handler; a Ctrl-C recorded at the last moment is raised."""
        if self._is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if kind is None:
            self.check()

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._is_outside or self._is_noted:
            signal.default_int_handler(number, frame)
        self._is_noted = True
        self._wake()

    @property
    def is_noted(self) -> bool:
        """Whether a Ctrl-C was recorded and not yet raised."""
        return self._is_noted

    def check(self) -> None:
        """Raise a recorded Ctrl-C; called where the job is in a consistent state.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed.
        """
        if self._is_noted:
            self._is_noted = False
            raise KeyboardInterrupt

    def outside(self, call: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Call the caller's own code, where Ctrl-C is raised immediately."""
        self._is_outside = True
        try:
            return call(*args, **options)
        finally:
            self._is_outside = False
