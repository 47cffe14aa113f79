"""What the tests of the server share."""

from __future__ import annotations

import pytest

from airhaul.server.emulator import Emulator
from tests.server.asking import Asking


@pytest.fixture
def ask(emulator: Emulator) -> Asking:
    """A local base in memory, asked by requests alone."""
    return Asking(emulator)
