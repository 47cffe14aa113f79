"""The default connection of models, looked up when a verb runs."""

from __future__ import annotations

import atexit
import threading
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from airhaul.client.config import Config, config_from_env, make_config
from airhaul.client.connection import Connection
from airhaul.client.sync.airtable import Airtable
from airhaul.errors import ConfigurationError


class _Connections:
    """The default connection, and the connections of models with their own configuration."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.default: Connection | None = None
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
    local: str | Path | None = None,
    **options: Any,
) -> None:
    """Set the base that models work on; the previous default connection is closed.

    Args:
        access_token: A personal access token, ``pat...``.
        base_id: The base's id, ``app...``.
        endpoint_url: The root URL of the service; Airtable's if None.
        local: The file of a local base, or ``":memory:"``, instead of a token.
        **options: Any other option of ``Config``: ``timeout_s``, ``concurrency``, ...

    Raises:
        ConfigurationError: A value is missing or invalid, or two contradict each other.
    """
    use(
        make_config(
            access_token=access_token,
            base_id=base_id,
            endpoint_url=endpoint_url,
            local=local,
            **options,
        )
    )


def configure_from_env(env_file: str | Path | None = ".env") -> None:
    """Set the base that models work on from the environment, or else from a file.

    The variables are ``AIRTABLE_ACCESS_TOKEN``, ``AIRTABLE_BASE_ID``, ``AIRTABLE_ENDPOINT_URL``,
    ``AIRHAUL_LOCAL`` and ``AIRHAUL_JOURNAL``.

    Args:
        env_file: The file to read variables from that the environment does not set; None for none.
            It may be missing.

    Raises:
        ConfigurationError: Neither a token nor a local base is set, or both are.
    """
    use(config_from_env(env_file))


def use(config: Config | None) -> None:
    """Set the default configuration; None for no default."""
    with _connections.lock:
        before, _connections.default = (
            _connections.default,
            None if config is None else Connection(config),
        )
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
    return Airtable(connection=default_connection())


def connection_of(config: Config) -> Connection:
    """Get the connection of a configuration; it is opened once and shared."""
    with _connections.lock:
        if config not in _connections.by_config:
            _connections.by_config[config] = Connection(config)
        return _connections.by_config[config]
