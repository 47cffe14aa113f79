"""The options of the verbs: the same under every verb, also where values are named beside them."""

from __future__ import annotations

import inspect
from dataclasses import asdict
from pathlib import Path

import pytest

from airhaul import Airtable, AsyncQuery, AsyncTable, Query, Record, Table
from airhaul.client.options import WriteOptions, WriteSettings
from airhaul.errors import ConfigurationError


class Task(Record, table="Tasks"):
    title: str


@pytest.mark.parametrize(
    "verb",
    [
        Record.bulk_update,
        Table.bulk_update,
        AsyncTable.bulk_update,
        Query.update,
        AsyncQuery.update,
    ],
    ids=lambda verb: verb.__qualname__,
)
def test_verbs_that_take_values_by_name_name_every_option(verb) -> None:
    """An option that is missing there would be taken for a field; defaults are the same, too."""
    named = inspect.signature(verb).parameters
    assert {name: named[name].default for name in WriteOptions.__annotations__} == asdict(
        WriteSettings()
    )


def test_a_change_of_what_was_selected_can_stay_out_of_the_journal(tmp_path) -> None:
    """``journal`` is no field of the model."""
    with Airtable.local(journal=tmp_path / "journal.db") as airtable:
        tasks = airtable.table(Task)
        tasks.create_table()
        tasks.bulk_create([{"title": "a"}])
        tasks.where(title="a").update(title="b", journal=False)
        assert [task.title for task in tasks.all()] == ["b"]
        assert [run.asked.verb for run in airtable.runs()] == ["bulk_create"]
        tasks.where(title="b").update(title="c")
        assert [run.asked.verb for run in airtable.runs()] == ["update", "bulk_create"]


@pytest.mark.parametrize("on_error", ["stopp", None, ["stop"]])
def test_a_policy_that_does_not_exist_is_named_before_anything_is_sent(on_error) -> None:
    """Whatever is given for a policy, the error has it, and the policies that exist."""
    with Airtable.local() as airtable:
        tasks = airtable.table(Task)
        tasks.create_table()
        with pytest.raises(ConfigurationError, match="continue") as caught:
            tasks.bulk_create([{"title": "a"}], on_error=on_error)
        assert "stop" in str(caught.value)
        assert tasks.all() == []


def test_what_is_no_local_base_is_refused() -> None:
    """An object that is neither a file nor an open base is named when the connection is made."""
    with pytest.raises(ConfigurationError, match="local=3 is not a local base"):
        Airtable(local=3)


@pytest.mark.parametrize("path", ["items.csv", Path("items.csv")])
def test_a_path_where_rows_belong_is_refused_with_the_method_for_files(path) -> None:
    """Whoever passes a file to a bulk method finds out which method reads it."""
    with Airtable.local() as airtable:
        tasks = airtable.table(Task)
        with pytest.raises(
            ConfigurationError, match="to read a file, use import_file or sync_file"
        ):
            tasks.bulk_create(path)
