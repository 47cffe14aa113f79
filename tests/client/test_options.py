"""The options of the verbs: the same under every verb, also where values are named beside them."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from airhaul import Airtable, AsyncAirtable, AsyncQuery, AsyncTable, Query, Record, Table
from airhaul.client.options import WriteOptions, WriteSettings
from airhaul.errors import ConfigurationError
from tests.conftest import connection_to


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


_WRITES = {
    "concurrency": ["5", 0, 2.5, True],
    "max_requests": ["5", -1, 2.5, True],
    "typecast": ["no", None, 3],
    "keep_rows": ["no"],
    "progress": ["yes", 3],
    "on_event": [5],
    "rejects": [5],
    "journal": [3.5],
    "link_by": [3, "title"],
}
_SYNCS = {
    "delete_missing": ["no"],
    "allow_empty": ["no"],
    "max_deletes": ["5", -1, 2.5, True],
    "parallel": ["5", 0, 2.5, True],
}


def _calls(tasks: Any, file: Path) -> dict[str, tuple[dict[str, list[Any]], Callable[..., Any]]]:
    """The verbs of a table, sync or async, with the options that they have."""
    rows = [{"title": "b"}]
    of_plans = {name: _WRITES[name] for name in ("typecast", "link_by")}
    return {
        "bulk_create": (_WRITES, partial(tasks.bulk_create, rows)),
        "bulk_upsert": (_WRITES, partial(tasks.bulk_upsert, rows, key="title")),
        "bulk_delete": (_WRITES, partial(tasks.bulk_delete, ["rec00000000000000"])),
        "bulk_update": (_WRITES, partial(tasks.bulk_update, [])),
        "update": (_WRITES, partial(tasks.where(title="a").update, title="b")),
        "sync": (_WRITES | _SYNCS, partial(tasks.sync, rows, key="title")),
        "import_file": (_WRITES, partial(tasks.import_file, file)),
        "sync_file": (_WRITES | _SYNCS, partial(tasks.sync_file, file, key="title")),
        "plan_sync": (of_plans | _SYNCS, partial(tasks.plan_sync, rows, key="title")),
        "plan_upsert": (of_plans, partial(tasks.plan_upsert, rows, key="title")),
        "create": ({"typecast": ["no"]}, partial(tasks.create, title="b")),
        "save": ({"typecast": ["no"]}, partial(tasks.save, Task(title="b"))),
        "all": (
            {name: ["5", 0, 2.5, True] for name in ("page_size", "max_records", "parallel")},
            tasks.all,
        ),
    }


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_wrong_value_of_an_option_is_named_before_anything_is_sent(
    local_base, tmp_path, is_async
) -> None:
    """Numbers as text, fractions and texts for True or False are no errors from deep inside."""
    file = tmp_path / "tasks.csv"
    file.write_text("title\nb\n")
    connection = connection_to(local_base)
    Airtable(connection=connection).table(Task).create_table()
    airtable = (AsyncAirtable if is_async else Airtable)(connection=connection)
    local_base.requests.clear()
    for verb, (options, call) in _calls(airtable.table(Task), file).items():
        for option, values in options.items():
            for value in values:
                with pytest.raises(ConfigurationError, match=option):
                    answer = call(**{option: value})
                    if is_async:
                        asyncio.run(answer)
                    pytest.fail(f"{verb}({option}={value!r})")
    assert not len(local_base.requests)


def test_what_is_no_journal_is_refused_when_it_is_configured() -> None:
    """A number is no file."""
    with pytest.raises(ConfigurationError, match="journal has to be"):
        Airtable.local(journal=3)


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
