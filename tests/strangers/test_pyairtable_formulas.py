"""The served local base understands the formulas that pyairtable builds."""

from __future__ import annotations

import datetime as dt

import pytest
from pyairtable import formulas as f

WHEN = dt.datetime(2024, 2, 3, 12, 34, 56, tzinfo=dt.UTC)
BORN = dt.date(1990, 5, 6)


@pytest.mark.parametrize("name", ["O'Brien", 'a"b', "c\\d", "{x}", "line\nbreak", "😀"])
def test_hostile_values_in_this_clients_formulas(table, name) -> None:
    """Another client's escaping is read as it means it."""
    table.batch_create([{"Name": name}, {"Name": "other"}])
    assert table.first(formula=f.match({"Name": name}))["fields"]["Name"] == name


@pytest.fixture
def ada(table) -> str:
    """One record that every formula below is about, among others that differ."""
    record = table.create(
        {
            "Name": "Ada Lovelace",
            "Age": 36,
            "Active": True,
            "Status": "todo",
            "Born": "1990-05-06",
            "Seen": "2024-02-03T12:34:56.000Z",
        }
    )
    table.create({})
    return record["id"]


NAME, AGE, SEEN, BORN_FIELD = f.Field("Name"), f.Field("Age"), f.Field("Seen"), f.Field("Born")
OF_ADA_ALONE = [
    f.match({"Name": "Ada Lovelace", "Age": 36, "Active": True}),
    f.match({"Name": "nobody", "Age": 36}, match_any=True),
    f.match({"Age": (">", 30)}),
    f.match({"Seen": WHEN}),
    f.match({"Born": BORN}),
    f.EQ(SEEN, WHEN),
    NAME.eq("Ada Lovelace"),
    NAME.ne("") & AGE.gt(35) & AGE.gte(36) & AGE.lt(37) & AGE.lte(36),
    AGE.eq(36) ^ AGE.eq(37),
    ~AGE.eq(f.BLANK()) & ~NAME.eq("x"),
    AGE.eq(1) | NAME.eq("Ada Lovelace"),
    f.AND(Name="Ada Lovelace", Age=36),
    f.OR([NAME.eq("Ada Lovelace"), AGE.eq(99)]),
    f.NOT(Name=""),
    f.XOR(AGE.eq(36), NAME.eq("nobody")),
    f.FIND("2024-02-03", SEEN),
    f.SEARCH("lovelace", NAME),
    f.IF(AGE.eq(36), 1, 0),
    f.SWITCH(f.Field("Status"), "todo", 1, 0),
    f.EQ(f.LEFT(NAME, 3), "Ada"),
    f.EQ(f.RIGHT(NAME, 4), "lace"),
    f.EQ(f.LEN(NAME), 12),
    f.EQ(f.UPPER(NAME), "ADA LOVELACE"),
    f.EQ(f.LOWER(NAME), "ada lovelace"),
    f.EQ(f.TRIM(f.CONCATENATE(" ", NAME, " ")), "Ada Lovelace"),
    f.EQ(f.SUBSTITUTE(NAME, "a", "o"), "Ado Loveloce"),
    f.EQ(f.REPLACE(NAME, 1, 3, "Eve"), "Eve Lovelace"),
    f.EQ(f.REPT(f.LEFT(NAME, 1), 3), "AAA"),
    f.EQ(f.ENCODE_URL_COMPONENT(NAME), "Ada%20Lovelace"),
    f.REGEX_MATCH(NAME, "^Ada .*e$"),
    f.EQ(f.REGEX_EXTRACT(NAME, "[A-Z]\\w+"), "Ada"),
    f.EQ(f.REGEX_REPLACE(NAME, "[aeiou]", ""), "Ad Lvlc"),
    f.EQ(f.SUM(AGE, 1), 37),
    f.EQ(f.MAX(AGE, 1), 36),
    f.EQ(f.MIN(AGE, 99), 36),
    f.EQ(f.MOD(AGE, 5), 1),
    f.EQ(f.ROUND(f.SQRT(AGE), 0), 6),
    f.EQ(f.POWER(AGE, 2), 1296),
    f.EQ(f.AVERAGE(AGE, 38), 37),
    f.EQ(f.COUNTA(NAME, AGE), 2),
    f.EQ(f.VALUE("36"), AGE),
    f.EQ(f.YEAR(SEEN), 2024),
    f.EQ(f.MONTH(SEEN), 2),
    f.EQ(f.WEEKDAY(SEEN), 6),
    f.EQ(f.HOUR(SEEN), 12),
    f.EQ(f.DATESTR(BORN_FIELD), "1990-05-06"),
    f.EQ(f.DATETIME_FORMAT(SEEN, "DD.MM.YYYY HH:mm"), "03.02.2024 12:34"),
    f.EQ(f.DATETIME_DIFF(SEEN, f.DATETIME_PARSE("2024-02-01", "YYYY-MM-DD"), "days"), 2),
    f.IS_SAME(SEEN, "2024-02-03", "day"),
    f.IS_BEFORE(BORN_FIELD, SEEN),
    f.IS_AFTER(SEEN, f.DATEADD(SEEN, -1, "days")),
    f.AND(SEEN, f.IS_BEFORE(SEEN, f.NOW())),
    f.AND(NAME, f.IS_SAME(f.CREATED_TIME(), f.NOW(), "year")),
    "AND({Name}, RECORD_ID() != '')",
]


@pytest.mark.slow
@pytest.mark.parametrize("formula", OF_ADA_ALONE, ids=str)
def test_formulas_of_this_client_mean_what_they_say(table, ada, formula) -> None:
    """What the client's builders make finds the record they speak of, and no other."""
    assert [record["id"] for record in table.all(formula=formula)] == [ada]


def test_ids_in_formulas(table, ada) -> None:
    """A record is found by its id, and a field is named by its own."""
    assert [r["id"] for r in table.all(formula=f.EQ(f.RECORD_ID(), ada))] == [ada]
    age = table.schema().field("Age").id
    assert [r["id"] for r in table.all(formula=f.EQ(f.Field(age), 36))] == [ada]
