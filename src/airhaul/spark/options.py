"""The options of the data source, checked, and the connections that they describe."""

from __future__ import annotations

import importlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic import SecretStr

from airhaul.client.config import make_config, read_environment
from airhaul.client.connection import Connection
from airhaul.client.options import refuse_unknown_options
from airhaul.client.sync.airtable import Airtable
from airhaul.errors import ConfigurationError
from airhaul.tabular.lists import split_items
from airhaul.wire.limits import REQUESTS_PER_SECOND_PER_BASE

_KNOWN: Final = (
    "bases",
    "table",
    "tables",
    "columns",
    "formula",
    "segments",
    "access_token",
    "token_from",
    "endpoint_url",
    "pace",
    "pace_loss",
    "requests_per_second",
    "timeout_s",
)


@dataclass(frozen=True, slots=True)
class SparkOptions:
    """The options of one read.

    Args:
        bases: The IDs of the bases; ``*`` for all that the token has access to.
        tables: The names or IDs of the tables, which each base has.
        columns: The fields to read; None for all.
        formula: Read the records for which this formula is true; None for all.
        segments: Into how many parts each table is divided, 1 to 62; each is a task.
        access_token: The token; None to look for it where the task runs.
        token_from: A function without arguments that returns the token, as ``module:function``.
        host: The machine of the driver.
        connection: The other options of ``Config``.
    """

    bases: tuple[str, ...]
    tables: tuple[str, ...]
    columns: tuple[str, ...] | None
    formula: str | None
    segments: int
    access_token: SecretStr | None
    token_from: str | None
    host: str
    connection: Mapping[str, Any] = field(repr=False)  # the pace may have a password

    @classmethod
    def of(cls, given: Mapping[str, str]) -> SparkOptions:
        """Read the options of a data source.

        Args:
            given: The texts by name, in lower case as Spark passes them.

        Raises:
            TypeError: There is no such option.
            ConfigurationError: A value is missing or invalid.
        """
        texts = {name: text.strip() for name, text in given.items() if text.strip()}
        refuse_unknown_options(texts, list(_KNOWN))
        if "table" in texts and "tables" in texts:
            raise ConfigurationError("Both table and tables are given; leave one out.")
        one = texts.get("table")
        tables = (one,) if one else tuple(split_items(texts.get("tables", "")))
        if not tables:
            raise ConfigurationError('No table is given; set the option table, such as "Deals".')
        token, found = texts.get("access_token"), read_environment(None)
        bases = tuple(split_items(texts.get("bases", found.base_id or "")))
        if not bases:
            raise ConfigurationError(
                'No base is given; set the option bases to the IDs of bases, "app...,app...", or '
                'to "*" for all that the token has access to.'
            )
        columns = texts.get("columns")
        return cls(
            bases,
            tables,
            None if columns is None else tuple(split_items(columns)),
            texts.get("formula"),
            _segments(texts.get("segments", "1")),
            None if token is None else SecretStr(token),
            texts.get("token_from"),
            socket.gethostname(),
            {
                "endpoint_url": texts.get("endpoint_url", found.endpoint_url),
                "pace": texts.get("pace", found.pace),
                "pace_loss": _pace_loss(texts.get("pace_loss", "error")),
                "requests_per_second": _rate(texts.get("requests_per_second")),
                "timeout_s": _number("timeout_s", texts.get("timeout_s", "60")),
            },
        )

    def open(self, base_id: str | None = None) -> Airtable:
        """Open a connection, to be closed by the caller.

        Args:
            base_id: The base; None for none.

        Raises:
            ConfigurationError: There is no token; or this is another machine than the driver's,
                and nothing says how the machines share the rate limit.
        """
        config = make_config(access_token=self._token(), base_id=base_id, **self.connection)
        is_elsewhere = self.connection["pace"] is None and socket.gethostname() != self.host
        if is_elsewhere and config.shared_pace in {"host", "process"}:
            raise ConfigurationError(
                "This task runs on another machine than the driver, and both would use the whole "
                "rate limit of a base. Set the option pace to the URL of a Redis server that all "
                'of them reach, "redis://...". If all tasks run on one machine, set it to "host".'
            )
        airtable = Airtable(connection=Connection(config))
        airtable._owns_connection = True
        return airtable

    def with_all_bases(self) -> SparkOptions:
        """Replace ``*`` by the bases that the token has access to."""
        if self.bases != ("*",):
            return self
        with self.open() as airtable:
            return replace(self, bases=tuple(base["id"] for base in airtable.bases()))

    def _token(self) -> SecretStr | None:
        if self.access_token is not None:
            return self.access_token
        if self.token_from is None:
            return read_environment(None).access_token
        module, _, name = self.token_from.partition(":")
        try:
            function = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise ConfigurationError(
                f"token_from has to name a function, module:function, that can be imported where "
                f"the tasks run; it is {self.token_from!r}."
            ) from error
        made = function()
        return made if isinstance(made, SecretStr) else SecretStr(str(made))


def _segments(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 62:
        raise ConfigurationError(f"segments has to be a whole number from 1 to 62, not {text!r}.")
    return int(text)


def _rate(text: str | None) -> float | None:
    if text is None:
        return REQUESTS_PER_SECOND_PER_BASE
    return None if text.lower() == "none" else _number("requests_per_second", text)


def _pace_loss(text: str) -> float | str:
    return text if text == "error" else _number("pace_loss", text)


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigurationError(f"{name} has to be a number, not {text!r}.") from None
