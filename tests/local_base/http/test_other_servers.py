"""The application under another ASGI server than ours, which cannot close connections for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import httpx2
import pytest
import uvicorn

from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.local_base.http.asgi import create_app
from tests.local_base.asking import TEXT


@pytest.fixture
def client(local_base) -> Iterator[httpx2.Client]:
    """A client of plain uvicorn."""
    config = uvicorn.Config(create_app(local_base), port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    with httpx2.Client(base_url=url, headers={"authorization": "Bearer pat.x"}) as client:
        path = f"/v0/meta/bases/{local_base.default_base_id}/tables"
        assert client.post(path, json={"name": "T", "fields": [TEXT]}).status_code == 200
        client.base_url = f"{url}/v0/{local_base.default_base_id}/"
        yield client
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("kind", ["close-before", "close-after", "timeout-before", "timeout-after"])
def test_a_reply_that_does_not_come_breaks_off(client, local_base, kind, caplog) -> None:
    """The client loses the reply as it would from our server, and gets no fault of the fault's own."""
    local_base.hold_s = 0.1
    local_base.faults = Faults(Fault(kind, at=1))
    with pytest.raises(httpx2.RemoteProtocolError, match="without sending complete message body"):
        client.post("T", json={"fields": {"Name": "a"}})
    found = client.get("T").json()["records"]
    assert [record["fields"] for record in found] == ([{"Name": "a"}] if "after" in kind else [])
    assert caplog.text == ""
