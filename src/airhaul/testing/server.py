"""A base over HTTP for a test, whatever client the test is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, Final

from airhaul.client.sync.airtable import Airtable
from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.local_base.gate.request_log import LoggedRequest
from airhaul.local_base.http.serve import LocalServer
from airhaul.model.base import RecordBase
from airhaul.testing.seed import Rows, seed

TOKEN: Final = "patTesting.0000"  # noqa: S105 - it opens nothing but a base in this process


class TestServer:
    """A local base in memory, over HTTP.

    Args:
        server: What serves it.
        token: A token that it accepts.
    """

    __test__ = False  # pytest is not to look for tests in it

    def __init__(self, server: LocalServer, token: str = TOKEN) -> None:
        self._server = server
        self.token = token

    @property
    def url(self) -> str:
        """The root of the service, as ``http://127.0.0.1:40123``."""
        return self._server.url

    @property
    def local_base(self) -> LocalBase:
        """The base itself."""
        return self._server.emulator

    @property
    def base_id(self) -> str:
        """The base that it begins with."""
        return self.local_base.default_base_id

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which airhaul, in this or another process, reaches the base."""
        return {
            "AIRTABLE_ENDPOINT_URL": self.url,
            "AIRTABLE_ACCESS_TOKEN": self.token,
            "AIRTABLE_BASE_ID": self.base_id,
        }

    @property
    def requests(self) -> list[LoggedRequest]:
        """The requests that came, since they were last forgotten."""
        return list(self.local_base.requests)

    @property
    def counts(self) -> Counter[str]:
        """How many of them there were of each method."""
        return self.local_base.counts()

    def forget_requests(self) -> None:
        """Count anew from here."""
        self.local_base.requests.clear()

    def fail(self, *faults: Fault | str, seed: int = 0) -> Faults:
        """Let requests go wrong from now on; see ``LocalBase.fail``."""
        return self.local_base.fail(*faults, seed=seed)

    def seed(self, *tables: Mapping[str, Rows] | Iterable[RecordBase]) -> list[str]:
        """Fill tables, without a request that is counted or goes wrong; see ``testing.seed``."""
        base = self.local_base
        faults, before = base.faults, list(base.requests)
        base.faults = None
        try:
            return seed(Airtable(connection=_connection(base)), *tables)
        finally:
            base.faults = faults
            base.requests.clear()
            base.requests.extend(before)


def _connection(base: LocalBase) -> Any:
    from airhaul.client.config import make_config
    from airhaul.client.connection import Connection

    return Connection(make_config(local=":memory:"), base)


@contextmanager
def serving(**options: Any) -> Generator[TestServer]:
    """Serve a base in memory until the end of the block.

    Args:
        **options: As of ``LocalBase.open``.
    """
    with LocalBase.open(**options) as emulator, LocalServer(emulator) as server:
        yield TestServer(server)
