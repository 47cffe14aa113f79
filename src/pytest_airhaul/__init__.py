"""The fixtures that airhaul adds to pytest.

They are in a package of their own, so that pytest does not import airhaul for suites that do not
use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from airhaul import Airtable
    from airhaul.testing import TestServer


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker ``airtable``."""
    config.addinivalue_line(
        "markers",
        "airtable(schema=, latency=, faults=, requests_per_second=, monthly_quota=): "
        "options of the base of the fixtures airtable and airtable_server",
    )


@pytest.fixture
def airtable(request: pytest.FixtureRequest) -> Iterator[Airtable]:
    """A connection to a local base in memory, empty and new for each test; no socket is opened.

    All models are bound to it during the test, however the application configures them.
    """
    from airhaul import Airtable
    from airhaul.testing import models_on

    with Airtable.local(**_options(request)) as opened, models_on(opened):
        yield opened


@pytest.fixture
def airtable_server(request: pytest.FixtureRequest) -> Iterator[TestServer]:
    """A local base in memory over HTTP, empty and new for each test, for any client."""
    from airhaul.testing.server import serving

    options = _options(request)
    with serving(latency_s=options.pop("latency", 0.0), **options) as server:
        yield server


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The options of the nearest marker."""
    mark = request.node.get_closest_marker("airtable")
    return {} if mark is None else dict(mark.kwargs)
