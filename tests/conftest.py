"""What all tests share: Hypothesis profiles, and a clean slate after each test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from airhaul.client.default import use

settings.register_profile("default", deadline=None, max_examples=60)
settings.register_profile(
    "thorough", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

_VARIABLES = (
    "AIRTABLE_ACCESS_TOKEN",
    "AIRTABLE_BASE_ID",
    "AIRTABLE_ENDPOINT_URL",
    "AIRHAUL_LOCAL",
)


@pytest.fixture(autouse=True)
def _unconfigured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test sees another's connection, or the developer's own token."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    yield
    use(None)
