"""Bases that are described, and records that have their ids already."""

from __future__ import annotations

import io
import json

import pytest

from airhaul.errors import ConfigurationError
from airhaul.local_base.base import LocalBase
from tests.local_base.asking import Asking

BASE = "app00000000000001"


def one(kind: str, number: int) -> str:
    return f"{kind}{number:014}"


TABLES = [
    {
        "id": one("tbl", 1),
        "name": "People",
        "description": "who",
        "primaryFieldId": one("fld", 2),
        "fields": [
            {
                "id": one("fld", 1),
                "name": "Status",
                "type": "singleSelect",
                "options": {
                    "choices": [{"id": one("sel", 1), "name": "new", "color": "redBright"}]
                },
            },
            {"id": one("fld", 2), "name": "Name", "type": "singleLineText", "description": "all"},
            {
                "id": one("fld", 3),
                "name": "Friends",
                "type": "multipleRecordLinks",
                "options": {
                    "linkedTableId": one("tbl", 1),
                    "isReversed": False,
                    "prefersSingleRecordLink": False,
                },
            },
            {
                "id": one("fld", 4),
                "name": "Loud",
                "type": "formula",
                "options": {
                    "isValid": True,
                    "formula": f"UPPER({{{one('fld', 2)}}})",
                    "referencedFieldIds": [one("fld", 2)],
                    "result": {"type": "singleLineText"},
                },
            },
            {"id": one("fld", 5), "name": "Number", "type": "autoNumber"},
            {"id": one("fld", 6), "name": "Odd", "type": "somethingNew", "options": {"a": [1]}},
            {"id": one("fld", 7), "name": "Owner", "type": "singleCollaborator"},
            {
                "id": one("fld", 8),
                "name": "Files",
                "type": "multipleAttachments",
                "options": {"isReversed": False},
            },
        ],
        "views": [
            {"id": one("viw", 1), "name": "All", "type": "grid", "visibleFieldIds": []},
            {"id": one("viw", 2), "name": "Board", "type": "kanban"},
        ],
    }
]
DESCRIBED = {"id": BASE, "name": "Friends", "tables": TABLES}


def schema_of(local_base: LocalBase) -> list:
    path = f"meta/bases/{local_base.default_base_id}/tables"
    return Asking(local_base)("GET", path, None, ("include", "visibleFieldIds"))["tables"]


def test_a_described_base_is_printed_as_it_was_described(tmp_path) -> None:
    """All ids, types and options come back, the primary field before the others."""
    file = tmp_path / "base.json"
    file.write_text(json.dumps(DESCRIBED))
    with LocalBase.open(tmp_path / "base.db", schema=file) as local_base:
        assert local_base.default_base_id == BASE
        assert [base["name"] for base in Asking(local_base)("GET", "meta/bases")["bases"]] == [
            "Friends"
        ]
        (table,) = schema_of(local_base)
        fields = TABLES[0]["fields"]
        assert table == {**TABLES[0], "fields": [fields[1], fields[0], *fields[2:]]}
        again = {"id": BASE, "tables": [table]}
    with LocalBase.open(schema=again) as other:
        assert schema_of(other) == [table]


def test_opening_a_file_again_with_its_schema_changes_nothing(tmp_path) -> None:
    """And one with another schema is refused."""
    path = tmp_path / "base.db"
    for _ in range(2):
        with LocalBase.open(path, schema=DESCRIBED) as local_base:
            assert len(schema_of(local_base)) == 1
    other = {"id": BASE, "tables": [{**TABLES[0], "id": one("tbl", 9)}]}
    with pytest.raises(ConfigurationError, match="no table 'People'"):
        LocalBase.open(path, schema=other)
    taken = {**DESCRIBED, "id": "app00000000000002"}
    with pytest.raises(ConfigurationError, match="already"):
        LocalBase.open(path, schema=taken)


