"""Models made from the tables of a base: they type-check, import, and read and write every field."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from airhaul import Airtable, Link, Record, generate_models
from airhaul.errors import ConfigurationError, UnknownTableError
from airhaul.fields import CARDS, default_options
from airhaul.local_base.base import LocalBase
from airhaul.model.columns import columns_of
from tests.conftest import connection_to, warm_mypy_cache

ROOT = Path(__file__).parent.parent.parent
MYPY = """
[mypy]
strict = True
python_version = 3.11
enable_error_code = ignore-without-code,redundant-expr,truthy-bool,possibly-undefined
"""
TEXT = {"name": "Name", "type": "singleLineText"}
CHOICES = ["open", "p, q", 'say "hi"', "it's", "\\", "ß\u202e"]


def _of_every_type(airtable: Airtable, local_base: LocalBase) -> None:
    """A table with a field of every type, and one that it links to, once to one record only."""
    companies = airtable.create_table("Companies", [TEXT], description='Who "pays"\n\nand \\ owes')
    fields: list[Any] = [{**TEXT, "description": "A name\nin two lines"}]
    link = {"linkedTableId": companies["id"]}
    later = {"formula", "rollup", "multipleLookupValues", "count"}
    for type_ in CARDS.keys() - later:
        options = default_options(type_, CHOICES)
        options = link if type_ == "multipleRecordLinks" else options
        options = {"choices": []} if type_ == "externalSyncSource" else options
        fields.append({"name": type_, "type": type_, **({"options": options} if options else {})})
    fields += [
        {"name": "Whole", "type": "number", "options": {"precision": 0}},
        {"name": "Euro", "type": "currency", "options": {"precision": 2, "symbol": "€"}},
        {"name": "Stars", "type": "rating", "options": {"icon": "star", "max": 9, "color": "redBright"}},
        {"name": "No choices", "type": "singleSelect", "options": {"choices": []}},
    ]  # fmt: skip
    airtable.create_table("All types", fields)
    through = {"recordLinkFieldId": "multipleRecordLinks", "fieldIdInLinkedTable": "Name"}
    for field in (
        {"name": "formula", "type": "formula", "options": {"formula": "{number} * 2"}},
        {"name": "Text of it", "type": "formula", "options": {"formula": "{Name} & '!'"}},
        {"name": "rollup", "type": "rollup", "options": {**through, "formula": "ARRAYJOIN(values)"}},
        {"name": "multipleLookupValues", "type": "multipleLookupValues", "options": through},
        {"name": "count", "type": "count", "options": {"recordLinkFieldId": "multipleRecordLinks"}},
    ):  # fmt: skip
        local_base.add_field(airtable.base_id, "All types", field)


ENGLISH = [
    "Accounts", "Bills", "Cities", "Deals", "Events", "Files", "Goods", "Hotels", "Ideas", "Jobs",
    "Keys", "Loans", "Meals", "Notes", "Orders", "People", "Quotes", "Rooms", "Shops", "Tasks",
]  # fmt: skip
ODD = [
    "class", "None", "Link", "Record", "顧客", "Клиенты", "عميل", "2024 Deals", "Company Name",
    "Company, Name", "Company_Name", "🎉", "__private__", "m²", "ﬁle", "Any", "Table", "dt", "ß", "İ",
]  # fmt: skip
ODD_FIELDS = [
    "class", "None", "id", "created_time", "count", "save", "model_config", "model_x", "date",
    "list", "str", "dt", "Any", "First Name", "First-Name!", "2nd", "顧客", "Клиенты",
    "🎉", "🎊", "_x", "m²", "ﬁeld", "İ", "copy", "schema", "aio", "self", "match", "x" * 90, '"""\\',
]  # fmt: skip


