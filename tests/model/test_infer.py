"""Field types told from annotations and names, and the tables made of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

import pytest
from pydantic import AnyUrl, BaseModel, Field

from airhaul import Airtable, MissingFieldWarning, Record, airtable_field
from airhaul.errors import ConfigurationError, SchemaError
from airhaul.model.annotations import shape_of
from airhaul.model.columns import columns_of
from airhaul.model.fields import ColumnInfo
from airhaul.model.infer import infer_type
from airhaul.model.schema import class_name, fields_to_create, python_names


class Color(Enum):
    RED = "red"
    BLUE = "blue"


@pytest.mark.parametrize(
    ("name", "annotation", "expected"),
    [
        ("name", str, "singleLineText"),
        ("email", str, "email"),
        ("contact_email", str | None, "email"),
        ("homepage", str, "url"),
        ("profile_url", str, "url"),
        ("curling", str, "singleLineText"),
        ("phone", str | None, "phoneNumber"),
        ("mobile_number", str, "phoneNumber"),
        ("hotel", str, "singleLineText"),
        ("description", str, "multilineText"),
        ("notes", str, "multilineText"),
        ("footnoted", str, "singleLineText"),
        ("age", int, "number"),
        ("price", float, "currency"),
        ("total_amount", Decimal, "currency"),
        ("discount_percent", float, "percent"),
        ("conversion_rate", float, "percent"),
        ("rating", int, "number"),
        ("rating", Annotated[int, Field(le=5)], "rating"),
        ("score", Annotated[int, Field(le=100)], "number"),
        ("is_active", bool, "checkbox"),
        ("born", date, "date"),
        ("seen", datetime | None, "dateTime"),
        ("took", timedelta, "duration"),
        ("status", Literal["a", "b"], "singleSelect"),
        ("color", Color, "singleSelect"),
        ("color", Color | None, "singleSelect"),
        ("tags", list[str], "multipleSelects"),
        ("tags", set[Literal["a", "b"]] | None, "multipleSelects"),
        ("key", UUID, "singleLineText"),
        ("site", AnyUrl, "url"),
    ],
)
def test_types_are_told_from_annotation_and_name(name, annotation, expected) -> None:
    """A name refines what the annotation says, and never contradicts it."""
    model = type(
        "Model",
        (Record,),
        {"__annotations__": {name: annotation}, "__module__": __name__},
        table="T",
    )
    assert columns_of(model).by_name[name].type == expected


def test_what_no_column_holds_is_refused_with_advice() -> None:
    """A nested model has no column type until one is named."""

    class Inner(BaseModel):
        x: int

    with pytest.raises(SchemaError, match=r"'inner'.*model Inner.*airtable_field\(type="):
        infer_type("inner", shape_of(Inner))


class Product(Record, table="Products"):
    in_stock: bool = True
    title: str = airtable_field(column="Title", description="What it is called")
    price: float | None = None
    code: str = Field("", alias="Code")
    color: Color | None = None
    tags: Annotated[list[str], ColumnInfo(choices=("a", "b"))] = []
    added: datetime | None = None
    number: int | None = airtable_field(None, type="autoNumber")


def test_a_table_is_made_of_a_model() -> None:
    """The first field that may be primary comes first; computed columns are left out."""
    fields = fields_to_create(Product)
    assert [field["name"] for field in fields] == [
        "Title", "in_stock", "price", "Code", "color", "tags", "added",
    ]  # fmt: skip
    by_name = {field["name"]: field for field in fields}
    assert by_name["Title"]["description"] == "What it is called"
    assert by_name["price"] == {
        "name": "price",
        "type": "currency",
        "options": {"precision": 2, "symbol": "$"},
    }
    assert by_name["color"]["options"] == {"choices": [{"name": "red"}, {"name": "blue"}]}
    assert by_name["tags"]["options"] == {"choices": [{"name": "a"}, {"name": "b"}]}


def test_a_made_table_takes_the_model() -> None:
    """What is inferred for creating is what writing, reading and lookups use."""
    with Airtable.local() as airtable:
        products = airtable.table(Product)
        schema = products.create_table()
        assert "number" not in [field["name"] for field in schema["fields"]]
        products.create(
            Title="x",
            price=1.5,
            Code="c",
            color="red",
            tags=["a"],
            added="2024-01-01T10:00:00+02:00",
        )
        with pytest.warns(MissingFieldWarning, match="'number', so Product.number"):
            (product,) = products.find_by(color=Color.RED, code="c", tags__contains="a")
        assert product.price == 1.5
        assert product.added.hour == 8
        assert product.color is Color.RED


def test_a_table_by_name_gets_a_model_of_its_columns() -> None:
    """Columns with any name become fields with names that Python takes."""
    with Airtable.local() as airtable:
        airtable.table(Product).create_table()
        table = airtable.table_named("Products")
        made = table.create(title="x", in_stock=True)
        assert table.get(made.id).title == "x"
        assert table.where(title="x").count() == 1


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        (["First Name", "first-name"], ["first_name", "first_name_"]),
        (["id", "class", "2nd", "", "日本"], ["id_", "field_class", "field_2nd", "field", "日本"]),
        (["model_x", "copy", "_x"], ["field_model_x", "copy_", "x"]),
    ],
)
def test_column_names_become_python_names(columns, names) -> None:
    """Every column gets a name of its own that is no keyword and hides nothing."""
    assert python_names(columns) == names
    assert class_name("open tasks!") == "OpenTasks"
    assert class_name("2nd") == "Table2nd"


def test_models_that_cannot_be_are_refused() -> None:
    """Two fields for one column, an unknown type, and no field for the primary column."""
    with pytest.raises(SchemaError, match="'a' and 'b' have the same column 'X'"):

        class Twice(Record, table="T"):
            a: str = airtable_field(column="X")
            b: str = airtable_field(column="X")

    with pytest.raises(ConfigurationError, match="not a field type of Airtable"):
        airtable_field(type="text")  # type: ignore[arg-type]

    class Ticks(Record, table="T"):
        a: bool = True

    with pytest.raises(SchemaError, match="primary field"):
        fields_to_create(Ticks)

    with pytest.raises(SchemaError, match="'a'"):

        class Anything(Record, table="T"):
            a: Any = None


def test_a_model_whose_types_come_later_is_checked_when_it_is_used() -> None:
    """A forward reference, or the parameter of a generic model, is no reason to refuse the class."""
    T = TypeVar("T")

    class Box(Record, Generic[T], table="T"):
        a: T

    assert columns_of(Box[int]).by_name["a"].type == "number"

    class Early(Record, table="T"):
        a: "Later"  # noqa: UP037 - not known yet

    Later = Annotated[str, Field(max_length=3)]
    Early.model_rebuild(_types_namespace={"Later": Later})
    assert columns_of(Early).by_name["a"].type == "singleLineText"
