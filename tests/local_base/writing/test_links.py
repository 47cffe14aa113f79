"""Links between records: both sides agree, whatever is written and deleted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airhaul.local_base.base import LocalBase
from tests.local_base.asking import Asking


@pytest.fixture
def linked(ask: Asking) -> Asking:
    """Tasks that link to People, who are linked back by Tasks."""
    people = ask.table("People", {"name": "Age", "type": "number", "options": {"precision": 0}})
    ask.table("Tasks")
    ask.field("Tasks", "Who", "multipleRecordLinks", linkedTableId=people)
    return ask


def test_creating_a_link_makes_its_other_side(linked) -> None:
    """The linked table gets a field that is named as the linking table, each naming the other."""
    schema = linked.schema()
    link, back = schema["Tasks"]["Who"], schema["People"]["Tasks"]
    assert link["type"] == back["type"] == "multipleRecordLinks"
    assert link["options"]["inverseLinkFieldId"] == back["id"]
    assert back["options"]["inverseLinkFieldId"] == link["id"]
    assert back["options"]["isReversed"] is back["options"]["prefersSingleRecordLink"] is False


def test_the_other_sides_name_is_made_unique(linked) -> None:
    """A second link between the tables gets a number behind its other side's name."""
    people = link_table(linked, "Who")
    linked.field("Tasks", "Reviewer", "multipleRecordLinks", linkedTableId=people)
    assert list(linked.schema()["People"]) == ["Name", "Age", "Tasks", "Tasks 2"]


def link_table(ask: Asking, name: str) -> str:
    return ask.schema()["Tasks"][name]["options"]["linkedTableId"]


def test_a_table_can_be_created_with_links(linked) -> None:
    """Links in a new table get their other sides, too."""
    people = link_table(linked, "Who")
    linked.table(
        "Teams",
        {"name": "Members", "type": "multipleRecordLinks", "options": {"linkedTableId": people}},
    )
    assert "inverseLinkFieldId" in linked.schema()["Teams"]["Members"]["options"]
    assert "Teams" in linked.schema()["People"]


def test_a_link_of_a_table_to_itself_has_no_other_side(ask) -> None:
    """One field is made, and not two."""
    table = ask.table("Parts")
    made = ask.field("Parts", "Within", "multipleRecordLinks", linkedTableId=table)
    assert "inverseLinkFieldId" not in made["options"]
    assert list(ask.schema()["Parts"]) == ["Name", "Within"]


@pytest.mark.parametrize(
    "options",
    [{}, {"linkedTableId": "tblNotThere000000"}, {"linkedTableId": 1}, {"isReversed": True}],
)
def test_options_of_links_are_checked(linked, options) -> None:
    """A link leads to a table of the base, and only what the API documents can be chosen."""
    if "isReversed" in options:
        options["linkedTableId"] = link_table(linked, "Who")
    before = linked.schema()
    error = linked.field("Tasks", "Other", "multipleRecordLinks", status=422, **options)
    assert error["error"]["type"] == "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE"
    assert linked.schema() == before


def test_both_sides_are_written(linked) -> None:
    """A link that is written is there from the other side, in order, and each id once."""
    ada, bob = (record["id"] for record in linked.add("People", {"Name": "Ada"}, {"Name": "Bob"}))
    (task,) = linked.add("Tasks", {"Name": "t", "Who": [bob, ada, bob]})
    assert task["fields"]["Who"] == [bob, ada]
    assert {record["Tasks"][0] for record in linked.cells("People").values()} == {task["id"]}
    linked.change("Tasks", task["id"], {"Who": [ada]})
    assert linked.cells("People") == {
        ada: {"Name": "Ada", "Tasks": [task["id"]]},
        bob: {"Name": "Bob"},
    }
    assert linked.change("People", ada, {"Tasks": []}) == {"Name": "Ada"}
    assert linked.cells("Tasks") == {task["id"]: {"Name": "t"}}


