"""Attachments: uploaded, shown by URLs that expire, handed out, fetched, deleted."""

from __future__ import annotations

import base64
import struct
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyairtable
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from airhaul.local_base.attachments.fetch import FetchError, fetch
from airhaul.local_base.attachments.image_size import image_size
from airhaul.local_base.attachments.urls import IN_PROCESS
from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from tests.local_base.asking import NOTE, Asking
from tests.local_base.clock import Clock
from tests.local_base.listening import Listener, until

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 800, 600) + b"\x08\x02\0\0\0rest"
GIF = b"GIF89a" + struct.pack("<HH", 3, 5) + b"rest"
JPEG = (
    b"\xff\xd8\xff\xe0" + struct.pack(">H", 4) + b"ab"
    + b"\xff\xc4" + struct.pack(">H", 3) + b"x"
    + b"\xff\xc2" + struct.pack(">HBHH", 8, 8, 20, 40) + b"rest"
)  # fmt: skip
WEBP = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\x0f\x00\x00" + b"\x1f\x00\x00"


class WithFiles(Asking):
    """A base with a record that can hold files."""

    def __init__(self, **options) -> None:
        self.clock = Clock(datetime(2024, 5, 1, 12, tzinfo=UTC))
        super().__init__(LocalBase.open(wall_clock=self.clock, **options))
        files = {"name": "Files", "type": "multipleAttachments"}
        self.table("T", NOTE, files)
        self.field = self.schema()["T"]["Files"]["id"]
        self.record = self.add_record("T", {"Name": "a"})

    def upload(self, name: str, type_: str, content: bytes, **options) -> list[dict]:
        body = {
            "filename": name,
            "contentType": type_,
            "file": base64.b64encode(content).decode(),
        }
        url = f"{self.base}/{self.record}/Files/uploadAttachment"
        answer = self("POST", url, body, **options)
        return answer["fields"][self.field] if "fields" in answer else answer

    def held(self, **options) -> list[dict]:
        found = self("GET", f"{self.base}/T/{self.record}", **options)
        return found["fields"].get("Files", [])


@pytest.fixture
def ask() -> Iterator[WithFiles]:
    with WithFiles() as ask:
        yield ask


def test_an_upload_is_appended_and_told_by_field_id(ask: WithFiles) -> None:
    """All files of the cell are answered; an image with its size and thumbnails."""
    ask.upload("notes.txt", "text/plain", b"one\n")
    text, image = ask.upload("pictures/b.png", "image/png", PNG)
    assert (text["filename"], text["type"], text["size"]) == ("notes.txt", "text/plain", 4)
    assert "width" not in text
    assert "thumbnails" not in text
    assert (image["filename"], image["width"], image["height"]) == ("b.png", 800, 600)
    sizes = {
        name: (thumbnail["width"], thumbnail["height"])
        for name, thumbnail in image["thumbnails"].items()
    }
    assert sizes == {"small": (36, 27), "large": (512, 384), "full": (800, 600)}
    assert [shown["id"] for shown in ask.held()] == [text["id"], image["id"]]


def test_a_file_is_read_by_its_url(ask: WithFiles) -> None:
    """In process too, where the URL says that there is no server."""
    (shown,) = ask.upload("notes.txt", "text/plain", b"one\n")
    assert shown["url"].startswith(f"{IN_PROCESS}/attachments/{shown['id']}/")
    reply = ask.local_base.file(shown["url"])
    assert (reply.status, reply.body) == (200, b"one\n")
    assert reply.headers["content-type"] == "text/plain"


def test_a_url_is_good_for_two_hours(ask: WithFiles) -> None:
    """After that the cell shows another one."""
    (shown,) = ask.upload("a.txt", "text/plain", b"x")
    ask.clock.now += timedelta(minutes=119)
    assert ask.local_base.file(shown["url"]).status == 200
    ask.clock.now += timedelta(minutes=2)
    assert ask.local_base.file(shown["url"]).status == 403
    assert ask.local_base.file(ask.held()[0]["url"]).status == 200


def test_a_url_cannot_be_made_up(ask: WithFiles) -> None:
    """Another id, another time, or a signature of another base's file lead nowhere."""
    (shown,) = ask.upload("a.txt", "text/plain", b"x")
    _, first, id_, expires, signature, name = shown["url"].removeprefix(IN_PROCESS).split("/")
    other = WithFiles()
    (foreign,) = other.upload("a.txt", "text/plain", b"x")
    for parts in (
        ("att00000000000000", expires, signature, name),
        (id_, str(int(expires) + 1), signature, name),
        (id_, expires, "0" * 32, name),
        (id_, expires, "ä", name),
        (id_, "junk", signature, name),
        (id_, expires, signature),
    ):
        assert ask.local_base.file(f"/{first}/{'/'.join(parts)}").status == 403
    assert ask.local_base.file(foreign["url"]).status == 403
    assert ask.local_base.file("/v0/meta/whoami").status == 403
    other.local_base.close()


