"""Models that name their table and fields by ID: every verb, and fields that are renamed."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path

import pytest

from airhaul import Airtable, AsyncAirtable, F, Record, airtable_field, airtable_model, errors
from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.tokens import Token
from airhaul.local_base.http.serve import LocalServer
from airhaul.testing import seed
from airhaul.wire.call import Call
from tests.conftest import connect, connection_to


class Named(Record, table="Contacts"):
    """The table as it is created."""

    full_name: str = airtable_field(column="Full Name")
    email: str = airtable_field(column="E-mail", type="singleLineText")
    age: int | None = airtable_field(None, column="Age")
    tags: list[str] = airtable_field(
        default_factory=list, column="Tags", type="multipleSelects", choices=["a", "b"]
    )


@pytest.fixture
def airtable(local_base: LocalBase, tmp_path: Path) -> Airtable:
    opened = Airtable(connection=connection_to(local_base, journal=tmp_path / "journal"))
    opened.table(Named).create_table()
    return opened


def ids_of(airtable: Airtable) -> dict[str, str]:
    """The IDs of the table's fields by name, and of the table itself under ``""``."""
    table = airtable.table_schema("Contacts")
    return {"": table["id"], **{field["name"]: field["id"] for field in table["fields"]}}


@pytest.fixture
def ids(airtable: Airtable) -> dict[str, str]:
    return ids_of(airtable)


def model_by(ids: dict[str, str]) -> type[Record]:
    class Contact(Record, table=ids[""], field_ids=True):
        name: str = airtable_field(column=ids["Full Name"])
        email: str = airtable_field(column=ids["E-mail"], type="singleLineText")
        age: int | None = airtable_field(None, column=ids["Age"])
        tags: list[str] = airtable_field(
            default_factory=list, column=ids["Tags"], type="multipleSelects", choices=["a", "b"]
        )

    return Contact


@pytest.fixture
def contact(ids: dict[str, str]) -> type[Record]:
    return model_by(ids)


@pytest.fixture
def contacts(airtable: Airtable, contact: type[Record], local_base: LocalBase):
    local_base.requests.clear()
    return airtable.table(contact)


def rename(airtable: Airtable, ids: dict[str, str], old: str, new: str) -> None:
    path = f"/v0/meta/bases/{airtable.base_id}/tables/{ids['']}/fields/{ids[old]}"
    airtable.call(Call("PATCH", path, "repeatable", body={"name": new}))


def rename_all(airtable: Airtable, ids: dict[str, str]) -> None:
    """Rename every field; ``Age`` and ``E-mail`` even swap their names."""
    rename(airtable, ids, "Full Name", "Who")
    rename(airtable, ids, "Age", "x")
    rename(airtable, ids, "E-mail", "Age")
    rename(airtable, ids, "Age", "E-mail")
    rename(airtable, ids, "Tags", "Labels")


def people(count: int) -> list[dict[str, object]]:
    return [{"name": f"N{n}", "email": f"e{n}", "age": n} for n in range(count)]


def use_every_verb(airtable: Airtable, contact: type[Record]) -> None:
    table = airtable.table(contact)
    ada = table.create(name="Ada", email="ada", age=36, tags=["a"])
    assert table.get(ada.id) == ada
    ada.age, ada.tags = 37, ["b"]
    ada.save()
    assert table.where(age__gt=36, tags__contains="b").all() == [ada]
    assert table.refresh(ada).age == 37
    made = table.bulk_create(people(25))
    assert [one.name for one in table.where(age__lt=3).order_by("-age").all()] == ["N2", "N1", "N0"]
    (part,) = table.where(email="e7").only("name").all()
    assert (part.name, part.not_fetched) == ("N7", {"email", "age", "tags"})
    assert table.bulk_update(made[:12], tags=["a"]).counts() == {"updated": 12}
    changed = table.bulk_upsert([{"email": "e3", "name": "X", "tags": ["b"]}], "email")
    assert (changed.counts(), changed[0].name, changed[0].age) == ({"updated": 1}, "X", 3)
    made[4].name = "Y"
    assert table.bulk_save(made[4:6]).counts() == {"updated": 1, "unchanged": 1}
    assert table.bulk_replace([{"id": made[5].id, "name": "Z", "email": "z"}])[0].age is None
    assert table.where(age__gte=20).update(age=99).counts() == {"updated": 6}
    assert table.where(age=99).delete().counts() == {"deleted": 6}
    wanted = [*people(3), {"name": "new", "email": "new", "age": 1}]
    plan = table.plan_sync(wanted, "email", delete_missing=True, max_deletes=100)
    assert plan.apply().counts() == {"created": 1, "unchanged": 3, "deleted": 17}
    local = {one.email: one.age for one in table.all(parallel=2)}
    assert local == {"e0": 0, "e1": 1, "e2": 2, "new": 1}
    assert table.sync(wanted, "email", delete_missing=True).counts() == {"unchanged": 4}
    assert table.update_or_create({"name": "W"}, email="e0")[0].name == "W"
    assert table.get_or_create({"name": "V"}, email="v")[1]
    assert (table.count(), table.exists(email="v")) == (5, True)
    assert len(table.bulk_delete(table.all()).deleted) == 5


