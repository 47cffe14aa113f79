"""What the tests of the server share."""

from __future__ import annotations

import pytest

from airhaul.local_base.base import LocalBase
from tests.local_base.asking import Asking
from tests.local_base.shop import open_shop


@pytest.fixture
def ask(local_base: LocalBase) -> Asking:
    """A local base in memory, asked by requests alone."""
    return Asking(local_base)


@pytest.fixture
def shop(ask: Asking) -> Asking:
    """The same with orders that link to items."""
    open_shop(ask)
    return ask
