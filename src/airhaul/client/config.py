"""Which service, which base, which token: given once, looked up when a verb runs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from airhaul.bulk.engine.retry import Retries
from airhaul.client.inputs import refuse_unknown_options
from airhaul.errors import ConfigurationError
from airhaul.messages import Message, Option
from airhaul.wire.ids import is_id
from airhaul.wire.limits import REQUESTS_PER_SECOND_PER_BASE

ENDPOINT_URL: Final = "https://api.airtable.com"
MEMORY: Final = ":memory:"


@dataclass(frozen=True, slots=True)
class Config:
    """How to reach a base: Airtable with a token, or a local base with a file.

    Args:
        access_token: A personal access token, ``pat...``.
        base_id: The base, ``app...``; a local base has a default one.
        endpoint_url: The service's root.
        local: A local base's file, or ``":memory:"``; then no token is needed.
        timeout_s: How long to wait for a reply, in seconds.
        concurrency: How many requests of one bulk call may be in flight.
        requests_per_second: The limit to keep to for each base; Airtable's is 5.
        retries: How often to try.
        max_requests: Send at most so many requests over this connection; None for any number. What
            finds out or takes back what was done may go beyond it.
        journal: The file in which bulk writes are written down, so that they can go on after a
            crash and be taken back; None for none.
    """

    access_token: SecretStr | None = None
    base_id: str | None = None
    endpoint_url: str = ENDPOINT_URL
    local: str | None = None
    timeout_s: float = 60.0
    concurrency: int = 10
    requests_per_second: int = REQUESTS_PER_SECOND_PER_BASE
    retries: Retries = Retries()
    max_requests: int | None = None
    journal: str | None = None

    def __post_init__(self) -> None:
        if self.local is not None and self.access_token is not None:
            raise ConfigurationError(
                "Both a local base and an access token are given; airhaul uses one or the other, "
                "and never falls back. Leave one out."
            )
        if self.local is None and self.access_token is None:
            raise ConfigurationError(
                Message(
                    "No access token is configured. Set ",
                    Option("access_token"),
                    " or the environment variable AIRTABLE_ACCESS_TOKEN, or use a local base: ",
                    Option("local", "my.db"),
                    ".",
                )
            )
        if self.base_id is not None and not is_id(self.base_id, "app"):
            raise ConfigurationError(
                f"{self.base_id!r} is not a base ID; expected app + 14 characters, as in "
                "appAbCdEfGhIjKlMn. The URL of the base's page contains it."
            )
        if not self.endpoint_url.startswith(("https://", "http://")):
            raise ConfigurationError(
                f"{self.endpoint_url!r} is no usable endpoint URL; it starts with https://."
            )
        if self.concurrency < 1 or self.requests_per_second < 1:
            raise ConfigurationError("concurrency and requests_per_second are at least 1.")
        if self.max_requests is not None and self.max_requests < 0:
            raise ConfigurationError("max_requests is at least 0.")


def make_config(
    *,
    access_token: str | SecretStr | None = None,
    base_id: str | None = None,
    endpoint_url: str | None = None,
    local: str | Path | None = None,
    journal: str | Path | bool | None = None,
    **options: Any,
) -> Config:
    """Make a configuration of what a caller gives, strings included.

    Args:
        access_token: A personal access token.
        base_id: The base.
        endpoint_url: The service's root; Airtable's own if None.
        local: A local base's file, or ``":memory:"``.
        journal: A journal's file; True for the one in its usual place, False or None for none.
        **options: Anything else that ``Config`` takes.

    Raises:
        ConfigurationError: Something is missing or contradicts.
        TypeError: There is no such option.
    """
    refuse_unknown_options(options, [field.name for field in fields(Config)])
    token = SecretStr(access_token) if isinstance(access_token, str) else access_token
    if token is not None and not token.get_secret_value().strip():
        token = None
    return Config(
        access_token=token,
        base_id=base_id or None,
        endpoint_url=(endpoint_url or ENDPOINT_URL).rstrip("/"),
        local=None if local is None else str(local),
        journal=journal_path(journal),
        **options,
    )


def config_from_env(env_file: str | Path | None = ".env") -> Config:
    """Read the configuration from the environment, and from a file for what is not set there.

    The names are ``AIRTABLE_ACCESS_TOKEN``, ``AIRTABLE_BASE_ID``, ``AIRTABLE_ENDPOINT_URL``,
    ``AIRHAUL_LOCAL`` and ``AIRHAUL_JOURNAL``: a file, or ``on`` or ``off``.

    Args:
        env_file: The file; None for none. A file that is not there is no error.

    Raises:
        ConfigurationError: Neither a token nor a local base is named, or both are.
    """
    found = read_environment(env_file)
    return make_config(
        access_token=found.get("AIRTABLE_ACCESS_TOKEN"),
        base_id=found.get("AIRTABLE_BASE_ID"),
        endpoint_url=found.get("AIRTABLE_ENDPOINT_URL"),
        local=found.get("AIRHAUL_LOCAL"),
        journal=journal_of_text(found.get("AIRHAUL_JOURNAL")),
    )


def journal_of_text(text: str | None) -> str | bool | None:
    """Read what ``AIRHAUL_JOURNAL`` says: a file, or ``on`` or ``off``."""
    known = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
    return None if text is None else known.get(text.strip().lower(), text)


def journal_path(journal: str | Path | bool | None) -> str | None:
    """The file of a journal.

    Args:
        journal: The file; True for the usual place, ``journal.db`` in the folder that the system
            has for a program's state; False or None for none.
    """
    if journal is True:
        from platformdirs import user_state_path

        return str(user_state_path("airhaul", appauthor=False) / "journal.db")
    return str(journal) if journal else None


def read_environment(env_file: str | Path | None = ".env") -> dict[str, str]:
    """Read airhaul's variables that are set and not empty, the environment before the file.

    Args:
        env_file: The file; None for none.
    """
    # Imported here: it takes longer than all else that airhaul needs.
    from pydantic_settings import BaseSettings, SettingsConfigDict

    class Environment(BaseSettings):
        model_config = SettingsConfigDict(extra="ignore", env_file=env_file)

        AIRTABLE_ACCESS_TOKEN: SecretStr | None = None
        AIRTABLE_BASE_ID: str | None = None
        AIRTABLE_ENDPOINT_URL: str | None = None
        AIRHAUL_LOCAL: str | None = None
        AIRHAUL_JOURNAL: str | None = None

    found = Environment().model_dump(exclude_none=True)
    texts = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in found.items()
    }
    return {name: text for name, text in texts.items() if text.strip()}
