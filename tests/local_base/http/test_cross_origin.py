"""Pages in a browser that use the API from another origin, and methods that it does not have."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from tests.local_base.asking import TEXT

PAGE = "http://localhost:5173"
ELSEWHERE = "https://shop.example.org"


@pytest.fixture(params=["any token", "a token"])
def served(request) -> Iterator[tuple[httpx2.Client, bool]]:
    """A client of a server, and whether the server takes a named token only."""
    named = request.param == "a token"
    with (
        LocalBase.open(tokens=["pat.x"] if named else None) as local_base,
        LocalServer(local_base) as server,
        httpx2.Client(base_url=server.url, headers={"authorization": "Bearer pat.x"}) as client,
    ):
        path = f"/v0/meta/bases/{local_base.default_base_id}/tables"
        assert client.post(path, json={"name": "T", "fields": [TEXT]}).status_code == 200
        client.base_url = f"{server.url}/v0/{local_base.default_base_id}/"
        yield client, named


def ask_first(client: httpx2.Client, origin: str, method: str, headers: str) -> httpx2.Response:
    """What a browser asks before it sends a page's request."""
    asked = {"origin": origin, "access-control-request-method": method}
    return client.options("T", headers={**asked, "access-control-request-headers": headers})


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
def test_a_page_of_this_machine_may_do_all(served, method) -> None:
    """What airtable.js sends from a browser is allowed before it is sent, and counts as no request."""
    client, _ = served
    sent = (
        "authorization,content-type,x-airtable-user-agent,x-api-version,x-airtable-application-id"
    )
    answer = ask_first(client, PAGE, method, sent)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] in (PAGE, "*")
    assert method in answer.headers["access-control-allow-methods"].split(", ")
    assert set(sent.split(",")) <= set(
        answer.headers["access-control-allow-headers"].lower().split(", ")
    )


@pytest.mark.parametrize(
    "origin", [PAGE, "http://127.0.0.1:3000", "http://[::1]:80", "https://app.localhost"]
)
def test_a_page_of_this_machine_reads_answers_and_refusals(served, origin) -> None:
    """A page sees why it was refused, and not only that it was."""
    client, _ = served
    for name, status in (("T", 200), ("Nothing", 403)):
        answer = client.get(name, headers={"origin": origin})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] in (origin, "*")


@pytest.mark.parametrize(
    "origin",
    [
        ELSEWHERE,
        "null",
        "http://localhost.example.org",
        "http://example.org:localhost",
        "http://127.0.0.1.example.org",
    ],
)
def test_pages_of_other_machines_need_a_token_that_was_named(served, origin) -> None:
    """A base that takes any token is not read by any page that somebody happens to look at."""
    client, named = served
    answer = client.get("T", headers={"origin": origin})
    assert answer.headers.get("access-control-allow-origin") == ("*" if named else None)
    assert (ask_first(client, origin, "GET", "authorization").status_code == 200) is named


def test_the_console_stays_closed_to_pages_of_other_origins(local_base) -> None:
    """What has no password is read by its own page alone."""
    with (
        LocalServer(local_base, console=True) as server,
        httpx2.Client(base_url=server.url) as client,
    ):
        for path in ("/", "/_console/state"):
            answer = client.get(path, headers={"origin": PAGE})
            assert answer.status_code == 200
            assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "HEAD", "PROPFIND"])
def test_a_method_that_the_api_lacks_leads_nowhere(served, method) -> None:
    """Such a request is answered as any path that leads nowhere, in the API's own form."""
    client, _ = served
    answer = client.request(method, "T")
    assert answer.status_code == 404
    assert answer.headers["date"].endswith("GMT")
    assert answer.content == (b"" if method == "HEAD" else b'{"error":"NOT_FOUND"}')
