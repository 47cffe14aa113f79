"""A client that others wrote works against the served local base."""

from __future__ import annotations

from collections.abc import Iterator

import pyairtable
import pytest
import requests
from pyairtable import formulas
from pyairtable.orm import Model, fields

from airhaul.server.emulator import Emulator
from airhaul.server.serve import LocalServer

CHOICES = {"choices": [{"name": "todo"}, {"name": "done"}]}
FIELDS = [
    {"name": "Name", "type": "singleLineText"},
    {"name": "Age", "type": "number", "options": {"precision": 0}},
    {"name": "Active", "type": "checkbox", "options": {"icon": "check", "color": "greenBright"}},
    {"name": "Status", "type": "singleSelect", "options": CHOICES},
    {"name": "Born", "type": "date", "options": {"dateFormat": {"name": "iso"}}},
    {
        "name": "Seen",
        "type": "dateTime",
        "options": {
            "timeZone": "utc",
            "dateFormat": {"name": "iso"},
            "timeFormat": {"name": "24hour"},
        },
    },
]


@pytest.fixture
def api(server: LocalServer) -> Iterator[pyairtable.Api]:
    api = pyairtable.Api("patAnything.x", endpoint_url=server.url)
    yield api
    api.session.close()


@pytest.fixture
def table(api: pyairtable.Api, emulator: Emulator) -> pyairtable.Table:
    base = api.base(emulator.default_base_id)
    return base.create_table("People", FIELDS)


def test_create_and_get(table) -> None:
    """One record goes in and comes back, empty cells left out."""
    made = table.create({"Name": "Ada", "Age": 36, "Active": False, "Status": "todo"})
    assert made["fields"] == {"Name": "Ada", "Age": 36, "Status": "todo"}
    assert made["createdTime"].endswith(".000Z")
    assert table.get(made["id"]) == made


def test_batch_create_keeps_order(table, emulator) -> None:
    """25 records are 3 requests, in the order of the input."""
    before = len(emulator.requests)
    made = table.batch_create([{"Name": f"P{n}"} for n in range(25)])
    assert [record["fields"]["Name"] for record in made] == [f"P{n}" for n in range(25)]
    assert len(emulator.requests) - before == 3


def test_all_with_formulas_sort_and_fields(table) -> None:
    """The list endpoint takes every parameter that this client sends."""
    table.batch_create(
        [{"Name": f"P{n}", "Age": n, "Active": n % 2 == 0, "Born": f"2024-01-{n + 1:02d}"}
         for n in range(20)]
    )  # fmt: skip
    found = table.all(formula=formulas.AND(formulas.GT(formulas.Field("Age"), 15), "{Active}"))
    assert [record["fields"]["Age"] for record in found] == [16, 18]
    assert table.all(formula=formulas.match({"Name": "P3"}))[0]["fields"]["Age"] == 3
    found = table.all(sort=["-Age"], fields=["Age"], max_records=3)
    assert [record["fields"] for record in found] == [{"Age": 19}, {"Age": 18}, {"Age": 17}]
    pages = list(table.iterate(page_size=8))
    assert [len(page) for page in pages] == [8, 8, 4]
    assert len(table.all(view="Grid view")) == 20
    assert [
        record["fields"]["Name"] for record in table.all(formula="IS_BEFORE({Born}, '2024-01-03')")
    ] == ["P0", "P1"]
    by_id = table.all(use_field_ids=True, max_records=1)[0]["fields"]
    assert all(key.startswith("fld") for key in by_id)


def test_a_long_formula_by_post(table, emulator) -> None:
    """499 ids by formula exceed a URL, and the POST form pages too."""
    made = table.batch_create([{"Name": f"P{n}"} for n in range(250)])
    formula = formulas.OR(*[formulas.EQ(formulas.RECORD_ID(), r["id"]) for r in made] * 2)
    assert {record["id"] for record in table.all(formula=formula)} == {r["id"] for r in made}
    assert emulator.requests[-1].path.endswith("/listRecords")


