"""The default connection of models, looked up when a verb runs."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from airhaul.client.config import Config, config_from_env, hide_token
from airhaul.client.connection import Connection
from airhaul.client.sync.airtable import Airtable
from airhaul.errors import ConfigurationError

if TYPE_CHECKING:
    from airhaul.client.aio.airtable import AsyncAirtable
    from airhaul.local_base.base import LocalBase


class _Connections:
    """The default connection, and the connections of models with their own configuration."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.default: Connection | None = None
        self.instead: tuple[Connection, str | None] | None = None
        self.by_config: dict[Config, Connection] = {}

    def close(self) -> None:
        with self.lock:
            connections = [*self.by_config.values(), *([self.default] if self.default else [])]
            self.default, self.by_config = None, {}
        for connection in connections:
            connection.close()


_connections = _Connections()
atexit.register(_connections.close)


def configure(
    access_token: str | SecretStr | None = None,
    base_id: str | None = None,
    *,
    endpoint_url: str | None = None,
    local: str | Path | LocalBase | None = None,
    **options: Any,
) -> None:
    """Set the base that models work on; the previous default connection is closed.

    Args:
        access_token: A personal access token, ``pat...``.
        base_id: The base's id, ``app...``.
        endpoint_url: The root URL of the service; Airtable's if None.
        local: The file of a local base, ``":memory:"``, or a local base that is open already and
            stays open, instead of a token.
        **options: Any other option of ``Config``: ``timeout_s``, ``concurrency``, ...

    Raises:
        ConfigurationError: A value is missing or invalid, or two contradict each other.
    """
    access_token, base_id = hide_token(access_token, base_id)
    use(Connection.to(access_token, base_id, endpoint_url=endpoint_url, local=local, **options))


def configure_from_env(env_file: str | Path | None = ".env", **options: Any) -> None:
    """Set the base that models work on from the environment, or else from a file.

    The variables are ``AIRTABLE_ACCESS_TOKEN``, ``AIRTABLE_BASE_ID``, ``AIRTABLE_ENDPOINT_URL``,
    ``AIRHAUL_LOCAL``, ``AIRHAUL_PACE`` and ``AIRHAUL_JOURNAL``.

    Args:
        env_file: The file to read variables from that the environment does not set; None for none.
            It may be missing.
        **options: Options of ``configure`` but the token, which take precedence over both.

    Raises:
        ConfigurationError: Neither a token nor a local base is set, or both are.
    """
    use(Connection(config_from_env(env_file, **options)))


def use(connection: Connection | None) -> None:
    """Set the default connection; None for no default."""
    with _connections.lock:
        before, _connections.default = _connections.default, connection
    if before is not None:
        before.close()


def default_connection() -> Connection:
    """Get the default connection.

    Raises:
        ConfigurationError: None is configured.
    """
    connection = _connections.default
    if connection is None:
        raise ConfigurationError(
            "airhaul is not configured. Call one of these first:\n"
            '  configure(local="my.db")                          a local base, no account\n'
            '  configure(access_token="pat...", base_id="app...")  Airtable\n'
            "  configure_from_env()                              from the environment or .env"
        )
    return connection


def configured() -> Airtable:
    """Get the default connection, for what does not belong to one model: schema, bases, runs.

    Returns:
        The connection.

    Raises:
        ConfigurationError: None is configured.
    """
    connection, base_id = connection_for(None, None)
    return Airtable(connection=connection, base_id=base_id)


def connection_for(config: Config | None, base_id: str | None) -> tuple[Connection, str | None]:
    """Get the connection of a model, and its base.

    Args:
        config: The model's own configuration, whose connection is opened once and shared; None for
            the default connection.
        base_id: The model's own base; None for that of the connection.

    Returns:
        The connection, and the base's id; None for that of the connection.

    Raises:
        ConfigurationError: The model has no connection of its own, and none is configured.
    """
    if _connections.instead is not None:
        return _connections.instead
    if config is None:
        return default_connection(), base_id
    with _connections.lock:
        if config not in _connections.by_config:
            _connections.by_config[config] = Connection(config)
        return _connections.by_config[config], base_id


@contextmanager
def models_on(airtable: Airtable | AsyncAirtable) -> Generator[None]:
    """Bind all models to one base until the end of the block, however they are configured.

    ``configure`` has no effect on models until then, and neither has the ``config`` or ``base_id``
    of a model. Connections that a program opens itself, as for ``User.using(...)``, are not
    affected.

    Args:
        airtable: A connection to the base.
    """
    before = _connections.instead
    _connections.instead = airtable.connection, airtable.base_id
    try:
        yield
    finally:
        _connections.instead = before
