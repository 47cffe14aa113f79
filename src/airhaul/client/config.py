"""Which service, base and token to use: configured once, looked up when a verb runs."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from airhaul.bulk.engine.retry import Retries
from airhaul.bulk.results.checks import is_number
from airhaul.client.options import check_journal, refuse_unknown_options
from airhaul.errors import ConfigurationError
from airhaul.messages import Message, Option, visible
from airhaul.wire.ids import is_id
from airhaul.wire.limits import REQUESTS_PER_SECOND_PER_BASE

ENDPOINT_URL: Final = "https://api.airtable.com"
MEMORY: Final = ":memory:"


@dataclass(frozen=True, slots=True)
class Config:
    """How to reach a base: Airtable with a token, or a local base with a file.

    Args:
        access_token: A personal access token, ``pat...``.
        base_id: The base's id, ``app...``; a local base has a default one.
        endpoint_url: The root URL of the service.
        local: The file of a local base, or ``":memory:"``; it needs no token.
        timeout_s: How long to wait for a reply, in seconds.
        concurrency: The most requests of one bulk call in flight.
        requests_per_second: The rate limit for each base; Airtable's is 5
            (https://airtable.com/developers/web/api/rate-limits). It may be a fraction, such as
            2.5; None is for a service without a limit. If open connections of this process ask for
            different rates, the lowest one holds. A served local base without a limit is
            recognised, and not paced unless another rate is asked for.
        pace: Who shares the rate limit: ``"host"``, all processes of this host; ``"process"``, only
            this one; or the URL of a Redis server, ``redis://...``, all that use it. None for the
            environment variable ``AIRHAUL_PACE``, or else the host.
        pace_loss: What to do while that Redis server cannot be reached: ``"error"`` to send
            nothing, or the share of the rate limit to use, such as 0.25.
        retries: How often and how long to retry a request.
        max_requests: The most requests to send over this connection; None for no limit. Requests
            that find out what was written, or undo it, may exceed it.
        journal: The file in which to record bulk writes, so that they can be resumed after a
            crash, and undone; None for none.
    """

    access_token: SecretStr | None = None
    base_id: str | None = None
    endpoint_url: str = field(default=ENDPOINT_URL, repr=False)  # it may have a password
    local: str | None = None
    timeout_s: float = 60.0
    concurrency: int = 10
    requests_per_second: float | None = REQUESTS_PER_SECOND_PER_BASE
    pace: str | None = field(default=None, repr=False)  # it may have a password
    pace_loss: float | Literal["error"] = "error"
    retries: Retries = Retries()
    max_requests: int | None = None
    journal: str | None = None

    @property
    def token(self) -> SecretStr:
        """The access token.

        Raises:
            ConfigurationError: There is none.
        """
        if self.access_token is None:
            raise ConfigurationError(
                Message(
                    "No access token is configured. Set ",
                    Option("access_token"),
                    ", or AIRTABLE_ACCESS_TOKEN in the environment and call from_env(); or use a "
                    "local base: ",
                    Option("local", "my.db"),
                    ".",
                )
            )
        return self.access_token

    @property
    def shared_pace(self) -> str:
        """Who shares the rate limit.

        Raises:
            ConfigurationError: The environment says something else than ``pace`` may be.
        """
        if self.pace is not None:
            return self.pace
        return checked_pace(os.environ.get("AIRHAUL_PACE", "").strip() or "host", "AIRHAUL_PACE")

    def __getstate__(self) -> list[Any]:
        # Without secrets: what is pickled may end up on disks and on other machines.
        secret = {"access_token": None, "pace": None}
        return [secret.get(field.name, getattr(self, field.name)) for field in fields(self)]

    def __post_init__(self) -> None:
        if self.local is not None and self.access_token is not None:
            raise ConfigurationError(
                "Both a local base and an access token are given; airhaul uses one or the other, "
                "and never falls back. Leave one out."
            )
        if self.local is None:
            _ = self.token
        if self.base_id is not None and not is_id(self.base_id, "app"):
            raise ConfigurationError(
                f"{self.base_id!r} is not a base ID; expected app + 14 characters, as in "
                "appAbCdEfGhIjKlMn. The URL of the base's page contains it."
            )
        if not self.endpoint_url.startswith(("https://", "http://")):
            raise ConfigurationError(
                f"{without_password(self.endpoint_url)!r} is not a usable endpoint URL; it has to "
                "start with https://."
            )
        if not (is_number(self.timeout_s) and 0 < self.timeout_s < math.inf):
            raise ConfigurationError(
                f"timeout_s has to be a number of seconds, more than 0; it is {self.timeout_s!r}."
            )
        if not (is_number(self.concurrency, whole=True) and self.concurrency >= 1):
            raise ConfigurationError(
                f"concurrency has to be a number of at least 1; it is {self.concurrency!r}."
            )
        rate = self.requests_per_second
        if rate is not None and not (is_number(rate) and rate > 0):
            raise ConfigurationError(
                "requests_per_second has to be a number of more than 0, or None for a service "
                f"without a limit; it is {rate!r}."
            )
        if self.pace is not None:
            checked_pace(self.pace, "pace")
        loss = self.pace_loss
        if loss != "error" and not (is_number(loss) and 0 < loss <= 1):
            raise ConfigurationError(
                "pace_loss has to be 'error', or a share of the rate limit from 0 to 1, such as "
                f"0.25; it is {loss!r}."
            )
        if not isinstance(self.retries, Retries):
            raise ConfigurationError(
                f"retries has to be a Retries, such as Retries(tries=3); it is {self.retries!r}."
            )
        most = self.max_requests
        if most is not None and not (is_number(most, whole=True) and most >= 0):
            raise ConfigurationError(
                f"max_requests has to be a number of at least 0, or None; it is {most!r}."
            )


def checked_pace(pace: str, source: str) -> str:
    """Check who is to share the rate limit.

    Args:
        pace: As of ``Config``.
        source: Where it comes from.

    Raises:
        ConfigurationError: It is neither ``host`` nor ``process`` nor a URL of Redis.
    """
    if pace in {"host", "process"} or str(pace).startswith(("redis://", "rediss://", "unix://")):
        return pace
    raise ConfigurationError(
        f"{source} has to be host, process, or the URL of a Redis server, redis://...; it is "
        f"{without_password(str(pace))!r}."
    )


def make_config(
    *,
    access_token: str | SecretStr | None = None,
    base_id: str | None = None,
    endpoint_url: str | None = None,
    local: str | Path | None = None,
    journal: str | Path | bool | None = None,
    **options: Any,
) -> Config:
    """Make a configuration from the arguments of a caller, strings included.

    Args:
        access_token: A personal access token, ``pat...``.
        base_id: The base's id, ``app...``.
        endpoint_url: The root URL of the service; Airtable's if None.
        local: The file of a local base, or ``":memory:"``.
        journal: The file of the journal; True for the one in the default place, False or None for
            none.
        **options: Any other option of ``Config``.

    Returns:
        The configuration.

    Raises:
        ConfigurationError: A value is missing or invalid, or two contradict each other.
        TypeError: There is no such option.
    """
    refuse_unknown_options(options, [field.name for field in fields(Config)])
    if not isinstance(local, str | Path | None):
        raise ConfigurationError(
            f"local is the path of a file here, not {local!r}; to connect to a local "
            "base that is open, use Airtable(local=...)."
        )
    access_token, base_id = hide_token(access_token, base_id)
    is_blank = access_token is not None and not access_token.get_secret_value().strip()
    return Config(
        access_token=None if is_blank else access_token,
        base_id=base_id or None,
        endpoint_url=(endpoint_url or ENDPOINT_URL).rstrip("/"),
        local=None if local is None else str(local),
        journal=journal_path(journal),
        **options,
    )


def hide_token(
    access_token: str | SecretStr | None, base_id: str | None
) -> tuple[SecretStr | None, str | None]:
    """Hide a token that a caller gave as text, also if the two arguments are swapped.

    Tools that print the variables of a traceback would print it. So functions that take a token
    call this first.

    Args:
        access_token: The token.
        base_id: The base's id.

    Returns:
        Both; what looks like a token in place of the base's id is cut.
    """
    if isinstance(access_token, str):
        access_token = SecretStr(access_token)
    return access_token, None if base_id is None else visible(base_id)


def without_password(url: str) -> str:
    """Return a URL without the user and password in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def config_from_env(env_file: str | Path | None = ".env", **options: Any) -> Config:
    """Read the configuration from the environment, or else from a file.

    The variables are ``AIRTABLE_ACCESS_TOKEN``, ``AIRTABLE_BASE_ID``, ``AIRTABLE_ENDPOINT_URL``,
    ``AIRHAUL_LOCAL``, ``AIRHAUL_PACE`` and ``AIRHAUL_JOURNAL``, which is a file, ``on`` or ``off``.

    Args:
        env_file: The file to read variables from that the environment does not set; None for none.
            It may be missing.
        **options: Options of ``make_config`` but the token, which take precedence over both; only
            ``journal=True`` keeps the file that the environment names.

    Returns:
        The configuration.

    Raises:
        ConfigurationError: Neither a token nor a local base is set, or both are.
        TypeError: There is no such option.
    """
    # A token that is passed as text would be among the variables of a traceback.
    allowed = [option.name for option in fields(Config) if option.name != "access_token"]
    refuse_unknown_options(options, allowed)
    found = read_environment(env_file)
    journal = journal_of_text(found.journal)
    if options.get("journal") is True and isinstance(journal, str):
        options["journal"] = journal
    known: dict[str, Any] = found._asdict() | {"journal": journal}
    return make_config(**{**known, **options})


def journal_of_text(text: str | None) -> str | bool | None:
    """Read the value of ``AIRHAUL_JOURNAL``: a file, ``on`` or ``off``."""
    known = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
    return None if text is None else known.get(text.strip().lower(), text)


def journal_path(journal: str | Path | bool | None) -> str | None:
    """Find the file of a journal.

    Args:
        journal: The file; True for the default place, ``journal.db`` in the system's folder for
            the state of programs; False or None for none.

    Returns:
        The path, or None for no journal.

    Raises:
        ConfigurationError: It is something else.
    """
    check_journal(journal)
    if journal is True:
        from platformdirs import user_state_path

        return str(user_state_path("airhaul", appauthor=False) / "journal.db")
    # A process may go to another folder, and goes on with the same journal.
    return str(Path(journal).absolute()) if journal else None


class Environment(NamedTuple):
    """What the environment, or ``.env``, sets of a configuration; None for what it does not."""

    access_token: SecretStr | None = None
    base_id: str | None = None
    endpoint_url: str | None = None
    local: str | None = None
    journal: str | None = None
    pace: str | None = None


def read_environment(env_file: str | Path | None = ".env") -> Environment:
    """Read airhaul's variables that are set and not blank; the environment wins over the file.

    Args:
        env_file: The file; None for none.

    Returns:
        The values.
    """
    # Imported here: it takes longer to import than everything else that airhaul needs.
    from pydantic_settings import BaseSettings, SettingsConfigDict

    class Variables(BaseSettings):
        model_config = SettingsConfigDict(extra="ignore", env_file=env_file)

        AIRTABLE_ACCESS_TOKEN: SecretStr | None = None
        AIRTABLE_BASE_ID: str | None = None
        AIRTABLE_ENDPOINT_URL: str | None = None
        AIRHAUL_LOCAL: str | None = None
        AIRHAUL_JOURNAL: str | None = None
        AIRHAUL_PACE: str | None = None

    found = Variables()
    token = found.AIRTABLE_ACCESS_TOKEN
    return Environment(
        token if token is not None and token.get_secret_value().strip() else None,
        *(
            text if text is not None and text.strip() else None
            for text in (
                found.AIRTABLE_BASE_ID,
                found.AIRTABLE_ENDPOINT_URL,
                found.AIRHAUL_LOCAL,
                found.AIRHAUL_JOURNAL,
                found.AIRHAUL_PACE,
            )
        ),
    )