def _linked(names: list[str], more: list[str]) -> Callable[[Airtable, LocalBase], None]:
    """Twenty tables, each linked to the next, to the first and to itself."""

    def make(airtable: Airtable, local_base: LocalBase) -> None:
        del local_base
        made = [
            airtable.create_table(
                name, [TEXT, *({"name": one, "type": "singleLineText"} for one in more)]
            )
            for name in names
        ]
        for place, table in enumerate(made):
            for title, other in (("Next", made[place - 1]), ("Self", table), (names[0], made[0])):
                if title == names[0] and place == 0:
                    continue
                link = {"linkedTableId": other["id"]}
                airtable.create_field(
                    table["id"],
                    {"name": f"{title} ", "type": "multipleRecordLinks", "options": link},
                )

    return make


BASES = {
    "every_type": _of_every_type,
    "english": _linked(ENGLISH, ["Status", "Count", "Date"]),
    "odd": _linked(ODD, ODD_FIELDS),
}


@pytest.fixture(scope="module")
def bases() -> Iterator[dict[str, Airtable]]:
    """The bases, by the names of the modules of their models."""
    found: dict[str, Airtable] = {}
    with ExitStack() as stack:
        for name, make in BASES.items():
            local_base = stack.enter_context(LocalBase.open(all_field_types=True))
            found[name] = Airtable(connection=connection_to(local_base))
            make(found[name], local_base)
        yield found


def _write(airtable: Airtable, folder: Path, name: str, *, field_ids: bool) -> Path:
    path = folder / f"{name}_{'ids' if field_ids else 'names'}.py"
    source = generate_models(airtable.schema(), field_ids=field_ids).source
    path.write_text(source, encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=[False, True], ids=["by name", "by ID"])
def made(
    request: pytest.FixtureRequest, bases: dict[str, Airtable], tmp_path_factory: Any
) -> dict[str, tuple[Airtable, ModuleType]]:
    """The bases, and the modules of their models."""
    folder = tmp_path_factory.mktemp("generated")
    return {
        name: (airtable, _imported(_write(airtable, folder, name, field_ids=request.param)))
        for name, airtable in bases.items()
    }


def _imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def models_in(module: ModuleType) -> list[type[Record]]:
    return [
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Record) and one is not Record
    ]


VALUES: dict[str, Any] = {
    "richText": "*bold*\n",
    "rating": 3,
    "checkbox": True,
    "date": "2024-01-31",
    "dateTime": "2024-01-31T12:00:00.000Z",
    "duration": 90,
    "singleSelect": "p, q",
    "multipleSelects": ["open", 'say "hi"'],
    "singleCollaborator": {"email": "owner@example.com"},
    "multipleCollaborators": [{"email": "owner@example.com"}],
    "barcode": {"text": "123"},
    "multipleAttachments": [{"url": "https://files.example.com/1.txt", "filename": "1.txt"}],
    **dict.fromkeys(["number", "percent", "currency"], 7),
    **dict.fromkeys(["singleLineText", "multilineText", "email", "url", "phoneNumber"], "text"),
}


@pytest.mark.parametrize("base", BASES)
def test_every_field_is_written_and_read_again(
    made: dict[str, tuple[Airtable, ModuleType]], base: str
) -> None:
    """A record with a value in each field that can be written comes back equal, without bad cells."""
    airtable, module = made[base]
    models = models_in(module)
    assert len(models) == len(airtable.schema())
    for model in models:
        table = airtable.table(model)
        assert table.check_table() == []
        columns = columns_of(model).writable
        first = table.create()
        values: dict[str, Any] = {}
        for column in columns:
            if column.type != "multipleRecordLinks":
                no_choices = column.type == "singleSelect" and not column.shape.choices
                values[column.name] = None if no_choices else VALUES[column.type]
            elif column.link is not None and column.link.model is model:
                values[column.name] = [Link.to(first)]
        written = table.create(**values)
        (read,) = [one for one in table.all() if one.id == written.id]
        assert read.cell_errors == ()
        assert read == written
        empty = [
            name for name, value in values.items() if value is not None and not getattr(read, name)
        ]
        assert empty == []
        for column in columns:
            setattr(written, column.name, getattr(first, column.name))
        written.name = "changed"
        table.save(written)
        again = table.get(written.id or "")
        assert again.cell_errors == ()
        assert getattr(again, columns[-1].name) == getattr(first, columns[-1].name)
    for model in models:
        assert not any(record.cell_errors for record in airtable.table(model).all())


