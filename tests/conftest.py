"""What all tests share: Hypothesis profiles, a clean slate after each test, and local bases."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from airhaul import Airtable
from airhaul.client.config import make_config
from airhaul.client.connection import Connection
from airhaul.client.default import use
from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer

pytest_plugins = ["pytester"]

# The same examples everywhere, so that what passes here passes there; the search for new ones is a
# task of its own: make test-thorough.
settings.register_profile("default", deadline=None, max_examples=40, derandomize=True)
settings.register_profile(
    "thorough", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def examples(count: int) -> int:
    """For properties that want more than others: so many, or what the thorough search wants."""
    return max(count, settings.default.max_examples)


# Whoever runs the tests in the background of a shell ignores Ctrl-C, and so would all programs that
# the tests start, those among them that are stopped by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_VARIABLES = (
    "AIRTABLE_ACCESS_TOKEN",
    "AIRTABLE_BASE_ID",
    "AIRTABLE_ENDPOINT_URL",
    "AIRHAUL_LOCAL",
    "AIRHAUL_JOURNAL",
)


@pytest.hookimpl(optionalhook=True)  # there is none without pytest-xdist
def pytest_xdist_auto_num_workers() -> int:
    """Twice as many as there are cores: many tests wait, for a reply or a program."""
    return 2 * (os.cpu_count() or 1)


# The tests of these modules and folders share something costly: a browser, runs of Node, and Spark.
TOGETHER = (
    "tests/console/test_page.py",
    "tests/spark/",
    "tests/strangers/test_airtable_js.py",
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each worker one test at a time, or all that belong together.

    The marks of pytest-xdist for this, ``xdist_group``, have no effect with pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduler(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((one for one in TOGETHER if nodeid.startswith(one)), nodeid)

    return Scheduler(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Do not look for garbage in what is collected, which stays: it takes a third of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the slow ones, so that no worker is left with one while the others are done."""
    if hasattr(config, "workerinput"):  # a worker of pytest-xdist
        items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def _unconfigured(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """No test sees another's connection, or the developer's own token."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    # The program writes its runs down there.
    state = str(tmp_path_factory.mktemp("state"))
    monkeypatch.setenv("XDG_STATE_HOME", state)
    # dlt keeps its pipelines there, and sends no word of them to its makers.
    monkeypatch.setenv("DLT_DATA_DIR", state)
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))
    yield
    use(None)


def warm_mypy_cache(folder: Path) -> list[str]:
    """The options with which mypy uses what it knows of our sources and libraries: ten seconds less.

    It is usable where what is checked has the options of the sources, and is copied, because several
    tests use it at the same time.
    """
    known, copy = Path(__file__).parent.parent / ".mypy_cache", folder / ".mypy_cache"
    if known.exists():
        shutil.copytree(known, copy, dirs_exist_ok=True)
    return ["--cache-dir", str(copy)]


@pytest.fixture
def local_base() -> Iterator[LocalBase]:
    """A local base in memory, whose requests can be counted."""
    with LocalBase.open() as opened:
        yield opened


@pytest.fixture
def server(local_base: LocalBase) -> Iterator[LocalServer]:
    """The same base over HTTP."""
    with LocalServer(local_base) as running:
        yield running


@pytest.fixture(params=["in process", "over HTTP"])
def airtable(request: pytest.FixtureRequest, local_base: LocalBase) -> Iterator[Airtable]:
    """A connection to the base, in process and over HTTP; ``local_base`` counts its requests.

    Over HTTP the pace is set far above what a test sends: what is tested here is not the pace.
    """
    if request.param == "in process":
        yield Airtable(connection=connection_to(local_base))
        return
    with LocalServer(local_base) as running, connect(running) as opened:
        yield opened


def connection_to(local_base: LocalBase, **options) -> Connection:
    """A connection to a base that is open in this process."""
    return Connection(make_config(local=":memory:", **options), local_base)


def connect(server: LocalServer, **options) -> Airtable:
    """A connection over HTTP."""
    return Airtable(
        "patTest.secret",
        server.local_base.default_base_id,
        endpoint_url=server.url,
        **{"requests_per_second": 1_000, **options},
    )


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis on a free port."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed (Debian's package redis-server)")
    pytest.importorskip("redis", reason="the extra airhaul[redis] is not installed")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    options = ["--bind", "127.0.0.1", "--port", port, "--dir", folder, "--save", ""]
    with subprocess.Popen([program, *map(str, options)], stdout=subprocess.DEVNULL) as process:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
        process.kill()
