"""The recipes for task queues and engines run, each where its library is installed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from airhaul import Airtable, Table
from airhaul.local_base import LocalBase, LocalServer
from tests.conftest import connection_to

RECIPES = Path(__file__).parent.parent / "examples/recipes"

pytestmark = pytest.mark.slow


@pytest.fixture
def local_base() -> Iterator[LocalBase]:
    """A base with a limit, so that programs keep to their pace, and with room."""
    with LocalBase.open(requests_per_second=50) as opened:
        yield opened


@pytest.fixture
def environment(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a recipe finds: the base, and folders of its own."""
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", "patRecipes.secret")
    monkeypatch.setenv("AIRTABLE_BASE_ID", server.local_base.default_base_id)
    monkeypatch.setenv("AIRTABLE_ENDPOINT_URL", server.url)
    for variable in ("JOURNALS", "PREFECT_HOME", "AIRFLOW_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(Path.cwd() / variable.lower()))
    return dict(os.environ)


TEXT = {"type": "singleLineText"}
NUMBER = {"type": "number", "options": {"precision": 2}}
MOMENT = {
    "type": "dateTime",
    "options": {
        "timeZone": "utc",
        "dateFormat": {"name": "iso"},
        "timeFormat": {"name": "24hour"},
    },
}


@pytest.fixture
def airtable(local_base: LocalBase) -> Airtable:
    """The base from inside: what the tests do is no request of a recipe."""
    return Airtable(connection=connection_to(local_base))


def make_table(airtable: Airtable, name: str, /, **fields: dict[str, Any]) -> Table[Any]:
    """Make a table with fields of these types."""
    airtable.create_table(name, [{"name": field, **fields[field]} for field in fields])
    return airtable.table_named(name)


def run(*words: object, environment: dict[str, str]) -> str:
    """Run Python with some words as its arguments, and return what it printed."""
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def children_of(process: subprocess.Popen[Any]) -> list[int]:
    """The processes that a process has started."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not listed.exists():
        pytest.skip("this system does not list the children of a process")
    return [int(pid) for pid in listed.read_text(encoding="ascii").split()]


def test_celery(redis, airtable, local_base, environment) -> None:
    """A worker's process is killed with its task; another does it again, at the pace of all."""
    pytest.importorskip("celery", reason="celery is not installed")
    signups = make_table(airtable, "Signups", email=TEXT, name=TEXT, plan=TEXT)
    local_base.requests.clear()
    environment |= {"REDIS_URL": redis}
    words = ["-m", "celery", "--app", "celery_workers", "worker", "--concurrency", "2"]
    with subprocess.Popen(
        [sys.executable, *words],
        cwd=RECIPES,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as worker:
        try:
            with ThreadPoolExecutor(1) as pool:
                done = pool.submit(run, RECIPES / "celery_workers.py", environment=environment)
                while len(local_base.requests) < 4 and not done.done():
                    time.sleep(0.01)
                os.kill(children_of(worker)[0], signal.SIGKILL)
                assert len(done.result().splitlines()) == 10
        finally:
            worker.kill()
    assert {request.status for request in local_base.requests} == {200}
    times = [request.at for request in local_base.requests]
    assert max(times) - min(times) > 2.5  # twenty requests at five a second
    emails = [signup.email for signup in signups.all()]
    assert sorted(emails) == sorted({f"person{n}@example.org" for n in range(200)})


def test_prefect(airtable, local_base, environment) -> None:
    """A flow loads a file; a second attempt of its report adds nothing."""
    pytest.importorskip("prefect", reason="prefect is not installed")
    orders = make_table(airtable, "Orders", number=NUMBER, customer=TEXT, total=NUMBER)
    states = dict.fromkeys(("created", "updated", "unchanged"), NUMBER)
    loads = make_table(airtable, "Loads", loaded_at=MOMENT, **states)
    Path("orders.csv").write_text("number,customer,total\n1,Ada,10.5\n2,Grace,20\n")
    run(RECIPES / "prefect_flow.py", "orders.csv", environment=environment)
    assert sorted(order.total for order in orders.all()) == [10.5, 20]
    counts = [(load.created, load.updated, load.unchanged) for load in loads.all()]
    assert counts == [(2, 0, 0)]
    (journal,) = Path("journals").iterdir()
    again = f"report.fn({dict.fromkeys(states, 0)}, {journal.stem!r})"
    code = f"import runpy; globals().update(runpy.run_path({str(RECIPES / 'prefect_flow.py')!r}))"
    run("-c", f"{code}; {again}", environment=environment)
    assert loads.count() == 1


def test_airflow(airtable, local_base, environment) -> None:
    """A DAG appends its events; when its task is done again, it adds none."""
    pytest.importorskip("airflow", reason="apache-airflow is not installed")
    events = make_table(airtable, "Events", name=TEXT, source=TEXT, amount=NUMBER)
    environment |= {
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(RECIPES),
    }
    run("-m", "airflow", "db", "migrate", environment=environment)
    run("-m", "airflow", "dags", "test", "append_events", environment=environment)
    assert sorted(event.amount or 0 for event in events.all()) == [n / 4 for n in range(100)]
    (journal,) = Path("journals").glob("*.db")
    code = f"import runpy; recipe = runpy.run_path({str(RECIPES / 'airflow_dag.py')!r})"
    again = f"from pathlib import Path; recipe['append_once']([], Path({str(journal)!r}))"
    run("-c", f"{code}; {again}", environment=environment)
    assert events.count() == 100


def test_ray(airtable, local_base, environment) -> None:
    """The deals of each base are in the dataset, with the base that they are of."""
    pytest.importorskip("ray", reason="ray is not installed")
    deals = make_table(airtable, "Deals", name=TEXT, amount=NUMBER)
    deals.bulk_create([{"name": f"Deal {n}", "amount": n} for n in range(150)])
    base_id = local_base.default_base_id
    printed = run(RECIPES / "ray_data.py", base_id, environment=environment)
    assert printed.splitlines()[-1] == f"{base_id}: 11,175.00"
