"""The everyday batch patterns run as written, with the effect they promise on the stored data.

They run over models whose fields are named as in Python, whose fields have names with spaces and
capitals, and whose fields are named by ID.
"""

from __future__ import annotations

import csv
import json
import re
import textwrap
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, create_model

from airhaul import Record, airtable_field, airtable_model, configure, configured
from airhaul.local_base import LocalServer

GUIDE = (Path(__file__).parent / "batch_operations.md").read_text(encoding="utf-8")


class User(Record, table="Users"):
    name: str
    email: str = ""
    age: int | None = None
    phone: str | None = None
    is_active: bool = True
    last_login: datetime | None = None


class Article(Record, table="Articles"):
    external_id: str
    title: str
    price: float = 0.0


class Task(Record, table="Tasks"):
    title: str
    status: str = "pending"
    priority: int = 1


def block(heading: str) -> str:
    """The code below a heading, without the indentation of a box that it stands in."""
    found = re.search(
        rf"^#+ {re.escape(heading)}\n.*?```python\n(.*?)```", GUIDE, re.DOTALL | re.MULTILINE
    )
    assert found is not None
    return textwrap.dedent(found[1])


def renamed(model: type[Record], columns: dict[str, str], table: str, **options: Any) -> Any:
    """The same model with other columns."""
    fields: dict[str, Any] = {
        name: (info.annotation, airtable_field(info.default, column=columns[name]))
        for name, info in model.model_fields.items()
        if name in columns
    }
    kwargs = {"table": table, **options}
    return create_model(model.__name__, __base__=Record, __cls_kwargs__=kwargs, **fields)


def created(model: type[Record], kind: str) -> Any:
    """A model, and its table; its columns are named as in Python, with spaces, or by ID."""
    fields = [name for name in model.model_fields if name not in ("id", "created_time")]
    table = f"{model.__name__}s"
    if kind == "as in Python":
        model.create_table()
        return model
    columns = {name: name.replace("_", " ").title() for name in fields}
    spaced = renamed(model, columns, table)
    spaced.create_table()
    if kind == "with spaces":
        return spaced
    schema = configured().table_schema(table)
    ids = {field["name"]: field.get("id", "") for field in schema["fields"]}
    by_id = {name: ids[column] for name, column in columns.items()}
    return renamed(model, by_id, schema["id"], field_ids=True)