def test_files_over_http_do_nothing_in_a_browser(ask: WithFiles) -> None:
    """Images are shown, anything else is saved; no script runs, no type is guessed."""
    with LocalServer(ask.local_base) as server:
        ask.upload("x.html", "text/html", b"<script>alert(1)</script>")
        ask.upload("b.png", "image/png", PNG)
        ask.upload('ü"\r\n.bin', "junk\r\nx: y", b"x")
        html, image, odd = [requests.get(shown["url"], timeout=5) for shown in
                            ask.held(address=server.url)]  # fmt: skip
    assert html.content == b"<script>alert(1)</script>"
    assert html.headers["content-disposition"] == "attachment; filename*=UTF-8''x.html"
    assert "sandbox" in html.headers["content-security-policy"]
    assert image.headers["content-disposition"].startswith("inline")
    assert image.content == PNG
    assert odd.headers["content-type"] == "application/octet-stream"
    assert odd.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%BC%22.bin"
    assert all(reply.headers["x-content-type-options"] == "nosniff" for reply in (html, image, odd))


def test_urls_lead_to_where_the_client_asked(ask: WithFiles) -> None:
    """Through another name, a tunnel or a proxy: the host that the client used."""
    ask.upload("a.txt", "text/plain", b"x")
    with LocalServer(ask.local_base) as server:
        url = f"{server.url}/v0/{ask.base}/T/{ask.record}"
        headers = {"authorization": "Bearer x", "host": "localhost:99"}
        found = requests.get(url, headers=headers, timeout=5).json()
        assert found["fields"]["Files"][0]["url"].startswith("http://localhost:99/attachments/")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"file": "***"}, 422), ({"file": 1}, 422), ({"file": None}, 422), ({"file": "ä"}, 422),
        ({"filename": ""}, 422), ({"filename": None}, 422), ({"contentType": 1}, 422),
        ({"file": base64.b64encode(bytes(5 * 1024 * 1024 + 1)).decode()}, 413),
    ],
)  # fmt: skip
def test_bad_uploads_are_refused(ask: WithFiles, change: dict, status: int) -> None:
    """Nothing is stored of them."""
    body = {"filename": "a", "contentType": "text/plain", "file": "eA=="} | change
    ask("POST", f"{ask.base}/{ask.record}/Files/uploadAttachment", body, status=status)
    assert ask.held() == []


def test_uploads_go_to_fields_that_hold_files(ask: WithFiles) -> None:
    """Of records that are there, in bases that are there."""
    body = {"filename": "a", "contentType": "text/plain", "file": "eA=="}
    ask("POST", f"{ask.base}/{ask.record}/Name/uploadAttachment", body, status=422)
    ask("POST", f"{ask.base}/{ask.record}/Nope/uploadAttachment", body, status=422)
    ask("POST", f"{ask.base}/rec00000000000000/Files/uploadAttachment", body, status=404)
    ask("POST", f"{ask.base}/junk/Files/uploadAttachment", body, status=404)
    ask("POST", f"app00000000000000/{ask.record}/Files/uploadAttachment", body, status=403)
    by_id = ask("POST", f"{ask.base}/{ask.record}/{ask.field}/uploadAttachment", body)
    assert set(by_id["fields"]) == {ask.field}


def test_files_without_a_cell_are_deleted_when_asked(ask: WithFiles) -> None:
    """Not before, so that they can be put back; and never one that a cell holds."""
    (gone,) = ask.upload("a.txt", "text/plain", b"x")
    other = ask.record
    ask.record = ask.add_record("T", {"Name": "b"})
    (kept,) = ask.upload("b.txt", "text/plain", b"y")
    assert ask.local_base.delete_unused_attachments() == 0
    ask("DELETE", f"{ask.base}/T/{other}")
    assert ask.local_base.file(gone["url"]).status == 200
    assert ask.local_base.delete_unused_attachments() == 1
    assert ask.local_base.file(gone["url"]).status == 404
    assert ask.local_base.file(kept["url"]).status == 200


