"""One Spark for all tests of this folder: it takes seconds to start."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="package")
def spark() -> Iterator[Any]:
    """Spark in this process, with two threads; a task is tried four times."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pyspark about the versions of pandas and Java
        pyspark = pytest.importorskip("pyspark.sql", reason="pyspark is not installed")
        if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
            pytest.skip("there is no Java, which Spark needs")
        before = os.environ.get("PYSPARK_PYTHON")
        os.environ["PYSPARK_PYTHON"] = sys.executable
        from airhaul.spark import AirtableDataSource

        session = (
            pyspark.SparkSession.builder.master("local[2,4]")
            .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.shuffle.partitions", "2")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("OFF")
        session.dataSource.register(AirtableDataSource)
        yield session
        session.stop()
        os.environ.pop("PYSPARK_PYTHON")
        if before is not None:
            os.environ["PYSPARK_PYTHON"] = before
