"""Writing with Spark while it runs slow tasks twice at the same time: is a row lost or doubled?

    python bench/spark_speculation.py [--rows 400] [--slow 9]

Spark starts a second attempt of a slow task only on another host, and never in local mode. So a
cluster is started, with two workers that have addresses of their own on this machine. Half of the
tasks are slow at their first attempt, a reply is lost, and one is a 429.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyspark.sql
from rich.console import Console
from rich.table import Table

from airhaul import Airtable
from airhaul.local_base import Fault, Faults, LocalBase, LocalServer
from airhaul.spark import AirtableDataSource
from processes import free_port

_HOME: Final = Path(pyspark.__file__).parent
_MASTER: Final = "org.apache.spark.deploy.master.Master"
_WORKER: Final = "org.apache.spark.deploy.worker.Worker"
_TASKS: Final = 8
_STARTS_WITHIN_S: Final = 5.0
_FIELDS: Final[list[Any]] = [
    {"name": "Name", "type": "singleLineText"},
    {"name": "Amount", "type": "number", "options": {"precision": 0}},
]


def start_cluster(folder: Path) -> tuple[str, list[subprocess.Popen[bytes]]]:
    """Start a master and two workers.

    Args:
        folder: Where the workers keep their files.

    Returns:
        The address of the master, and the processes.
    """
    environment = {**os.environ, "SPARK_HOME": str(_HOME), "SPARK_WORKER_DIR": str(folder)}
    program, port = str(_HOME / "bin" / "spark-class"), str(free_port())
    address = f"spark://127.0.0.1:{port}"
    worker = [_WORKER, "--cores", "2", "--memory", "1g", address]
    started: list[subprocess.Popen[bytes]] = []
    for arguments in (
        [_MASTER, "--host", "127.0.0.1", "--port", port],
        [*worker, "--host", "127.0.0.2"],
        [*worker, "--host", "127.0.0.3"],
    ):
        command = [program, *arguments, "--webui-port", str(free_port())]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started.append(subprocess.Popen(command, env=environment, **quiet))
        time.sleep(_STARTS_WITHIN_S)
    return address, started


def session_at(address: str) -> Any:
    """Connect to the cluster, and let it repeat what is slower than most."""
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.executor.memory": "512m",
        "spark.executor.cores": "2",
        "spark.speculation": "true",
        "spark.speculation.interval": "50ms",
        "spark.speculation.quantile": "0.1",
        "spark.speculation.multiplier": "1.1",
        "spark.speculation.minTaskRuntime": "0ms",
    }
    builder = pyspark.sql.SparkSession.builder.master(address)
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    session.dataSource.register(AirtableDataSource)
    return session


def slow_at_first(folder: Path, seconds: float) -> Any:
    """Make a step of a query that is slow in the first attempts of half of the tasks.

    Args:
        folder: Where each attempt leaves a file when it has passed.
        seconds: How long a slow one takes.
    """
    folder.mkdir()

    def step(batches: Iterator[Any]) -> Iterator[Any]:
        context = pyspark.TaskContext.get()
        assert context is not None
        if context.attemptNumber() == 0 and context.partitionId() % 2:
            time.sleep(seconds)
        yield from batches
        (folder / f"{context.partitionId()}-{context.attemptNumber()}").touch()

    return step


def write_all(session: Any, options: argparse.Namespace, folder: Path) -> list[Sequence[str]]:
    """Write a frame in each way, and return a row of the report for each."""
    found: list[Sequence[str]] = []
    with LocalBase.open() as local_base, LocalServer(local_base) as server:
        base_id, url = local_base.default_base_id, server.url
        with Airtable("pat.x", base_id, endpoint_url=url) as airtable:
            ways = {
                "upsert": {"key": "Name"},
                "append": {"write": "append", "journal": str(folder / "journal.db")},
            }
            for name, way in ways.items():
                airtable.create_table(name, _FIELDS)
                frame = session.range(0, options.rows, 1, _TASKS)
                frame = frame.selectExpr("concat('Deal ', id) AS Name", "id AS Amount")
                step = slow_at_first(folder / name, options.slow)
                given = {"base": base_id, "table": name, "access_token": "pat.x", **way}
                faults = Faults(
                    Fault("close-after", at=3),
                    Fault("429-retry-after", at=9, retry_after_s=0.5),
                    Fault("500-after", at=15),
                )
                local_base.faults = faults
                writer = frame.mapInArrow(step, frame.schema).write.format("airtable")
                writer.options(endpoint_url=url, **given).mode("append").save()
                local_base.faults = None
                names = [row["Name"] for row in airtable.table_named(name).to_arrow().to_pylist()]
                twice = sum(one.name.endswith("-1") for one in (folder / name).iterdir())
                lost, doubled = options.rows - len(set(names)), len(names) - len(set(names))
                figures = (twice, len(faults.happened()), lost, doubled)
                found.append([name, *map(str, figures)])
    return found


def main() -> None:
    """Run it as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--slow", type=float, default=9, help="a slow task, in seconds")
    options = parser.parse_args()
    os.environ["PYSPARK_PYTHON"] = sys.executable
    with tempfile.TemporaryDirectory() as name:
        address, started = start_cluster(Path(name) / "workers")
        try:
            session = session_at(address)
            rows = write_all(session, options, Path(name))
            session.stop()
        finally:
            for process in started:
                process.terminate()
                process.wait()
    table = Table("write", "tasks that ended twice", "faults", "rows lost", "rows doubled")
    for row in rows:
        table.add_row(*row)
    Console(width=90).print(table)


if __name__ == "__main__":
    main()
