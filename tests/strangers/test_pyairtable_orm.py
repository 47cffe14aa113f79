"""Models of pyairtable's own mapper live on the served local base, with every kind of field."""

from __future__ import annotations

import datetime as dt
import types

import pytest
from pyairtable.exceptions import ReadonlyFieldError
from pyairtable.orm import Model, fields
from pyairtable.orm.generate import ModelFileBuilder

from .conftest import DATE, MOMENT

STAR = {"icon": "star", "color": "yellowBright"}
WRITTEN = {
    "Name": ("singleLineText", None),
    "Notes": ("multilineText", None),
    "Essay": ("richText", None),
    "Assignee": ("singleCollaborator", None),
    "Watchers": ("multipleCollaborators", None),
    "Status": ("singleSelect", {"choices": [{"name": "todo"}, {"name": "done"}]}),
    "Tags": ("multipleSelects", {"choices": [{"name": "a"}, {"name": "b"}]}),
    "Files": ("multipleAttachments", None),
    "Done": ("checkbox", {"icon": "check", "color": "greenBright"}),
    "Day": ("date", DATE),
    "Moment": ("dateTime", MOMENT),
    "Took": ("duration", {"durationFormat": "h:mm:ss.S"}),
    "Phone": ("phoneNumber", None),
    "Email": ("email", None),
    "Url": ("url", None),
    "Count": ("number", {"precision": 0}),
    "Weight": ("number", {"precision": 3}),
    "Price": ("currency", {"precision": 2, "symbol": "$"}),
    "Share": ("percent", {"precision": 1}),
    "Stars": ("rating", {**STAR, "max": 5}),
    "Code": ("barcode", None),
}
COMPUTED = {
    "No": ("autoNumber", {}),
    "Twice": ("formula", {"formula": "{Count} * 2"}),
    "Broken": ("formula", {"formula": "ERROR()"}),
    "Not a number": ("formula", {"formula": "{Name} + 1"}),
    "Links": ("count", {"recordLinkFieldId": "Itself"}),
    "Sum": (
        "rollup",
        {"recordLinkFieldId": "Itself", "fieldIdInLinkedTable": "Count", "formula": "SUM(values)"},
    ),
    "Counts": (
        "multipleLookupValues",
        {"recordLinkFieldId": "Itself", "fieldIdInLinkedTable": "Count"},
    ),
    "Made": ("createdTime", {}),
    "Made by": ("createdBy", {}),
    "Changed": ("lastModifiedTime", {}),
    "Changed by": ("lastModifiedBy", {}),
    "Open": ("button", {"label": "Open", "url": '"https://example.invalid/" & {Name}'}),
}


class Things(Model):
    """Every kind of field that this mapper has, and that the service lets anyone have."""

    class Meta:
        api_key = "patAnything.x"
        base_id = "app00000000000000"
        table_name = "Things"

    name = fields.SingleLineTextField("Name")
    text = fields.TextField("Name")
    notes = fields.MultilineTextField("Notes")
    essay = fields.RichTextField("Essay")
    assignee = fields.CollaboratorField("Assignee")
    watchers = fields.MultipleCollaboratorsField("Watchers")
    status = fields.SelectField("Status")
    tags = fields.MultipleSelectField("Tags")
    files = fields.AttachmentsField("Files")
    done = fields.CheckboxField("Done")
    day = fields.DateField("Day")
    moment = fields.DatetimeField("Moment")
    took = fields.DurationField("Took")
    phone = fields.PhoneNumberField("Phone")
    email = fields.EmailField("Email")
    url = fields.UrlField("Url")
    count = fields.IntegerField("Count")
    number = fields.NumberField("Count")
    weight = fields.FloatField("Weight")
    price = fields.CurrencyField("Price")
    share = fields.PercentField("Share")
    stars = fields.RatingField("Stars")
    code = fields.BarcodeField("Code")
    links = fields.LinkField("Itself", fields.LinkSelf)
    only = fields.SingleLinkField("Itself", fields.LinkSelf)
    no = fields.AutoNumberField("No")
    twice = fields.IntegerField("Twice", readonly=True)
    broken = fields.TextField("Broken", readonly=True)
    not_a_number = fields.TextField("Not a number", readonly=True)
    link_count = fields.CountField("Links")
    total = fields.IntegerField("Sum", readonly=True)
    counts = fields.LookupField("Counts")
    made = fields.CreatedTimeField("Made")
    made_by = fields.CreatedByField("Made by")
    changed = fields.LastModifiedTimeField("Changed")
    changed_by = fields.LastModifiedByField("Changed by")
    button = fields.ButtonField("Open")


