"""A model with a field that its table does not have: reported when read, refused before a write."""

from __future__ import annotations

import asyncio
import warnings
from pathlib import Path

import pytest

from airhaul import (
    Airtable,
    AsyncAirtable,
    BulkError,
    MissingFieldWarning,
    Record,
    airtable_field,
    errors,
)
from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.tokens import Token
from airhaul.local_base.http.serve import LocalServer
from tests.conftest import connect, connection_to


class Stored(Record, table="People"):
    name: str
    age: int | None = None


class Person(Record, table="People"):
    name: str
    nick: str = airtable_field("", column="Nick Name")
    age: int | None = None


@pytest.fixture
def airtable(local_base: LocalBase) -> Airtable:
    """A new connection, to a table with two people."""
    first = Airtable(connection=connection_to(local_base))
    first.table(Stored).create_table()
    first.table(Stored).bulk_create([{"name": "Ada", "age": 36}, {"name": "Bob"}])
    local_base.requests.clear()
    return Airtable(connection=connection_to(local_base))


@pytest.fixture
def people(airtable: Airtable):
    return airtable.table(Person)


def statuses(local_base: LocalBase) -> list[tuple[str, int]]:
    return [(request.method, request.status) for request in local_base.requests]


def names(local_base: LocalBase) -> list[str]:
    table = Airtable(connection=connection_to(local_base)).table(Stored)
    return sorted(person.name for person in table.all())


# --- reading


@pytest.mark.parametrize(
    "read",
    [
        lambda people: people.all(),
        lambda people: people.all(parallel=3),
        lambda people: list(people.iterate()),
        lambda people: [people.first(name="Ada"), people.first(name="Bob")],
        lambda people: people.where().order_by("created_time").all(),
        lambda people: people.where().only("name", "nick").all(),
        lambda people: people.find_by(name__ne=""),
    ],
)
def test_the_first_read_warns_and_reads_the_other_fields(people, read) -> None:
    """The field counts as not fetched, so that it is never written."""
    with pytest.warns(
        MissingFieldWarning, match="'People' has no field 'Nick Name', so Person.nick"
    ):
        found = read(people)
    assert {person.name for person in found} == {"Ada", "Bob"}
    assert all("nick" in person.not_fetched and person.nick == "" for person in found)
    assert all(not person.cell_errors for person in found)


def test_the_warning_is_at_the_callers_line(people) -> None:
    """Where the model is used, and not somewhere in airhaul."""
    with pytest.warns(MissingFieldWarning) as caught:
        people.all()
    (warning,) = caught
    assert warning.filename == __file__


def test_reading_costs_one_request_more_once_and_none_where_nothing_is_missing(
    airtable, people, local_base
) -> None:
    """What was found out is remembered for a while."""
    with pytest.warns(MissingFieldWarning):
        people.all()
    assert statuses(local_base) == [("GET", 422), ("GET", 200)]
    local_base.requests.clear()
    with pytest.warns(MissingFieldWarning):
        people.all()
    assert statuses(local_base) == [("GET", 200)]
    local_base.requests.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        airtable.table(Stored).all()
    assert statuses(local_base) == [("GET", 200)]


def test_what_was_read_can_be_saved(people, local_base) -> None:
    """Only what changed is sent, and the field that is missing did not."""
    with pytest.warns(MissingFieldWarning):
        ada = people.first(name="Ada")
    ada.age = 37
    ada.save()
    assert people.bulk_save([ada]).counts() == {"unchanged": 1}
    assert people.bulk_replace([ada]).counts() == {"updated": 1}
    assert (names(local_base), people.get(ada.id).age) == (["Ada", "Bob"], 37)


