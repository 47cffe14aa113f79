"""The access token goes into one header, and nowhere that people, logs or error trackers read."""

from __future__ import annotations

import asyncio
import logging
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airhaul import Airtable, AsyncAirtable, Link, Query, Record, Retries, Table, configure
from airhaul.errors import AirhaulError, AuthenticationError, ConfigurationError
from airhaul.local_base import LocalBase, LocalServer
from tests.cli.program import airhaul as program
from tests.client.test_docstrings import verbs_of

TOKEN = "patAbCdEfGhIjKlMn." + "0123456789abcdef" * 4
BASE = "appAbCdEfGhIjKlMn"
NOWHERE: dict[str, Any] = {
    "endpoint_url": "http://127.0.0.1:9",
    "requests_per_second": 1_000,
    "retries": Retries(tries=2, backoff_s=0.01),
}


class Person(Record, table="People"):
    name: str
    friends: list[Link[Person]] = []


ROWS: list[Any] = [{"name": "Ada"}]
CHANGED: list[Any] = [{"id": "rec00000000000001", "name": "Ada"}]
IDS = ["rec00000000000001"]
# Every public verb that sends requests, by the class that has it.
VERBS: dict[str, Callable[[Any], Any]] = {
    "Table.all": lambda people: people.all(),
    "Table.bulk_create": lambda people: people.bulk_create(ROWS),
    "Table.bulk_delete": lambda people: people.bulk_delete(IDS),
    "Table.bulk_replace": lambda people: people.bulk_replace(CHANGED),
    "Table.bulk_save": lambda people: people.bulk_save([Person(name="Ada")]),
    "Table.bulk_update": lambda people: people.bulk_update(CHANGED),
    "Table.bulk_upsert": lambda people: people.bulk_upsert(ROWS, key="name"),
    "Table.check_table": lambda people: people.check_table(),
    "Table.count": lambda people: people.count(),
    "Table.create": lambda people: people.create(name="Ada"),
    "Table.create_table": lambda people: people.create_table(),
    "Table.delete": lambda people: people.delete(IDS[0]),
    "Table.exists": lambda people: people.exists(name="Ada"),
    "Table.export_csv": lambda people: people.export_csv("out.csv"),
    "Table.export_file": lambda people: people.export_file("out.jsonl"),
    "Table.export_json": lambda people: people.export_json("out.json"),
    "Table.find_by": lambda people: people.find_by(name="Ada"),
    "Table.first": lambda people: people.first(name="Ada"),
    "Table.get": lambda people: people.get(IDS[0]),
    "Table.get_or_create": lambda people: people.get_or_create(name="Ada"),
    "Table.get_or_none": lambda people: people.get_or_none(IDS[0]),
    "Table.import_csv": lambda people: people.import_csv("new.csv"),
    "Table.import_file": lambda people: people.import_file("new.csv"),
    "Table.import_json": lambda people: people.import_json("new.json"),
    "Table.plan_delete": lambda people: people.plan_delete(IDS),
    "Table.plan_get_or_create": lambda people: people.plan_get_or_create(name="Ada"),
    "Table.plan_import_file": lambda people: people.plan_import_file("new.csv", key="name"),
    "Table.plan_replace": lambda people: people.plan_replace(CHANGED),
    "Table.plan_sync": lambda people: people.plan_sync(ROWS, key="name"),
    "Table.plan_sync_file": lambda people: people.plan_sync_file("new.csv", key="name"),
    "Table.plan_table": lambda people: people.plan_table(),
    "Table.plan_update": lambda people: people.plan_update(CHANGED),
    "Table.plan_update_or_create": lambda people: people.plan_update_or_create(name="Ada"),
    "Table.plan_upsert": lambda people: people.plan_upsert(ROWS, key="name"),
    "Table.prefetch": lambda people: people.prefetch([Person(name="Ada", friends=IDS)], "friends"),
    "Table.refresh": lambda people: people.refresh(Person(id=IDS[0], name="Ada")),
    "Table.save": lambda people: people.save(Person(name="Ada")),
    "Table.sync": lambda people: people.sync(ROWS, key="name"),
    "Table.sync_file": lambda people: people.sync_file("new.csv", key="name"),
    "Table.sync_table": lambda people: people.sync_table(),
    "Table.to_arrow": lambda people: people.to_arrow(),
    "Table.to_pandas": lambda people: people.to_pandas(),
    "Table.to_polars": lambda people: people.to_polars(),
    "Table.update_or_create": lambda people: people.update_or_create(name="Ada"),
    "Query.all": lambda people: people.where(name="Ada").all(),
    "Query.count": lambda people: people.where(name="Ada").count(),
    "Query.delete": lambda people: people.where(name="Ada").delete(),
    "Query.exists": lambda people: people.where(name="Ada").exists(),
    "Query.export_file": lambda people: people.where(name="Ada").export_file("out.csv"),
    "Query.first": lambda people: people.where(name="Ada").first(),
    "Query.one": lambda people: people.where(name="Ada").one(),
    "Query.plan_delete": lambda people: people.where(name="Ada").plan_delete(),
    "Query.plan_update": lambda people: people.where(name="Ada").plan_update(name="Bob"),
    "Query.to_arrow": lambda people: people.where(name="Ada").to_arrow(),
    "Query.to_pandas": lambda people: people.where(name="Ada").to_pandas(),
    "Query.to_polars": lambda people: people.where(name="Ada").to_polars(),
    "Query.update": lambda people: people.where(name="Ada").update(name="Bob"),
    "Airtable.bases": lambda people: people.airtable.bases(),
    "Airtable.create_field": lambda people: people.airtable.create_field(
        "tbl00000000000000", {"name": "New", "type": "singleLineText"}
    ),
    "Airtable.create_table": lambda people: people.airtable.create_table(
        "New", [{"name": "Name", "type": "singleLineText"}]
    ),
    "Airtable.create_tables": lambda people: people.airtable.create_tables(Person),
    "Airtable.find_table": lambda people: people.airtable.find_table("People"),
    "Airtable.schema": lambda people: people.airtable.schema(),
    "Airtable.table_schema": lambda people: people.airtable.table_schema("People"),
    "Airtable.whoami": lambda people: people.airtable.whoami(),
}
# These send nothing of their own, or are tried where there is a run.
OTHERS = {
    "Table": {"import_again", "iterate", "plan_create", "plan_save", "where"},
    "Query": {"iterate", "limit", "only", "order_by", "prefetch", "view", "where"},
    "Airtable": {
        *("apply_undo", "plan_undo", "resume", "retry", "run", "runs", "undo"),
        *("call", "close", "follow", "from_env", "lane", "local", "table", "table_named"),
    },
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


def test_every_verb_is_tried() -> None:
    """One that is forgotten here is a failure."""
    for cls in (Table, Query, Airtable):
        tried = {verb.partition(".")[2] for verb in VERBS if verb.startswith(f"{cls.__name__}.")}
        assert tried | OTHERS[cls.__name__] == set(verbs_of(cls))
        assert not tried & OTHERS[cls.__name__]


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_fails_hides_the_token(verb) -> None:
    """No connection, sync and async: tools that print the variables of a traceback show no token."""
    Path("new.csv").write_text("name\nAda\n")
    Path("new.json").write_text('[{"name": "Ada"}]')
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


def _rows_that_end() -> Iterator[dict[str, Any]]:
    raise OSError("the source is gone")
    yield from ROWS


@pytest.mark.parametrize(
    "verb",
    [
        lambda airtable, run: airtable.undo(run),
        lambda airtable, run: airtable.plan_undo(run),
        lambda airtable, run: airtable.retry(run, model=Person, on_error="stop"),
        lambda airtable, run: airtable.resume(model=Person, rows=ROWS),
        lambda airtable, run: airtable.run("0000"),
    ],
    ids=["undo", "plan_undo", "retry", "resume", "run"],
)
def test_a_verb_of_a_run_that_fails_hides_the_token(verb) -> None:
    """A run that is in the journal, and whose base cannot be reached any more."""
    options: dict[str, Any] = {"journal": "journal.db", "retries": NOWHERE["retries"]}
    with LocalBase.open() as local_base, LocalServer(local_base) as server:
        base_id = local_base.default_base_id
        with Airtable(TOKEN, base_id, endpoint_url=server.url, **options) as airtable:
            airtable.table(Person).create_table()
            done = airtable.table(Person).bulk_create(
                [{"name": "Ada"}, {"name": ["no", "text"]}], on_error="continue", rejects="r.csv"
            )
            with pytest.raises(OSError, match="gone"):
                airtable.table(Person).bulk_create(_rows_that_end())
        url = server.url
    with (
        Airtable(TOKEN, base_id, endpoint_url=url, **options) as airtable,
        pytest.raises(AirhaulError) as caught,
    ):
        verb(airtable, done.run)
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
        ("clone", "copy.db"),
        ("resume",),
        ("retry",),
        ("undo", "--yes"),
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