@pytest.fixture
def things(base, local_base):
    described = [
        {"name": name, "type": type_, **({"options": options} if options else {})}
        for name, (type_, options) in WRITTEN.items()
    ]
    table = base.create_table("Things", described)
    # A link to the table itself has no other side, and can be made when the table is there.
    table.create_field("Itself", "multipleRecordLinks", options={"linkedTableId": table.id})
    for name, (type_, options) in COMPUTED.items():
        field = {"name": name, "type": type_, "options": options}
        local_base.add_field(base.id, "Things", field)
    return table


@pytest.fixture
def model(api, base, things, monkeypatch) -> type[Things]:
    """The model, connected to this test's base; it has no option for the endpoint."""
    monkeypatch.setattr(Things.Meta, "base_id", base.id)
    for name, value in (("api", api), ("base", base), ("table", things)):
        monkeypatch.setitem(Things.meta.__dict__, name, value)
    return Things


def test_every_kind_of_cell_comes_back(api, model) -> None:
    """What a model saves is what another reads, in the mapper's own types."""
    me = api.whoami()["id"]
    cells = {
        "name": "Ada",
        "notes": "one\ntwo",
        "essay": "**bold**\n",
        "status": "todo",
        "tags": ["b", "a"],
        "done": True,
        "day": dt.date(1990, 5, 6),
        "moment": dt.datetime(2024, 2, 3, 12, 34, 56, tzinfo=dt.UTC),
        "took": dt.timedelta(minutes=3, seconds=1.5),
        "phone": "+49 30 1",
        "email": "ada@example.invalid",
        "url": "https://example.invalid/",
        "count": 7,
        "weight": 1.234,
        "price": 12.5,
        "share": 0.25,
        "stars": 4,
        "code": {"text": "4006381333931", "type": "ean13"},
    }
    thing = model(**cells, assignee={"id": me}, watchers=[{"id": me}])
    assert thing.save().created
    read = model.from_id(thing.id)
    assert {name: getattr(read, name) for name in cells} == cells
    assert read.assignee["id"] == me
    assert [one["id"] for one in read.watchers] == [me]
    assert (read.text, read.number) == ("Ada", 7)


def test_empty_cells_are_this_mappers_own_empties(model) -> None:
    """What is cleared is missing, and the mapper tells its own kind of nothing."""
    full = model(name="Ada", done=True, tags=["a"], count=0, day=dt.date(1990, 5, 6))
    full.save()
    assert model.from_id(full.id).count == 0
    full.name, full.done, full.tags, full.count, full.day = None, None, None, None, None
    full.save()
    read = model.from_id(full.id)
    assert (read.name, read.done, read.tags, read.count, read.day) == ("", False, [], None, None)


def test_computed_fields_are_computed(api, model) -> None:
    """Numbers, formulas, counts, lookups and rollups follow what they are made of."""
    first = model(name="Ada", count=21)
    first.save()
    first.links = [first]
    first.save()
    first.fetch()
    assert (first.no, first.twice, first.link_count, first.total) == (1, 42, 1, 21)
    assert first.counts == [21]
    assert first.broken == {"error": "#ERROR!"}
    assert first.not_a_number == {"specialValue": "NaN"}
    assert first.button == {"label": "Open", "url": "https://example.invalid/Ada"}
    me = api.whoami()["id"]
    assert (first.made_by["id"], first.changed_by["id"]) == (me, me)
    assert first.made <= first.changed <= dt.datetime.now(dt.UTC)
    second = model(name="Eve")
    second.save()
    second.fetch()
    assert (second.no, second.link_count, second.counts) == (2, 0, [])
    with pytest.raises((AttributeError, ReadonlyFieldError)):
        second.no = 7


