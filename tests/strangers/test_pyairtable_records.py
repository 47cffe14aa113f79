"""pyairtable writes records into the served local base, and reads them one by one."""

from __future__ import annotations

import pytest
import requests

from .conftest import connect


def test_create_and_get(table) -> None:
    """One record goes in and comes back, empty cells left out."""
    made = table.create({"Name": "Ada", "Age": 36, "Active": False, "Status": "todo"})
    assert made["fields"] == {"Name": "Ada", "Age": 36, "Status": "todo"}
    assert made["createdTime"].endswith(".000Z")
    assert table.get(made["id"]) == made


def test_batch_create_keeps_order(table, local_base) -> None:
    """25 records are 3 requests, in the order of the input."""
    before = len(local_base.requests)
    made = table.batch_create([{"Name": f"P{n}"} for n in range(25)])
    assert [record["fields"]["Name"] for record in made] == [f"P{n}" for n in range(25)]
    assert len(local_base.requests) - before == 3


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
    assert [r["fields"] for r in table.all(sort=["Name"])] == [
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


def test_typecast(table) -> None:
    """Text is converted, and choices are added, when asked for."""
    made = table.create({"Name": "a", "Age": "7", "Status": "new", "Active": "yes"}, typecast=True)
    assert made["fields"] == {"Name": "a", "Age": 7, "Status": "new", "Active": True}
    names = [choice.name for choice in table.schema(force=True).field("Status").options.choices]
    assert names == ["todo", "done", "new"]


def test_eleven_records_are_too_many(api, table) -> None:
    """The limit of ten holds for those who do not keep it themselves."""
    body = {"records": [{"fields": {"Name": "x"}}] * 11}
    with pytest.raises(requests.HTTPError, match="maximum of 10"):
        api.post(table.urls.records, json=body)


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


def test_cells_by_field_id(table) -> None:
    """Each verb takes ids of fields, and answers with them when asked to."""
    name = table.schema().field("Name").id
    made = table.create({name: "a"}, use_field_ids=True)
    assert made["fields"] == {name: "a"}
    assert table.get(made["id"], use_field_ids=True) == made
    assert table.update(made["id"], {name: "b"}, use_field_ids=True)["fields"] == {name: "b"}
    (many,) = table.batch_create([{name: "c"}], use_field_ids=True)
    assert many["fields"] == {name: "c"}
    change = {"id": many["id"], "fields": {name: "d"}}
    assert table.batch_update([change], use_field_ids=True)[0]["fields"] == {name: "d"}
    merged = table.batch_upsert([{"fields": {name: "d"}}], key_fields=[name], use_field_ids=True)
    assert merged["updatedRecords"] == [many["id"]]
    assert merged["records"][0]["fields"] == {name: "d"}


def test_a_connection_that_wants_field_ids(server, table, local_base) -> None:
    """The option of the connection holds for all its verbs."""
    api = connect(server, use_field_ids=True)
    people = api.table(local_base.default_base_id, "People")
    name = table.schema().field("Name").id
    assert people.create({"Name": "a"})["fields"] == {name: "a"}
    assert [record["fields"] for record in people.all()] == [{name: "a"}]
    api.session.close()


def test_batch_replace(table) -> None:
    """Replacing many records clears what is not named."""
    made = table.batch_create([{"Name": f"P{n}", "Age": n} for n in range(11)])
    rows = [{"id": record["id"], "fields": {"Age": 7}} for record in made]
    changed = table.batch_update(rows, replace=True)
    assert [record["fields"] for record in changed] == [{"Age": 7}] * 11
    assert [record["fields"] for record in table.all()] == [{"Age": 7}] * 11


def test_typecast_of_every_verb(table) -> None:
    """Each verb that writes casts types when asked to."""
    (made,) = table.batch_create([{"Name": "a", "Age": "1"}], typecast=True)
    assert made["fields"]["Age"] == 1
    assert table.update(made["id"], {"Age": "2"}, typecast=True)["fields"]["Age"] == 2
    change = {"id": made["id"], "fields": {"Age": "3"}}
    assert table.batch_update([change], typecast=True)[0]["fields"]["Age"] == 3
    merged = table.batch_upsert(
        [{"fields": {"Name": "a", "Age": "4"}}], key_fields=["Name"], typecast=True
    )
    assert merged["records"][0]["fields"]["Age"] == 4


def test_upsert_by_id_by_key_and_anew(table) -> None:
    """One request mixes records that are named, that are found, and that are new."""
    one, two = table.batch_create([{"Name": "One"}, {"Name": "Two"}])
    merged = table.batch_upsert(
        [
            {"id": one["id"], "fields": {"Age": 3}},
            {"fields": {"Name": "Two", "Age": 4}},
            {"fields": {"Name": "Three", "Age": 5}},
        ],
        key_fields=["Name"],
    )
    assert set(merged["updatedRecords"]) == {one["id"], two["id"]}
    assert [record["fields"] for record in merged["records"]] == [
        {"Name": "One", "Age": 3},
        {"Name": "Two", "Age": 4},
        {"Name": "Three", "Age": 5},
    ]
    assert merged["createdRecords"] == [merged["records"][2]["id"]]
    with pytest.raises(requests.HTTPError, match="ROW_DOES_NOT_EXIST"):
        table.batch_upsert([{"id": "rec00000000000000", "fields": {"Age": 1}}], key_fields=["Name"])
    assert len(table.all()) == 3


def test_upsert_by_several_keys(table) -> None:
    """All keys must be equal, and there are three at most."""
    table.batch_create([{"Name": "a", "Age": 1}, {"Name": "a", "Age": 2}])
    rows = [{"fields": {"Name": "a", "Age": 2, "Status": "done"}}]
    merged = table.batch_upsert(rows, key_fields=["Name", "Age"])
    assert len(merged["updatedRecords"]) == 1
    assert [record["fields"].get("Status") for record in table.all(sort=["Age"])] == [None, "done"]
    row = {"Name": "a", "Age": 1, "Status": "done", "Born": "2024-01-01"}
    with pytest.raises(requests.HTTPError, match="422"):
        table.batch_upsert([{"fields": row}], key_fields=list(row))


def test_records_from_iterators(table) -> None:
    """The client takes any iterable, and sends nothing for an empty one."""
    made = table.batch_create({"Name": str(n)} for n in range(3))
    assert table.batch_create([]) == []
    gone = table.batch_delete(record["id"] for record in made)
    assert len(gone) == 3
    assert table.batch_delete([]) == []
