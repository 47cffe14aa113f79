"""The access token goes into one header, and nowhere that people, logs or error trackers read."""

from __future__ import annotations

import asyncio
import logging
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airhaul import Airtable, AsyncAirtable, Record, Retries, configure
from airhaul.errors import AirhaulError, AuthenticationError, ConfigurationError
from airhaul.local_base import LocalBase, LocalServer
from tests.cli.program import airhaul as program

TOKEN = "patAbCdEfGhIjKlMn." + "0123456789abcdef" * 4
BASE = "appAbCdEfGhIjKlMn"
NOWHERE: dict[str, Any] = {
    "endpoint_url": "http://127.0.0.1:9",
    "retries": Retries(tries=2, backoff_s=0.01),
}


class Person(Record, table="People"):
    name: str


VERBS: dict[str, Callable[[Any], Any]] = {
    "all": lambda people: people.all(),
    "get": lambda people: people.get("rec00000000000001"),
    "count": lambda people: people.where(name="Ada").count(),
    "create": lambda people: people.create(name="Ada"),
    "save": lambda people: people.save(Person(name="Ada")),
    "delete": lambda people: people.delete("rec00000000000001"),
    "bulk_create": lambda people: people.bulk_create([{"name": "Ada"}]),
    "bulk_update": lambda people: people.bulk_update([{"id": "rec00000000000001", "name": "Ada"}]),
    "bulk_upsert": lambda people: people.bulk_upsert([{"name": "Ada"}], key="name"),
    "bulk_delete": lambda people: people.bulk_delete(["rec00000000000001"]),
    "sync": lambda people: people.sync([{"name": "Ada"}], key="name"),
    "plan_sync": lambda people: people.plan_sync([{"name": "Ada"}], key="name"),
    "export": lambda people: people.export_file("out.csv"),
    "create_table": lambda people: people.create_table(),
    "where.update": lambda people: people.where(name="Ada").update(name="Bob"),
}


def _frames_of(error: BaseException) -> Iterator[tuple[str, dict[str, Any]]]:
    """The variables of the library's functions in a traceback, and of its causes."""
    held: BaseException | None = error
    while held is not None:
        traceback = held.__traceback__
        while traceback is not None:
            code = traceback.tb_frame.f_code
            if "airhaul" in code.co_filename and "tests" not in code.co_filename:
                yield code.co_qualname, traceback.tb_frame.f_locals
            traceback = traceback.tb_next
        held = held.__cause__ or held.__context__


def _assert_hidden(error: BaseException, secret: str = TOKEN) -> None:
    assert secret not in f"{error} {error!r}"
    shown = [
        f"{function}: {name}"
        for function, variables in _frames_of(error)
        for name, value in variables.items()
        if secret in repr(value)
    ]
    assert shown == []


@pytest.mark.parametrize("connect", [Airtable, AsyncAirtable, configure])
@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ((TOKEN, "nope"), {}),
        ((BASE, TOKEN), {}),
        ((TOKEN, BASE), {"local": "shop.db"}),
        ((TOKEN, BASE), {"endpoint_url": "ftp://example.org"}),
        ((TOKEN, BASE), {"no_such_option": 1}),
        ((TOKEN, BASE), {"concurrency": 0}),
    ],
)
def test_a_connection_that_cannot_be_made_hides_its_token(connect, arguments, options) -> None:
    """Wrong and swapped arguments: neither the message nor a variable of the traceback has it."""
    with pytest.raises((ValueError, TypeError)) as caught:
        connect(*arguments, **options)
    _assert_hidden(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_fails_hides_the_token(verb) -> None:
    """No connection, sync and async: tools that print the variables of a traceback show no token."""
    with (
        Airtable(TOKEN, BASE, **NOWHERE) as airtable,
        pytest.raises(AirhaulError) as caught,
    ):
        VERBS[verb](airtable.table(Person))
    _assert_hidden(caught.value)

    async def run() -> None:
        async with AsyncAirtable(TOKEN, BASE, **NOWHERE) as airtable:
            await VERBS[verb](airtable.table(Person))

    with pytest.raises(AirhaulError) as caught:
        asyncio.run(run())
    _assert_hidden(caught.value)


def test_a_token_that_is_refused_is_hidden(caplog) -> None:
    """The service's refusal, and the log of the request."""
    with LocalBase.open(tokens=["pat.other"]) as local_base, LocalServer(local_base) as server:
        caplog.set_level(logging.DEBUG, logger="airhaul")
        base_id = local_base.default_base_id
        with (
            Airtable(TOKEN, base_id, endpoint_url=server.url) as airtable,
            pytest.raises(AuthenticationError) as caught,
        ):
            airtable.table(Person).all()
    _assert_hidden(caught.value)
    assert caplog.records
    assert TOKEN not in caplog.text


def test_a_token_with_a_line_break_is_hidden() -> None:
    """It cannot be put into a header, and is not quoted either."""
    with pytest.raises(ConfigurationError, match="characters that no token has") as caught:
        Airtable(f"{TOKEN}\n x", BASE, **NOWHERE).bases()
    _assert_hidden(caught.value)


def test_a_connection_prints_and_pickles_without_secrets() -> None:
    """Neither the token, nor a password in the URL of the service."""
    secret = "hunter2hunter2"
    url = f"http://me:{secret}@127.0.0.1:9"
    with Airtable(TOKEN, BASE, endpoint_url=url) as airtable:
        shown = f"{airtable!r} {airtable.config!r} {airtable.table(Person)!r}"
        assert BASE in shown
        assert TOKEN not in shown
        assert secret not in shown
        kept = pickle.dumps(airtable.config)
    assert TOKEN.encode() not in kept
    with pytest.raises(ConfigurationError, match="No access token"):
        _ = pickle.loads(kept).token


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("tables",),
        ("doctor",),
        ("schema",),
        ("export", "People", "out.csv"),
        ("import", "new.csv", "People"),
        ("sync", "new.csv", "People", "--key", "name", "--dry-run"),
        ("delete", "People", "--where", "{name} = 'Ada'"),
    ],
    ids=lambda words: words[0],
)
def test_no_command_prints_the_token(words, tmp_path, monkeypatch) -> None:
    """As an option, in the environment, and where it is taken for the base."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "new.csv").write_text("name\nAda\n")
    places: list[tuple[list[str], dict[str, str]]] = [
        (["--token", TOKEN, "--base", "nope"], {}),
        (["--token", BASE, "--base", TOKEN], {}),
        (["--base", "nope"], {"AIRTABLE_ACCESS_TOKEN": TOKEN}),
    ]
    for options, environment in places:
        done = program(*words, *options, **environment)
        assert done.returncode != 0
        assert TOKEN not in done.stdout + done.stderr