def test_rows_of_one_request_see_each_other(linked) -> None:
    """The answer of a batch holds what all its rows have done, from either side."""
    (ada,) = linked.add("People", {"Name": "Ada"})
    one, two = linked.add("Tasks", {"Who": [ada["id"]]}, {"Who": [ada["id"]]})
    back = linked.cells("People")[ada["id"]]["Tasks"]
    assert back == [one["id"], two["id"]]
    (bob,) = linked.add("People", {"Name": "Bob"})
    rows = [
        {"id": ada["id"], "fields": {"Tasks": [one["id"]]}},
        {"id": bob["id"], "fields": {"Tasks": [two["id"], one["id"]]}},
    ]
    answer = linked("PATCH", f"{linked.base}/People", {"records": rows})["records"]
    assert [record["fields"]["Tasks"] for record in answer] == [
        [one["id"]],
        [two["id"], one["id"]],
    ]
    assert [cells["Who"] for cells in linked.cells("Tasks").values()] == [
        [ada["id"], bob["id"]],
        [bob["id"]],
    ]


def test_deleting_takes_records_out_of_links(linked) -> None:
    """No link leads to a record that is gone, from either side, nor within a table."""
    tasks = linked.schema()["People"]["Tasks"]["options"]["linkedTableId"]
    linked.field("Tasks", "After", "multipleRecordLinks", linkedTableId=tasks)
    (ada,) = linked.add("People", {"Name": "Ada"})
    (one,) = linked.add("Tasks", {"Who": [ada["id"]]})
    (two,) = linked.add("Tasks", {"Who": [ada["id"]], "After": [one["id"]]})
    linked.delete("Tasks", one["id"])
    assert linked.cells("People")[ada["id"]]["Tasks"] == [two["id"]]
    assert linked.cells("Tasks") == {two["id"]: {"Who": [ada["id"]]}}
    linked.delete("People", ada["id"])
    assert linked.cells("Tasks") == {two["id"]: {}}


def test_records_that_link_to_each_other_go_together(ask) -> None:
    """Deleting both ends of a link at once is no error."""
    table = ask.table("Parts")
    ask.field("Parts", "Within", "multipleRecordLinks", linkedTableId=table)
    (one,) = ask.add("Parts", {})
    (two,) = ask.add("Parts", {"Within": [one["id"]]})
    ask.change("Parts", one["id"], {"Within": [two["id"], one["id"]]})
    ask.delete("Parts", one["id"], two["id"])
    assert ask.cells("Parts") == {}


@pytest.mark.parametrize("value", ["recAAAAAAAAAAAAAA", "x", ["x"], [1], {"id": 1}, [["rec"]], 5])
def test_only_lists_of_ids_are_taken(linked, value) -> None:
    """Everything else is told with the service's words, and nothing is written."""
    error = linked.add("Tasks", {"Name": "good"}, {"Who": value}, status=422)
    assert error == {
        "type": "INVALID_VALUE_FOR_COLUMN",
        "message": "Value is not an array of record IDs.",
    }
    assert linked.cells("Tasks") == {}


def test_links_lead_to_records_of_their_table(linked) -> None:
    """Records that are gone, or of another table, are refused with the service's types."""
    error = linked.add("Tasks", {"Who": ["recAAAAAAAAAAAAAA"]}, status=422)
    assert error["type"] == "ROW_DOES_NOT_EXIST"
    assert error["message"] == "Record ID recAAAAAAAAAAAAAA does not exist"
    (task,) = linked.add("Tasks", {})
    error = linked.add("Tasks", {"Who": [task["id"]]}, status=422)
    schema = linked.schema()
    assert error["type"] == "ROW_TABLE_DOES_NOT_MATCH_LINKED_TABLE"
    tasks = schema["People"]["Tasks"]["options"]["linkedTableId"]
    assert error["message"] == (
        f"Record ID {task['id']} belongs to table {tasks}, "
        f"but the field links to table {link_table(linked, 'Who')}"
    )


