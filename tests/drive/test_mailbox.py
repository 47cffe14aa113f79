"""The mailbox of a driver: nothing in it is lost, and no wait is longer than it was asked for."""

from __future__ import annotations

import threading

from airhaul.drive.mailbox import Mailbox


def test_what_is_left_arrives_in_order() -> None:
    """Items that were there before, and one that comes during the wait."""
    mailbox = Mailbox[int]()
    for number in range(3):
        mailbox.put(number)
    assert [mailbox.get(0) for _ in range(3)] == [0, 1, 2]
    assert mailbox.get(0) is None
    threading.Timer(0.05, mailbox.put, [3]).start()
    found = None
    while found is None:
        found = mailbox.get(None)
    assert found == 3


def test_a_wait_that_has_no_time_left_ends() -> None:
    """The queue of the standard library, woken by a false alarm, then waits forever, and a call with it."""
    mailbox = Mailbox[int]()

    def read() -> None:
        for _ in range(20_000):
            mailbox.put(1)
            assert mailbox.get(0) == 1
            assert mailbox.get(1e-9) is None

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(30.0)
    assert not thread.is_alive()