def test_every_verb_works_with_ids_before_and_after_all_fields_are_renamed(
    airtable, ids, contact
) -> None:
    """A renamed field is the same field, even if two swap their names."""
    use_every_verb(airtable, contact)
    rename_all(airtable, ids)
    use_every_verb(airtable, contact)


def test_requests_are_as_many_as_with_names(contacts, local_base) -> None:
    """The ID of each field is known from the model, so no request asks for it."""
    made = contacts.bulk_create(people(25))
    contacts.all()
    contacts.bulk_update(made, tags=["a"])
    contacts.sync(people(25), "email")
    assert [request.method for request in local_base.requests] == [
        *["POST"] * 3, "GET", "GET", *["PATCH"] * 3, "GET",
    ]  # fmt: skip


def test_a_wrong_value_is_reported_under_the_name_of_the_model(contacts) -> None:
    """The ID would tell nobody which field is meant."""
    with pytest.raises(errors.BulkError, match="field 'age'"):
        contacts.bulk_create([{"name": "x", "email": "y", "age": "old"}])
    with pytest.raises(errors.BulkError, match="row 1, field 'tags'"):
        contacts.bulk_create([*people(1), {"name": "x", "email": "y", "tags": ["c"]}])
    with pytest.raises(errors.UnknownFieldError, match="did you mean 'email'"):
        contacts.where(emial="x")
    with pytest.raises(errors.BulkError, match="the same key, email='e0'"):
        contacts.sync([*people(1), *people(1)], "email")


def test_a_row_may_name_its_values_by_id(contacts, ids) -> None:
    """A key is the column's name first, here its ID, then the name in the model."""
    (made,) = contacts.bulk_create([{ids["Full Name"]: "Ada", "email": "a", ids["Age"]: 3}])
    assert (made.name, made.age) == ("Ada", 3)
    assert contacts.where(F(ids["Age"]) == 3).all() == [made]
    assert contacts.where(F("Age") == 3).all() == [made]


def test_a_plan_shows_names(contacts) -> None:
    """People read plans; they do not know IDs."""
    contacts.bulk_create(people(2))
    plan = contacts.plan_upsert([{"email": "e1", "name": "X", "age": 5, "tags": []}], "email")
    (difference,) = plan.differences
    assert difference.cells == {"name": ("N1", "X"), "age": (1, 5)}
    assert "age: 1 -> 5" in str(plan)
    assert "fld" not in str(plan)


# --- files