def test_typecast_finds_records_by_name_or_makes_them(linked) -> None:
    """The first record of the name is linked to; what is not there is created, once."""
    ada = linked.add("People", {"Name": "Ada"}, {"Name": "Ada"})[0]["id"]
    one, two = linked.add(
        "Tasks", {"Who": ["Ada", "Bob", ada]}, {"Who": "Bob, Cleo"}, typecast=True
    )
    people = linked.cells("People")
    names = {record_id: cells["Name"] for record_id, cells in people.items()}
    assert [names[person] for person in one["fields"]["Who"]] == ["Ada", "Bob"]
    assert [names[person] for person in two["fields"]["Who"]] == ["Bob", "Cleo"]
    assert list(names.values()) == ["Ada", "Ada", "Bob", "Cleo"]
    assert people[one["fields"]["Who"][1]]["Tasks"] == [one["id"], two["id"]]


def test_typecast_takes_a_name_with_a_comma_that_is_there(linked) -> None:
    """Text that names one record as a whole is not taken apart."""
    (doe,) = linked.add("People", {"Name": "Doe, Jane"})
    (task,) = linked.add("Tasks", {"Who": "Doe, Jane"}, typecast=True)
    assert task["fields"]["Who"] == [doe["id"]]


def test_typecast_converts_names_to_the_primary_fields_type(ask) -> None:
    """A table whose records are called by numbers is searched for the number."""
    body = {
        "name": "Years",
        "fields": [{"name": "Year", "type": "number", "options": {"precision": 0}}],
    }
    years = ask("POST", f"meta/bases/{ask.base}/tables", body)["id"]
    ask.table("Events")
    ask.field("Events", "Year", "multipleRecordLinks", linkedTableId=years)
    (year,) = ask.add("Years", {"Year": 1999})
    (event,) = ask.add("Events", {"Year": ["1999", "2000"]}, typecast=True)
    assert event["fields"]["Year"][0] == year["id"]
    assert [cells["Year"] for cells in ask.cells("Years").values()] == [1999, 2000]
    error = ask.add("Events", {"Year": ["soon"]}, typecast=True, status=422)
    assert error["type"] == "INVALID_VALUE_FOR_COLUMN"


def test_put_takes_away_links(linked) -> None:
    """A record that is replaced is linked from nowhere, unless it says so."""
    (ada,) = linked.add("People", {"Name": "Ada"})
    (task,) = linked.add("Tasks", {"Name": "t", "Who": [ada["id"]]})
    body = {"fields": {"Name": "u"}}
    answer = linked("PUT", f"{linked.base}/Tasks/{task['id']}", body)
    assert answer["fields"] == {"Name": "u"}
    assert linked.cells("People")[ada["id"]] == {"Name": "Ada"}


def test_filters_see_names_and_not_ids(linked) -> None:
    """In a formula a link is what the linked records are called."""
    ada, bob = linked.add("People", {"Name": "Ada"}, {"Name": "Bob"})
    linked.add("Tasks", {"Name": "both", "Who": [ada["id"], bob["id"]]}, {"Name": "none"})
    named = linked.cells("Tasks", ("filterByFormula", "{Who} = 'Ada, Bob'")).values()
    assert [cells["Name"] for cells in named] == ["both"]
    assert linked.cells("Tasks", ("filterByFormula", f"{{Who}} = '{ada['id']}'")) == {}
    assert len(linked.cells("Tasks", ("filterByFormula", "NOT({Who})"))) == 1


_PLACES = st.integers(0, 3)
_WRITES = st.one_of(
    st.tuples(st.just("link"), _PLACES, st.lists(_PLACES, max_size=3)),
    st.tuples(st.just("link back"), _PLACES, st.lists(_PLACES, max_size=3)),
    st.tuples(st.just("follow"), _PLACES, st.lists(_PLACES, max_size=3)),
    st.tuples(st.just("merge"), _PLACES, st.lists(_PLACES, max_size=3)),
    st.tuples(st.just("delete task"), _PLACES, st.just([])),
    st.tuples(st.just("delete person"), _PLACES, st.just([])),
)


