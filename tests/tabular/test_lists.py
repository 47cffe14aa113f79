"""Lists in a cell of text: an item with a comma or a quote comes back as one item."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul import Airtable, Record
from airhaul.tabular import join_items, read_rows, split_items

HOSTILE = st.text(st.sampled_from('ab,"[]{} \n\t;|é'), min_size=1, max_size=8)


@pytest.fixture
def airtable():
    with Airtable.local() as opened:
        yield opened


@given(st.lists(HOSTILE, max_size=5))
def test_what_is_joined_is_split_again(items: list[str]) -> None:
    """Whatever the items hold, in their order."""
    assert split_items(join_items(items)) == items


@given(st.text(st.sampled_from('a,"[] '), max_size=30))
def test_any_text_can_be_split(text: str) -> None:
    """A cell that a person has written is never an error here."""
    assert all(item != "" for item in split_items(text))


@given(st.lists(st.text(st.sampled_from('a", '), min_size=1), min_size=1, max_size=3), st.data())
def test_no_list_reads_like_a_choice_that_it_is_not(items: list[str], data: st.DataObject) -> None:
    """A choice may be written like other choices that are joined and quoted."""
    joined = join_items(items)
    known = data.draw(st.lists(st.sampled_from([joined, *items, "a"]), max_size=4))
    assert split_items(join_items(items, known), known) == items


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("", []),
        (" , ,", []),
        ("a", ["a"]),
        ("a, b", ["a", "b"]),
        ("a,b", ["a", "b"]),
        ("a;b", ["a;b"]),
        ('"Smith, John", B', ["Smith, John", "B"]),
        ('B,"Smith, John"', ["B", "Smith, John"]),
        ('"say ""hi""", x', ['say "hi"', "x"]),
        ('6" pipe, x', ['6" pipe', "x"]),
        ('"big" size, x', ['"big" size', "x"]),
        ('"never closed, x', ['"never closed', "x"]),
        ('" a "', [" a "]),
        ('["a, b", "c"]', ["a, b", "c"]),
        ("[1, 2]", [1, 2]),
        ("[a], b", ["[a]", "b"]),
        ("known, one", ["known, one"]),
        (" known, one ", ["known, one"]),
        ("known, one, b", ["known", "one", "b"]),
    ],
)
def test_how_a_cell_is_read(text: str, items: list[Any]) -> None:
    """As Airtable's own CSV, as a JSON array, or as one item that is known."""
    assert split_items(text, ["known, one", "b"]) == items


@pytest.mark.parametrize(
    ("items", "text"),
    [
        (["a", "b c"], "a, b c"),
        (["Smith, John", "B"], '"Smith, John", B'),
        (['say "hi"'], '"say ""hi"""'),
        (["[1]"], '"[1]"'),
        ([" a"], '" a"'),
    ],
)
def test_how_a_list_is_written(items: list[str], text: str) -> None:
    """Quotes only where something would be lost without them."""
    assert join_items(items) == text


def test_several_items_that_read_like_one_known_item_are_quoted() -> None:
    """Otherwise they would come back as that one; a single item needs no quotes."""
    known = {"p, q", "p"}
    assert join_items(["p", "q"], known) == '"p", "q"'
    assert split_items(join_items(["p", "q"], known), known) == ["p", "q"]
    assert (join_items(["p"], known), join_items(["q", "p"], known)) == ("p", "q, p")


TAGS = [
    ["Smith, John", "B"],
    ['say "hi"'],
    ["B"],
    ["a, b", "a", "b"],
    ["a", "b"],
    ["[x]", '6" pipe'],
]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "json", "jsonl"])
@pytest.mark.parametrize("typecast", [False, True])
@pytest.mark.parametrize("typed", [False, True])
def test_an_export_is_imported_again(
    airtable: Airtable, tmp_path: Path, suffix: str, typecast: bool, typed: bool
) -> None:
    """The records are the same, no choice is added, and a sync writes nothing."""

    class Tagged(Record, table="T"):
        k: str
        tags: list[str] = []

    choices = [{"name": name} for name in sorted({tag for tags in TAGS for tag in tags})]
    fields = [
        {"name": "k", "type": "singleLineText"},
        {"name": "tags", "type": "multipleSelects", "options": {"choices": choices}},
    ]
    airtable.create_table("T", fields)
    table: Any = airtable.table(Tagged) if typed else airtable.table_named("T")
    table.bulk_create([{"k": str(n), "tags": tags} for n, tags in enumerate(TAGS)])
    path = tmp_path / f"out.{suffix}"
    table.export_file(path)
    table.import_file(path, key="k", typecast=typecast)
    assert [record.tags for record in table.all(view="Grid view")] == TAGS
    assert table.sync_file(path, "k", typecast=typecast).counts() == {"unchanged": len(TAGS)}
    schema = airtable.table_schema("T")["fields"][1]["options"]
    assert len(schema["choices"]) == len(choices)