@pytest.mark.parametrize("name", ["O'Brien", 'a"b', "c\\d", "{x}", "line\nbreak", "😀"])
def test_hostile_values_in_this_clients_formulas(table, name) -> None:
    """Another client's escaping is read as it means it."""
    table.batch_create([{"Name": name}, {"Name": "other"}])
    assert table.first(formula=formulas.match({"Name": name}))["fields"]["Name"] == name


def test_first(table) -> None:
    """The first of none is None."""
    assert table.first() is None
    table.create({"Name": "a"})
    assert table.first()["fields"] == {"Name": "a"}


def test_update_and_replace(table) -> None:
    """PATCH leaves the other cells alone, PUT clears them."""
    made = table.create({"Name": "a", "Age": 1, "Status": "todo"})
    assert table.update(made["id"], {"Age": 2})["fields"] == {
        "Name": "a",
        "Age": 2,
        "Status": "todo",
    }
    assert table.update(made["id"], {"Name": "b"}, replace=True)["fields"] == {"Name": "b"}
    assert table.update(made["id"], {"Name": None})["fields"] == {}


def test_batch_update(table) -> None:
    """Many records change in one request each ten, in order."""
    made = table.batch_create([{"Name": f"P{n}"} for n in range(12)])
    changed = table.batch_update(
        [{"id": r["id"], "fields": {"Age": n}} for n, r in enumerate(made)]
    )
    assert [record["fields"]["Age"] for record in changed] == list(range(12))


def test_batch_upsert(table) -> None:
    """Rows with a known key change, the others are created, and both are told."""
    old = table.create({"Name": "a", "Age": 1, "Status": "todo"})
    result = table.batch_upsert(
        [{"fields": {"Name": "a", "Age": 2}}, {"fields": {"Name": "b"}}], key_fields=["Name"]
    )
    assert result["updatedRecords"] == [old["id"]]
    assert len(result["createdRecords"]) == 1
    assert [r["fields"] for r in table.all()] == [
        {"Name": "a", "Age": 2, "Status": "todo"},
        {"Name": "b"},
    ]
    table.batch_upsert([{"fields": {"Name": "a"}}], key_fields=["Name"], replace=True)
    assert table.get(old["id"])["fields"] == {"Name": "a"}


def test_upsert_with_several_matches_fails_whole(table) -> None:
    """Nothing of the request is done when a key is not unique."""
    table.batch_create([{"Name": "a"}, {"Name": "a"}])
    with pytest.raises(requests.HTTPError, match="422"):
        table.batch_upsert(
            [{"fields": {"Name": "new"}}, {"fields": {"Name": "a"}}], key_fields=["Name"]
        )
    assert len(table.all()) == 2


def test_delete(table) -> None:
    """One by path, many by query."""
    made = table.batch_create([{"Name": f"P{n}"} for n in range(12)])
    assert table.delete(made[0]["id"]) == {"id": made[0]["id"], "deleted": True}
    gone = table.batch_delete([record["id"] for record in made[1:]])
    assert all(record["deleted"] for record in gone)
    assert table.all() == []
    with pytest.raises(requests.HTTPError, match="404"):
        table.delete(made[0]["id"])


def test_schema(api, table, emulator) -> None:
    """This client's own models read what the metadata endpoints print."""
    schema = table.schema()
    assert schema.field("Status").options.choices[0].name == "todo"
    assert schema.primary_field_id == schema.field("Name").id
    assert schema.field("Seen").options.time_format.format == "HH:mm"
    assert [base.id for base in api.bases()] == [emulator.default_base_id]
    assert api.whoami()["id"].startswith("usr")
    field = table.create_field("Email", "email")
    assert table.schema(force=True).field(field.id).name == "Email"
    base = api.create_base(emulator.workspace_id, "Second", [{"name": "T", "fields": FIELDS[:1]}])
    assert [t.name for t in base.tables()] == ["T"]


