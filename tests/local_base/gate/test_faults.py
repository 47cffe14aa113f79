"""Faults on demand: what the client sees, what the base holds, and what is logged."""

from __future__ import annotations

import json
import select
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator

import anyio
import httpx2
import pyairtable
import pytest
import requests

from airhaul.errors import ConfigurationError, LostReplyError, ReplyTimeoutError
from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.faults import KINDS, Fault, Faults
from airhaul.local_base.http.asgi import create_app
from airhaul.local_base.http.serve import LocalServer
from airhaul.local_base.protocol.request import Request
from airhaul.wire.call import Call, Reply

# Kinds that need nothing but a write to happen to, and whether it is carried out.
WRITES = {
    "close-before": False, "close-after": True, "timeout-before": False, "timeout-after": True,
    "500-before": False, "500-after": True, "502-before": False, "502-after": True,
    "503-before": False, "503-after": True, "429": False, "429-retry-after": False, "quota": False,
    "truncated": True, "not-json": True,
}  # fmt: skip
# Kinds with a reply: its status, a word of its body, and the time to wait that it names.
REPLIES = {
    "500-before": (500, "SERVER_ERROR", None), "500-after": (500, "SERVER_ERROR", None),
    "502-before": (502, "<html>", None), "502-after": (502, "<html>", None),
    "503-before": (503, "RETRIABLE_ERROR", "7"), "503-after": (503, "RETRIABLE_ERROR", "7"),
    "429": (429, "RATE_LIMIT_REACHED", None), "429-retry-after": (429, "RATE_LIMIT_REACHED", "7"),
    "quota": (429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED", None), "not-json": (200, "<html>", None),
}  # fmt: skip


class Base:
    """A table with one text field, asked in process."""

    def __init__(self, local_base: LocalBase) -> None:
        self.local_base = local_base
        self.id = local_base.default_base_id
        self.path = f"/v0/{self.id}/T"
        fields = [{"name": "Name", "type": "singleLineText"}]
        self("POST", f"/v0/meta/bases/{self.id}/tables", {"name": "T", "fields": fields})

    def __call__(self, method: str, path: str, body=None, *query: tuple[str, str]) -> Reply:
        return self.local_base.send(Call(method, path, "read", query, body), lambda: None)

    def create(self, *names: str) -> Reply:
        return self("POST", self.path, rows(*names))

    def names(self) -> list[str]:
        """What is stored, whatever faults are set."""
        faults, self.local_base.faults = self.local_base.faults, None
        answer = self("GET", self.path).json()
        self.local_base.faults = faults
        return sorted(record["fields"]["Name"] for record in answer["records"])

    def log(self) -> list[tuple[str, int, str | None]]:
        """The requests that a fault happened to."""
        return [
            (logged.method, logged.status, logged.fault)
            for logged in self.local_base.requests
            if logged.fault
        ]


def rows(*names: str) -> dict:
    return {"records": [{"fields": {"Name": name}} for name in names]}


@pytest.fixture
def base(local_base: LocalBase) -> Base:
    return Base(local_base)


@pytest.fixture
def http(server: LocalServer) -> Iterator[httpx2.Client]:
    headers = {"Authorization": "Bearer pat.x"}
    with httpx2.Client(base_url=server.url, headers=headers, timeout=10) as client:
        yield client


def test_every_kind_is_tried_here() -> None:
    """A new kind of fault does not go untested."""
    assert set(KINDS) == {*WRITES, "iterator-lost"}


@pytest.mark.parametrize("kind", WRITES)
def test_a_write_in_process(base, kind) -> None:
    """The client is told the fault once, the base holds the row if it came after, and the log says so."""
    base.local_base.faults = Faults(Fault(kind, at=1, retry_after_s=6.5))
    status = 0
    if kind.startswith("close"):
        with pytest.raises(LostReplyError, match="POST /v0/"):
            base.create("a")
    elif kind.startswith("timeout"):
        began = time.monotonic()
        with pytest.raises(ReplyTimeoutError, match="POST /v0/"):
            base.create("a")
        assert time.monotonic() - began < 10, "over HTTP it would be held for a minute"
    else:
        reply = base.create("a")
        status = reply.status
        assert reply.headers["date"].endswith("GMT")
        if kind == "truncated":
            assert (status, reply.headers["content-type"][:16]) == (200, "application/json")
            assert reply.body.startswith(b'{"records":[{"id":"rec')
            with pytest.raises(ValueError, match="line 1"):
                reply.json()
        else:
            word = reply.body.decode()
            assert (status, reply.headers.get("retry-after")) == REPLIES[kind][::2]
            assert REPLIES[kind][1] in word
            is_html = reply.headers["content-type"].startswith("text/html")
            assert is_html == word.startswith("<")
    assert base.names() == (["a"] if WRITES[kind] else [])
    assert base.log() == [("POST", status, kind)]
    assert base.create("b").status == 200
    assert base.local_base.faults.injected == {kind: 1}


@pytest.mark.slow
@pytest.mark.parametrize("kind", WRITES)
def test_a_write_over_http(base, http, kind, capfd, caplog) -> None:
    """A real connection breaks, waits or answers likewise; the next one works; nothing is printed."""
    base.local_base.faults = Faults(Fault(kind, at=1, retry_after_s=6.5))
    status = 0
    if kind.startswith("close"):
        with pytest.raises(httpx2.RemoteProtocolError, match="without sending a response"):
            http.post(base.path, json=rows("a"))
    elif kind == "truncated":
        status = 200
        with pytest.raises(httpx2.RemoteProtocolError, match="complete message body"):
            http.post(base.path, json=rows("a"))
    elif kind.startswith("timeout"):
        with pytest.raises(httpx2.ReadTimeout):
            http.post(base.path, json=rows("a"), timeout=0.2)
    else:
        reply = http.post(base.path, json=rows("a"))
        status = reply.status_code
        assert (status, reply.headers.get("retry-after")) == REPLIES[kind][::2]
        assert REPLIES[kind][1] in reply.text
        assert len(reply.headers.get_list("date")) == 1
    assert base.names() == (["a"] if WRITES[kind] else [])
    assert base.log() == [("POST", status, kind)]
    assert http.post(base.path, json=rows("b")).status_code == 200
    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


def raw_answer(base: Base, server: LocalServer) -> bytes:
    """All the bytes that come back for a list, until the connection ends."""
    address = server.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=10) as connection:
        request = (
            f"GET {base.path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer pat.x\r\n\r\n"
        )
        connection.sendall(request.encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("kind", ["close-before", "close-after", "timeout-before", "timeout-after"])
def test_not_a_byte_of_a_lost_reply_arrives_over_http(base, server, kind) -> None:
    """A connection ends as it does when a server dies, and not after a status line."""
    base.local_base.hold_s = 0.05
    base.local_base.faults = Faults(Fault(kind, at=1))
    assert raw_answer(base, server) == b""
    assert base.log() == [("GET", 0, kind)]


def test_half_of_a_reply_arrives_over_http(base, server) -> None:
    """A truncated reply has the length of the whole, and half of it."""
    base.create("a", "b")
    base.local_base.faults = Faults(Fault("truncated", at=1))
    head, _, body = raw_answer(base, server).partition(b"\r\n\r\n")
    whole = base("GET", base.path)
    assert f"content-length: {len(whole.body)}".encode() in head.lower()
    assert body == whole.body[: len(whole.body) // 2]


def test_another_client_sees_a_broken_connection(base, server) -> None:
    """What another HTTP library reports is an error of the connection too, and the row is there."""
    base.local_base.faults = Faults(
        Fault("close-after", at=1), Fault("truncated", at=2), Fault("close-before", at=3)
    )
    api = pyairtable.Api("pat.x", endpoint_url=server.url, retry_strategy=None)
    table = api.table(base.id, "T")
    for name in ("a", "b", "c"):
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            table.create({"Name": name})
    assert base.names() == ["a", "b"]
    assert sorted(record["fields"]["Name"] for record in table.all()) == ["a", "b"]
    api.session.close()


def test_a_lost_list_has_to_be_read_from_its_start(base) -> None:
    """Only reading on fails, in either form, and the offset does not come back to life."""
    base.create("a", "b", "c")
    lists = f"{base.path}/listRecords"
    faults = Faults(Fault("iterator-lost", at=1), Fault("iterator-lost", at=3))
    base.local_base.faults = faults
    base("GET", f"/v0/meta/bases/{base.id}/tables", None, ("offset", "x"))
    base("POST", base.path, {**rows("d"), "offset": "x"})
    one, other = (base("POST", lists, {"pageSize": 2}).json()["offset"] for _ in range(2))
    for _ in range(2):
        gone = base("GET", base.path, None, ("offset", one))
        assert gone.status == 422
        assert gone.json()["error"]["type"] == "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"
    assert faults.injected == {"iterator-lost": 1}
    assert base("POST", lists, {"offset": other}).status == 422
    base.local_base.faults = None
    assert base("POST", lists, {"offset": other}).status == 422
    assert base.log() == [("GET", 422, "iterator-lost"), ("POST", 422, "iterator-lost")]


def test_the_used_up_month_leaves_metadata_alone(base) -> None:
    """The quota fault happens to data calls only."""
    base.local_base.faults = Faults(Fault("quota", probability=1))
    assert base("GET", "/v0/meta/whoami").status == 200
    assert base("GET", f"/v0/meta/bases/{base.id}/tables").status == 200
    assert base("GET", base.path).status == 429
    assert base.local_base.faults.injected == {"quota": 1}


def test_after_a_write_that_was_refused_nothing_is_stored(base) -> None:
    """A fault hides a refusal as well; it does not make the request succeed."""
    base.local_base.faults = Faults(Fault("503-after", at=1))
    assert base("POST", base.path, {"records": [{"fields": {"Nope": 1}}]}).status == 503
    assert base.names() == []


def test_requests_with_a_fault_count_against_the_limits() -> None:
    """A client that repeats too fast after a fault is locked out."""
    with LocalBase.open(requests_per_second=2, clock=lambda: 1.0) as local_base:
        local_base.faults = Faults(Fault("503-before", at=1), Fault("close-after", at=2))
        request = Request("GET", f"/v0/{local_base.default_base_id}/T", token="pat.x")
        local_base.handle(request)
        local_base.handle(request)
        assert local_base.handle(request).status == 429


def kinds(faults: Faults, *methods: str, path: str = "/v0/app/T") -> list[str | None]:
    happened = [faults.next_for(Request(method, path)) for method in methods]
    return [fault and fault.kind for fault in happened]


def test_a_place_counts_the_requests_that_fit() -> None:
    """The third POST is the third POST, whatever else comes between, and it happens once."""
    faults = Faults(Fault("close-after", at=3, method="POST"))
    seen = kinds(faults, "POST", "GET", "POST", "PATCH", "POST", "POST")
    assert seen == [None, None, None, None, "close-after", None]
    faults = Faults(Fault("429", at=2, path="/Users"))
    assert kinds(faults, "GET", "GET") == [None, None]
    assert kinds(faults, "GET", "GET", path="/v0/app/Users") == [None, "429"]


def test_of_several_faults_the_first_that_is_due_happens() -> None:
    """None shifts the count of another."""
    faults = Faults(Fault("429", at=1), Fault("500-after", at=1), Fault("503-after", at=2))
    assert kinds(faults, "GET", "GET", "GET") == ["429", "503-after", None]
    assert faults.injected == {"429": 1, "503-after": 1}


def test_a_fault_happens_at_most_so_often() -> None:
    """``times`` ends it."""
    faults = Faults(Fault("429", probability=1, times=2))
    assert kinds(faults, *["GET"] * 4) == ["429", "429", None, None]


def test_chance_repeats_for_a_seed() -> None:
    """The same seed and requests have the same faults, another seed has others; the share is kept."""

    def run(seed: int, *extra: Fault) -> list[str | None]:
        faults = Faults(Fault("close-after", probability=0.1), *extra, seed=seed)
        return kinds(faults, *["POST"] * 2000)

    first = run(7)
    assert first == run(7)
    assert first != run(8)
    assert 150 < Counter(first)["close-after"] < 250
    with_another = run(7, Fault("429", probability=0.5, times=50))
    assert [kind == "close-after" for kind in with_another] == [kind is not None for kind in first]
    assert Counter(with_another)["429"] == 50


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("503-after@3", Fault("503-after", at=3)),
        ("close-after:0.05", Fault("close-after", probability=0.05)),
        ("429:1", Fault("429", probability=1)),
        ("POST close-after@1", Fault("close-after", at=1, method="POST")),
        (" patch  429-retry-after:.5 ", Fault("429-retry-after", probability=0.5, method="PATCH")),
    ],
)
def test_faults_are_read_from_text(text, fault) -> None:
    """As a command line has them."""
    assert Fault.parse(text) == fault


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "KIND@N"), ("503-after", "KIND@N.*close-before"), ("503-after@x", "KIND@N"), ("429:1@2", "KIND@N"),
        ("close:0.1", "'close' is not a kind of fault; expected one of close-before"), ("429@0", "counted from 1"),
        ("429:1.5", "from 0 to 1, not 1.5"), ("FETCH 429@1", "'FETCH' is not an HTTP method; expected one of GET, POST"),
    ],
)  # fmt: skip
def test_what_is_no_fault_is_refused(text, said) -> None:
    """And the message says what there is."""
    with pytest.raises(ConfigurationError, match=said):
        Fault.parse(text)


