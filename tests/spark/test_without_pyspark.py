"""Where pyspark is not installed."""

from __future__ import annotations

import sys

import pytest

from airhaul.errors import MissingExtraError


def test_the_error_has_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """``airhaul.spark`` can be imported without pyspark, and then says what is missing."""
    import airhaul.spark

    for name in [name for name in sys.modules if name.startswith("airhaul.spark.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    for name in [name for name in sys.modules if name.startswith("pyspark.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingExtraError, match=r'pip install "airhaul\[spark\]"'):
        airhaul.spark.AirtableDataSource