def test_typecast(table) -> None:
    """Text is converted, and choices are added, when asked for."""
    made = table.create({"Name": "a", "Age": "7", "Status": "new", "Active": "yes"}, typecast=True)
    assert made["fields"] == {"Name": "a", "Age": 7, "Status": "new", "Active": True}
    names = [choice.name for choice in table.schema(force=True).field("Status").options.choices]
    assert names == ["todo", "done", "new"]


@pytest.mark.parametrize(
    ("cells", "type_"),
    [
        ({"Nme": "x"}, "UNKNOWN_FIELD_NAME"),
        ({"Age": "7"}, "INVALID_VALUE_FOR_COLUMN"),
        ({"Age": True}, "INVALID_VALUE_FOR_COLUMN"),
        ({"Status": "new"}, "INVALID_MULTIPLE_CHOICE_OPTIONS"),
        ({"Born": "2024-01-01T00:00:00.000Z"}, "INVALID_VALUE_FOR_COLUMN"),
        ({"Born": ""}, "INVALID_VALUE_FOR_COLUMN"),
        ({"Name": {"a": 1}}, "INVALID_VALUE_FOR_COLUMN"),
    ],
)
def test_a_bad_row_sinks_its_request_and_nothing_is_written(table, cells, type_) -> None:
    """Requests are all or nothing, with Airtable's error types."""
    with pytest.raises(requests.HTTPError, match=type_):
        table.batch_create([{"Name": "good"}, cells])
    assert table.all() == []


def test_eleven_records_are_too_many(api, table) -> None:
    """The limit of ten holds for those who do not keep it themselves."""
    body = {"records": [{"fields": {"Name": "x"}}] * 11}
    with pytest.raises(requests.HTTPError, match="maximum of 10"):
        api.post(table.urls.records, json=body)


def test_unknown_things_and_refused_tokens(emulator) -> None:
    """401, 403 and 404 come as the reference says."""
    with Emulator.open(tokens={"patGood.x"}) as guarded, LocalServer(guarded) as running:
        good = pyairtable.Api("patGood.x", endpoint_url=running.url)
        bad = pyairtable.Api("patBad.x", endpoint_url=running.url)
        base = guarded.default_base_id
        with pytest.raises(requests.HTTPError, match="401.*AUTHENTICATION_REQUIRED"):
            bad.table(base, "T").all()
        with pytest.raises(requests.HTTPError, match="403.*MODEL_NOT_FOUND"):
            good.table(base, "T").all()
        with pytest.raises(requests.HTTPError, match="403"):
            good.table("app00000000000000", "T").all()
        reply = good.session.get(f"{running.url}/v0/meta/bases/junk/tables")
        assert (reply.status_code, reply.json()) == (404, {"error": "NOT_FOUND"})
        good.session.close()
        bad.session.close()


def test_formula_faults_are_told(table) -> None:
    """A wrong formula and an unknown field are told apart."""
    with pytest.raises(requests.HTTPError, match="Invalid formula. Please check"):
        table.all(formula="AND(")
    with pytest.raises(requests.HTTPError, match="Unknown field names: firstname, lastname"):
        table.all(formula="{FirstName} & lastname")


def test_its_orm(api, table, emulator) -> None:
    """The other client's models save, read and delete."""

    class Person(Model):
        name = fields.TextField("Name")
        age = fields.IntegerField("Age")
        active = fields.CheckboxField("Active")
        seen = fields.DatetimeField("Seen")

        class Meta:
            api_key = "patAnything.x"
            base_id = emulator.default_base_id
            table_name = "People"
            timeout = None

    Person.meta.__dict__["api"] = api
    person = Person(name="Ada", age=36, active=True)
    person.save()
    again = Person.from_id(person.id)
    assert (again.name, again.age, again.active) == ("Ada", 36, True)
    assert Person.all(formula="{Age} = 36")[0].id == person.id
    assert again.delete()
    assert Person.all() == []
