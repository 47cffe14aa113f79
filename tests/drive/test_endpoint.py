"""The requests themselves, and the way that they take; over real sockets."""

from __future__ import annotations

import base64
import gzip
import socket

import pytest

from airhaul import errors
from tests.drive.test_failures import Answer, User, hang_up, page, raw_server, reply, table


def compressed(body: str, cut: int = 0) -> Answer:
    """Answer with a compressed body, of which the last bytes are missing."""

    def answer(connection: socket.socket, request: bytes) -> None:
        raw = gzip.compress(body.encode())
        raw = raw[: len(raw) - cut]
        head = (
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n"
            f"content-length: {len(raw)}\r\nconnection: close\r\n\r\n"
        )
        connection.sendall(head.encode() + raw)

    return answer


def head_of(request: bytes) -> list[str]:
    return request.partition(b"\r\n\r\n")[0].decode().split("\r\n")


def test_requests_name_the_client_and_hold_compact_json() -> None:
    """Airtable knows who asks, and a body is the JSON of the rows without spaces, in UTF-8."""
    with (
        raw_server(reply(200, page(0)), reply(200, page(1))) as (url, seen),
        table(url).airtable as airtable,
    ):
        users = airtable.table(User)
        users.all()
        users.bulk_create([{"name": "Zoë"}])
    read, write = seen
    assert head_of(read)[0].startswith("GET /v0/app00000000000000/Users?")
    assert any(line.startswith("User-Agent: airhaul/") for line in head_of(read))
    assert "Authorization: Bearer patTest.secret" in head_of(read)
    assert f"Host: {url.removeprefix('http://')}" in head_of(read)
    assert write.partition(b"\r\n\r\n")[2] == '{"records":[{"fields":{"name":"Zoë"}}]}'.encode()


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_an_endpoint_may_be_an_ipv6_address() -> None:
    """The brackets around it belong to the header, too."""
    with raw_server(reply(200, page()), host="::1") as (url, seen), table(url).airtable as airtable:
        assert len(airtable.table(User).all()) == 1
    assert f"Host: {url.removeprefix('http://')}" in head_of(seen[0])


def test_an_endpoint_may_be_a_folder_behind_a_password() -> None:
    """What is in front of the service gets the user of the address, as from any client."""
    with raw_server(reply(200, page())) as (url, seen):
        address = url.replace("http://", "http://me:p%40ss@") + "/api/airtable/"
        with table(address).airtable as airtable:
            assert len(airtable.table(User).all()) == 1
    lines = head_of(seen[0])
    assert lines[0].startswith("GET /api/airtable/v0/app00000000000000/Users?")
    assert f"Authorization: Basic {base64.b64encode(b'me:p@ss').decode()}" in lines


def test_a_compressed_reply_is_read_and_one_that_is_cut_is_asked_for_again() -> None:
    """Airtable compresses long replies; half of one is no reply."""
    with (
        raw_server(compressed(page(), cut=9), compressed(page(3))) as (url, seen),
        table(url).airtable as airtable,
    ):
        assert len(airtable.table(User).all()) == 3
        assert len(seen) == 2


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many networks let nothing out but through a proxy, which may ask for a password."""
    with raw_server(reply(200, page())) as (proxy, seen):
        monkeypatch.setenv("HTTP_PROXY", proxy.replace("http://", "http://me:secret@"))
        with table("http://airtable.example").airtable as airtable:
            assert len(airtable.table(User).all()) == 1
    lines = head_of(seen[0])
    assert lines[0].startswith("GET http://airtable.example/v0/")
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'me:secret').decode()}" in lines


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (reply(407, "who are you?"), "the proxy does not open one: 407"),
        (hang_up, "the proxy does not open one: "),
    ],
)
def test_a_proxy_that_opens_no_connection_leaves_no_row_in_doubt(
    answer: Answer, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was only asked for one, with no request: what is created was certainly not written."""
    with raw_server(answer) as (proxy, _):
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        with table("https://airtable.example").airtable as airtable:
            users = airtable.table(User)
            result = users.bulk_create([{"name": "x"}], on_error="continue")
    assert result.counts() == {"failed": 1}
    [explained] = result.explain()
    assert said in explained
    assert "Nothing was sent" in explained


def test_a_proxy_whose_name_is_none_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of ours, as for every other way that cannot be taken."""
    monkeypatch.setenv("HTTP_PROXY", "http://a..b:3128")
    with (
        table("http://airtable.example").airtable as airtable,
        pytest.raises(errors.NotSentError, match="label"),
    ):
        airtable.table(User).all()


def test_a_host_without_a_proxy_is_reached_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_PROXY lists what the proxy cannot reach, such as this machine."""
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with raw_server(reply(200, page())) as (url, _):
        with table(url).airtable as airtable, pytest.raises(errors.NotSentError):
            airtable.table(User).all()
        monkeypatch.setenv("NO_PROXY", "elsewhere.example,127.0.0.1")
        with table(url).airtable as airtable:
            assert len(airtable.table(User).all()) == 1


@pytest.mark.parametrize("url", ["http:///v0", "http://[::1", "http://127.0.0.1:99999"])
def test_an_address_that_leads_nowhere_is_named(url: str) -> None:
    """It is an error of the configuration, not one of the network that is tried again."""
    with (
        table(url).airtable as airtable,
        pytest.raises(errors.ConfigurationError, match="usable endpoint URL"),
    ):
        airtable.table(User).all()