@pytest.fixture(params=["as in Python", "with spaces", "by ID"])
def names(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The names that the blocks take for granted."""
    configure(local=":memory:")
    users_data = [{"name": f"U{n}", "email": f"u{n}@x.org", "age": n} for n in range(4)]
    made = {model.__name__: created(model, request.param) for model in (User, Task, Article)}
    configured().local_base.requests.clear()
    return {
        **made,
        "users_data": users_data,
    }


def stored(table: str) -> list[dict[str, Any]]:
    """What the base itself holds, in the order of creation, with names as in Python.

    It is asked over HTTP without the models.
    """
    airtable = configured()
    with LocalServer(airtable.local_base) as server:
        request = urllib.request.Request(
            f"{server.url}/v0/{airtable.base_id}/{table}?view=Grid%20view",
            headers={"Authorization": "Bearer pat.any"},
        )
        with urllib.request.urlopen(request) as reply:
            answer = json.load(reply)
    assert "offset" not in answer
    return [
        {name.lower().replace(" ", "_"): cell for name, cell in record["fields"].items()}
        for record in answer["records"]
    ]


def test_basic_bulk_create(names, capsys) -> None:
    """Four rows become four records, in one request."""
    exec(block("Basic Bulk Create"), names)
    assert [row["name"] for row in stored("Users")] == ["Alice", "Bob", "Carol", "Dave"]
    assert [row["age"] for row in stored("Users")] == [28, 32, 25, 30]
    printed = capsys.readouterr().out
    assert printed.startswith("Created 4 users\n  - Alice (rec")
    assert configured().local_base.counts()["POST"] == 1


def test_default_values_are_written() -> None:
    """What the row leaves out is taken from the model, on a plain pydantic model too."""
    configure(local=":memory:")
    Task.create_table()
    names: dict[str, Any] = {"BaseModel": BaseModel, "airtable_model": airtable_model}
    exec(block("With Default Values"), names)
    assert stored("Tasks") == [
        {"title": f"Task {n}", "status": "pending", "priority": 1} for n in (1, 2, 3)
    ]
    assert all(task.id and task.status == "pending" for task in names["tasks"])


def test_mixed_data(names) -> None:
    """Rows need not all have the same keys."""
    exec(block("Mixed Data"), names)
    assert stored("Users") == [
        {"name": "Alice", "email": "alice@example.com", "age": 28, "is_active": True},
        {"name": "Bob", "email": "bob@example.com", "is_active": True},
        {
            "name": "Carol",
            "email": "carol@example.com",
            "age": 25,
            "phone": "555-0123",
            "is_active": True,
        },
    ]


def test_batch_processing(names, capsys) -> None:
    """A hundred rows in batches of ten are ten requests."""
    exec(block("Batch Processing Pattern"), names)
    assert [row["name"] for row in stored("Users")] == [f"User {n}" for n in range(100)]
    printed = capsys.readouterr().out
    assert "Created batch 10: 10 users\n" in printed
    assert "Total created: 100" in printed
    assert configured().local_base.counts()["POST"] == 10


def test_batch_update(names) -> None:
    """Those who were not seen since are switched off, and nobody else."""
    names["User"].bulk_create(
        [
            {"name": "old", "last_login": datetime(2023, 12, 31, 23, 59, tzinfo=UTC)},
            {"name": "new", "last_login": datetime(2024, 1, 1, tzinfo=UTC)},
            {"name": "never"},
        ]
    )
    exec(block("Batch Update Pattern"), names)
    active = {row["name"]: row.get("is_active", False) for row in stored("Users")}
    assert active == {"old": False, "new": True, "never": True}


def test_conditional_batch_update(names) -> None:
    """Pending tasks are cancelled, and no others."""
    names["Task"].bulk_create([{"title": "a"}, {"title": "b", "status": "done"}, {"title": "c"}])
    exec(block("Conditional Batch Update"), names)
    assert [row["status"] for row in stored("Tasks")] == ["cancelled", "done", "cancelled"]


def test_batch_delete(names, capsys) -> None:
    """Completed tasks go, and the others stay."""
    names["Task"].bulk_create([{"title": "a", "status": "completed"}, {"title": "b"}])
    exec(block("Batch Delete Pattern"), names)
    assert [row["title"] for row in stored("Tasks")] == ["b"]
    assert "Deleted 1 tasks" in capsys.readouterr().out
    assert names["deleted"][0].startswith("rec")


def test_delete_by_criteria(names, capsys) -> None:
    """An unticked box counts as inactive."""
    names["User"].bulk_create([{"name": "on"}, {"name": "off", "is_active": False}])
    exec(block("Delete by Criteria"), names)
    assert [row["name"] for row in stored("Users")] == ["on"]
    assert "Deleted 1 inactive users" in capsys.readouterr().out


def test_import_from_csv(names, capsys) -> None:
    """Blank cells stay blank, and converted ones are typed."""
    Path("users.csv").write_text(
        "name,email,age,is_active,phone\nAda,ada@x.org,36,true,\nAlan,,,False,555\n",
        encoding="utf-8",
    )
    exec(block("Import from CSV"), names)
    assert stored("Users") == [
        {"name": "Ada", "email": "ada@x.org", "age": 36, "is_active": True},
        {"name": "Alan", "phone": "555"},
    ]
    assert "Imported 2 users" in capsys.readouterr().out


def test_export_to_csv(names, capsys) -> None:
    """Every record is in the file, with its id."""
    made = names["User"].bulk_create(names["users_data"])
    exec(block("Export to CSV"), names)
    with open("users_export.csv", newline="") as file:
        found = list(csv.DictReader(file))
    assert {row["id"]: row["age"] for row in found} == {user.id: str(user.age) for user in made}
    assert "Exported 4 users" in capsys.readouterr().out


def test_import_from_json(names) -> None:
    """A JSON array of objects becomes records."""
    Path("tasks.json").write_text('[{"title": "a"}, {"title": "b", "priority": 3}]')
    exec(block("Import from JSON"), names)
    assert stored("Tasks") == [
        {"title": "a", "status": "pending", "priority": 1},
        {"title": "b", "status": "pending", "priority": 3},
    ]


def test_export_to_json(names) -> None:
    """Every record is in the file, and the file can be imported again."""
    names["User"].bulk_create(names["users_data"])
    exec(block("Export to JSON"), names)
    found = json.loads(Path("users.json").read_text())
    assert sorted(row["name"] for row in found) == ["U0", "U1", "U2", "U3"]
    assert len(names["User"].bulk_create(found)) == 4
    assert names["User"].count() == 8


def test_progress_callback(names, capsys) -> None:
    """One create at a time, and a line for each."""
    exec(block("With Progress Callback"), names)
    assert [row["name"] for row in stored("Users")] == ["U0", "U1", "U2", "U3"]
    assert "[50.0%] Created U1\n" in capsys.readouterr().out


def test_tqdm(names) -> None:
    """The bar's loop creates every row."""
    exec(block("With tqdm Progress Bar"), names)
    created = names["bulk_create_with_tqdm"](names["users_data"])
    assert [user.name for user in created] == [row["name"] for row in stored("Users")]
    assert len(created) == 4


def test_upsert(names, capsys) -> None:
    """Whoever is there by e-mail is changed, and whoever is not is created."""
    names["User"].bulk_create([{"name": "Alice", "email": "alice@example.com", "age": 28}])
    exec(block("Upsert Pattern"), names)
    assert stored("Users") == [
        {"name": "Alice Updated", "email": "alice@example.com", "age": 28, "is_active": True},
        {"name": "New User", "email": "new@example.com", "is_active": True},
    ]
    assert "Created: 1, Updated: 1" in capsys.readouterr().out


def test_sync_from_external_source(names) -> None:
    """New rows are created, changed ones changed, equal ones left, and the others deleted."""
    names["Article"].bulk_create(
        [{"external_id": str(n), "title": f"T{n}", "price": n} for n in range(5)]
    )  # fmt: skip
    names["Record"] = names["Article"]
    exec(block("Sync from External Source"), names)
    external = [{"external_id": str(n), "title": f"T{n}", "price": n} for n in range(4)]
    external[1]["title"] = "changed"
    external.append({"external_id": "new", "title": "new", "price": 9})
    counts = names["sync_from_external"](external)
    assert counts == {"created": 1, "updated": 1, "unchanged": 3, "deleted": 1}
    assert [row["external_id"] for row in stored("Articles")] == ["0", "1", "2", "3", "new"]
    assert stored("Articles")[1]["title"] == "changed"


def test_continue_on_error(names, capsys) -> None:
    """What is wrong is listed, and the rest is written."""
    names["users_data"].insert(1, {"name": "bad", "age": "old"})
    exec(block("Continue on Error"), names)
    assert [row["name"] for row in stored("Users")] == ["U0", "U1", "U2", "U3"]
    assert "Created: 4\nErrors: 1" in capsys.readouterr().out
    assert names["result"]["errors"][0]["index"] == 1


def test_stop_on_error(names) -> None:
    """What was written before the fault is taken back by hand."""
    exec(block("Stop on Error"), names)
    with pytest.raises(RuntimeError, match="Rolled back 2 records"):
        names["bulk_create_strict"]([*names["users_data"][:2], {"name": "bad", "age": "old"}])
    assert stored("Users") == []


def test_rate_limits(names) -> None:
    """Pauses of one's own do no harm, though none are needed."""
    exec(block("Rate Limits"), names)
    began = time.monotonic()
    created = names["bulk_create_rate_limited"](names["users_data"], delay=0.01)
    assert time.monotonic() - began >= 0.04
    assert [user.name for user in created] == [row["name"] for row in stored("Users")]


def test_memory_usage(names) -> None:
    """A file is read by pandas in chunks, and each chunk becomes records, blanks included."""
    lines = ["name,email,age,is_active,last_login"]
    lines += [f"P{n},p{n}@x.org,{n % 90},True,2024-01-{n % 28 + 1:02}" for n in range(249)]
    Path("big.csv").write_text("\n".join([*lines, "P249,,,,"]), encoding="utf-8")
    exec(block("Memory Usage"), names)
    names["process_large_dataset"]("big.csv", chunk_size=100)
    assert names["User"].count() == 250
    assert names["User"].count(age__gt=80) == 18
    assert configured().local_base.counts()["POST"] == 25
    last = names["User"].first(name="P249")
    assert (last.email, last.age, last.is_active, last.last_login) == ("", None, False, None)


def test_every_block_has_its_test() -> None:
    """No block is left out."""
    blocks = GUIDE.count("```python")
    tests = sum(name.startswith("test_") for name in globals()) - 1
    assert blocks == tests
