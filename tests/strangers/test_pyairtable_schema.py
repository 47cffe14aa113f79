"""pyairtable reads and changes the schema of the served local base."""

from __future__ import annotations

import pytest
import requests

from .conftest import DATE, MOMENT, PEOPLE


def test_schema(api, table, local_base) -> None:
    """This client's own models read what the metadata endpoints print."""
    schema = table.schema()
    assert schema.field("Status").options.choices[0].name == "todo"
    assert schema.primary_field_id == schema.field("Name").id
    assert schema.field("Seen").options.time_format.format == "HH:mm"
    assert [base.id for base in api.bases()] == [local_base.default_base_id]
    assert api.whoami()["id"].startswith("usr")
    field = table.create_field("Email", "email")
    assert table.schema(force=True).field(field.id).name == "Email"
    base = api.create_base(local_base.workspace_id, "Second", [{"name": "T", "fields": PEOPLE[:1]}])
    assert [t.name for t in base.tables()] == ["T"]


CHOICES = {"choices": [{"name": "a", "color": "redBright"}, {"name": "b"}]}
STAR = {"icon": "star", "color": "yellowBright"}
TYPES = {
    "singleLineText": None,
    "multilineText": None,
    "richText": None,
    "email": None,
    "url": None,
    "phoneNumber": None,
    "number": {"precision": 8},
    "percent": {"precision": 0},
    "currency": {"precision": 2, "symbol": "€"},
    "duration": {"durationFormat": "h:mm:ss.SSS"},
    "rating": {**STAR, "max": 10},
    "checkbox": {"icon": "xCheckbox", "color": "redBright"},
    "date": DATE,
    "dateTime": {**MOMENT, "timeZone": "Europe/Berlin"},
    "singleSelect": CHOICES,
    "multipleSelects": CHOICES,
    "singleCollaborator": None,
    "multipleCollaborators": None,
    "multipleAttachments": None,
    "barcode": None,
}


@pytest.mark.parametrize("type_", TYPES)
def test_a_field_of_every_type(table, type_) -> None:
    """Each type that the service creates is created, and read by the client's own model of it."""
    options = TYPES[type_]
    made = table.create_field("More", type_, description="What it is", options=options)
    assert (made.name, made.type, made.description) == ("More", type_, "What it is")
    read = table.schema(force=True).field(made.id)
    assert read.model_dump() == made.model_dump()
    told = read.model_dump(by_alias=True).get("options") or {}
    for key, value in (options or {}).items():
        match value:
            case dict():
                assert told[key]["name"] == value["name"]
            case list():
                assert [choice["name"] for choice in told[key]] == ["a", "b"]
                assert told[key][0]["color"] == "redBright"
            case _:
                assert told[key] == value


def test_a_link_has_another_side(base, table) -> None:
    """A field that links is created in both tables."""
    tasks = base.create_table("Tasks", PEOPLE[:1])
    link = tasks.create_field("Who", "multipleRecordLinks", options={"linkedTableId": table.id})
    assert link.options.linked_table_id == table.id
    inverse = table.schema(force=True).field(link.options.inverse_link_field_id)
    assert inverse.options.linked_table_id == tasks.id
    assert inverse.options.inverse_link_field_id == link.id


@pytest.mark.parametrize(
    "type_",
    ["createdTime", "createdBy", "lastModifiedTime", "lastModifiedBy", "autoNumber"],
)
def test_computed_types_are_not_created(table, type_) -> None:
    """What the service's API does not create, the local base does not either."""
    with pytest.raises(requests.HTTPError, match="UNSUPPORTED_FIELD_TYPE_FOR_CREATE"):
        table.create_field("More", type_)


def test_a_formula_is_created(base, table) -> None:
    """Since the middle of 2026 the service's API creates formulas."""
    made = table.create_field("Loud", "formula", options={"formula": "UPPER({Name})"})
    assert made.options.is_valid
    assert table.create({"Name": "ada"})["fields"]["Loud"] == "ADA"


def test_tables_and_fields_are_renamed_and_described(base, table) -> None:
    """The client's models save what was changed in them, and the server holds it."""
    described = base.schema().table("People")
    described.name, described.description = "Persons", "Who they are"
    described.save()
    field = described.field("Age")
    field.name, field.description = "Years", "Full years"
    field.save()
    schema = base.schema(force=True).table("Persons")
    assert (schema.id, schema.description) == (table.id, "Who they are")
    assert (schema.field("Years").id, schema.field("Years").description) == (field.id, "Full years")
    assert base.table("Persons").create({"Years": 3})["fields"] == {"Years": 3}


def test_a_formula_is_changed(api, base, table, local_base) -> None:
    """The options of a formula are what the API changes of a field."""
    options = {"formula": "{Age} + 1"}
    local_base.add_field(base.id, "People", {"name": "Next", "type": "formula", "options": options})
    record = table.create({"Age": 36})
    assert record["fields"]["Next"] == 37
    field = table.schema(force=True).field("Next")
    age = table.schema().field("Age").id
    assert field.options.formula == f"{{{age}}} + 1"
    assert field.options.referenced_field_ids == [age]
    # The client's own model of a field saves names and descriptions only.
    api.patch(field._url, json={"options": {"formula": "{Age} + 2"}})
    assert table.get(record["id"])["fields"]["Next"] == 38


def test_names_that_are_taken(base, table) -> None:
    """Names are taken without regard to case."""
    with pytest.raises(requests.HTTPError, match="DUPLICATE_TABLE_NAME"):
        base.create_table("people", PEOPLE)
    with pytest.raises(requests.HTTPError, match="DUPLICATE_OR_EMPTY_FIELD_NAME"):
        table.create_field("AGE", "singleLineText")
    with pytest.raises(requests.HTTPError, match="DUPLICATE_OR_EMPTY_FIELD_NAME"):
        base.create_table("Others", [*PEOPLE[:1], {"name": "name", "type": "email"}])


def test_bases_and_tables_are_looked_up(api, base, table, local_base) -> None:
    """The client's own checks find what is there, and tell what is not."""
    assert api.base(base.id, validate=True).name == "Local base"
    assert api.base(base.id, validate=True).permission_level == "create"
    with pytest.raises(KeyError):
        api.base("app00000000000000", validate=True)
    assert api.table(base.id, "People", validate=True).id == table.id
    with pytest.raises(KeyError):
        base.table("None", validate=True)
    assert [one.name for one in base.tables()] == ["People"]
    made = api.workspace(local_base.workspace_id).create_base(
        "Third", [{"name": "T", "description": "Its first", "fields": PEOPLE}]
    )
    assert made.schema().table("T").description == "Its first"
    assert [one.name for one in api.bases(force=True)] == ["Local base", "Third"]


def test_views_are_told(base, table) -> None:
    """A table begins with a grid of all its fields."""
    (view,) = table.schema().views
    assert (view.name, view.type) == ("Grid view", "grid")
    assert view.visible_field_ids == [field.id for field in table.schema().fields]


def test_the_people_of_a_base_are_told(api, base, local_base) -> None:
    """Who works on a base is told, and what the base is."""
    told = base.collaborators()
    assert (told.id, told.name, told.workspace_id) == (
        base.id,
        "Local base",
        local_base.workspace_id,
    )
    people = told.individual_collaborators.via_base
    assert api.whoami()["id"] in [person.user_id for person in people]