def test_a_description_without_ids_gets_new_ones(tmp_path) -> None:
    """So that one can be written by hand; choices are made whole."""
    choices = {"choices": [{"name": "a"}, {"name": "b"}]}
    fields = [
        {"name": "Name", "type": "singleLineText"},
        {"name": "Kind", "type": "singleSelect", "options": choices},
    ]
    described = {"tables": [{"name": "Things", "fields": fields}]}
    path = tmp_path / "base.db"
    with LocalBase.open(path, schema=described) as local_base:
        (table,) = schema_of(local_base)
    with LocalBase.open(path, schema=described) as local_base:
        assert schema_of(local_base) == [table]
    assert [view["name"] for view in table["views"]] == ["Grid view"]
    made = table["fields"][1]["options"]["choices"]
    assert [choice["name"] for choice in made] == ["a", "b"]
    assert len({choice["id"] for choice in made}) == 2


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ({}, "tables: Field required"),
        ({"tables": [{"name": "T", "fields": []}]}, r"tables\[0\].fields"),
        ({"id": "app'; DROP TABLE records", "tables": []}, "is not an ID"),
        (
            {"tables": [{"name": "T", "fields": [{"id": "fld1", "name": "N", "type": "email"}]}]},
            r"tables\[0\].fields\[0\].id: 'fld1' is not an ID",
        ),
        (
            {"tables": [{**TABLES[0], "primaryFieldId": one("fld", 99)}]},
            "primary field fld00000000000099 does not exist",
        ),
        ({"tables": [TABLES[0], {**TABLES[0], "name": "Other"}]}, "duplicate ids"),
        ({"tables": TABLES * 2}, "duplicate table names: people"),
        ([], "does not describe a base"),
    ],
)
def test_what_describes_no_base_is_told_with_its_place(described, said) -> None:
    """Ids become parts of SQL, so that only what has their form is taken for one."""
    with pytest.raises(ConfigurationError, match=said):
        LocalBase.open(schema=described)