def test_another_client_uploads(ask: WithFiles, tmp_path: Path) -> None:
    """pyairtable sends uploads to a host of Airtable's, which is sent here by an adapter."""

    class Here(requests.adapters.HTTPAdapter):
        def send(self, request, **options):
            request.url = request.url.replace("http://content.airtable.com", server.url)
            return super().send(request, **options)

    path = tmp_path / "b.png"
    path.write_bytes(PNG)
    with LocalServer(ask.local_base) as server:
        api = pyairtable.Api("pat.x", endpoint_url=server.url)
        api.session.mount("http://content.airtable.com", Here())
        table = api.table(ask.base, "T")
        table.upload_attachment(ask.record, "Files", path)
        answer = table.upload_attachment(ask.record, "Files", "c.txt", content="Hello")
        files = next(iter(answer["fields"].values()))
        assert [shown["filename"] for shown in files] == ["b.png", "c.txt"]
        assert requests.get(files[0]["url"], timeout=5).content == PNG
        api.session.close()


# --- fetching


def add_by_url(ask: WithFiles, url: str) -> None:
    body = {"fields": {"Files": [{"url": url}]}}
    ask("PATCH", f"{ask.base}/T/{ask.record}", body)


def test_a_url_is_recorded_and_not_fetched(ask: WithFiles) -> None:
    """Unless that is allowed; the cell shows it as it was written, and no thread starts."""
    with Listener() as listener:
        add_by_url(ask, f"{listener.url}/x.png")
        (shown,) = ask.held()
        assert shown == {"id": shown["id"], "url": f"{listener.url}/x.png", "filename": "x.png"}
        assert "airhaul-background" not in {thread.name for thread in threading.enumerate()}
        assert listener.asked == []


def test_a_url_is_fetched_if_that_is_allowed() -> None:
    """Soon after the write the cell shows a URL of our own, with type and size."""
    with Listener() as listener:
        listener.body, listener.headers = PNG, {"content-type": "image/png"}
        ask = WithFiles(fetch_attachments="loopback")
        add_by_url(ask, f"{listener.url}/a/x.png?v=1")
        until(lambda: "size" in ask.held()[0])
        (shown,) = ask.held()
        assert listener.asked[0][1] == "/a/x.png?v=1"
        assert (shown["type"], shown["size"], shown["width"]) == ("image/png", len(PNG), 800)
        assert ask.local_base.file(shown["url"]).body == PNG
        ask.local_base.close()


def test_only_public_addresses_are_fetched_from() -> None:
    """Whatever name or notation hides an address of this machine or of a private network."""
    with Listener() as listener:
        port = listener.url.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost", "0.0.0.0", "127.1", "[::1]", "[::ffff:127.0.0.1]"):
            with pytest.raises(FetchError):
                fetch(f"http://{host}:{port}/", "public")
        assert listener.asked == []
    for host in ("10.0.0.1", "192.168.1.1", "169.254.169.254", "[fe80::1]", "224.0.0.1"):
        with pytest.raises(FetchError, match="not public"):
            fetch(f"http://{host}/", "loopback")


def test_a_redirect_is_looked_at_like_the_url_itself() -> None:
    """It cannot lead into a private network, nor on for ever."""
    with Listener() as listener:
        listener.status, listener.headers = 302, {"location": "http://10.0.0.1/"}
        with pytest.raises(FetchError, match="not public"):
            fetch(listener.url, "loopback")
        listener.headers = {"location": "/again"}
        with pytest.raises(FetchError, match="redirects"):
            fetch(listener.url, "loopback")
        assert len(listener.asked) == 1 + 4


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "ftp://a.b/c", "http://", "http://[", "\ud800"]
)
def test_other_urls_are_not_fetched(url: str) -> None:
    """Only the web is looked at."""
    with pytest.raises(FetchError):
        fetch(url, "loopback")


# --- sizes of images


def test_sizes_of_images() -> None:
    """Of the four formats that browsers show."""
    assert image_size(PNG) == (800, 600)
    assert image_size(GIF) == (3, 5)
    assert image_size(JPEG) == (40, 20)
    assert image_size(WEBP) == (16, 32)
    assert image_size(b"text") is None


@given(st.sampled_from([PNG, GIF, JPEG, WEBP]), st.integers(0, 60), st.binary(max_size=40))
def test_broken_images_have_no_size_and_break_nothing(whole: bytes, cut: int, tail: bytes) -> None:
    """Whatever follows a good beginning."""
    size = image_size(whole[:cut] + tail)
    assert size is None or all(isinstance(edge, int) and edge >= 0 for edge in size)
