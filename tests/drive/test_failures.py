"""What users are told when the network, the token or the service fails; over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airhaul import Airtable, AsyncAirtable, BulkError, Record, Retries, errors, result_of
from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from tests.conftest import connect

BASE = "app00000000000000"
FAST = Retries(tries=3, backoff_s=0.01, settle_s=0.05)


class User(Record, table="Users"):
    name: str


Answer = Callable[[socket.socket, bytes], None]


@contextlib.contextmanager
def raw_server(*answers: Answer, host: str = "127.0.0.1") -> Iterator[tuple[str, list[bytes]]]:
    """A server that does with each connection what the test says; the last answer repeats."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family)
    seen: list[bytes] = []
    waiting = list(answers)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                request = read_request(connection)
                if not request:
                    continue
                seen.append(request)
                answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                with contextlib.suppress(OSError):
                    answer(connection, request)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        name = f"[{host}]" if ":" in host else host
        yield f"http://{name}:{listener.getsockname()[1]}", seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def reply(status: int, body: str, kind: str = "application/json", cut: int = 0) -> Answer:
    def answer(connection: socket.socket, request: bytes) -> None:
        raw = body.encode()
        head = (
            f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(raw)}\r\n"
            "connection: close\r\n\r\n"
        )
        connection.sendall(head.encode() + raw[: len(raw) - cut])

    return answer


def hang_up(connection: socket.socket, request: bytes) -> None:
    """Close without an answer, as a proxy does that dies."""


def say_nothing(connection: socket.socket, request: bytes) -> None:
    with contextlib.suppress(OSError):
        connection.recv(1)


def page(count: int = 1) -> str:
    records = [
        {"id": f"rec{n:014}", "createdTime": "2024-01-01T00:00:00.000Z", "fields": {"name": "x"}}
        for n in range(count)
    ]
    return json.dumps({"records": records})


def table(url: str, **options):
    airtable = Airtable(
        "patTest.secret",
        BASE,
        endpoint_url=url,
        **{"requests_per_second": 1000, "retries": FAST, **options},
    )
    return airtable.table(User)


def test_no_network_is_said_and_nothing_was_sent() -> None:
    """A port where nobody listens: one clear error, after a few tries."""
    free = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{free.getsockname()[1]}"
    free.close()
    with (
        table(url).airtable as airtable,
        pytest.raises(errors.NotSentError, match="Nothing was sent"),
    ):
        airtable.table(User).all()


@pytest.mark.parametrize("body", ['{"ok": true}', "[]", "7", '{"tables": {}}', '{"tables": [1]}'])
def test_json_of_another_service_is_named(body) -> None:
    """A wrong endpoint that speaks JSON is told too, and is no crash."""
    with raw_server(reply(200, body)) as (url, _), table(url).airtable as airtable:
        users = airtable.table(User)
        for ask in (
            airtable.schema,
            airtable.bases,
            airtable.whoami,
            users.all,
            users.create_table,
        ):
            with pytest.raises(errors.BadReplyError, match="endpoint URL"):
                ask()


def test_a_server_that_answers_html_is_named() -> None:
    """A login wall does not become a JSON error deep inside, and is not asked again."""
    with raw_server(reply(200, "<html>Sign in</html>", "text/html")) as (url, seen):
        with (
            table(url).airtable as airtable,
            pytest.raises(errors.BadReplyError, match="text/html"),
        ):
            airtable.table(User).all()
        assert len(seen) == 1


@pytest.mark.parametrize(
    "fault",
    [hang_up, reply(500, ""), reply(502, "<html>", "text/html"), reply(503, "{}"),
     reply(200, page(), cut=5), reply(200, page()[:-5])],
    ids=["hang up", "500", "502", "503", "cut short", "half of the JSON"],
)  # fmt: skip
def test_reads_are_repeated_after_any_passing_fault(fault) -> None:
    """Reading twice does no harm."""
    with (
        raw_server(fault, fault, reply(200, page())) as (url, seen),
        table(url).airtable as airtable,
    ):
        assert len(airtable.table(User).all()) == 1
        assert len(seen) == 3


@pytest.mark.parametrize(
    "fault",
    [hang_up, reply(500, ""), reply(502, "<html>", "text/html"), reply(200, page(2), cut=5), reply(200, page(1))],
    ids=["hang up", "500", "502", "cut short", "a record missing"],
)  # fmt: skip
def test_a_create_is_never_repeated_blindly(fault) -> None:
    """Its rows may be there, and they cannot be looked for either: they are unknown, sent once."""
    with (
        raw_server(reply(200, page(0)), fault) as (url, seen),
        table(url).airtable as airtable,
    ):
        users = airtable.table(User)
        assert users.all() == []  # so the service is known to be one
        with pytest.raises(BulkError, match="whether they were written is unknown") as caught:
            users.bulk_create([{"name": "a"}, {"name": "b"}])
        result = caught.value.result
        assert [row.state for row in result.outcomes] == ["unknown"] * 2
        assert len([request for request in seen if request.startswith(b"POST")]) == 1


