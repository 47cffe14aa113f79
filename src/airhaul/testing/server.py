"""A local base over HTTP, for tests of any client."""

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

TOKEN: Final = "patTesting.0000"  # noqa: S105 - it only opens a base in this process


class TestServer:
    """A local base in memory, served over HTTP.

    Args:
        server: The server.
        token: A token that the server accepts.
    """

    __test__ = False  # keeps pytest from collecting it

    def __init__(self, server: LocalServer, token: str = TOKEN) -> None:
        self._server = server
        self.token = token

    @property
    def url(self) -> str:
        """The root URL, such as ``http://127.0.0.1:40123``."""
        return self._server.url

    @property
    def local_base(self) -> LocalBase:
        """The local base."""
        return self._server.local_base

    @property
    def base_id(self) -> str:
        """The id of the base that is there from the start."""
        return self.local_base.default_base_id

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which airhaul connects to it, from any process."""
        return {
            "AIRTABLE_ENDPOINT_URL": self.url,
            "AIRTABLE_ACCESS_TOKEN": self.token,
            "AIRTABLE_BASE_ID": self.base_id,
        }

    @property
    def requests(self) -> list[LoggedRequest]:
        """The requests received since the start, or since ``forget_requests``."""
        return list(self.local_base.requests)

    @property
    def counts(self) -> Counter[str]:
        """The number of these requests by HTTP method."""
        return self.local_base.counts()

    def forget_requests(self) -> None:
        """Clear the list of requests, and so the counts."""
        self.local_base.requests.clear()

    def fail(self, *faults: Fault | str, seed: int = 0) -> Faults:
        """Make requests fail from now on.

        Args:
            *faults: What goes wrong, such as ``"503-before:0.05"`` or ``"POST close-after@1"``.
            seed: The seed of the random choices.

        Returns:
            The faults, which count how often they happened.
        """
        return self.local_base.fail(*faults, seed=seed)

    def seed(self, *tables: Mapping[str, Rows] | Iterable[RecordBase]) -> list[str]:
        """Fill tables with records; no request is counted or fails.

        Args:
            *tables: Rows by the table's name, such as ``{"Notes": [{"Text": "one"}]}``, from which
                the types of the fields are inferred; or records of one model, for the model's
                table.

        Returns:
            The ids of the records, in the order given.
        """
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
    """Serve a local base in memory over HTTP until the end of the block.

    Args:
        **options: The options of ``LocalBase.open``.

    Yields:
        The server.
    """
    with LocalBase.open(**options) as local_base, LocalServer(local_base) as server:
        yield TestServer(server)