def test_links_lead_to_the_models_of_their_tables(
    made: dict[str, tuple[Airtable, ModuleType]],
) -> None:
    """A link has the model of its table, also if that comes later or its name is odd."""
    airtable, module = made["odd"]
    ids = {table["id"]: table for table in airtable.schema()}
    by_table = {model.__airhaul_table__: model for model in models_in(module)}
    for model in models_in(module):
        schema = airtable.table_schema(model.__airhaul_table__ or "")
        fields = {key: one for one in schema["fields"] for key in (one["name"], one.get("id"))}
        for column in columns_of(model).linked:
            assert column.link is not None
            linked = ids[(fields[column.column].get("options") or {})["linkedTableId"]]
            assert column.link.model in (
                by_table.get(linked["name"]),
                by_table.get(linked["id"]),
            )


def test_the_tables_of_generated_models_can_be_created(
    made: dict[str, tuple[Airtable, ModuleType]],
) -> None:
    """In an empty base, the models make the same tables with the same links, and no others."""
    airtable, module = made["english"]
    models = models_in(module)
    if columns_of(models[0]).are_ids:
        return
    with Airtable.local() as other:
        other.create_tables(*models)
        assert _shape(other) == _shape(airtable)


def _shape(airtable: Airtable) -> dict[str, set[tuple[str, str]]]:
    return {
        table["name"]: {(field["name"], field["type"]) for field in table["fields"]}
        for table in airtable.schema()
    }