def test_files_that_cannot_be_read_are_told(tmp_path) -> None:
    """A missing file and one that is no JSON."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        LocalBase.open(schema=tmp_path / "missing.json")
    odd = tmp_path / "odd.json"
    odd.write_text("tables: []")
    with pytest.raises(ConfigurationError, match="is not JSON"):
        LocalBase.open(schema=odd)


RECORDS = [
    {
        "id": one("rec", 1),
        "createdTime": "2020-01-01T00:00:00.000Z",
        "fields": {
            "Name": "Ada",
            one("fld", 3): [one("rec", 2)],
            "Loud": "ADA",
            "Number": 7,
            "Odd": {"any": "thing"},
            "Owner": {"id": one("usr", 1), "email": "o@example.org", "name": "Otto"},
            "Files": [
                {"id": one("att", 1), "url": "https://files.test/a.txt", "filename": "a.txt"}
            ],
        },
    },
    {
        "id": one("rec", 2),
        "createdTime": "2020-01-02T00:00:00.000Z",
        "fields": {"Name": "Bob", "Friends": [one("rec", 1)]},
    },
]


def test_records_are_restored_with_ids_times_and_numbers() -> None:
    """Links may point at records that come later; what is computed is not kept."""
    with LocalBase.open(schema=DESCRIBED) as local_base:
        contents = {one("att", 1): b"hello"}
        assert local_base.restore_records(BASE, "People", RECORDS, contents) == 2
        listed = Asking(local_base)("GET", f"{BASE}/People")["records"]
        assert [record["id"] for record in listed] == [one("rec", 1), one("rec", 2)]
        assert listed[0]["createdTime"] == "2020-01-01T00:00:00.000Z"
        ada = listed[0]["fields"]
        assert ada["Friends"] == [one("rec", 2)]
        assert ada["Odd"] == {"any": "thing"}
        assert local_base.file(ada["Files"][0]["url"]).body == b"hello"
        assert ada["Owner"] == RECORDS[0]["fields"]["Owner"]
        assert [record["fields"]["Loud"] for record in listed] == ["ADA", "BOB"]
        assert [record["fields"]["Number"] for record in listed] == [7, 8]
        body = {"fields": {"Name": "Cy"}}
        made = Asking(local_base)("POST", f"{BASE}/People", body)
        assert made["fields"]["Number"] == 9


@pytest.mark.parametrize(
    "record",
    [
        {"id": "x", "createdTime": "2020-01-01T00:00:00.000Z", "fields": {}},
        {"id": one("rec", 3), "fields": {}},
        {**RECORDS[0], "id": one("rec", 3), "fields": {"Nobody": 1}},
        RECORDS[0],
    ],
)
def test_records_that_do_not_fit_are_refused_all_together(record) -> None:
    """Nothing of the call is kept, and nothing that was there is harmed."""
    with LocalBase.open(schema=DESCRIBED) as local_base:
        local_base.restore_records(BASE, "People", RECORDS[:1])
        with pytest.raises(ConfigurationError):
            local_base.restore_records(BASE, "People", [RECORDS[1], record])
        assert len(Asking(local_base)("GET", f"{BASE}/People")["records"]) == 1
    with pytest.raises(ConfigurationError, match="no table"), LocalBase.open() as empty:
        empty.restore_records(empty.default_base_id, "People", [])


def test_a_last_modification_is_kept_for_its_field() -> None:
    """What the copied record tells of it is what the copy knows, by field and person."""
    fields = [
        {"id": one("fld", 1), "name": "Name", "type": "singleLineText"},
        {"id": one("fld", 2), "name": "Note", "type": "singleLineText"},
        {"id": one("fld", 3), "name": "Ever", "type": "lastModifiedTime"},
        {
            "id": one("fld", 4),
            "name": "Noted",
            "type": "lastModifiedTime",
            "options": {"referencedFieldIds": [one("fld", 2)]},
        },
        {"id": one("fld", 5), "name": "By", "type": "lastModifiedBy"},
    ]
    described = {"id": BASE, "tables": [{"id": one("tbl", 1), "name": "T", "fields": fields}]}
    cells = {
        "Name": "a",
        "Note": "b",
        "Ever": "2021-01-01T00:00:00.000Z",
        "Noted": "2020-06-01T00:00:00.000Z",
        "By": {"id": one("usr", 7), "email": "x@example.org"},
    }
    record = {"id": one("rec", 1), "createdTime": "2020-01-01T00:00:00.000Z", "fields": cells}
    with LocalBase.open(schema=described) as local_base:
        local_base.restore_records(BASE, "T", [record])
        (shown,) = Asking(local_base)("GET", f"{BASE}/T")["records"]
    by = {"id": one("usr", 7), "email": "x@example.org", "name": "x"}
    assert shown == {**record, "fields": {**cells, "By": by}}


class Watched(io.BytesIO):
    """A file that remembers how much of it was read at a time."""

    largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.largest = max(self.largest, len(piece))
        return piece


def test_the_content_of_a_file_is_stored_piece_by_piece() -> None:
    """A file may be larger than the memory; without it, its attachment stays as it was restored."""
    field = {"name": "Files", "type": "multipleAttachments", "options": {"isReversed": False}}
    tables = [{"name": "T", "fields": [{"name": "Name", "type": "singleLineText"}, field]}]
    with LocalBase.open(schema={"id": BASE, "tables": tables}) as local_base:
        file = {"id": one("att", 1), "filename": "x.txt", "type": "text/plain"}
        record = {"id": one("rec", 1), "createdTime": "2020-01-01T00:00:00.000Z"}
        local_base.restore_records(BASE, "T", [{**record, "fields": {"Files": [file]}}])
        text = b"0123456789" * 500_000
        content = Watched(text)
        local_base.restore_file(one("att", 1), content, len(text))
        assert content.largest < len(text) / 2
        (shown,) = Asking(local_base).cells("T").values()
        (held,) = shown["Files"]
        assert (held["size"], held["type"]) == (len(text), "text/plain")
        assert local_base.file(held["url"]).body == text
        with pytest.raises(ConfigurationError, match="no attachment att"):
            local_base.restore_file(one("att", 2), io.BytesIO(b"x"), 1)
        with pytest.raises(ConfigurationError, match="at most 1,000,000,000"):
            local_base.restore_file(one("att", 1), io.BytesIO(b"x"), 2_000_000_000)


def test_restored_records_are_brought_into_the_order_of_their_creation() -> None:
    """A list without a view comes by id; views of a copy show what was created first first."""
    tables = [
        {"name": name, "fields": [{"name": "Name", "type": "singleLineText"}]} for name in "TU"
    ]
    with LocalBase.open(schema={"id": BASE, "tables": tables}) as local_base:
        days = {1: "2022-01-01", 2: "2020-01-01", 3: "2021-01-01", 4: "2020-01-01"}
        for table, kind in (("T", "rec"), ("U", "recU")):
            for number, day in days.items():
                record_id = f"{kind}{number:0{17 - len(kind)}}"
                record = {"id": record_id, "createdTime": f"{day}T00:00:00.000Z"}
                cells = {"Name": str(number)}
                local_base.restore_records(BASE, table, [{**record, "fields": cells}])
        ask = Asking(local_base)
        local_base.sort_by_creation(BASE, "T")
        assert ask.names("T") == ["2", "4", "3", "1"]
        assert ask.names("U") == ["1", "2", "3", "4"]
        ask.add("T", {"Name": "new"})
        assert ask.names("T")[-1] == "new"
        with pytest.raises(ConfigurationError, match="no table 'V'"):
            local_base.sort_by_creation(BASE, "V")
