"""Annotations of model fields: each has a field type that works all the way, or is refused."""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import pytest
from pydantic import AnyUrl, BaseModel, Field

from airhaul import Airtable, Record, airtable_field, airtable_model
from airhaul.errors import SchemaError


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Tag(str, enum.Enum):  # noqa: UP042 - as older programs have it
    BIG = "big"
    COMMA = "a, b"


class Kind(enum.StrEnum):
    GOOD = "good"
    BAD = "bad"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Grade(enum.Enum):
    ONE = 1
    TWO = 2


class Mixed(enum.Enum):
    ONE = 1
    TWO = "two"


class Inner(BaseModel):
    size: int


class Point(NamedTuple):
    x: int
    y: int


def model_of(annotation: Any, **options: Any) -> type[Record]:
    body = {
        "__annotations__": {"name": str, "value": annotation},
        "__module__": __name__,
        **options,
    }
    return type("Thing", (Record,), body, table="Things")


WORKING: list[tuple[Any, str, Any, Any]] = [
    (str, "singleLineText", "a", "b, c"),
    (int, "number", 1, -7),
    (float, "number", 1.5, 0.1),
    (Decimal, "number", Decimal("2.50"), Decimal("0.00000001")),
    (int | float, "number", 1, 2.5),
    (int | Decimal, "number", 1, Decimal("2.5")),
    (bool, "checkbox", True, False),
    (date, "date", date(2024, 2, 29), date(1999, 1, 1)),
    (datetime, "dateTime", datetime(2024, 1, 2, 3, 4, 5), datetime(2024, 1, 2, tzinfo=UTC)),
    (time, "singleLineText", time(9, 30), time(23, 59, 59)),
    (timedelta, "duration", timedelta(minutes=90), timedelta(seconds=5)),
    (UUID, "singleLineText", UUID(int=1), UUID(int=2)),
    (AnyUrl, "url", AnyUrl("https://a.example/x"), AnyUrl("https://b.example/")),
    (Literal["a", "b"], "singleSelect", "a", "b"),
    (Literal[1, 2], "number", 1, 2),
    (Color, "singleSelect", Color.RED, Color.BLUE),
    (Tag, "singleSelect", Tag.BIG, Tag.COMMA),
    (Kind, "singleSelect", Kind.GOOD, Kind.BAD),
    (Level, "number", Level.LOW, Level.HIGH),
    (Grade, "number", Grade.ONE, Grade.TWO),
    (Annotated[int, Field(ge=0)], "number", 1, 2),
    (Annotated[str, airtable_field(type="email")], "email", "a@x.org", "b@x.org"),
    (list[str], "multipleSelects", ["a", "b, c"], ["b, c"]),
    (list, "multipleSelects", ["a"], ["b"]),
    (list[Literal["a", "b"]], "multipleSelects", ["b", "a"], ["a"]),
    (list[Color], "multipleSelects", [Color.BLUE, Color.RED], [Color.RED]),
    (list[Kind], "multipleSelects", [Kind.GOOD], [Kind.BAD]),
    (list[Annotated[str, Field(min_length=1)]], "multipleSelects", ["a"], ["b"]),
    (Annotated[list[str], Field(max_length=3)], "multipleSelects", ["a"], ["b"]),
    (tuple[str, ...], "multipleSelects", ("a", "b, c"), ("b",)),
    (tuple[Color, ...], "multipleSelects", (Color.RED,), (Color.BLUE,)),
    (set[str], "multipleSelects", {"a", "b, c"}, {"b"}),
    (set[Tag], "multipleSelects", {Tag.COMMA, Tag.BIG}, {Tag.COMMA}),
    (frozenset[str], "multipleSelects", frozenset({"a", "b"}), frozenset({"b"})),
]


@pytest.mark.slow
@pytest.mark.parametrize("is_optional", [False, True], ids=["", "optional"])
@pytest.mark.parametrize(
    ("annotation", "type_", "first", "second"), WORKING, ids=[str(row[0])[:40] for row in WORKING]
)
def test_an_annotation_works_from_the_table_to_the_file_and_back(
    local_base, annotation, type_, first, second, is_optional
) -> None:
    """Create, read, update, look up, sync, export and import: the value is the same throughout."""
    model = model_of(annotation | None if is_optional else annotation)
    with Airtable(local=local_base) as airtable:
        things = airtable.table(model)
        table = things.create_table()
        assert {field["name"]: field["type"] for field in table["fields"]}["value"] == type_
        rows = [{"name": "a", "value": first}, {"name": "b", "value": second}]
        made = things.sync(rows, key="name", typecast=True)
        assert [thing.value for thing in made] == [_aware(first), _aware(second)]
        assert {thing.name: thing.value for thing in things.all()} == {
            "a": _aware(first),
            "b": _aware(second),
        }
        if type_ != "multipleSelects":
            assert [thing.name for thing in things.find_by(value=first)] == ["a"]
        made[0].value = second
        assert things.save(made[0]).value == _aware(second)
        assert things.sync(rows, key="name").counts() == {"updated": 1, "unchanged": 1}
        written = writes(local_base)
        assert things.sync(rows, key="name").counts() == {"unchanged": 2}
        assert things.sync([model(**row) for row in rows], key="name").counts() == {"unchanged": 2}
        for suffix in ("csv", "tsv", "json", "jsonl"):
            things.export_file(f"out.{suffix}")
            kept = things.sync_file(f"out.{suffix}", "name")
            assert kept.counts() == {"unchanged": 2}, suffix
        assert writes(local_base) == written
        things.bulk_delete(things.all())
        things.import_file("out.csv", key="name")
        assert {thing.name: thing.value for thing in things.all()} == {
            "a": _aware(first),
            "b": _aware(second),
        }


