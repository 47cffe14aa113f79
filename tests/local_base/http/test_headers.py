"""The headers and bodies of answers, as Airtable's answers were recorded."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import anyio
import httpx2
import pytest

from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.asgi import create_app
from airhaul.local_base.http.serve import LocalServer
from tests.local_base.asking import Asking

RECORDED = "tests of grouparoo/grouparoo: answers of api.airtable.com, 2021 and 2022"


@pytest.fixture(params=["any token", "a token"])
def served(request: pytest.FixtureRequest) -> Iterator[tuple[str, Asking]]:
    """The URL of a table with one record, behind any token and behind a named one."""
    tokens = ["pat.x"] if request.param == "a token" else None
    with LocalBase.open(tokens=tokens) as local_base, LocalServer(local_base) as server:
        ask = Asking(local_base)
        ask.table("T")
        ask.add("T", {"Name": "a"})
        yield f"{server.url}/v0/{ask.base}/T", ask


def get(url: str, **headers: str) -> httpx2.Response:
    sent = {"authorization": "Bearer pat.x", "accept-encoding": "identity"}
    return httpx2.get(url, headers=sent | {k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.slow
@pytest.mark.parametrize("path", ["", "/rec00000000000000", "?maxRecords=x"])
@pytest.mark.parametrize(
    ("source", "name", "value"),
    [
        (RECORDED, "access-control-allow-origin", "*"),
        (RECORDED, "access-control-allow-methods", "DELETE,GET,OPTIONS,PATCH,POST,PUT"),
        (RECORDED, "access-control-allow-headers",
         ("authorization,content-length,content-type,user-agent,x-airtable-application-id,"
          "x-airtable-user-agent,x-api-version,x-requested-with")),
        (RECORDED, "x-content-type-options", "nosniff"),
        (RECORDED, "x-frame-options", "DENY"),
        (RECORDED, "content-type", "application/json; charset=utf-8"),
        ("RFC 6797, 7.2: not over HTTP", "strict-transport-security", None),
    ],
)  # fmt: skip
def test_every_answer_has_the_recorded_headers(served, path, source, name, value) -> None:
    """Refusals too, and without an origin, as programs send no such header."""
    url, _ = served
    assert get(url + path).headers.get(name) == value, source


def test_a_cache_keeps_answers_for_pages_apart(served) -> None:
    """What was answered to a program is not used again for a page of another origin."""
    url, _ = served
    assert {"Origin", "Accept-Encoding"} <= set(get(url).headers["vary"].split(", "))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5, br", True),
        ("gzip;q=0, identity", False),
        ("gzip; q=0.0", False),
        ("br", False),
        ("", False),
    ],
)
def test_answers_are_compressed_if_the_client_accepts_it(served, accepted, is_compressed) -> None:
    """The body is the same, and its length before compression is told."""
    url, _ = served
    plain = get(url)
    with httpx2.stream(
        "GET", url, headers={"authorization": "Bearer pat.x", "accept-encoding": accepted}
    ) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers.get("content-encoding") == ("gzip" if is_compressed else None), RECORDED
    assert answer.headers["airtable-uncompressed-content-length"] == str(len(plain.content))
    assert int(answer.headers["content-length"]) == len(raw)
    assert (gzip.decompress(raw) if is_compressed else raw) == plain.content


def test_refusals_are_not_compressed(served) -> None:
    """As recorded, they are sent as they are."""
    url, _ = served
    answer = get(url + "/rec00000000000000", accept_encoding="gzip")
    assert answer.status_code == 404
    assert "content-encoding" not in answer.headers, RECORDED
    assert "airtable-uncompressed-content-length" not in answer.headers


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_transport_security_is_for_tls_alone(local_base: LocalBase, scheme: str) -> None:
    """A browser would not load any page of this machine over HTTP again."""

    async def ask() -> httpx2.Response:
        app = httpx2.ASGITransport(app=create_app(local_base))
        async with httpx2.AsyncClient(transport=app, base_url=f"{scheme}://localhost") as client:
            return await client.get("/v0/meta/bases", headers={"authorization": "Bearer pat.x"})

    answer = anyio.run(ask)
    assert answer.status_code == 200
    told = answer.headers.get("strict-transport-security")
    assert told == ("max-age=31536000; includeSubDomains; preload" if scheme == "https" else None)


def keys(answer: Any) -> list[str]:
    return list(answer)


def test_keys_are_in_the_recorded_order(ask: Asking) -> None:
    """Programs do not depend on it, but recorded answers are compared with those of a test."""
    ask.table("T")
    ask.computed("T", "Loud", "formula", formula="UPPER({Name})")
    ask.field("T", "Note", "singleLineText")
    path = f"{ask.base}/T"
    one, two, three = ask.add("T", *({"Name": "a", "Note": "x"} for _ in range(3)))
    assert keys(one) == ["id", "createdTime", "fields"]
    assert keys(one["fields"]) == ["Name", "Note", "Loud"]  # stored cells first
    (listed, *_) = ask("GET", path, None, ("recordMetadata", "commentCount"))["records"]
    assert keys(listed) == ["id", "createdTime", "commentCount", "fields"]
    comment = ask("POST", f"{path}/{one['id']}/comments", {"text": "x"})
    gone = [
        ask("DELETE", f"{path}/{one['id']}/comments/{comment['id']}"),
        ask("DELETE", f"{path}/{one['id']}"),
        *ask("DELETE", path, None, ("records[]", two["id"]), ("records[]", three["id"]))["records"],
    ]
    assert [json.dumps(answer).startswith('{"deleted": true, "id":') for answer in gone] == [
        True
    ] * 4
