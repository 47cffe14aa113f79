"""How the tasks and the driver of Spark reach Airtable: the options that reads and writes share."""

from __future__ import annotations

import importlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import SecretStr

from airhaul.client.config import Environment, make_config, read_environment
from airhaul.client.connection import Connection
from airhaul.client.sync.airtable import Airtable
from airhaul.drive.pace.host import boot_id
from airhaul.errors import ConfigurationError
from airhaul.wire.limits import REQUESTS_PER_SECOND_PER_BASE

CONNECTION_OPTIONS: Final = (
    "access_token",
    "token_from",
    "endpoint_url",
    "pace",
    "pace_loss",
    "requests_per_second",
    "timeout_s",
)
"""The names of the options, as Spark has them."""


@dataclass(frozen=True, slots=True)
class SparkConnection:
    """Opens connections wherever a part of a query runs.

    Args:
        access_token: The token; None to look for it where the task runs.
        token_from: A function without arguments that returns the token, as ``module:function``.
        machine: That of the driver.
        others: The other options of ``Config``.
    """

    access_token: SecretStr | None
    token_from: str | None
    machine: str
    others: Mapping[str, Any] = field(repr=False)  # the pace may have a password

    @classmethod
    def of(cls, texts: Mapping[str, str], found: Environment) -> SparkConnection:
        """Read the options of a connection.

        Args:
            texts: The texts of the options by name.
            found: What the environment of the driver sets.

        Raises:
            ConfigurationError: A value is invalid.
        """
        token = texts.get("access_token")
        return cls(
            None if token is None else SecretStr(token),
            texts.get("token_from"),
            _this_machine(),
            {
                "endpoint_url": texts.get("endpoint_url", found.endpoint_url),
                "pace": texts.get("pace", found.pace),
                "pace_loss": _pace_loss(texts.get("pace_loss", "error")),
                "requests_per_second": _rate(texts.get("requests_per_second")),
                "timeout_s": number_in("timeout_s", texts.get("timeout_s", "60")),
            },
        )

    def open(self, base_id: str | None = None, *, journal: str | bool | None = None) -> Airtable:
        """Open a connection, to be closed by the caller.

        Args:
            base_id: The base; None for none.
            journal: The journal in which to record what is written.

        Raises:
            ConfigurationError: There is no token; or this is another machine than the driver's,
                and nothing says how the machines share the rate limit.
        """
        config = make_config(
            access_token=self._token(), base_id=base_id, journal=journal, **self.others
        )
        is_elsewhere = self.others["pace"] is None and _this_machine() != self.machine
        if is_elsewhere and config.shared_pace in {"host", "process"}:
            raise ConfigurationError(
                "This task runs on another machine than the driver, and both would use the whole "
                "rate limit of a base. Set the option pace to the URL of a Redis server that all "
                'of them reach, "redis://...". If all tasks run on one machine, set it to "host".'
            )
        airtable = Airtable(connection=Connection(config))
        airtable._owns_connection = True
        return airtable

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


def _this_machine() -> str:
    """Identify this machine: two may have one name, and containers of one are apart, too."""
    return f"{socket.gethostname()} {boot_id()!r}"


def _rate(text: str | None) -> float | None:
    if text is None:
        return REQUESTS_PER_SECOND_PER_BASE
    return None if text.lower() == "none" else number_in("requests_per_second", text)


def _pace_loss(text: str) -> float | str:
    return text if text == "error" else number_in("pace_loss", text)


def number_in(name: str, text: str) -> float:
    """Read the number that an option is set to.

    Args:
        name: The option.
        text: Its text.

    Raises:
        ConfigurationError: It is no number.
    """
    try:
        return float(text)
    except ValueError:
        raise ConfigurationError(f"{name} has to be a number, not {text!r}.") from None