def test_links_are_models(model) -> None:
    """Links are read as models, one or many, and follow what is deleted."""
    a, b, c = (model(name=name) for name in "abc")
    model.batch_save([a, b, c])
    a.links = [b, c]
    a.save()
    read = model.from_id(a.id)
    assert [one.name for one in read.links] == ["b", "c"]
    assert read.only.name == "b"
    b.delete()
    assert [one.id for one in model.from_id(a.id).links] == [c.id]
    read = model.from_id(a.id)
    read.links.clear()
    read.save()
    assert model.from_id(a.id).links == []


def test_many_models_at_once(model, local_base) -> None:
    """Batches save what is new and what has changed, read by ids, and delete."""
    many = [model(name=f"T{n}", count=n) for n in range(25)]
    model.batch_save(many)
    many[3].count = 33
    model.batch_save(many)
    found = model.from_ids([one.id for one in many])
    assert [one.name for one in found] == [f"T{n}" for n in range(25)]
    assert found[3].count == 33
    assert [one.name for one in model.all(formula="{Count} > 22", sort=["-Count"])] == [
        "T3",
        "T24",
        "T23",
    ]
    assert model.first(formula="{Name} = 'T7'").id == many[7].id
    model.batch_delete(many)
    assert model.all() == []


def test_formulas_of_fields(model) -> None:
    """The mapper's fields build formulas that find what they say."""
    model.batch_save([model(name="a", count=1, done=True), model(name="b", count=2)])
    assert [one.name for one in model.all(formula=model.count.gt(1))] == ["b"]
    assert [one.name for one in model.all(formula=model.done.eq(True))] == ["a"]
    assert [one.name for one in model.all(formula=model.name.eq("a") & model.count.lt(5))] == ["a"]


def test_a_deleted_model_is_gone(model) -> None:
    """A model that was deleted is not there any more."""
    thing = model(name="a")
    thing.save()
    assert thing.delete()
    assert model.all() == []


def test_files_of_a_model(model, tmp_path) -> None:
    """Files are given by URL and by upload, in the order they came."""
    thing = model()
    thing.save()
    thing.files.append({"url": "https://files.invalid/logo.png", "filename": "logo.png"})
    thing.save()
    (tmp_path / "sample.txt").write_text("Hello, World!")
    thing.files.upload(tmp_path / "sample.txt")
    names = [file["filename"] for file in thing.files]
    assert names == ["logo.png", "sample.txt"]
    thing.fetch()
    assert [file["filename"] for file in thing.files] == names
    assert thing.files[1]["type"] == "text/plain"


def test_comments_of_a_model(model) -> None:
    """A model's record takes comments."""
    thing = model(name="a")
    thing.save()
    thing.add_comment("Well done")
    assert [comment.text for comment in thing.comments()] == ["Well done"]


def test_fields_that_a_model_leaves_out(api, base, things) -> None:
    """What a model does not declare is neither lost nor changed by saving it."""

    class Less(Model):
        class Meta:
            api_key = "patAnything.x"
            base_id = base.id
            table_name = "Things"

        name = fields.TextField("Name")

    for name, value in (("api", api), ("base", base), ("table", things)):
        Less.meta.__dict__[name] = value
    record = things.create({"Name": "a", "Count": 3, "Tags": ["a"]})
    less = Less.from_id(record["id"])
    less.name = "b"
    less.save()
    kept = things.get(record["id"])["fields"]
    assert (kept["Name"], kept["Count"], kept["Tags"]) == ("b", 3, ["a"])


def test_models_generated_from_the_schema(api, base, things, monkeypatch) -> None:
    """The mapper writes models of the tables that the metadata describes, and they work."""
    monkeypatch.setenv("AIRTABLE_API_KEY", "patAnything.x")
    base.schema(force=True)  # the client remembers the table without its computed fields
    code = str(ModelFileBuilder(base))
    module = types.ModuleType("generated")
    exec(compile(code, "generated", "exec"), module.__dict__)
    made = module.Thing
    for name, value in (("api", api), ("base", base), ("table", things)):
        made.meta.__dict__[name] = value
    thing = made(name="a", count=3)
    thing.save()
    thing.fetch()
    assert (thing.twice, thing.links) == (6, 0)