@pytest.mark.slow
def test_generated_models_pass_strict_type_checkers(
    bases: dict[str, Airtable], tmp_path: Path
) -> None:
    """mypy and pyright, each once for all bases; and the source is formatted as ruff does."""
    for name, airtable in bases.items():
        for field_ids in (False, True):
            _write(airtable, tmp_path, name, field_ids=field_ids)
    environment = Path(sys.prefix)
    settings = {
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "venvPath": str(environment.parent),
        "venv": environment.name,
        "extraPaths": [str(ROOT / "src")],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    (tmp_path / "mypy.ini").write_text(MYPY)
    for words in (
        ["mypy", "--config-file", "mypy.ini", *warm_mypy_cache(tmp_path), "."],
        ["pyright"],
        ["ruff", "format", "--no-cache", "--check", "--isolated", "--line-length", "100", "."],
        ["ruff", "check", "--no-cache", "--isolated", "--select", "F,I", "."],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_names_stay_when_fields_are_renamed() -> None:
    """With the lock of an earlier run, only what is new gets a new name."""
    with Airtable.local() as airtable:
        table = airtable.create_table("Deals", [TEXT, {"name": "Stage", "type": "singleLineText"}])
        first = generate_models(airtable.schema())
        lock = json.loads(json.dumps(first.lock))
        stage = table["fields"][1]["id"]
        tables = airtable.schema()
        tables[0]["name"] = "Big deals"
        tables[0]["fields"][1]["name"] = "Phase"
        tables[0]["fields"].append({"id": "fldNew0000000000", "name": "Stage", "type": "email"})
        again = generate_models(tables, lock=lock)
        assert 'class Deals(Record, table="Big deals"):' in again.source
        assert 'stage: str = airtable_field("", column="Phase")' in again.source
        assert 'stage_2: str = airtable_field("", column="Stage", type="email")' in again.source
        assert again.lock["tables"][table["id"]]["fields"][stage] == "stage"
        assert generate_models(tables, lock=again.lock).source == again.source
        lock["tables"][table["id"]]["model"] = "Deal"
        lock["tables"][table["id"]]["fields"][stage] = "class"
        chosen = generate_models(tables, lock=lock).source
        assert "class Deal(Record" in chosen
        assert "    class:" not in chosen
        for wrong in ({"version": 9}, {"version": 1, "tables": {"tbl": {"model": 1}}}):
            with pytest.raises(ConfigurationError, match="not a file of names"):
                generate_models(tables, lock=wrong)


def test_no_field_has_the_name_of_another_column(tmp_path: Path) -> None:
    """A row with the name of a field is written to its column, even if other columns are similar."""
    titles = ["Cost ($)", "cost", "count", "count_", "class", "ﬁt", "fit"]
    with Airtable.local() as airtable:
        airtable.create_table("Costs", [{**TEXT, "name": title} for title in titles])
        for field_ids in (False, True):
            path = _write(airtable, tmp_path, f"costs_{field_ids}", field_ids=field_ids)
            (model,) = models_in(_imported(path))
            names = ["cost_2", "cost", "count_2", "count_", "class_", "fit_2", "fit"]
            assert [
                name for name in model.model_fields if name not in {"id", "created_time"}
            ] == names
            table = airtable.table(model)
            for name, title in zip(names, titles, strict=True):
                table.where().delete()
                table.bulk_create([{name: "x"}])
                (record,) = airtable.table_named("Costs").where().all()
                assert record._cells == {title: "x"}


def test_a_locked_name_that_is_now_another_column_is_given_up() -> None:
    """Code that uses it fails, and does not write to the new column."""
    with Airtable.local() as airtable:
        airtable.create_table("Deals", [TEXT, {"name": "Stage", "type": "singleLineText"}])
        lock = generate_models(airtable.schema()).lock
        tables = airtable.schema()
        tables[0]["fields"][1]["name"] = "Phase"
        tables[0]["fields"].append({"id": "fldNew0000000000", "name": "stage", "type": "email"})
        again = generate_models(tables, lock=lock)
        assert 'phase: str = airtable_field("", column="Phase")' in again.source
        assert 'stage_2: str = airtable_field("", column="stage", type="email")' in again.source
        assert generate_models(tables, lock=again.lock).source == again.source


def test_the_names_of_tables_that_are_left_out_are_kept() -> None:
    """Models of one table, made once with the same lock, rename nothing in the others."""
    with Airtable.local() as airtable:
        companies = airtable.create_table("Companies", [TEXT])
        airtable.create_table("Deals", [TEXT])
        lock = json.loads(json.dumps(generate_models(airtable.schema()).lock))
        lock["tables"][companies["id"]]["model"] = "Firm"
        some = generate_models(airtable.schema(), ["Deals"], lock=lock)
        assert some.models == ["Deals"]
        assert "class Firm(Record" not in some.source
        assert "class Firm(Record" in generate_models(airtable.schema(), lock=some.lock).source


def test_only_some_tables() -> None:
    """A link to a table that is left out is a list of IDs; a table that is not there is named."""
    with Airtable.local() as airtable:
        companies = airtable.create_table("Companies", [TEXT])
        link: Any = {"linkedTableId": companies["id"]}
        airtable.create_table(
            "Deals", [TEXT, {"name": "Company", "type": "multipleRecordLinks", "options": link}]
        )
        source = generate_models(airtable.schema(), "Deals").source
        assert "class Companies" not in source
        assert "company: list[str] = airtable_field(" in source
        assert companies["id"] in source
        with pytest.raises(UnknownTableError, match="'Nobody'; its tables: 'Companies', 'Deals'"):
            generate_models(airtable.schema(), ["Nobody"])


def test_a_link_that_prefers_one_record_is_single() -> None:
    """Its model has one link; the other side is declared as its inverse."""
    with Airtable.local() as airtable:
        companies = airtable.create_table("Companies", [TEXT])
        link: Any = {"linkedTableId": companies["id"]}
        airtable.create_table(
            "Deals", [TEXT, {"name": "Company", "type": "multipleRecordLinks", "options": link}]
        )
        tables = airtable.schema()
        options = tables[1]["fields"][1].get("options")
        assert options is not None
        options["prefersSingleRecordLink"] = True
        source = generate_models(tables).source
        assert (
            'deals: list[Link["Deals"]] = airtable_field([], column="Deals", inverse="company")'
            in (source)
        )
        assert 'company: Link[Companies] | None = airtable_field(None, column="Company")' in source
