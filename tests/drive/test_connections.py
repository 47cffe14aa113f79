"""Replies in all the forms that HTTP has for them, and connections that are used again or not."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airhaul import Airtable, AsyncAirtable, Retries, errors
from tests.drive.test_failures import BASE, FAST, User, page, raw_server, read_request, table

Ask = Callable[[str], int]


def ask(url: str) -> int:
    with table(url).airtable as airtable:
        return len(airtable.table(User).all())


def ask_awaited(url: str) -> int:
    async def run() -> int:
        options: Any = {"endpoint_url": url, "requests_per_second": 1000, "retries": FAST}
        async with AsyncAirtable("patTest.secret", BASE, **options) as airtable:
            return len(await airtable.table(User).all())

    return asyncio.run(run())


both = pytest.mark.parametrize("ask", [ask, ask_awaited])


def saying(*parts: bytes) -> Callable[[socket.socket, bytes], None]:
    """Answer with bytes, in several packets."""

    def answer(connection: socket.socket, request: bytes) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)

    return answer


BODY = page(2).encode()
HALF = len(BODY) // 2
KIND = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKS = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (BODY[:HALF], BODY[HALF:]))
WITH_LENGTH = KIND + b"Content-Length: %d\r\n\r\n" % len(BODY)


@both
@pytest.mark.parametrize(
    "parts",
    [
        [KIND + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS + b"0\r\n\r\n"],
        [KIND + b"Transfer-Encoding: chunked\r\n\r\n", CHUNKS[:9], CHUNKS[9:], b"0\r", b"\n\r\n"],
        [KIND + b"\r\n", BODY[:HALF], BODY[HALF:]],
        [b"HTTP/1.0 200 OK\r\n\r\n" + BODY],
        [b"HTTP/1.1 100 Continue\r\n\r\n", WITH_LENGTH, BODY],
        [b"HTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\n\r\n" + WITH_LENGTH + BODY],
        [WITH_LENGTH[:30], WITH_LENGTH[30:] + BODY[:HALF], BODY[HALF:]],
        [WITH_LENGTH + BODY + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"],
        [WITH_LENGTH + BODY + b"and some noise"],
    ],
    ids=["chunks", "pieces", "to the end", "1.0", "100", "103", "cut", "two", "noise"],
)
def test_a_reply_is_read_in_whichever_form_it_comes(ask: Ask, parts: list[bytes]) -> None:
    """Proxies and servers choose among the forms of HTTP; what follows a reply is not another."""
    with raw_server(saying(*parts)) as (url, seen):
        assert ask(url) == 2
        assert len(seen) == 1


@both
@pytest.mark.parametrize(
    "part",
    [
        KIND + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS,
        KIND[:-9],
        WITH_LENGTH + BODY[:-1],
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        KIND + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    ],
    ids=["chunks", "headers", "length", "another protocol", "101", "no gzip"],
)
def test_a_reply_that_is_cut_or_none_is_lost(ask: Ask, part: bytes) -> None:
    """A read is repeated then, and the user is told what broke."""
    with raw_server(saying(part)) as (url, seen):
        with pytest.raises(errors.LostReplyError, match="broke before the reply was whole"):
            ask(url)
        assert len(seen) == FAST.tries


@both
def test_a_request_that_is_refused_before_it_was_whole_is_answered(ask: Ask) -> None:
    """A proxy may answer and close before it has read the request."""

    def refuse(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 33\r\n\r\n")
        connection.sendall(b'{"error": {"type": "FORBIDDEN"}} ')

    with raw_server(refuse) as (url, _), pytest.raises(errors.PermissionDeniedError):
        ask(url)


@contextlib.contextmanager
def patient_server(
    replies_each: int, wrap: Callable[[socket.socket], socket.socket] = lambda plain: plain
) -> Iterator[tuple[int, list[int]]]:
    """A server that ends each connection after some replies, and counts them by connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    counts: list[int] = []

    def serve_one(plain: socket.socket) -> None:
        place = len(counts)
        counts.append(0)
        with contextlib.suppress(OSError), wrap(plain) as connection:
            while counts[place] < replies_each and read_request(connection):
                connection.sendall(WITH_LENGTH + BODY)
                counts[place] += 1

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                serve_one(listener.accept()[0])

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], counts
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_a_connection_is_used_again_until_the_server_ends_it() -> None:
    """One connection for many requests; an ended one is noticed, so that nothing is lost on it."""
    with (
        patient_server(3) as (port, counts),
        table(f"http://127.0.0.1:{port}").airtable as airtable,
    ):
        users = airtable.table(User)
        for _ in range(7):
            assert len(users.all()) == 2
    assert counts == [3, 3, 1]


def test_an_awaited_connection_is_used_again_until_the_server_ends_it() -> None:
    """The same under an event loop."""

    async def run(port: int) -> None:
        options: Any = {"endpoint_url": f"http://127.0.0.1:{port}", "requests_per_second": 1000}
        async with AsyncAirtable("patTest.secret", BASE, **options) as airtable:
            for _ in range(7):
                assert len(await airtable.table(User).all()) == 2

    with patient_server(3) as (port, counts):
        asyncio.run(run(port))
    assert counts == [3, 3, 1]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
@both
def test_https_is_spoken_with_whom_the_certificate_names(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificates of SSL_CERT_FILE are trusted; without them nothing is sent."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def wrap(plain: socket.socket) -> socket.socket:
        return context.wrap_socket(plain, server_side=True)

    with patient_server(9, wrap) as (port, counts):
        with pytest.raises(errors.NotSentError, match="certificate"):
            ask(f"https://localhost:{port}")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert ask(f"https://localhost:{port}") == 2
        with pytest.raises(errors.NotSentError, match="certificate"):
            ask(f"https://127.0.0.1:{port}")
    assert sum(counts) == 1


def test_a_connection_that_is_in_use_when_all_are_closed_is_closed_after_its_reply() -> None:
    """Nothing stays open behind the user's back."""
    asked, closed, ended = threading.Event(), threading.Event(), threading.Event()

    def answer(connection: socket.socket, request: bytes) -> None:
        asked.set()
        assert closed.wait(5)
        connection.sendall(WITH_LENGTH + BODY)
        if not connection.recv(1):
            ended.set()

    with raw_server(answer) as (url, _):
        users = table(url)
        reading = threading.Thread(target=users.all)
        reading.start()
        assert asked.wait(5)
        users.airtable.close()
        closed.set()
        reading.join()
        assert ended.wait(5)


def test_a_service_that_is_too_slow_to_connect_to_is_reported() -> None:
    """The error says what happened, not the name of an exception."""
    with socket.create_server(("127.0.0.1", 0)) as speaks_no_tls:
        options: Any = {
            "endpoint_url": f"https://127.0.0.1:{speaks_no_tls.getsockname()[1]}",
            "timeout_s": 0.2,
            "retries": Retries(tries=1),
        }
        with (
            Airtable("patTest.secret", BASE, **options) as airtable,
            pytest.raises(errors.NotSentError, match="timed out"),
        ):
            airtable.table(User).all()

        async def awaited() -> None:
            async with AsyncAirtable("patTest.secret", BASE, **options) as airtable:
                await airtable.table(User).all()

        with pytest.raises(errors.NotSentError, match="timed out"):
            asyncio.run(awaited())