def test_a_field_that_is_added_is_found_by_a_new_connection(airtable, people, local_base) -> None:
    """And by the same one once the minute is over in which it is not asked for."""
    with pytest.warns(MissingFieldWarning):
        people.all()
    local_base.add_field(
        airtable.base_id, "People", {"name": "Nick Name", "type": "singleLineText"}
    )
    people.create(name="Eve", nick="E")
    fields = airtable.connection.lane(airtable.base_id).known_base.fields
    assert fields.missing("People", 1e9) == frozenset()
    again = Airtable(connection=connection_to(local_base)).table(Person)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert again.first(name="Eve").nick == "E"


# --- writing

FULL = [{"name": f"N{n}", "nick": f"n{n}"} for n in range(25)]
ONE_OF_MANY = [{"name": f"N{n}"} for n in range(24)] + [{"name": "last", "nick": "x"}]


@pytest.mark.parametrize("rows", [FULL, ONE_OF_MANY], ids=["all rows", "the last row"])
@pytest.mark.parametrize("on_error", ["stop", "continue", "rollback"])
@pytest.mark.parametrize(
    "write",
    [
        lambda people, rows, **options: people.bulk_create(rows, **options),
        lambda people, rows, **options: people.bulk_upsert(rows, "name", **options),
        lambda people, rows, **options: people.sync(rows, "name", **options),
        lambda people, rows, **options: people.sync(rows, "name", delete_missing=True, max_deletes=9, **options),
        lambda people, rows, **options: people.bulk_save([Person(**row) for row in rows], **options),
        lambda people, rows, **options: people.import_file(file_of(rows), **options),
        lambda people, rows, **options: people.import_file(file_of(rows), key="name", **options),
        lambda people, rows, **options: people.sync_file(file_of(rows), "name", **options),
    ],
    ids=["create", "upsert", "sync", "sync and delete", "save", "import", "import by key", "sync file"],
)  # fmt: skip
@pytest.mark.parametrize("journal", [False, True])
def test_nothing_is_written_if_the_table_lacks_a_field_of_the_rows(
    people, local_base, write, rows, on_error, journal, tmp_path
) -> None:
    """Whichever row has it: no half of the rows is in the table afterwards."""
    options = {"on_error": on_error, "journal": tmp_path / "journal" if journal else False}
    with pytest.raises((BulkError, errors.UnknownFieldError), match="has no field 'Nick Name'"):
        write(people, rows, **options)
    assert names(local_base) == ["Ada", "Bob"]


def file_of(rows) -> Path:
    path = Path("rows.csv")
    lines = [f"{row['name']},{row.get('nick', '')}" for row in rows]
    path.write_text("\n".join(["name,Nick Name", *lines]))
    return path


@pytest.mark.parametrize(
    "write",
    [
        lambda people, ids: people.bulk_update([{"id": ids[0], "nick": "x"}]),
        lambda people, ids: people.bulk_update([{"id": ids[0], "age": 1}, {"id": ids[1], "nick": "x"}]),
        lambda people, ids: people.bulk_update(ids, nick="x"),
        lambda people, ids: people.bulk_replace([{"id": ids[0], "name": "x", "nick": "x"}]),
        lambda people, ids: people.where(name="Ada").update(nick="x"),
        lambda people, ids: people.where(name="Ada").plan_update(nick="x"),
        lambda people, ids: people.plan_sync([{"name": "Ada", "nick": "x"}], "name"),
        lambda people, ids: people.create(name="x", nick="x"),
        lambda people, ids: people.update_or_create({"nick": "x"}, name="Ada"),
    ],
)  # fmt: skip
def test_changes_of_the_missing_field_are_refused(people, airtable, local_base, write) -> None:
    """Records keep what they have."""
    before = airtable.table(Stored).all()
    with pytest.raises((BulkError, errors.UnknownFieldError), match="has no field 'Nick Name'"):
        write(people, [person.id for person in before])
    assert airtable.table(Stored).all() == before


def test_a_single_change_that_is_refused_names_the_field(people) -> None:
    """As in bulk: the model and the table do not match, which is no fault of the row."""
    with pytest.warns(MissingFieldWarning):
        ada = people.first(name="Ada")
    ada.nick = "x"
    with pytest.raises(errors.UnknownFieldError, match="column of Person.nick") as caught:
        ada.save()
    assert caught.value.field == "nick"