def test_a_file_has_the_names_of_the_table_and_comes_in_again(
    airtable, contact, ids, local_base, tmp_path
) -> None:
    """Headers are the names that the fields have now; the schema is read once for them.

    It is read once more for the view that has the order of a local base's records.
    """
    table = airtable.table(contact)
    made = table.bulk_create(people(12))
    rename_all(airtable, ids)
    local_base.requests.clear()
    path = tmp_path / "contacts.csv"
    assert table.export_file(path) == 12
    assert [request.path.rpartition("/")[2] for request in local_base.requests] == [
        "tables",
        "tables",
        ids[""],
    ]
    with path.open(newline="") as file:
        assert next(csv.reader(file)) == ["Who", "Age", "E-mail", "Labels"]
    table.where().only("age", "name").order_by("age").export_file(tmp_path / "some.json")
    assert json.loads((tmp_path / "some.json").read_text())[3] == {"E-mail": 3, "Who": "N3"}
    assert table.sync_file(path, "email").counts() == {"unchanged": 12}
    table.bulk_delete(made)
    local_base.requests.clear()
    result = table.import_file(path)
    assert sorted((one.age, one.name, one.email) for one in result) == [
        (n, f"N{n}", f"e{n}") for n in range(12)
    ]
    assert result.requests == len(local_base.requests)
    assert table.import_file(path, key="email").counts() == {"unchanged": 12}
    assert table.plan_import_file(path, key="email").counts()["unchanged"] == 12
    assert table.plan_sync_file(path, "email").counts()["unchanged"] == 12


def test_the_names_of_the_table_come_before_those_of_the_model(
    airtable, contact, ids, tmp_path
) -> None:
    """A file's ``age`` is the field that is called so in the table, whatever the model calls so."""
    rename(airtable, ids, "Age", "Years")
    rename(airtable, ids, "Full Name", "age")
    path = tmp_path / "x.csv"
    path.write_text("age,Years,email\nAda,36,a\n")
    (made,) = airtable.table(contact).import_file(path)
    assert (made.name, made.age) == ("Ada", 36)


def test_a_refused_row_of_a_file_names_the_column_as_the_file_does(
    airtable, contact, tmp_path
) -> None:
    """Whoever corrects the file looks for the header."""
    path = tmp_path / "x.csv"
    path.write_text("Full Name,E-mail,Age\nAda,a,old\nBob,b,4.5\n")
    with pytest.raises(errors.BulkError) as caught:
        airtable.table(contact).import_file(path, rejects=tmp_path / "rejects.csv")
    assert [row.error.field for row in caught.value.result.errors] == ["Age", "Age"]
    assert (tmp_path / "rejects.csv").read_text().startswith("Full Name,E-mail,Age,")
    path.write_text("Full Name,E-mail,Tags\nAda,a,c\n")
    for call in (
        lambda: airtable.table(contact).import_file(path),
        lambda: airtable.table(contact).sync_file(path, "email"),
    ):
        with pytest.raises(errors.BulkError, match="line 2, row 0, field 'Tags': Airtable refused"):
            call()
    plan = airtable.table(contact).plan_sync_file(path, "email")
    assert plan.differences[0].cells["Tags"] == (None, ["c"])
    path.write_text("Full Name,E-mail,Agee\nAda,a,3\n")
    with pytest.raises(errors.BulkError, match="no field 'Agee'; did you mean 'Age'"):
        airtable.table(contact).import_file(path)
    path.write_text("Full Name,E-mail,Zip\nAda,a,3\n")
    with pytest.raises(errors.BulkError, match="it has 'Full Name', 'E-mail', 'Age', 'Tags'"):
        airtable.table(contact).import_file(path)


def test_without_the_right_to_read_the_schema_a_file_has_the_names_of_the_model(tmp_path) -> None:
    """Files still go out and come in again."""
    with LocalBase.open(tmp_path / "base.db") as local_base:
        airtable = Airtable(connection=connection_to(local_base))
        airtable.table(Named).create_table()
        contact = model_by(ids_of(airtable))
    token = Token("patTest.secret", scopes=frozenset({"data.records:read", "data.records:write"}))
    path = tmp_path / "contacts.csv"
    with (
        LocalBase.open(tmp_path / "base.db", tokens=[token]) as local_base,
        LocalServer(local_base) as server,
        connect(server) as airtable,
    ):
        table = airtable.table(contact)
        table.bulk_create(people(3))
        table.export_file(path)
        assert path.read_text().startswith("name,email,age,tags")
        assert table.import_file(path, key="email").counts() == {"updated": 3}


# --- the journal


