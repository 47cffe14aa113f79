"""Names that lead to this machine although they are not its own."""

from __future__ import annotations

import httpx2
import pytest

from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from tests.cli.program import airhaul


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 403),
        ("evil.example:80", 403),
        ("localhost.evil.example", 403),
        ("192.168.1.2", 403),
        ("localhost", 200),
        ("127.0.0.1:1", 200),
        ("[::1]", 200),
    ],
)
def test_a_page_cannot_rebind_its_name_to_this_machine(host: str, status: int) -> None:
    """A browser would send such a page's requests here, and any token is accepted."""
    with LocalBase.open() as local_base, LocalServer(local_base) as server:
        url = f"{server.url}/v0/meta/bases"
        answer = httpx2.get(url, headers={"host": host, "authorization": "Bearer pat.x"})
        assert answer.status_code == status
        if status == 403:
            assert answer.json()["error"]["type"] == "INVALID_HOST"
            assert not local_base.requests


def test_a_base_with_tokens_answers_to_any_name() -> None:
    """A page does not know the token; a reverse proxy may use a name of its own."""
    with LocalBase.open(tokens=["pat.right"]) as local_base, LocalServer(local_base) as server:
        url = f"{server.url}/v0/meta/bases"
        for token, status in (("pat.right", 200), ("pat.x", 401)):
            headers = {"host": "shop.example", "authorization": f"Bearer {token}"}
            assert httpx2.get(url, headers=headers).status_code == status


def test_the_program_does_not_serve_everybody_unasked() -> None:
    """Beyond this machine it needs a token, or the word that none is needed."""
    done = airhaul("serve", "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 2
    assert "--token" in done.stderr
    assert "--any-token" in done.stderr
