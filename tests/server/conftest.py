"""What the tests of the server share."""

from __future__ import annotations

import pytest

from airhaul.server.emulator import Emulator
from tests.server.asking import Asking
from tests.server.shop import open_shop


@pytest.fixture
def ask(emulator: Emulator) -> Asking:
    """A local base in memory, asked by requests alone."""
    return Asking(emulator)


@pytest.fixture
def shop(ask: Asking) -> Asking:
    """The same with orders that link to items."""
    open_shop(ask)
    return ask