@settings(max_examples=40)
@given(st.lists(_WRITES, max_size=12))
def test_both_sides_agree_after_any_writes(writes) -> None:
    """Whatever is linked, merged and deleted: each side names the other, and only what is there."""
    with LocalBase.open() as local_base:
        ask = Asking(local_base)
        people = ask.table("People")
        tasks = ask.table("Tasks")
        ask.field("Tasks", "Who", "multipleRecordLinks", linkedTableId=people)
        ask.field("Tasks", "After", "multipleRecordLinks", linkedTableId=tasks)
        ids = {
            table: [r["id"] for r in ask.add(table, *({"Name": f"{n}"} for n in range(4)))]
            for table in ("Tasks", "People")
        }
        after: dict[str, list[str]] = {}
        for kind, place, others in writes:
            own, other = (
                ("People", "Tasks") if "person" in kind or "back" in kind else ("Tasks", "People")
            )
            record = ids[own][place % len(ids[own])] if ids[own] else None
            if record is None:
                continue
            if kind.startswith("delete"):
                ask.delete(own, record)
                ids[own].remove(record)
                after.pop(record, None)
                after = {key: [one for one in cell if one != record] for key, cell in after.items()}
                continue
            field = {"link": "Who", "merge": "Who", "link back": "Tasks", "follow": "After"}[kind]
            pool = ids["Tasks" if kind == "follow" else other]
            wanted = [pool[n % len(pool)] for n in others] if pool else []
            if kind == "follow":
                after[record] = list(dict.fromkeys(wanted))
            if kind == "merge":
                name = ask.cells(own)[record]["Name"]
                body = {
                    "records": [{"fields": {"Name": name, "Who": wanted}}],
                    "performUpsert": {"fieldsToMergeOn": ["Name"]},
                }
                (answer,) = ask("PATCH", f"{ask.base}/Tasks", body)["records"]
                assert answer["id"] == record
                shown = answer["fields"].get(field, [])
            else:
                shown = ask.change(own, record, {field: wanted}).get(field, [])
            assert shown == list(dict.fromkeys(wanted))
        forth = {(t, p) for t, cells in ask.cells("Tasks").items() for p in cells.get("Who", ())}
        back = {(t, p) for p, cells in ask.cells("People").items() for t in cells.get("Tasks", ())}
        assert forth == back
        assert {t for t, _ in back} <= set(ids["Tasks"])
        assert {p for _, p in back} <= set(ids["People"])
        assert {key: cells.get("After", []) for key, cells in ask.cells("Tasks").items()} == {
            key: after.get(key, []) for key in ids["Tasks"]
        }


def test_webhooks_are_told_of_the_other_side(linked) -> None:
    """What a link changes in the linked table is a change of that table, too."""
    tasks = linked.schema()["People"]["Tasks"]["options"]["linkedTableId"]
    people = link_table(linked, "Who")
    webhook = linked.watch()
    (ada,) = linked.add("People", {"Name": "Ada"})
    (task,) = linked.add("Tasks", {"Name": "t", "Who": [ada["id"]]})
    payloads = linked.payloads(webhook)
    changed = payloads[-1]["changedTablesById"]
    link, back = linked.schema()["Tasks"]["Who"]["id"], linked.schema()["People"]["Tasks"]["id"]
    new = changed[tasks]["createdRecordsById"][task["id"]]["cellValuesByFieldId"]
    assert new[link] == [{"id": ada["id"], "name": "Ada"}]
    other = changed[people]["changedRecordsById"][ada["id"]]["current"]["cellValuesByFieldId"]
    assert other == {back: [{"id": task["id"], "name": "t"}]}
