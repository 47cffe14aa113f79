"""pyairtable reads lists from the served local base, with every option it has."""

from __future__ import annotations

import pytest
import requests
from pyairtable import formulas


def test_all_with_formulas_sort_and_fields(table) -> None:
    """The list endpoint takes every parameter that this client sends."""
    table.batch_create(
        [{"Name": f"P{n}", "Age": n, "Active": n % 2 == 0, "Born": f"2024-01-{n + 1:02d}"}
         for n in range(20)]
    )  # fmt: skip
    found = table.all(formula=formulas.AND(formulas.GT(formulas.Field("Age"), 15), "{Active}"))
    assert sorted(record["fields"]["Age"] for record in found) == [16, 18]
    assert table.all(formula=formulas.match({"Name": "P3"}))[0]["fields"]["Age"] == 3
    found = table.all(sort=["-Age"], fields=["Age"], max_records=3)
    assert [record["fields"] for record in found] == [{"Age": 19}, {"Age": 18}, {"Age": 17}]
    pages = list(table.iterate(page_size=8))
    assert [len(page) for page in pages] == [8, 8, 4]
    assert len(table.all(view="Grid view")) == 20
    early = table.all(formula="IS_BEFORE({Born}, '2024-01-03')")
    assert {record["fields"]["Name"] for record in early} == {"P0", "P1"}
    by_id = table.all(use_field_ids=True, max_records=1)[0]["fields"]
    assert all(key.startswith("fld") for key in by_id)


def test_a_long_formula_by_post(table, local_base) -> None:
    """499 ids by formula exceed a URL, and the POST form pages too."""
    made = table.batch_create([{"Name": f"P{n}"} for n in range(250)])
    formula = formulas.OR(*[formulas.EQ(formulas.RECORD_ID(), r["id"]) for r in made] * 2)
    assert {record["id"] for record in table.all(formula=formula)} == {r["id"] for r in made}
    assert local_base.requests[-1].path.endswith("/listRecords")


def test_first(table) -> None:
    """The first of none is None."""
    assert table.first() is None
    table.create({"Name": "a"})
    assert table.first()["fields"] == {"Name": "a"}


def test_formula_faults_are_told(table) -> None:
    """A wrong formula and an unknown field are told apart."""
    with pytest.raises(requests.HTTPError, match="Invalid formula. Please check"):
        table.all(formula="AND(")
    with pytest.raises(requests.HTTPError, match="Unknown field names: firstname, lastname"):
        table.all(formula="{FirstName} & lastname")


def test_every_option_by_get_and_by_post(table) -> None:
    """No option of this client is refused, in the query or in the body."""
    record = table.create({"Name": "abracadabra"})
    name = table.schema().field("Name").id
    by_id = {**record, "fields": {name: "abracadabra"}}
    long = f"Name != '{'x' * 17000}'"
    for options in ({}, {"formula": long}):
        assert table.all(**options, view="Grid view") == [record]
        assert table.all(**options, max_records=1) == [record]
        assert table.all(**options, page_size=1) == [record]
        assert table.all(**options, offset="") == [record]
        assert table.all(**options, fields=["Name", "Age"]) == [record]
        assert table.all(**options, cell_format="json") == [record]
        assert table.all(**options, sort=["Name", "-Age"]) == [record]
        assert table.all(**options, time_zone="utc") == [record]
        assert table.all(**options, user_locale="en-ie") == [record]
        assert table.all(**options, use_field_ids=True) == [by_id]
        assert table.all(**options, count_comments=True) == [{**record, "commentCount": 0}]


def test_pages_of_every_size(table) -> None:
    """Sizes of pages and the most records are kept together."""
    made = table.batch_create([{"Name": f"P{n}"} for n in range(120)])
    assert [len(page) for page in table.iterate()] == [100, 20]
    assert [len(page) for page in table.iterate(page_size=10, max_records=25)] == [10, 10, 5]
    assert table.all(page_size=1, max_records=2, view="Grid view") == made[:2]
    with pytest.raises(requests.HTTPError, match="INVALID_REQUEST_UNKNOWN"):
        table.all(page_size=101)


def test_views_filter_and_sort(base, table, local_base) -> None:
    """A view restricts and orders; a sort of the request orders anew, and a formula restricts more."""
    table.batch_create([{"Name": f"P{n}", "Age": n} for n in range(6)])
    order = [{"field": "Age", "direction": "desc"}]
    view = local_base.add_view(base.id, "People", "Old", formula="{Age} > 2", sort=order)
    for name in ("Old", view):
        assert [record["fields"]["Age"] for record in table.all(view=name)] == [5, 4, 3]
    assert [r["fields"]["Age"] for r in table.all(view="Old", sort=["Age"])] == [3, 4, 5]
    assert [r["fields"]["Age"] for r in table.all(view="Old", formula="{Age} < 5")] == [4, 3]
    with pytest.raises(requests.HTTPError, match="VIEW_NAME_NOT_FOUND"):
        table.all(view="None")
    with pytest.raises(requests.HTTPError, match="VIEW_ID_NOT_FOUND"):
        table.all(view="viw00000000000000")


def test_cells_as_text(table) -> None:
    """Cells are shown as people read them, in the zone asked for; zone and locale are needed."""
    made = table.create(
        {"Name": "a", "Age": 36, "Active": True, "Status": "todo", "Seen": "2024-02-03T22:30:00Z"}
    )
    options = {"cell_format": "string", "user_locale": "en-us"}
    (tokyo,) = table.all(**options, time_zone="Asia/Tokyo")
    assert tokyo["fields"] == {
        "Name": "a",
        "Age": "36",
        "Active": "checked",
        "Status": "todo",
        "Seen": "2024-02-04 07:30",
    }
    (berlin,) = table.all(**options, time_zone="Europe/Berlin", formula=f"Name != '{'x' * 17000}'")
    assert berlin["fields"]["Seen"] == "2024-02-03 23:30"
    assert table.get(made["id"], **options, time_zone="Asia/Tokyo") == tokyo
    with pytest.raises(requests.HTTPError, match="422"):
        table.all(**options)


def test_comments_are_counted(table) -> None:
    """The number of comments comes when asked for, and only then."""
    record = table.create({"Name": "a"})
    table.add_comment(record["id"], "one")
    table.add_comment(record["id"], "two")
    assert table.all(count_comments=True)[0]["commentCount"] == 2
    assert table.all() == [record]