def test_rows_without_the_field_are_written(people, local_base) -> None:
    """Nothing of them is lost."""
    assert people.bulk_create([{"name": "Eve"}]).is_complete
    assert people.sync([{"name": "Ada", "age": 40}], "name").counts() == {"updated": 1}


def test_a_write_costs_no_request_more(people, airtable, local_base) -> None:
    """Rows with the same columns, and columns known from a request before."""
    stored = Airtable(connection=connection_to(local_base)).table(Stored)
    stored.bulk_create([{"name": f"N{n}", "age": n} for n in range(25)])
    assert statuses(local_base) == [("POST", 200)] * 3
    stored.bulk_create([{"name": "x"}] * 30 + [{"name": "y", "age": 3}])
    assert statuses(local_base) == [("POST", 200)] * 7
    local_base.requests.clear()
    fresh = Airtable(connection=connection_to(local_base)).table(Stored)
    fresh.bulk_create([{"name": "x"}] * 30 + [{"name": "y", "age": 3}])
    assert statuses(local_base) == [("GET", 200), *[("POST", 200)] * 4]


def test_a_token_that_may_only_write_still_writes(tmp_path) -> None:
    """It cannot ask for the fields of the table, and finds out with the first refusal."""
    with LocalBase.open(tmp_path / "base.db") as local_base:
        Airtable(connection=connection_to(local_base)).table(Stored).create_table()
    token = Token("patTest.secret", scopes=frozenset({"data.records:write"}))
    with (
        LocalBase.open(tmp_path / "base.db", tokens=[token]) as local_base,
        LocalServer(local_base) as server,
        connect(server) as airtable,
    ):
        rows = [{"name": f"N{n}"} for n in range(20)] + [{"name": "y", "age": 3}]
        assert airtable.table(Stored).bulk_create(rows).counts() == {"created": 21}


def test_a_stream_ends_at_the_first_refusal(people, local_base) -> None:
    """Its rows are not known before, so earlier ones are written, and the error says which."""
    with pytest.raises(BulkError, match="has no field 'Nick Name'") as caught:
        people.bulk_create((row for row in ONE_OF_MANY), on_error="continue", concurrency=1)
    assert caught.value.result.counts() == {"created": 20, "failed": 5}


def test_the_awaited_verbs_do_the_same(airtable, local_base) -> None:
    """The async client has the same flow."""

    async def main() -> None:
        people = AsyncAirtable(connection=airtable.connection).table(Person)
        with pytest.warns(MissingFieldWarning) as caught:
            assert len(await people.all()) == 2
        assert caught[0].filename == __file__
        with pytest.raises(BulkError, match="Nothing was written"):
            await people.bulk_create(ONE_OF_MANY)

    asyncio.run(main())
    assert names(local_base) == ["Ada", "Bob"]


def test_a_field_id_that_the_table_lacks_is_named_by_the_model(airtable, local_base) -> None:
    """The field was deleted; its ID says nothing to people, so the model's name stands with it."""
    table = airtable.table_schema("People")
    ids = {field["name"]: field["id"] for field in table["fields"]}

    class ById(Record, table=table["id"], field_ids=True):
        name: str = airtable_field(column=ids["name"])
        nick: str = airtable_field("", column="fldAAAAAAAAAAAAAA")

    people = airtable.table(ById)
    with pytest.warns(MissingFieldWarning, match=r"no field 'fldAAAAAAAAAAAAAA', so ById\.nick"):
        assert sorted(person.name for person in people.all()) == ["Ada", "Bob"]
    with pytest.raises(BulkError, match=r"column of ById\.nick"):
        people.bulk_create([{"name": "x", "nick": "y"}])
    with pytest.raises(errors.UnknownFieldError, match="is not a field of the table|no field"):
        people.sync([{"name": "Ada", "nick": "y"}], "name")
