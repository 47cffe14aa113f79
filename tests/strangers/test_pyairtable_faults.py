"""pyairtable meets refusals, limits and faults of the served local base."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pyairtable
import pytest
import requests
from pyairtable import retry_strategy

from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.local_base.http.serve import LocalServer

from .conftest import connect


def test_unknown_things_and_refused_tokens(local_base) -> None:
    """401, 403 and 404 come as the reference says."""
    with LocalBase.open(tokens={"patGood.x"}) as guarded, LocalServer(guarded) as running:
        good = pyairtable.Api("patGood.x", endpoint_url=running.url)
        bad = pyairtable.Api("patBad.x", endpoint_url=running.url)
        base = guarded.default_base_id
        with pytest.raises(requests.HTTPError, match="401.*AUTHENTICATION_REQUIRED"):
            bad.table(base, "T").all()
        with pytest.raises(requests.HTTPError, match="403.*MODEL_NOT_FOUND"):
            good.table(base, "T").all()
        with pytest.raises(requests.HTTPError, match="403"):
            good.table("app00000000000000", "T").all()
        reply = good.session.get(f"{running.url}/v0/meta/bases/junk/tables")
        assert (reply.status_code, reply.json()) == (404, {"error": "NOT_FOUND"})
        good.session.close()
        bad.session.close()


def test_its_retries_outlast_a_429(server, base, table, local_base) -> None:
    """A refusal for haste is tried again, and the row is written once."""
    local_base.faults = Faults(Fault("429", at=1, method="POST"), Fault("429", at=1, method="GET"))
    table.create({"Name": "a"})
    assert [record["fields"] for record in table.all()] == [{"Name": "a"}]
    assert [request.status for request in local_base.requests][-4:] == [429, 200, 429, 200]


@pytest.mark.parametrize(
    ("kind", "status"), [("500-before", 500), ("502-before", 502), ("429", 429)]
)
def test_a_retry_strategy_of_ones_own(server, base, table, local_base, kind, status) -> None:
    """Faults of the service are tried again when told so, and not without."""
    patient = retry_strategy(status_forcelist=(429, 500, 502), backoff_factor=0)
    for strategy, answered in ((None, [status]), (patient, [status, 200])):
        api = connect(server, retry_strategy=strategy)
        local_base.faults = Faults(Fault(kind, at=1))
        with contextlib.suppress(requests.HTTPError):
            assert api.table(base.id, "People").all() == []
        assert [request.status for request in local_base.requests][-len(answered) :] == answered
        api.session.close()


def test_its_time_out(server, base, table, local_base) -> None:
    """A reply that is late is given up, and what was written stays."""
    local_base.latency_s = 1.0
    hasty = connect(server, timeout=(1, 0.2), retry_strategy=None).table(base.id, "People")
    with pytest.raises(requests.ReadTimeout):
        hasty.create({"Name": "a"})
    local_base.latency_s = 0
    assert [record["fields"] for record in table.all()] == [{"Name": "a"}]
    hasty.api.session.close()


def test_a_lost_reply(server, base, table, local_base) -> None:
    """The connection breaks after the work is done; the client tells, and the row is there."""
    local_base.faults = Faults(Fault("close-after", at=1, method="POST"))
    careful = connect(server, retry_strategy=None).table(base.id, "People")
    with pytest.raises(requests.ConnectionError, match="without response"):
        careful.create({"Name": "a"})
    assert [record["fields"] for record in table.all()] == [{"Name": "a"}]
    careful.api.session.close()


def test_a_lost_reply_with_its_own_retries(table, local_base) -> None:
    """It sends a create again that was carried out, and here as there the row is doubled."""
    local_base.faults = Faults(Fault("close-after", at=1, method="POST"))
    table.create({"Name": "a"})
    assert [record["fields"] for record in table.all()] == [{"Name": "a"}] * 2


def test_many_threads_at_once(table, local_base) -> None:
    """Ten threads create and delete, and nothing is left of it."""

    def come_and_go(thread: int) -> int:
        made = table.batch_create([{"Name": f"{thread}-{n}"} for n in range(20)])
        return len(table.batch_delete([record["id"] for record in made]))

    with ThreadPoolExecutor(10) as threads:
        assert list(threads.map(come_and_go, range(10))) == [20] * 10
    assert table.all() == []
    assert {request.status for request in local_base.requests} == {200}