def test_a_time_out_is_unknown_too() -> None:
    """No answer in time is no answer."""
    with (
        raw_server(reply(200, page(0)), say_nothing) as (url, seen),
        table(url, timeout_s=0.2).airtable as airtable,
    ):
        users = airtable.table(User)
        users.all()
        with pytest.raises(BulkError, match="no reply in time"):
            users.bulk_create([{"name": "a"}])
        assert len([request for request in seen if request.startswith(b"POST")]) == 1


def test_a_login_wall_in_front_of_a_create_is_named() -> None:
    """A page where JSON is due is shown, and looked behind once only."""
    with (
        raw_server(reply(200, "<html>Sign in</html>", "text/html")) as (url, seen),
        table(url).airtable as airtable,
    ):
        with pytest.raises(BulkError, match="text/html") as caught:
            airtable.table(User).bulk_create([{"name": "a"}])
        assert [row.state for row in caught.value.result.outcomes] == ["unknown"]
        assert len(seen) == 2


def test_the_month_used_up_is_not_retried() -> None:
    """A quota does not come back in 30 s."""
    body = json.dumps({"errors": [{"error": "PUBLIC_API_BILLING_LIMIT_EXCEEDED", "message": "m"}]})
    with raw_server(reply(429, body)) as (url, seen), table(url).airtable as airtable:
        with pytest.raises(errors.QuotaExceededError, match="first"):
            airtable.table(User).all()
        assert len(seen) == 1


def test_refused_tokens_and_unknown_places_are_told_apart() -> None:
    """401 speaks of the token; 403 of base, table and scope; and no message holds the token."""
    with (
        LocalBase.open(tokens={"patGood.secret"}) as local_base,
        LocalServer(local_base) as server,
        connect(server) as bad,
        Airtable("patGood.secret", BASE, endpoint_url=server.url) as lost,
    ):
        with pytest.raises(errors.AuthenticationError, match="access token") as refused:
            bad.table(User).all()
        with pytest.raises(errors.PermissionDeniedError, match="base and table IDs") as unknown:
            lost.table(User).all()
        for caught in (refused, unknown):
            assert "secret" not in f"{caught.value!r} {caught.value} {vars(caught.value)}"
        assert "secret" not in repr(bad.config)


def test_a_token_that_cannot_be_sent_is_refused_before() -> None:
    """A pasted line break would otherwise be an error inside the HTTP library."""
    with (
        Airtable("pat\nx", BASE) as airtable,
        pytest.raises(errors.ConfigurationError, match="copy it again"),
    ):
        airtable.table(User).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HTTP_PROXY", "gopher://user:pass@proxy.example"),
        ("HTTP_PROXY", "http://user:pass/word@proxy.example"),
        ("SSL_CERT_FILE", "no such file"),
    ],
)
@pytest.mark.parametrize("awaits", [False, True])
def test_an_environment_that_cannot_be_used_is_told_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, awaits: bool
) -> None:
    """A wrong proxy leaves no row in doubt, and its password stands in no message."""
    monkeypatch.setenv(variable, value)
    rows = [{"name": f"User {number}"} for number in range(45)]
    url = "https://127.0.0.1:9" if variable == "SSL_CERT_FILE" else "http://127.0.0.1:9"
    options: Any = {"endpoint_url": url, "concurrency": 4, "retries": FAST}
    with pytest.raises(errors.ConfigurationError, match="nothing was sent: .*HTTP_PROXY") as caught:
        if awaits:
            asyncio.run(AsyncAirtable("pat.x", BASE, **options).table(User).bulk_create(rows))
        else:
            Airtable("pat.x", BASE, **options).table(User).bulk_create(rows)
    assert "pass" not in str(caught.value)
    result = result_of(caught.value)
    assert result is not None
    assert set(result.counts()) == {"skipped"}


def test_deleting_twice_succeeds_when_the_first_reply_was_lost() -> None:
    """A delete whose reply was lost finds nothing the second time, and that is success."""
    missing = reply(404, '{"error": {"type": "MODEL_ID_NOT_FOUND"}}')
    with raw_server(hang_up, missing) as (url, seen), table(url).airtable as airtable:
        airtable.table(User).delete("rec00000000000000")
        assert len(seen) == 2
    with raw_server(missing) as (url, _), table(url).airtable as airtable:
        with pytest.raises(errors.NotFoundError):
            airtable.table(User).delete("rec00000000000000")


def test_a_service_that_is_down_is_not_asked_for_hours() -> None:
    """Whoever goes on after a failure goes on after three requests without a connection no more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    retries = Retries(tries=1, backoff_s=0.01)
    rows = [{"name": str(n)} for n in range(100)]
    with Airtable(
        "pat.x", BASE, endpoint_url=f"http://127.0.0.1:{port}", retries=retries
    ) as airtable:
        with pytest.raises(BulkError, match="Ended early") as caught:
            airtable.table(User).bulk_create(rows, on_error="continue", concurrency=1)
    assert caught.value.result.counts() == {"failed": 30, "skipped": 70}
    assert caught.value.result.requests == 3