def writes(local_base) -> int:
    counts = local_base.counts()
    return counts["POST"] + counts["PATCH"] + counts["PUT"] + counts["DELETE"]


def _aware(value: Any) -> Any:
    is_naive = isinstance(value, datetime) and value.tzinfo is None
    return value.replace(tzinfo=UTC) if is_naive else value


REFUSED: list[tuple[Any, str]] = [
    (list[int], r"fits list\[int\]; .*declare list\[str\]"),
    (list[date], r"fits list\[date\]; .*declare list\[str\]"),
    (list[bool], r"declare list\[str\]"),
    (list[Level], r"declare list\[str\]"),
    (list[int | str], r"declare list\[str\]|attachments"),
    (list[list[str]], r"declare list\[str\]"),
    (set[int], r"fits set\[int\]; .*declare list\[str\]"),
    (tuple[int, ...], r"declare list\[str\]"),
    (tuple[str, str], r"fits tuple\[str, str\]; .*list\[str\] for several"),
    (list[dict], "multipleAttachments"),
    (list[dict[str, Any]], "multipleAttachments"),
    (list[Inner], "multipleAttachments"),
    (int | str, r"fits int \| str.*; declare one type, such as str"),
    (str | date, "declare one type"),
    (Color | str, "declare one type"),
    (Literal[1, "a"], "declare one type"),
    (Literal[True], "declare"),
    (Literal[Color.RED], "declare"),
    (Mixed, "must be text, or all integers"),
    (bytes, "declare a str, with the bytes as"),
    (complex, "declare two floats"),
    (Inner, "the model Inner; declare a field for each value, or a str that holds JSON"),
    (dict, "or a str that holds JSON"),
    (dict[str, int], "or a str that holds JSON"),
    (Point, "fits Point; declare"),
    (Path, "fits Path; declare str"),
    (Any, "declare the type of its values"),
    (object, "declare the type of its values"),
]


@pytest.mark.parametrize("is_optional", [False, True], ids=["", "optional"])
@pytest.mark.parametrize(
    ("annotation", "reason"), REFUSED, ids=[str(annotation) for annotation, _ in REFUSED]
)
def test_what_no_field_type_holds_is_refused_where_the_class_is_declared(
    annotation, reason, is_optional
) -> None:
    """The message has a spelling that works; nobody finds out with the first row."""
    if is_optional and annotation not in (Any, object):
        annotation = annotation | None
    with pytest.raises(SchemaError, match=rf"field 'value': .*{reason}.*airtable_field\(type="):
        model_of(annotation)
    plain = type("Plain", (BaseModel,), {"__annotations__": {"value": annotation}})
    with pytest.raises(SchemaError, match="field 'value'"):
        airtable_model(table_name="Things")(plain)


def test_a_field_declared_inside_an_optional_annotation_counts() -> None:
    """``Annotated[...] | None`` names the column and its limits as ``Annotated`` alone does."""
    annotated = Annotated[int, airtable_field(column="Stars", le=5)]
    for annotation in (annotated, annotated | None):
        with Airtable.local() as airtable:
            table = airtable.table(model_of(annotation)).create_table()
        assert [field["name"] for field in table["fields"]] == ["name", "Stars"]


@pytest.mark.parametrize("annotation", [Literal[1, 2], Level, Grade, Level | None])
def test_integers_of_an_enum_are_read_from_text_and_frames(annotation) -> None:
    """``"1"`` of a CSV file and ``1.0`` of a data frame are the integer; 1.5 and 3 are refused."""
    with Airtable.local() as airtable:
        things = airtable.table(model_of(annotation))
        things.create_table()
        rows = [{"name": str(given), "value": given} for given in ("1", 1.0, 1)]
        result = things.bulk_create(
            [*rows, {"name": "x", "value": 1.5}, {"name": "y", "value": 3}], on_error="continue"
        )
        assert result.counts() == {"created": 3, "failed": 2}
        assert {int(getattr(thing.value, "value", thing.value)) for thing in result} == {1}


@pytest.mark.parametrize("given", ["3600", 3600, 0.5])
def test_a_number_is_no_time(given) -> None:
    """Pydantic would take it for seconds since midnight."""
    with Airtable.local() as airtable:
        things = airtable.table(model_of(time))
        things.create_table()
        (failed,) = things.bulk_create([{"name": "a", "value": given}], on_error="continue").errors
        assert "a number is not a time" in str(failed.error)