def test_an_undo_restores_cells_after_a_rename(airtable, contact, ids) -> None:
    """The journal keeps IDs, so that an undo writes to the same fields."""
    table = airtable.table(contact)
    made = table.bulk_create(people(12))
    made[0].name = "Y"
    table.bulk_save(made[:1])
    rename_all(airtable, ids)
    plan = airtable.plan_undo()
    assert plan.differences[0].cells == {"Who": ("Y", "N0")}
    undone = airtable.undo()
    assert undone.counts() == {"updated": 1}
    assert table.get(made[0].id).name == "N0"
    assert airtable.undo(undone.run).counts() == {"updated": 1}
    assert table.get(made[0].id).name == "Y"
    table.bulk_delete(made[:2])
    assert airtable.undo().counts() == {"created": 2}
    assert sorted(one.name for one in table.all())[:3] == ["N1", "N10", "N11"]


@pytest.mark.parametrize("with_model", [True, False])
def test_a_run_that_was_ended_is_resumed_by_ids(airtable, contact, tmp_path, with_model) -> None:
    """With the model or without it, from the rows in the journal and from a file."""
    table = airtable.table(contact)
    path = tmp_path / "x.csv"
    lines = ["Full Name,E-mail,Age", *(f"N{n},e{n},{n}" for n in range(30))]
    path.write_text("\n".join(lines))
    for begin in (
        lambda: table.bulk_create(people(30), max_requests=2),
        lambda: table.import_file(path, max_requests=3),
    ):
        with pytest.raises(errors.BulkError, match="limit of"):
            begin()
        assert airtable.resume(model=contact if with_model else None).is_complete
        assert sorted(one.age for one in table.all()) == list(range(30))
        table.bulk_delete(table.all())


def test_a_run_is_not_resumed_with_a_model_of_other_names(airtable, contact) -> None:
    """Cells by ID would go to no field of a model by name, and the other way round."""
    with pytest.raises(errors.BulkError):
        airtable.table(contact).bulk_create(people(30), max_requests=2)
    with pytest.raises(errors.JournalError, match="by field ID"):
        airtable.resume(model=Named)


# --- declared and awaited


def test_ids_and_names_are_not_mixed(ids) -> None:
    """A reply has either IDs or names, so half of the fields would read as empty."""
    with pytest.raises(errors.SchemaError, match="no field ID for email"):

        class Half(Record, table="Contacts", field_ids=True):
            name: str = airtable_field(column=ids["Full Name"])
            email: str = ""

    with pytest.raises(errors.SchemaError, match="field_ids=True"):

        class Silent(Record, table="Contacts"):
            name: str = airtable_field(column=ids["Full Name"])


def test_a_model_of_ids_makes_no_table(airtable, contact) -> None:
    """Airtable chooses the IDs, so the model can only follow."""
    with pytest.raises(errors.SchemaError, match="chooses the IDs"):
        airtable.table(contact).create_table()


def test_a_plain_model_is_bound_by_ids_too_and_subclasses_follow(airtable, ids) -> None:
    """The decorator takes the same option, and a subclass keeps what its parent has."""
    from pydantic import BaseModel

    @airtable_model(table_name=ids[""], field_ids=True)
    class Plain(BaseModel):
        name: str = airtable_field(column=ids["Full Name"])

    class Aged(Plain):
        age: int | None = airtable_field(None, column=ids["Age"])

    made = airtable.table(Aged).create(name="Ada", age=3)
    assert airtable.table(Plain).get(made.id).name == "Ada"


def test_a_table_that_is_named_by_id_is_seeded(airtable, contact) -> None:
    """It is there already, and is not created under its ID."""
    seed(airtable, [contact(name="Ada", email="a"), contact(name="Bob", email="b")])
    assert [one.name for one in airtable.table(contact).all(sort="name")] == ["Ada", "Bob"]


def test_awaited_verbs_use_ids_too(airtable, contact, ids) -> None:
    """The async client sends the same requests."""
    rename_all(airtable, ids)

    async def main() -> None:
        table = AsyncAirtable(connection=airtable.connection).table(contact)
        made = await table.bulk_create(people(3))
        assert await table.get(made[1].id) == made[1]
        assert {one.age async for one in table.where(age__gt=0).iterate()} == {1, 2}

    asyncio.run(main())
