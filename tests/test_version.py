"""One version: in the package, in the installed distribution, at the terminal, in requests."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import airhaul
from airhaul import Airtable, AsyncAirtable, Record
from tests.conftest import connect

ROOT = Path(__file__).parent.parent


class User(Record, table="Users"):
    name: str


def test_the_version_is_the_same_everywhere() -> None:
    """What is installed, what is imported and what the program prints agree."""
    done = subprocess.run(
        [sys.executable, "-m", "airhaul", "--version"], capture_output=True, text=True, check=True
    )
    assert version("airhaul") == airhaul.__version__
    assert done.stdout == f"airhaul {airhaul.__version__}\n"


def test_the_version_is_written_in_one_place() -> None:
    """The build reads the version from the package; nobody has to change two files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    written = [
        path.name
        for path in (ROOT / "src").rglob("*.py")
        if re.search(r"^__version__ *=", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert "version" not in project
    assert written == ["_version.py"]


def test_every_request_names_the_client_and_its_version(server) -> None:
    """Whoever reads a server's log knows which version of airhaul sent a request."""

    async def read(airtable: AsyncAirtable) -> None:
        async with airtable:
            assert await airtable.table(User).count() == 2

    def write(airtable: Airtable) -> None:
        with airtable:
            users = airtable.table(User)
            users.create_table()
            users.bulk_create([{"name": "Ada"}, {"name": "Alan"}])

    write(connect(server))
    asyncio.run(
        read(
            AsyncAirtable(
                "patTest.secret", server.local_base.default_base_id, endpoint_url=server.url
            )
        )
    )
    seen = {request.client for request in server.local_base.requests}
    assert seen == {f"airhaul/{airhaul.__version__}"}
