"""How many requests the server gets, and what is in them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import pytest

from airhaul import Airtable, BulkError, Q, Record, RowError, airtable_field
from airhaul.errors import ConfigurationError, FormulaError, LookupValueError, UnknownFieldError
from airhaul.local_base.base import LocalBase


class User(Record, table="Users"):
    name: str
    email: str = ""
    age: int | None = None
    is_active: bool = True
    born: date | None = None
    seen: datetime | None = airtable_field(None, column="Last seen")
    level: Literal["low", "high"] | None = None
    tags: list[str] = airtable_field(default_factory=list, choices=["a", "b"])


@pytest.fixture
def users(airtable: Airtable, local_base: LocalBase):
    table = airtable.table(User)
    table.create_table()
    local_base.requests.clear()
    return table


def rows(count: int) -> list[dict]:
    return [{"name": f"User {number}", "age": number} for number in range(count)]


@pytest.mark.parametrize(("count", "requests"), [(0, 0), (4, 1), (25, 3), (100, 10)])
def test_creating_takes_a_request_for_ten_rows(users, local_base, count, requests) -> None:
    """n rows are ceil(n / 10) requests, and all rows arrive in their order."""
    result = users.bulk_create(rows(count))
    assert len(local_base.requests) == result.requests == requests
    assert [user.name for user in result] == [row["name"] for row in rows(count)]
    assert all(user.id for user in result)
    stored = {user.id: user.age for user in users.all()}
    assert stored == {user.id: user.age for user in result}


def test_reading_takes_a_request_for_a_hundred_records(users, local_base) -> None:
    """250 records are 3 requests."""
    users.bulk_create(rows(250))
    local_base.requests.clear()
    assert len(users.all()) == 250
    assert len(local_base.requests) == 3


def test_the_first_is_one_request_for_one_record(users, local_base) -> None:
    """``first`` does not read a page to show one record."""
    users.bulk_create(rows(30))
    local_base.requests.clear()
    assert users.first(name="User 7").age == 7
    (request,) = local_base.requests
    assert dict(request.query)["pageSize"] == "1"
    assert dict(request.query)["maxRecords"] == "1"
    assert users.first(name="nobody") is None


def test_exists_and_count_read_as_little_as_they_can(users, local_base) -> None:
    """Counting asks for one column only."""
    (made, *_) = users.bulk_create(rows(120))
    local_base.requests.clear()
    assert users.exists(made.id)
    assert users.exists(age__gt=118)
    assert not users.exists(name="nobody")
    assert len(local_base.requests) == 3
    assert users.count(age__lt=100) == 100
    assert users.count() == 120
    assert [value for key, value in local_base.requests[-1].query if key == "fields[]"] == ["name"]


def test_saving_sends_what_changed_and_nothing_else(users, local_base) -> None:
    """An unchanged record is no request, and a changed one sends the changed cell alone."""
    user = users.create(name="Ada", age=36, tags=["a"])
    again = users.get(user.id)
    local_base.requests.clear()
    users.save(user)
    users.save(again)
    assert len(local_base.requests) == 0
    again.age = 37
    users.save(again)
    users.save(again)
    (request,) = local_base.requests
    assert (request.method, request.body) == ("PATCH", {"fields": {"age": 37}})
    again.tags.append("b")
    again.age = None
    again.is_active = False
    users.save(again)
    assert local_base.requests[-1].body == {
        "fields": {"age": None, "is_active": False, "tags": ["a", "b"]}
    }
    fresh = users.get(user.id)
    assert (fresh.age, fresh.is_active, fresh.tags) == (None, False, ["a", "b"])


def test_cells_that_were_not_fetched_are_never_written(users, local_base) -> None:
    """Reading two columns and saving must not clear the others."""
    user = users.create(name="Ada", age=36, email="a@b.c")
    (part,) = users.where(name="Ada").only("name", "age").all()
    assert part.not_fetched >= {"email", "is_active", "tags"}
    part.name = "Grace"
    users.save(part)
    assert local_base.requests[-1].body == {"fields": {"name": "Grace"}}
    assert users.get(user.id).email == "a@b.c"
    part = users.where(name="Grace").only("name").first()
    part.email = ""
    users.save(part)
    assert local_base.requests[-1].body == {"fields": {"email": None}}


def test_an_unticked_box_is_false_though_the_default_is_true(users) -> None:
    """Airtable leaves an unticked box out of its answer, and the default must not step in."""
    users.bulk_create([{"name": "off", "is_active": False}, {"name": "on"}])
    assert users.first(name="off").is_active is False
    assert users.first(name="on").is_active is True
    assert [user.name for user in users.find_by(is_active=False)] == ["off"]


HOSTILE = [
    "O'Brien",
    'a"b',
    "c\\d",
    "{x}",
    "line\nbreak",
    "tab\there",
    "😀",
    "\\'",
    "', 1) = 1",
    "ä",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_find_exactly_their_row(users, name) -> None:
    """Quotes, backslashes, braces, line breaks and emoji are only characters."""
    users.bulk_create([{"name": other} for other in HOSTILE])
    assert [user.name for user in users.find_by(name=name)] == [name]
    assert users.where(name__startswith=name).first().name == name


@pytest.mark.parametrize(
    ("lookups", "error", "said"),
    [
        ({"nam": "x"}, UnknownFieldError, "did you mean 'name'"),
        ({"age": "old"}, LookupValueError, "'age'"),
        ({"born__lt": "yesterday"}, LookupValueError, "'born'"),
        ({"name": 5}, LookupValueError, "'name'"),
        ({"is_active": "maybe"}, LookupValueError, "'is_active'"),
    ],
)
def test_wrong_lookups_fail_before_any_request(users, local_base, lookups, error, said) -> None:
    """The field is named, and nothing is sent."""
    for verb in (users.find_by, users.first, users.where, users.exists, users.count):
        with pytest.raises(error, match=said):
            verb(**lookups)
    assert len(local_base.requests) == 0


def test_a_list_with_a_bad_row_sends_nothing(users, local_base) -> None:
    """Row 17 is named with its field, its value and the reason."""
    given = rows(25)
    given[17]["age"] = "n/a"
    with pytest.raises(
        BulkError, match=r"row 17, field 'age': .*valid integer.*got 'n/a'"
    ) as caught:
        users.bulk_create(given)
    assert len(local_base.requests) == 0
    result = caught.value.result
    assert [row.index for row in result.errors] == [17]
    assert isinstance(caught.value.__cause__, RowError)
    assert len(result) == 0


def test_a_stream_with_a_bad_row_says_what_was_written(users, local_base) -> None:
    """A generator is validated as it is read; what was sent before is at hand."""
    given = rows(25)
    given[17]["age"] = "n/a"
    with pytest.raises(BulkError) as caught:
        users.bulk_create(row for row in given)
    result = caught.value.result
    assert [row.state for row in result.outcomes[:10]] == ["created"] * 10
    assert result.outcomes[17].state == "failed"
    assert {row.state for row in result.outcomes[10:17]} == {"skipped"}
    assert {user.id for user in users.all()} == {user.id for user in result}


def test_unknown_keys_are_refused_and_ids_of_an_export_are_not(users) -> None:
    """A misspelt key would silently lose data; ``id`` and ``created_time`` come from exports."""
    with pytest.raises(BulkError, match="no field 'emial'; did you mean 'email'"):
        users.bulk_create([{"name": "x", "emial": "a@b.c"}])
    (made,) = users.bulk_create(
        [{"name": "x", "Last seen": "2024-01-01", "id": "rec00000000000001", "created_time": None}]
    )
    assert made.seen.year == 2024


def test_a_refused_request_names_its_rows(users, local_base) -> None:
    """What Airtable refuses is told with its own words, and the row that it speaks of."""
    with pytest.raises(BulkError, match="INVALID_MULTIPLE_CHOICE_OPTIONS") as caught:
        users.bulk_create([*rows(10), {"name": "x", "tags": ["new"]}, *rows(3)])
    result = caught.value.result
    assert [row.index for row in result.errors] == [10]
    assert result.errors[0].error.field == "tags"
    assert [row.index for row in result.skipped] == [11, 12, 13]
    assert users.count() == len(result) == 10
    assert "row 10, field 'tags'" in result.explain()[0]


def test_typecast_adds_choices(users) -> None:
    """What would be refused is converted when asked for."""
    users.bulk_create([{"name": "x", "tags": ["new"]}], typecast=True)
    assert users.first(tags__contains="new").name == "x"


def test_a_record_that_exists_is_not_created_again(users) -> None:
    """No row twice: a record with an id is refused."""
    user = users.create(name="x")
    with pytest.raises(BulkError, match="would duplicate it"):
        users.bulk_create([user])


def test_own_records_get_their_ids(users) -> None:
    """A record that is handed in is the record that comes back."""
    mine = [User(name="a"), User(name="b")]
    result = users.bulk_create(mine)
    assert result[0] is mine[0]
    assert mine[1].id == result[1].id
    assert users.get(mine[1].id) == mine[1]


def test_queries_sort_limit_and_combine(users, local_base) -> None:
    """``where`` is lazy, and its parts add up."""
    users.bulk_create(rows(20))
    query = users.where(age__gte=5).where(Q(age__lt=8) | Q(age=19)).order_by("-age")
    assert [user.age for user in query.all()] == [19, 7, 6, 5]
    assert [user.age for user in query.limit(2).all()] == [19, 7]
    assert query.count() == 4
    query.limit(2).all()
    assert dict(local_base.requests[-1].query)["pageSize"] == "2"  # not a page of 100
    for one_key in ("-age", ("age", "desc"), {"field": "age", "direction": "desc"}, ["-age"]):
        assert [user.age for user in users.all(formula="{age} > 17", sort=one_key)] == [19, 18]
    assert len(users.all(filterByFormula="{age} > 17", maxRecords=1)) == 1
    assert [user.age for user in users.iterate(sort=["-age"], page_size=7)] == list(
        range(19, -1, -1)
    )


def test_a_data_frame_of_an_unknown_kind_is_refused_with_the_way_to_its_rows(
    users, local_base
) -> None:
    """Its columns, which iterating it gives, are no rows."""
    frame = type("DataFrame", (), {"__iter__": lambda self: iter(["name", "age"])})()
    with pytest.raises(ConfigurationError, match=r"DataFrame cannot be read; pass them as dicts"):
        users.bulk_create(frame)
    assert len(local_base.requests) == 0


def test_a_condition_may_be_a_formula_as_text(users, local_base) -> None:
    """Beside lookups; what is no formula, or no condition, is told before anything is sent."""
    users.bulk_create(rows(20))
    assert users.count("{age} > 17") == 2
    assert [user.age for user in users.where("{age} > 15", age__lt=17).all()] == [16]
    before = len(local_base.requests)
    with pytest.raises(FormulaError, match="expected"):
        users.where("{age} >")
    with pytest.raises(ConfigurationError, match=r"a condition is .*, not 3"):
        users.where(3)
    assert len(local_base.requests) == before


def test_a_query_and_a_connection_say_what_they_are(users, local_base) -> None:
    """In Airtable's words, without a request, and without the token."""
    query = users.where("{age} > 3").order_by("-age").limit(2)
    assert repr(query) == (
        "<Query of Users: sort[0][field]=age, sort[0][direction]=desc, "
        "filterByFormula={age} > 3, maxRecords=2, pageSize=2>"
    )
    assert repr(users.where()) == "<Query of Users: all records>"
    assert repr(users.where().order_by("agee")).startswith("<Query of Users: not valid: User has")
    assert repr(Airtable("patX.secret", "app00000000000001")) == (
        "<Airtable app00000000000001 at https://api.airtable.com>"
    )
    assert repr(Airtable.local("x.db")) == "<Airtable at x.db>"
    assert repr(users) == "<Table 'Users' of User>"
    assert len(local_base.requests) == 0


