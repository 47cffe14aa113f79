"""Editors, notebooks and ``help`` look at a model before anything is configured."""

from __future__ import annotations

import asyncio
import inspect
import pydoc
import rlcompleter
import socket

import pytest
from pydantic import BaseModel

from airhaul import Config, Record, airtable_model, configure
from airhaul.errors import ConfigurationError


class User(Record, table="Users"):
    """Somebody."""

    name: str
    age: int | None = None


@airtable_model(table_name="Plain")
class Plain(BaseModel):
    name: str


@airtable_model(table_name="Own", config=Config(local="own.db"))
class Own(Record):
    name: str


class Unbound(Record):
    name: str


MODELS = pytest.mark.parametrize("model", [User, Plain, Own, Unbound, Record])


@pytest.fixture
def _no_connection(monkeypatch) -> None:
    def refuse(*_args, **_options):
        raise AssertionError("nothing may connect")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr("sqlite3.connect", refuse)


@pytest.mark.usefixtures("_no_connection")
@MODELS
def test_looking_at_a_model_neither_raises_nor_connects(model) -> None:
    """Members, names, fields, completion and help of a class that has no connection yet."""
    members = dict(inspect.getmembers(model))
    assert {"aio", "model_fields", "bulk_create"} <= members.keys()
    assert "bulk_create" in dir(model)
    assert hasattr(model, "aio")
    assert not hasattr(model, "no_such_thing")
    assert model.__name__ in repr(model)
    assert model.__name__ in repr(members["aio"])
    assert list(model.model_fields)[:2] == ["id", "created_time"]
    assert "bulk_create" in pydoc.render_doc(model)
    completer = rlcompleter.Completer({"M": model})
    assert "M.aio" in completer.attr_matches("M.ai")
    assert completer.attr_matches("M.aio.bulk_cre")


@pytest.mark.usefixtures("_no_connection")
@MODELS
def test_looking_at_a_query_and_a_record_neither_raises_nor_connects(model) -> None:
    """A debugger shows them with their attributes."""
    for thing in (model.aio, model.where(), model.aio.where(), model.model_construct(name="a")):
        assert repr(thing)
        inspect.getmembers(type(thing))
        assert not hasattr(thing, "no_such_thing")


def test_a_verb_says_that_nothing_is_configured() -> None:
    """What needs a base asks for it when it runs, and not before."""
    query, verbs = User.where(name="a"), User.aio
    with pytest.raises(ConfigurationError, match="not configured"):
        query.all()
    with pytest.raises(ConfigurationError, match="not configured"):
        next(iter(query))
    with pytest.raises(ConfigurationError, match="not configured"):
        asyncio.run(verbs.count())
    configure(local=":memory:")
    with pytest.raises(ConfigurationError, match="not bound to a table"):
        Unbound.where().all()


def test_a_query_follows_the_configuration_of_the_moment() -> None:
    """A query that a module declares at its top works on the base that is configured later."""
    grown_up, verbs = User.where(age__gte=18), User.aio
    for ages in ([17, 18], [40, 50, 60]):
        configure(local=":memory:")
        User.create_table()
        User.bulk_create([{"name": "a", "age": age} for age in ages])
        assert grown_up.count() == len([age for age in ages if age >= 18])
        assert asyncio.run(verbs.count()) == len(ages)
