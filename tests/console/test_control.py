"""The control endpoint over HTTP: off unless asked for, guarded, and what it changes happens."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import httpx2
import pytest

from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.local_base.http.loopback import is_loopback
from airhaul.local_base.http.serve import LocalServer

TOKEN = {"Authorization": "Bearer pat.secret"}


@pytest.fixture
def http(local_base: LocalBase) -> Iterator[httpx2.Client]:
    with (
        LocalServer(local_base, console=True) as server,
        httpx2.Client(base_url=server.url, timeout=10) as client,
    ):
        yield client


def whoami(http: httpx2.Client) -> int:
    return http.get("/v0/meta/whoami", headers=TOKEN).status_code


def change(http: httpx2.Client, **settings) -> httpx2.Response:
    return http.patch("/_console/settings", json=settings)


def test_it_is_off_unless_asked_for(server, local_base) -> None:
    """Without it the root is a short text, and there is nothing to control."""
    with httpx2.Client(base_url=server.url) as http:
        root = http.get("/")
        assert root.headers["content-type"].startswith("text/plain")
        assert "airhaul serve --console" in root.text
        for method, path in [
            ("GET", "state"),
            ("PATCH", "settings"),
            ("POST", "clear"),
            ("GET", "web/icon.svg"),
        ]:
            answer = http.request(method, f"/_console/{path}", json={"latency_s": 9}, headers=TOKEN)
            assert answer.status_code == 404
    assert local_base.latency_s == 0


def test_the_page_and_its_files_come_with_a_strict_policy(http) -> None:
    """All that the page names is there, with its type, and may run nothing from elsewhere."""
    page = http.get("/")
    named = [part.split('"')[0] for part in page.text.split('"/_console/web/')[1:]]
    assert len(set(named)) == 9
    for answer in [page, *(http.get(f"/_console/web/{name}") for name in named)]:
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in answer.headers
    assert (
        http.get("/_console/web/scripts/main.js")
        .headers["content-type"]
        .startswith("text/javascript")
    )
    for path in ("../base.py", "..%2fbase.py", "scripts", "nothing.js"):
        assert http.get(f"/_console/web/{path}").status_code == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.7"]
)
@pytest.mark.parametrize("path", ["/", "/_console/state", "/_console/web/icon.svg"])
def test_other_names_are_refused(http, host, path) -> None:
    """A name that another page made lead here gets nothing, also for reading."""
    answer = http.get(path, headers={"Host": host})
    assert (answer.status_code, list(answer.json())) == (403, ["error"])


@pytest.mark.parametrize(
    "host", ["localhost:99", "127.0.0.1", "127.9.9.9:1", "[::1]:80", "LOCALHOST"]
)
def test_names_of_this_machine_are_answered(http, host) -> None:
    """All the ways to say this machine are good, with any port, as tunnels have them."""
    assert http.get("/_console/state", headers={"Host": host}).status_code == 200


def test_changes_have_to_be_json(http, local_base) -> None:
    """What a form of another page can send changes nothing."""
    http.get("/v0/meta/whoami", headers=TOKEN)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        headers = {"Content-Type": kind}
        assert (
            http.patch(
                "/_console/settings", content='{"latency_s": 1}', headers=headers
            ).status_code
            == 415
        )
        assert http.post("/_console/clear", content="{}", headers=headers).status_code == 415
    assert (local_base.latency_s, len(local_base.requests)) == (0, 1)


def test_settings_change_what_happens(http, local_base) -> None:
    """Faults, the rate limit, the quota and the latency act at once, and end again."""
    assert whoami(http) == 200
    assert change(http, faults=["503-before:1"]).json()["faults"] == [
        {"text": "503-before:1", "happened": 0}
    ]
    assert whoami(http) == 503
    assert change(http, faults=[]).json()["faults"] == []
    assert whoami(http) == 200

    change(http, requests_per_second=2)
    bases = f"/v0/meta/bases/{local_base.default_base_id}/tables"
    assert [http.get(bases, headers=TOKEN).status_code for _ in range(3)] == [200, 200, 429]
    state = http.get("/_console/state").json()
    assert state["locked_until"][local_base.default_base_id] - state["now"] > 25
    change(http, requests_per_second=None)
    assert http.get(bases, headers=TOKEN).status_code == 200
    assert http.get("/_console/state").json()["locked_until"] == {}

    change(http, quota_left=0)
    assert http.get(f"/v0/{local_base.default_base_id}/T", headers=TOKEN).status_code == 429
    change(http, quota_left=None, latency_s=0.2)
    began = time.monotonic()
    assert whoami(http) == 200
    assert time.monotonic() - began >= 0.2
    assert local_base.requests[-1].seconds >= 0.2


@pytest.mark.parametrize(
    "wanted",
    [{"latency_s": -1}, {"latency_s": "1"}, {"latency_s": 1e9}, {"faults": ["nonsense"]}, {"faults": "503-before:1"},
     {"faults": ["503-before:2"]}, {"requests_per_second": 0}, {"requests_per_second": 1.5}, {"quota_left": -1},
     {"tokens": []}, {"latency_s": 1, "faults": ["x"]}, [], "x"],
)  # fmt: skip
def test_bad_settings_are_refused_whole(http, local_base, wanted) -> None:
    """A wrong one is named, and nothing of the rest is done."""
    answer = http.patch("/_console/settings", json=wanted)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert (local_base.latency_s, local_base.faults, local_base.limits.requests_per_second) == (
        0,
        None,
        None,
    )


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 60_000, b"x" * 100_000])
def test_bodies_that_are_no_json_are_refused(http, body) -> None:
    """Neither a malformed body nor a long one gets further."""
    answer = http.patch(
        "/_console/settings", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422


def test_faults_that_stay_go_on_counting(http, local_base) -> None:
    """Adding one does not begin the others again, also those that were set in Python."""
    local_base.faults = Faults(Fault("500-before", at=2, path="whoami", times=4, retry_after_s=3))
    (text,) = [fault["text"] for fault in http.get("/_console/state").json()["settings"]["faults"]]
    assert text == "500-before@2 x4 whoami"
    assert whoami(http) == 200
    change(http, faults=[text, "GET 429@3 /v0/meta"])
    assert [whoami(http) for _ in range(3)] == [500, 200, 429]


def test_requests_are_told_with_both_bodies_and_no_token(http, local_base) -> None:
    """The list has what it is about, each request whole has the bodies, and the token is nowhere."""
    table = {"name": "T", "fields": [{"name": "Name", "type": "singleLineText"}]}
    path = f"/v0/meta/bases/{local_base.default_base_id}/tables"
    http.post(path, json=table, headers={**TOKEN, "User-Agent": "someone/2"})
    answer = http.get(f"/v0/{local_base.default_base_id}/T?pageSize=0", headers=TOKEN)
    state = http.get("/_console/state")
    told = state.json()["requests"]
    assert [(one["number"], one["method"], one["status"]) for one in told] == [
        (2, "GET", 422),
        (1, "POST", 200),
    ]
    assert (told[1]["client"], told[1]["base_id"], told[0]["query"]) == (
        "someone/2",
        local_base.default_base_id,
        [["pageSize", "0"]],
    )
    first, second = (http.get(f"/_console/requests/{number}") for number in (1, 2))
    assert first.json()["body"] == table
    assert '"primaryFieldId"' in first.json()["reply"]
    assert second.json()["reply"] == answer.text
    assert http.get("/_console/requests/3").status_code == 404
    assert not any("secret" in one.text for one in (state, first, second))


def test_news_comes_when_there_is_some(http, local_base) -> None:
    """A question for news is kept until a request comes, and answered soon after."""
    state = http.get("/_console/state").json()
    known = {"after": state["last"], "revision": state["revision"]}
    began = time.monotonic()
    assert http.get("/_console/state", params={**known, "wait_s": 0.5}).json()["requests"] == []
    assert 0.4 < time.monotonic() - began < 7, "it would wait for eight, or not at all"
    waited = threading.Timer(
        0.3, lambda: httpx2.get(f"{http.base_url}/v0/meta/whoami", headers=TOKEN)
    )
    waited.start()
    began = time.monotonic()
    news = http.get("/_console/state", params={**known, "wait_s": 8}).json()
    waited.join()
    assert [one["path"] for one in news["requests"]] == ["/v0/meta/whoami"]
    assert time.monotonic() - began < 7
    assert http.get("/_console/state", params={"after": "x"}).status_code == 422


def test_clearing_empties_the_list_and_goes_on_counting(http, local_base) -> None:
    """What was told is gone, and the next request has the next number."""
    whoami(http)
    revision = http.get("/_console/state").json()["revision"]
    assert http.post("/_console/clear", json={}).status_code == 200
    state = http.get("/_console/state").json()
    assert (state["first"], state["last"], state["counts"]["methods"]) == (2, 1, {})
    assert state["revision"] != revision
    whoami(http)
    assert [one["number"] for one in http.get("/_console/state").json()["requests"]] == [2]


def test_much_is_told_in_parts(http, local_base) -> None:
    """At most 200 requests are told at once, the latest of them, and all are counted."""
    from airhaul.local_base.protocol.request import Request

    for _ in range(450):
        local_base.handle(Request("GET", "/v0/meta/whoami"), trusted=True)
    state = http.get("/_console/state").json()
    assert [one["number"] for one in state["requests"]] == list(range(450, 250, -1))
    assert state["counts"] == {"methods": {"GET": 450}, "statuses": {"200": 450}}


def test_a_server_stops_while_a_page_waits(local_base) -> None:
    """A question that waits does not hold the server up."""
    with LocalServer(local_base, console=True) as server:
        state = httpx2.get(f"{server.url}/_console/state").json()
        url = f"{server.url}/_console/state?after={state['last']}&revision={state['revision']}&wait_s=20"
        waiting = threading.Thread(target=lambda: httpx2.get(url, timeout=20))
        waiting.start()
        time.sleep(0.4)
        began = time.monotonic()
    waiting.join()
    assert time.monotonic() - began < 10, "it would wait for twenty seconds"


def test_what_is_this_machine() -> None:
    """Names and addresses that lead elsewhere, or everywhere, are not this machine."""
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.1.2.3", "::1")))
    assert not any(
        map(
            is_loopback,
            ("0.0.0.0", "::", "192.168.1.2", "localhost.evil.example", "", "example.org"),
        )
    )


@pytest.mark.slow
def test_the_program_refuses_a_console_for_everybody() -> None:
    """It has no password, so it is not opened to other machines by two options that are innocent alone."""
    command = [
        sys.executable,
        "-m",
        "airhaul",
        "serve",
        "--console",
        "--host",
        "0.0.0.0",
        "--port",
        "0",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0
    assert "--console-anywhere" in done.stderr


@pytest.mark.slow
def test_the_program_says_where_it_is(tmp_path) -> None:
    """The second line has the page's address, and the page is there."""
    command = [sys.executable, "-m", "airhaul", "serve", "--console", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as program:
        lines = [program.stdout.readline(), program.stdout.readline()]
        try:
            url = lines[1].removeprefix("Its console is at ").strip()
            assert "Local base" in httpx2.get(url).text
        finally:
            program.terminate()
    assert lines[0].startswith("airhaul serves base app")


@pytest.mark.parametrize(
    "text",
    [
        "503-before:0.05",
        "POST close-after@3",
        "429:1 x2",
        "DELETE 500-after:0.000001 x1 /v0/app/T%20x",
    ],
)
def test_faults_are_written_as_they_are_read(text) -> None:
    """The text of a fault is the fault."""
    assert str(Fault.parse(text)) == text
    assert Fault.parse(str(Fault.parse(text))) == Fault.parse(text)