def test_options_that_do_not_exist_are_refused(users, local_base) -> None:
    """A misspelt option must not be ignored."""
    with pytest.raises(TypeError, match=r"^there is no option 'max_recrods'; .*max_records"):
        users.all(max_recrods=3)
    with pytest.raises(TypeError, match=r"^there is no option 'progres'; .*progress"):
        users.bulk_create([], progres=True)
    with pytest.raises(ConfigurationError, match="on_error"):
        users.bulk_create([], on_error="ignore")
    with pytest.raises(ConfigurationError, match="page_size"):
        users.all(page_size=101)
    with pytest.raises(TypeError, match=r"^there is no option 'lokal'; .*local, timeout_s"):
        Airtable("pat", lokal="x.db")
    with pytest.raises(ConfigurationError, match=r"table_named\('Users'\)"):
        users.airtable.table("Users")
    assert len(local_base.requests) == 0


def test_deleting_and_refreshing(users) -> None:
    """One record at a time, by record or id."""
    user = users.create(name="x", age=1)
    other = users.get(user.id)
    other.age = 2
    users.save(other)
    assert users.refresh(user).age == 2
    users.delete(user)
    assert not users.exists(user.id)
    with pytest.raises(ConfigurationError, match="no id"):
        users.delete(User(name="y"))


def test_progress_is_told_row_by_row(users) -> None:
    """The callback gets how many are done, of how many, and the record."""
    told: list[tuple] = []
    result = users.bulk_create(rows(25), progress=lambda *args: told.append(args))
    assert [(done, total) for done, total, _ in told] == [(n, 25) for n in range(1, 26)]
    assert {record.id for _, _, record in told} == {record.id for record in result}


def test_the_result_reads_as_a_sequence(users) -> None:
    """Length, items, slices and iteration are those of the records."""
    result = users.bulk_create(rows(12))
    assert len(result) == 12
    assert result[3].age == 3
    assert [user.age for user in result[2:4]] == [2, 3]
    assert result.to_dict()["created"] == 12
    assert "12 created in 2 requests" in str(result)
    assert "<th>created</th><td>12</td>" in result._repr_html_()
    assert "<ul>" not in result._repr_html_()
