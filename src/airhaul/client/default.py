"""The connection that models use when none is named; looked up when a verb runs."""

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
    """The default connection, and those of models that have a configuration of their own."""

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
    """Say once which base models work on; what was configured before is closed.

    Args:
        access_token: A personal access token, ``pat...``.
        base_id: The base, ``app...``.
        endpoint_url: The service's root; Airtable's own if None.
        local: A local base's file, or ``":memory:"``, instead of a token.
        **options: Anything else that ``Config`` takes: ``timeout_s``, ``concurrency``, ...

    Raises:
        ConfigurationError: Something is missing or contradicts.
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
    """Configure as the environment says, and a file for what is not set there.

    The names are ``AIRTABLE_ACCESS_TOKEN``, ``AIRTABLE_BASE_ID``, ``AIRTABLE_ENDPOINT_URL`` and
    ``AIRHAUL_LOCAL``.

    Args:
        env_file: The file; None for none. A file that is not there is no error.

    Raises:
        ConfigurationError: Neither a token nor a local base is named, or both are.
    """
    use(config_from_env(env_file))


def use(config: Config | None) -> None:
    """Make a configuration the default; None for none."""
    with _connections.lock:
        before, _connections.default = (
            _connections.default,
            None if config is None else Connection(config),
        )
    if before is not None:
        before.close()


def default_connection() -> Connection:
    """The connection that was configured.

    Raises:
        ConfigurationError: None was.
    """
    connection = _connections.default
    if connection is None:
        raise ConfigurationError(
            "airhaul is not configured. Call one of these first:\n"
            '  configure(local="my.db")                          an embedded base, no account\n'
            '  configure(access_token="pat...", base_id="app...")  Airtable\n'
            "  configure_from_env()                              as the environment or .env says"
        )
    return connection


def configured() -> Airtable:
    """The connection that was configured, for what is not of one model: schema, counts, tables.

    Raises:
        ConfigurationError: None was.
    """
    return Airtable(connection=default_connection())


def connection_of(config: Config) -> Connection:
    """The connection of a configuration, opened once and shared."""
    with _connections.lock:
        if config not in _connections.by_config:
            _connections.by_config[config] = Connection(config)
        return _connections.by_config[config]
