"""Configuration: looked up when a verb runs, never guessed, never printed."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from airhaul import (
    Airtable,
    Config,
    Record,
    airtable_model,
    configure,
    configure_from_env,
    configured,
)
from airhaul.client.default import default_connection
from airhaul.errors import ConfigurationError
from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from airhaul.wire.call import Call
from tests.conftest import connect


class User(Record, table="Users"):
    name: str


def test_models_follow_the_configuration_of_the_moment() -> None:
    """A model declared before ``configure`` works after it, and follows a change."""
    with pytest.raises(ConfigurationError, match="not configured"):
        User.count()
    configure(local="a.db")
    User.create_table()
    User.create(name="a")
    configure(local="b.db")
    User.create_table()
    assert User.count() == 0
    configure(local="a.db")
    assert User.count() == 1


def test_the_environment_comes_before_the_file(monkeypatch) -> None:
    """``.env`` gives what the environment leaves open."""
    Path(".env").write_text(
        "AIRTABLE_ACCESS_TOKEN=patFile.x\nAIRTABLE_BASE_ID=app00000000000000\nOTHER=1\n"
    )
    configure_from_env()
    config = default_connection().config
    assert config.access_token.get_secret_value() == "patFile.x"
    assert config.base_id == "app00000000000000"
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", "patEnv.x")
    configure_from_env()
    assert default_connection().config.access_token.get_secret_value() == "patEnv.x"
    monkeypatch.setenv("AIRHAUL_LOCAL", "x.db")
    with pytest.raises(ConfigurationError, match="one or the other"):
        configure_from_env()
    with pytest.raises(ConfigurationError, match="one or the other"):
        Airtable.from_env()
    monkeypatch.delenv("AIRTABLE_ACCESS_TOKEN")
    with Airtable.from_env(None) as airtable:
        assert airtable.config.local == "x.db"


def test_arguments_come_before_the_environment(monkeypatch) -> None:
    """A program reads the token from there, and decides on the rest; but no token is passed so."""
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", "patEnv.x")
    monkeypatch.setenv("AIRTABLE_BASE_ID", "app00000000000000")
    with Airtable.from_env(base_id="app11111111111111", journal="runs.db") as airtable:
        assert airtable.config.base_id == "app11111111111111"
        assert airtable.config.journal == str(Path("runs.db").absolute())
    configure_from_env(timeout_s=5)
    config = default_connection().config
    assert (config.timeout_s, config.base_id) == (5, "app00000000000000")
    with pytest.raises(TypeError, match="access_token"):
        Airtable.from_env(access_token="patOther.x")
    with pytest.raises(TypeError, match="timeout"):
        configure_from_env(timeout=5)


def test_a_journal_that_is_only_switched_on_is_the_one_that_is_configured(monkeypatch) -> None:
    """``journal=True`` beside a file means that file: runs and undo look for the run there."""
    monkeypatch.setenv("AIRHAUL_LOCAL", ":memory:")
    for word, name in (("runs.db", "runs.db"), ("off", "journal.db")):
        monkeypatch.setenv("AIRHAUL_JOURNAL", word)
        with Airtable.from_env(journal=True) as airtable:
            assert Path(airtable.config.journal or "").name == name
    with Airtable.local(journal="own.db") as airtable:
        users = airtable.table(User)
        users.create_table()
        run = users.bulk_create([{"name": "a"}], journal=True).run
        assert [one.id for one in airtable.runs()] == [run]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "No access token"),
        ({"access_token": " "}, "No access token"),
        ({"access_token": "pat.x", "local": "x"}, "one or the other"),
        ({"local": object()}, "is not a local base; expected its file"),
        ({"access_token": "pat.x", "base_id": "nonsense"}, "is not a base ID"),
        ({"access_token": "pat.x", "endpoint_url": "api.airtable.com"}, "has to start with https"),
        ({"access_token": "pat.x", "concurrency": 0}, "at least 1"),
        ({"access_token": "pat.x", "concurrency": "5"}, "at least 1; it is '5'"),
        ({"access_token": "pat.x", "concurrency": 2.5}, "at least 1; it is 2.5"),
        ({"access_token": "pat.x", "requests_per_second": "5"}, "more than 0, .* it is '5'"),
        (
            {"access_token": "pat.x", "timeout_s": "60"},
            "number of seconds, more than 0; it is '60'",
        ),
        ({"access_token": "pat.x", "timeout_s": None}, "number of seconds, .* it is None"),
        ({"access_token": "pat.x", "timeout_s": 0}, "number of seconds, .* it is 0"),
        ({"access_token": "pat.x", "timeout_s": float("inf")}, "number of seconds, .* it is inf"),
        ({"access_token": "pat.x", "max_requests": "9"}, "at least 0, or None; it is '9'"),
        ({"access_token": "pat.x", "retries": 3}, r"Retries\(tries=3\); it is 3"),
    ],
)
def test_contradictions_are_refused_at_once(options, said) -> None:
    """What cannot work is told when it is given."""
    with pytest.raises(ConfigurationError, match=said):
        configure(**options)


def test_a_verb_without_a_base_says_so() -> None:
    """The token alone does not say which base."""
    configure(access_token="pat.x")
    with pytest.raises(ConfigurationError, match="No base is configured"):
        User.all()


def test_no_token_is_printed() -> None:
    """Neither a configuration nor a connection shows its token."""
    configure(access_token="patTop.secret", base_id="app00000000000000")
    config = default_connection().config
    assert (
        "secret" not in f"{config!r} {config} {default_connection()!r} {vars(default_connection())}"
    )


def test_models_may_have_connections_of_their_own() -> None:
    """A configuration on the model wins over the common one; a base id is only another base."""
    with LocalBase.open() as local_base, LocalServer(local_base) as server:
        with connect(server) as airtable:
            second = airtable.call(_create_base(local_base))["id"]
        own = Config(
            access_token=airtable.config.access_token,
            base_id=local_base.default_base_id,
            endpoint_url=server.url,
            requests_per_second=1000,
        )

        @airtable_model(table_name="Users", config=own)
        class Own(Record):
            name: str

        @airtable_model(table_name="Others", config=own, base_id=second)
        class Other(Record):
            name: str

        configure(local=":memory:")
        User.create_table()
        Own.create_table()
        for model, count in ((User, 1), (Own, 2), (Other, 3)):
            model.bulk_create([{"name": str(n)} for n in range(count)])
        assert [User.count(), Own.count(), Other.count()] == [1, 2, 3]
        own_record = Own.first()
        own_record.name = "changed"
        own_record.save()
        assert Own.exists(name="changed")
        with pytest.raises(ConfigurationError, match="not both"):
            airtable_model(table_name="T", config=own, access_token="pat.x")


def _create_base(local_base: LocalBase):
    fields = [{"name": "name", "type": "singleLineText"}]
    tables = [{"name": "Others", "fields": fields}]
    body = {"name": "Second", "workspaceId": local_base.workspace_id, "tables": tables}
    return Call("POST", "/v0/meta/bases", "create", body=body)


def test_threads_work_on_bases_of_their_own() -> None:
    """Several connections side by side do not mix."""
    counts: dict[int, int] = {}

    def work(number: int) -> None:
        with Airtable.local() as airtable:
            users = User.using(airtable)
            users.create_table()
            users.bulk_create([{"name": str(n)} for n in range(number * 10)])
            counts[number] = users.count()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == {number: number * 10 for number in range(1, 5)}


@pytest.mark.slow
def test_the_pace_is_kept_over_http_and_threads() -> None:
    """Two jobs at once on one base take as long together as its rate asks for."""
    with (
        LocalBase.open(requests_per_second=50) as local_base,
        LocalServer(local_base) as prepared,
        connect(prepared) as airtable,
    ):
        airtable.table(User).create_table()
        local_base.requests.clear()
        with (
            connect(prepared, requests_per_second=5) as one,
            connect(prepared, requests_per_second=5) as two,
        ):
            threads = [
                threading.Thread(
                    target=each.table(User).bulk_create,
                    args=([{"name": str(n)} for n in range(60)],),
                )
                for each in (one, two)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert [request.status for request in local_base.requests] == [200] * 12
        times = [request.at for request in local_base.requests]
        assert max(times) - min(times) > 1.5  # 2 s together, 1 s for each alone


def test_the_configured_connection_is_at_hand() -> None:
    """What belongs to no model, such as the count of requests, is asked of the connection itself."""
    with pytest.raises(ConfigurationError, match="not configured"):
        configured()
    configure(local=":memory:")
    assert configured().schema() == []
    assert configured().requests_made == 1
