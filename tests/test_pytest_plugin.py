"""The fixtures that come with the package, in a suite of somebody else."""

from __future__ import annotations

import subprocess
import sys

import pytest

SUITE = """
import pyairtable
import pytest
import requests

from airhaul import Airtable, AirhaulError, Record
from airhaul.testing import seed


class Note(Record, table="Notes"):
    text: str
    stars: int = 0


def test_in_process(airtable):
    seed(airtable, {"Things": [{"Name": "one", "Size": 1.5}, {"Name": "two", "Size": 2}]})
    things = airtable.table_named("Things")
    assert sorted(thing.name for thing in things.all()) == ["one", "two"]
    before = airtable.local_base.counts()["POST"]
    things.bulk_create([{"name": str(n)} for n in range(25)])
    assert airtable.local_base.counts()["POST"] - before == 3


def test_it_is_new_for_each_test(airtable):
    assert airtable.schema() == []
    ids = seed(airtable, [Note(text="a"), Note(text="b", stars=3)])
    assert {note.id for note in airtable.table(Note).all()} == set(ids)


def test_another_client_over_http(airtable_server):
    server = airtable_server
    server.seed({"Things": [{"Name": "one"}]})
    assert server.requests == []
    api = pyairtable.Api(server.token, endpoint_url=server.url, retry_strategy=None)
    table = api.table(server.base_id, "Things")
    table.batch_create([{"Name": str(n)} for n in range(11)])
    assert server.counts["POST"] == 2
    assert server.requests[-1].body["records"] == [{"fields": {"Name": "10"}}]
    server.forget_requests()
    faults = server.fail("POST close-after@1")
    with pytest.raises(requests.RequestException):
        table.create({"Name": "lost?"})
    server.fail()
    assert len(table.all()) == 13
    assert faults.injected == {"close-after": 1}
    assert server.counts == {"POST": 1, "GET": 1}
    api.session.close()


@pytest.mark.airtable(schema={"tables": [{"name": "T", "fields": [{"name": "N", "type": "email"}]}]},
                      faults=["GET 503-before@1"])
def test_marked(airtable, airtable_server):
    assert [table["name"] for table in airtable.schema()] == ["T"]
    assert [one.status for one in airtable.local_base.requests] == [503, 200]
    assert airtable_server.local_base.faults is not None
    with pytest.raises(ValueError, match="no rows"):
        seed(airtable, {"Empty": []})


def test_by_environment(airtable_server, monkeypatch):
    for name, value in airtable_server.environment.items():
        monkeypatch.setenv(name, value)
    with Airtable.from_env(None) as airtable:
        airtable.table(Note).create_table()
    assert airtable_server.counts == {"POST": 1}
"""


@pytest.mark.slow
def test_the_fixtures_work_in_a_strict_suite(pytester: pytest.Pytester) -> None:
    """Warnings are errors there, marks are known, and nothing of ours fails."""
    pytester.makepyfile(SUITE)
    pytester.makeini("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=5)
    assert "warning" not in result.stdout.str().lower()


APP = """
from airhaul import Airtable, Config, Record, airtable_model, configure

configure(access_token="patReal.secret", base_id="app00000000000000")
REAL = Config(access_token="patReal.secret", base_id="app00000000000000")


class Note(Record, table="Notes"):
    text: str


@airtable_model(table_name="Owns", config=REAL)
class Own(Record):
    text: str


@airtable_model(table_name="Others", base_id="app11111111111111")
class Other(Record):
    text: str


LONG = Note.where(text__contains="long")
"""
SUITE_OF_AN_APP = """
import asyncio

import pytest

from airhaul import configure, configured
from airhaul.testing import seed


def test_imported_within_the_test(airtable):
    from app import LONG, Note, Other, Own

    assert configured().schema() == []
    for model in (Note, Own, Other):
        model.create_table()
        model.bulk_create([{"text": "a long text"}, {"text": "short"}])
        assert asyncio.run(model.aio.count()) == 2
    assert [note.text for note in LONG] == ["a long text"]
    assert configured().base_id == airtable.base_id
    assert airtable.local_base.counts()["POST"] == 6


def test_another_test_has_another_base(airtable):
    from app import Note, LONG

    seed(airtable, [Note(text="very long")])
    assert LONG.one().text == "very long"
    (note,) = Note.all()
    note.text = "changed"
    note.save()
    assert airtable.table(Note).get(note.id).text == "changed"


def test_an_app_that_configures_when_it_starts(airtable):
    from app import Note

    configure(local="production.db")
    Note.create_table()
    Note.create(text="a")
    assert airtable.table(Note).count() == 1


def test_without_the_fixture_nothing_is_bound(tmp_path, monkeypatch):
    from app import Note

    monkeypatch.chdir(tmp_path)
    configure(local="mine.db")
    Note.create_table()
    assert configured().config.local == "mine.db"
    assert Note.count() == 0
    configure(local=":memory:")
"""


@pytest.mark.slow
def test_models_of_an_application_are_bound_to_the_base_of_the_test(pytester) -> None:
    """However and whenever it configures them, no test reaches the base of production."""
    pytester.makepyfile(app=APP, test_app=SUITE_OF_AN_APP)
    pytester.makeini("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    pytester.syspathinsert()
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=4)
    assert not (pytester.path / "production.db").exists()


@pytest.mark.slow
def test_the_fixtures_are_listed_with_what_they_are(pytester: pytest.Pytester) -> None:
    """``pytest --fixtures`` and ``--markers`` tell of them."""
    listed = pytester.runpytest_subprocess("--fixtures", "-q")
    listed.stdout.fnmatch_lines(["airtable -- *", "*airtable_server -- *"])
    pytester.runpytest_subprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.airtable(*"])


def test_suites_that_use_none_of_it_do_not_pay_for_it() -> None:
    """pytest's start imports the fixtures, and neither the client nor the server."""
    code = "import sys, pytest_airhaul; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {name for name in done if name == "airhaul" or name.startswith("airhaul.")}
    assert "pydantic" not in done