@pytest.mark.parametrize("typed", [False, True])
def test_a_cell_that_is_one_whole_choice_is_that_choice(
    airtable: Airtable, tmp_path: Path, typed: bool
) -> None:
    """A person writes the choice without quotes inside the cell."""

    class Tagged(Record, table="T"):
        k: str
        tags: list[Literal["p, q", "p", "q"]] = []

    airtable.table(Tagged).create_table()
    path = tmp_path / "in.csv"
    path.write_text('k,tags\n1,"p, q"\n2,"q, p"\n3,"""p, q"", p"\n')
    table: Any = airtable.table(Tagged) if typed else airtable.table_named("T")
    table.import_csv(path)
    assert [record.tags for record in table.all(sort="k")] == [["p, q"], ["q", "p"], ["p, q", "p"]]


def test_a_choice_keeps_its_spaces_if_the_cell_is_exactly_that(
    airtable: Airtable, tmp_path: Path
) -> None:
    """Other spaces around an item are ignored, also where only the spaces distinguish choices."""
    choices = {"choices": [{"name": "red"}, {"name": " red"}, {"name": '" red"'}]}
    airtable.create_table(
        "T",
        [
            {"name": "Name", "type": "singleLineText"},
            {"name": "Tags", "type": "multipleSelects", "options": choices},
        ],
    )
    table = airtable.table_named("T")
    (tmp_path / "in.csv").write_text('Name,Tags\n1,red\n2, red\n3,  red \n4,""" red"""\n')
    found = table.import_file(tmp_path / "in.csv")
    expected = [["red"], [" red"], ["red"], ['" red"']]
    assert [record._cells["Tags"] for record in found] == expected
    table.export_file(tmp_path / "out.csv")
    assert table.sync_file(tmp_path / "out.csv", key="Name").counts() == {"unchanged": 4}


def test_typecast_does_not_take_two_choices_for_one(airtable: Airtable) -> None:
    """A sync sees the difference between one choice with a comma and two choices."""

    class Tagged(Record, table="T"):
        k: str
        tags: list[Literal["p, q", "p", "q"]] = []

    table = airtable.table(Tagged)
    table.create_table()
    table.create(k="1", tags=["p", "q"])
    row = {"k": "1", "tags": ["p, q"]}
    assert table.sync([row], key="k", typecast=True).counts() == {"updated": 1}
    assert table.sync([row], key="k", typecast=True).counts() == {"unchanged": 1}


@pytest.mark.parametrize(
    ("cell", "linked", "people"),
    [
        ("Smith, John", ["Smith, John"], ["Smith, John", "Ada"]),
        ("Ada, Smith, John", ["Ada", "Smith", "John"], ["Smith, John", "Ada", "Smith", "John"]),
        ('"Smith, John", Ada', ["Smith, John", "Ada"], ["Smith, John", "Ada"]),
        ('Ada, "Smith, John"', ["Ada", "Smith, John"], ["Smith, John", "Ada"]),
        ('["Smith, John"]', ["Smith, John"], ["Smith, John", "Ada"]),
        ("Ada", ["Ada"], ["Smith, John", "Ada"]),
    ],
)
@pytest.mark.parametrize("key", [None, "Name"])
def test_links_by_name(
    airtable: Airtable, tmp_path: Path, cell: str, linked: list[str], people: list[str], key: Any
) -> None:
    """A cell that is the whole name of a record links to it, though the name holds a comma."""
    name = {"name": "Name", "type": "singleLineText"}
    made = airtable.create_table("People", [name])
    link = {"linkedTableId": made["id"]}
    airtable.create_table(
        "T", [name, {"name": "Who", "type": "multipleRecordLinks", "options": link}]
    )
    persons, table = airtable.table_named("People"), airtable.table_named("T")
    persons.bulk_create([{"Name": "Smith, John"}, {"Name": "Ada"}])
    path = tmp_path / "in.csv"
    quoted = cell.replace('"', '""')
    path.write_text(f'Name,Who\nx,"{quoted}"\n')
    table.import_csv(path, key=key, typecast=True)
    names = {record.id: record._cells["Name"] for record in persons.all(view="Grid view")}
    (record,) = table.all()
    assert [names[record_id] for record_id in record._cells["Who"]] == linked
    assert list(names.values()) == people


def test_an_export_of_a_local_base_has_the_order_of_the_file() -> None:
    """IDs are random, and so would be the rows; a sort order, a view and a condition still count."""
    with Airtable.local() as airtable:
        airtable.create_table("Words", [{"name": "Word", "type": "singleLineText"}])
        words = [f"w{number:02}" for number in range(40)]
        Path("words.csv").write_text("\n".join(["Word", *reversed(words), ""]))
        table = airtable.table_named("Words")
        table.import_csv("words.csv")
        table.export_csv("out.csv")
        assert Path("out.csv").read_text().split()[1:] == words[::-1]
        table.where(word__in=["w38", "w39"]).export_file("some.jsonl")
        assert [row.cells["Word"] for row in read_rows("some.jsonl")] == ["w39", "w38"]
        table.where().order_by("word").export_file("sorted.csv")
        assert Path("sorted.csv").read_text().split()[1:] == words
