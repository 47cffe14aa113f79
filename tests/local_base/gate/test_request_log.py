"""The log of requests: what it remembers, and that it does not grow without end."""

from __future__ import annotations

import tracemalloc

import httpx2

from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from airhaul.wire.call import Call

MEGABYTE = 1_000_000


def post(local_base: LocalBase, text: str) -> int:
    body = {"records": [{"fields": {"Name": text}}]}
    path = f"/v0/{local_base.default_base_id}/T"
    return local_base.send(Call("POST", path, "create", (), body), lambda: None).status


def kept(local_base: LocalBase) -> list[bool]:
    """Of each request, whether its body is remembered."""
    return [request.body is not None for request in local_base.requests]


def test_the_bodies_of_requests_are_bounded(local_base) -> None:
    """Of many large requests the latest bodies stay, and all the rest of what is known of each."""
    tracemalloc.start()
    statuses = {post(local_base, f"{n}" * 4 * MEGABYTE) for n in range(1, 10)}
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept(local_base) == [False] * 6 + [True] * 3
    assert held < 20 * MEGABYTE
    assert [request.number for request in local_base.requests] == list(range(1, 10))
    assert {request.status for request in local_base.requests} == statuses
    assert all(request.json_bytes > 4 * MEGABYTE for request in local_base.requests)
    assert local_base.counts() == {"POST": 9}


def test_one_body_is_remembered_whatever_its_size(local_base) -> None:
    """Who looks for what came last finds it, and nothing before it."""
    post(local_base, "a")
    post(local_base, "b" * 17 * MEGABYTE)
    assert kept(local_base) == [False, True]
    post(local_base, "c")
    assert kept(local_base) == [False, False, True]


def test_many_small_bodies_are_all_remembered(local_base) -> None:
    """A load of common requests can be looked through to its beginning."""
    for n in range(500):
        post(local_base, str(n))
    assert [request.body["records"][0]["fields"]["Name"] for request in local_base.requests] == [
        str(n) for n in range(500)
    ]


def test_bodies_are_bounded_after_the_log_was_emptied(local_base) -> None:
    """What is counted and no longer there is passed over."""
    for _ in range(2):
        for _ in range(5):
            post(local_base, "a" * 4 * MEGABYTE)
        local_base.requests.clear()
    post(local_base, "b" * 15 * MEGABYTE)
    post(local_base, "c")
    assert [request.number for request in local_base.requests] == [11, 12]
    assert kept(local_base) == [True, True]


def test_the_size_of_a_body_over_http_is_what_was_sent(local_base) -> None:
    """Spaces in JSON are counted, and a request without a body counts for nothing."""
    raw = b'{  "records"  :  []  }'
    with LocalServer(local_base) as server:
        url = f"{server.url}/v0/{local_base.default_base_id}/T"
        headers = {"Authorization": "Bearer pat.x", "Content-Type": "application/json"}
        httpx2.post(url, content=raw, headers=headers)
        httpx2.get(url, headers=headers)
    assert [request.json_bytes for request in local_base.requests] == [len(raw), 0]