@pytest.mark.slow
def test_the_program_serves_with_faults_and_a_quota() -> None:
    """What the command line asks for happens over HTTP, and a bad fault is told before serving."""
    words = [sys.executable, "-m", "airhaul", "serve", "--port", "0", "--quota", "1"]
    faults = ["--fault", "GET close-after@1", "--fault", "PUT not-json:1", "--seed", "7"]
    child = subprocess.Popen([*words, *faults], stdout=subprocess.PIPE, text=True)
    *_, base, _, url = child.stdout.readline().split()
    with httpx2.Client(base_url=url, headers={"Authorization": "Bearer pat.x"}) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            client.get(f"/v0/{base}/T")
        assert "BILLING_LIMIT_EXCEEDED" in client.get(f"/v0/{base}/T").text
        assert client.put(f"/v0/{base}/T").text.startswith("<!DOCTYPE html>")
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=30)
    done = subprocess.run(
        [*words, "--fault", "nope@1"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "'nope' is not a kind of fault" in done.stderr


def test_a_place_and_a_probability_exclude_each_other() -> None:
    """A fault that would mean two things is not guessed at."""
    with pytest.raises(ConfigurationError, match="got 2 and 0.5"):
        Fault("429", at=2, probability=0.5)


def test_others_are_answered_while_a_reply_is_held(base, http) -> None:
    """A held reply blocks nobody, and ends when its time is over."""
    held_twice = [Fault("timeout-after", at=number, method="POST") for number in (1, 2)]
    base.local_base.faults = Faults(*held_twice)
    address = (http.base_url.host, http.base_url.port)
    body = json.dumps(rows("a"))
    head = f"POST {base.path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer pat.x\r\n"
    request = f"{head}content-length: {len(body)}\r\n\r\n{body}".encode()
    with socket.create_connection(address, timeout=10) as held:
        held.sendall(request)
        while not base.log():
            time.sleep(0.01)
        assert http.get(base.path).status_code == 200
        assert select.select([held], [], [], 0)[0] == [], "it is still held"
    base.local_base.hold_s = 0.3
    began = time.monotonic()
    with socket.create_connection(address, timeout=10) as held:
        held.sendall(request)
        while held.recv(65536):
            pass
    assert time.monotonic() - began >= 0.3


def test_a_reply_is_held_no_longer_than_the_client_waits(base) -> None:
    """Who has gone away leaves nothing behind that waits."""
    base.local_base.faults = Faults(Fault("timeout-before", at=1))
    scope = {
        "type": "http", "method": "GET", "path": base.path, "raw_path": base.path.encode(),
        "query_string": b"", "headers": [(b"authorization", b"Bearer pat.x")],
        "state": {"airhaul.hang_up": lambda: None},
    }  # fmt: skip
    received = [{"type": "http.request"}, {"type": "http.request"}]

    async def receive():
        return received.pop(0) if received else {"type": "http.disconnect"}

    async def send(message) -> None:
        pass

    async def ask() -> None:
        with anyio.fail_after(10):
            await create_app(base.local_base)(scope, receive, send)

    anyio.run(ask)
    assert received == []
    assert base.log() == [("GET", 0, "timeout-before")]


def test_a_server_stops_while_a_reply_is_held(base, capfd) -> None:
    """Stopping waits for no reply that would come much later."""
    base.local_base.faults = Faults(Fault("timeout-before", at=1))
    with LocalServer(base.local_base) as server:
        address = server.url.removeprefix("http://").split(":")
        held = socket.create_connection((address[0], int(address[1])), timeout=10)
        request = (
            f"GET {base.path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer pat.x\r\n\r\n"
        )
        held.sendall(request.encode())
        while not base.log():
            time.sleep(0.01)
        began = time.monotonic()
    assert time.monotonic() - began < 10, "it would be held for a minute"
    held.close()
    assert capfd.readouterr() == ("", "")
