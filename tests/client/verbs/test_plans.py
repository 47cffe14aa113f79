"""Plans: what would be written, and whether it still may be."""

from __future__ import annotations

import pytest

from airhaul import BulkError, errors
from tests.client.verbs.people import full_rows, held, rows, title, writes


def test_a_plan_writes_nothing_and_applies_what_it_says(people, local_base) -> None:
    """Counts, differences, requests and seconds; then the same is done."""
    people.bulk_create(rows(30))
    given = [*rows(29), {"name": "new", "email": "new@x.org"}]
    given[2] = {**given[2], "age": 77, "joined": "2024-05-06"}
    local_base.requests.clear()
    plan = people.plan_sync(given, key="email", delete_missing=True)
    assert writes(local_base) == []
    assert plan.counts() == {"create": 1, "update": 1, "delete": 1, "unchanged": 28}
    assert (plan.requests, plan.seconds) == (3, pytest.approx(0.6))
    change = next(one for one in plan.differences if one.verb == "update")
    age, joined = title("age", people.model), title("joined", people.model)
    assert change.cells == {age: (2, 77), joined: (None, "2024-05-06")}
    assert change.label == "e2@x.org"
    text = str(plan)
    assert "1 to create, 1 to update, 1 to delete, 28 unchanged: 3 requests" in text
    assert f"{age}: 2 -> 77" in text
    assert "<td>77</td>" in plan._repr_html_()
    assert plan.to_dict()["differences"][0]["cells"][age] == {"before": 2, "after": 77}
    result = plan.apply()
    assert result.counts() == {"created": 1, "updated": 1, "deleted": 1, "unchanged": 28}
    assert len(held(local_base)) == 30
    with pytest.raises(errors.ConfigurationError, match="applied before"):
        plan.apply()


def test_a_plan_is_refused_when_a_record_of_it_has_changed(people, local_base) -> None:
    """What somebody else did meanwhile is not written over, unless told to."""
    made = people.bulk_create(rows(5))
    changes = [{"id": person.id, "age": 50} for person in made[:3]]
    plan = people.plan_update(changes)
    people.bulk_update([made[4]], age=1)  # not in the plan
    people.bulk_update([made[1]], notes="not a cell of the plan")
    local_base.requests.clear()
    assert plan.apply().counts() == {"updated": 3}
    stale = people.plan_update([{"id": person.id, "age": 60} for person in made[:3]])
    people.bulk_update([made[1].id], age=2)
    with pytest.raises(errors.StalePlanError) as caught:
        stale.apply()
    assert caught.value.record_ids == (made[1].id,)
    assert [row["age"] for row in held(local_base)[:3]] == [50, 2, 50]
    assert stale.apply(check=False).counts() == {"updated": 3}
    gone = people.plan_delete(made[:2])
    people.bulk_update([made[0]], notes="changed")
    with pytest.raises(errors.StalePlanError):
        gone.apply()
    new = people.plan_upsert(full_rows(7), key="email")
    people.bulk_create(rows(7)[6:])
    with pytest.raises(errors.StalePlanError):
        new.apply()


def test_each_verb_has_its_plan(people, local_base) -> None:
    """Nothing is written by any of them, and each says what its verb does."""
    made = people.bulk_create(rows(4))
    made[0].age = 9
    plans = [
        (people.plan_create(rows(11)), {"create": 11}),
        (people.plan_update([{"id": made[1].id, "age": 1}], status="old"), {"update": 1}),
        (people.plan_save([*made, people.model(name="n", email="n")]), {"create": 1, "update": 1, "unchanged": 3}),
        (people.plan_upsert([*rows(2), {"name": "x", "email": "x"}], "email"), {"create": 1, "unchanged": 2}),
        (people.plan_delete(made[:2]), {"delete": 2}),
        (people.plan_get_or_create({"name": "other"}, email="e1@x.org"), {"unchanged": 1}),
        (people.plan_get_or_create({"name": "other"}, email="new"), {"create": 1}),
        (people.plan_update_or_create({"name": "other"}, email="e1@x.org"), {"update": 1}),
        (people.where(age__lt=2).plan_update(age=1), {"update": 1, "unchanged": 1}),
        (people.where(age__lt=2).plan_delete(), {"delete": 2}),
    ]  # fmt: skip
    assert all(method == "POST" for method, _ in writes(local_base))
    for plan, counts in plans:
        assert {name: count for name, count in plan.counts().items() if count} == counts
        assert str(plan)
    missing = people.plan_delete(["rec00000000000000", made[0].id])
    assert "there is no record rec00000000000000" in str(missing.errors[0])
    with pytest.raises(BulkError, match="Nothing was sent"):
        missing.apply()
    assert missing.apply(on_error="continue").counts() == {"failed": 1, "deleted": 1}


def test_a_plan_fits_a_terminal(people) -> None:
    """Long cells are cut, and the table stays within the width."""
    import io

    from rich.console import Console

    made = people.bulk_create([{"name": "n" * 300, "email": "e"}])
    plan = people.plan_update([{"id": made[0].id, "name": "line\nbreak " * 50, "notes": "x"}])
    console = Console(file=io.StringIO(), width=80)
    console.print(plan)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert title("notes", people.model) in text


@pytest.mark.parametrize(
    ("key", "other"),
    [("AB1", "ab1"), (" ab1", "ab1"), ("ab1", "ab1\t"), ("caf\u00e9", "cafe\u0301")],
)
def test_a_new_key_that_is_almost_another_is_noted(people, key, other) -> None:
    """They are different keys, as they always are; but often somebody meant the same one."""
    people.bulk_create([{"name": "old", "email": other}, {"name": "b", "email": "b@x.org"}])
    given = [{"name": "new", "email": key}, {"name": "c", "email": "c@x.org"}]
    plan = people.plan_sync(given, key="email")
    assert plan.counts()["create"] == 2
    (note,) = plan.notes
    assert note in str(plan)
    assert note == (
        "1 new key differs from another one only in case, spaces or Unicode form, such as "
        f"{key!r} from {other!r}. They are different keys."
    )
    both = people.plan_sync([*given, {"name": "old", "email": other}], key="email")
    assert both.notes == plan.notes
    people.bulk_create(given)
    assert people.plan_sync(given, key="email").notes == ()
