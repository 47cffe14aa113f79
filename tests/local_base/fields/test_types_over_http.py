"""All field types as another client reads them over HTTP: their schema, and linked models."""

from __future__ import annotations

from collections.abc import Iterator

import pyairtable
import pytest
from pyairtable.orm import Model, fields

from airhaul.local_base.http.serve import LocalServer
from tests.local_base.asking import Asking


@pytest.fixture
def api(server: LocalServer) -> Iterator[pyairtable.Api]:
    api = pyairtable.Api("patAnything.x", endpoint_url=server.url)
    yield api
    api.session.close()


@pytest.fixture
def base(ask: Asking, api: pyairtable.Api) -> pyairtable.Base:
    people = ask.table(
        "People",
        {"name": "Photo", "type": "multipleAttachments"},
        {"name": "Boss", "type": "singleCollaborator"},
        {"name": "Team", "type": "multipleCollaborators"},
        {"name": "Code", "type": "barcode"},
        {"name": "Pay", "type": "currency", "options": {"precision": 2, "symbol": "€"}},
    )
    ask.table("Tasks")
    ask.field("Tasks", "Who", "multipleRecordLinks", linkedTableId=people)
    far = {"recordLinkFieldId": "Who", "fieldIdInLinkedTable": "Pay"}
    ask.computed("Tasks", "Pays", "multipleLookupValues", **far)
    ask.computed("Tasks", "Total", "rollup", formula="SUM(values)", **far)
    ask.computed("Tasks", "Count", "count", recordLinkFieldId="Who")
    ask.computed("Tasks", "Label", "formula", formula='{Name} & ": " & {Total}')
    ask.computed("Tasks", "No", "autoNumber")
    ask.computed("Tasks", "Made", "createdTime")
    ask.computed("Tasks", "Maker", "createdBy")
    ask.computed("Tasks", "Changed", "lastModifiedTime")
    ask.computed("Tasks", "Changer", "lastModifiedBy")
    ask.computed("Tasks", "Go", "button", url="'https://x.test/' & RECORD_ID()")
    ask.computed("Tasks", "Sum up", "aiText")
    ask.computed("Tasks", "From", "externalSyncSource", choices=[{"name": "CRM"}])
    return api.base(ask.base)


def test_another_client_reads_the_schema(base) -> None:
    """Each type's options have the form that the client's own models demand."""
    schema = base.schema()
    kinds = {field.name: type(field).__name__ for field in schema.table("Tasks").fields}
    assert kinds == {
        "Name": "SingleLineTextFieldSchema",
        "Who": "MultipleRecordLinksFieldSchema",
        "Pays": "MultipleLookupValuesFieldSchema",
        "Total": "RollupFieldSchema",
        "Count": "CountFieldSchema",
        "Label": "FormulaFieldSchema",
        "No": "AutoNumberFieldSchema",
        "Made": "CreatedTimeFieldSchema",
        "Maker": "CreatedByFieldSchema",
        "Changed": "LastModifiedTimeFieldSchema",
        "Changer": "LastModifiedByFieldSchema",
        "Go": "ButtonFieldSchema",
        "Sum up": "AITextFieldSchema",
        "From": "ExternalSyncSourceFieldSchema",
    }
    assert schema.table("Tasks").field("Total").options.result.type == "number"
    assert not any("Unknown" in type(field).__name__ for field in schema.table("People").fields)


def test_another_clients_linked_models(base, api) -> None:
    """Its object mapper writes links and reads what is computed of them."""
    base_id = base.id

    class Person(Model):
        Meta = {"base_id": base_id, "table_name": "People", "api_key": "pat.x"}
        name = fields.TextField("Name")
        pay = fields.CurrencyField("Pay")
        boss = fields.CollaboratorField("Boss")

    class Task(Model):
        Meta = {"base_id": base_id, "table_name": "Tasks", "api_key": "pat.x"}
        name = fields.TextField("Name")
        who = fields.LinkField("Who", Person)
        pays = fields.LookupField("Pays")
        total = fields.NumberField("Total", readonly=True)
        count = fields.CountField("Count")
        number = fields.AutoNumberField("No")
        made = fields.CreatedTimeField("Made")
        maker = fields.CreatedByField("Maker")
        go = fields.ButtonField("Go")

    for model in (Person, Task):
        model.meta.__dict__["api"] = api
    owner = {"email": "owner@example.com"}
    ada, bob = Person(name="Ada", pay=2.5, boss=owner), Person(name="Bob", pay=1)
    Person.batch_save([ada, bob])
    task = Task(name="go", who=[ada, bob])
    task.save()
    task.fetch()
    assert (task.pays, task.total, task.count, task.number) == ([2.5, 1], 3.5, 2, 1)
    assert task.maker["email"] == owner["email"]
    assert task.go == {"label": "Go", "url": f"https://x.test/{task.id}"}
    bob.delete()
    task.fetch()
    assert [person.id for person in task.who] == [ada.id]
    assert task.made.tzinfo is not None
