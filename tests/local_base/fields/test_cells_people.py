"""Cells of collaborators."""

from __future__ import annotations

import pytest

from airhaul.local_base.store.people_rows import Person
from tests.local_base.asking import Asking

ADA = Person("usrAda0000000000a", "ada@example.com", "Ada")
BOB = Person("usrBob0000000000b", "bob@example.com", "Bob")


@pytest.fixture
def team(ask: Asking) -> Asking:
    with ask.store.session(write=True) as session:
        session.people.add(ADA)
        session.people.add(BOB)
    ask.table(
        "Tasks",
        {"name": "Who", "type": "singleCollaborator"},
        {"name": "All", "type": "multipleCollaborators"},
    )
    return ask


@pytest.mark.parametrize(
    "sent",
    [{"id": ADA.id}, {"email": ADA.email}, {"id": ADA.id, "email": ADA.email, "name": "Ada"}],
)
def test_a_person_is_named_by_id_or_email(team, sent) -> None:
    """And reads back whole."""
    (task,) = team.add("Tasks", {"Who": sent, "All": [sent, sent]})
    assert task["fields"] == {"Who": ADA.as_json(), "All": [ADA.as_json()]}


def test_many_people_are_taken_by_ids_alone(team) -> None:
    """As documented; the order stays."""
    (task,) = team.add("Tasks", {"All": [BOB.id, ADA.id]})
    assert task["fields"] == {"All": [BOB.as_json(), ADA.as_json()]}
    assert team.change("Tasks", task["id"], {"All": []}) == {}


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("Who", {"id": "usrNobody00000000"}),
        ("Who", {"email": "nobody@example.com"}),
        ("Who", {"id": ADA.id, "email": BOB.email}),
        ("Who", {}),
        ("Who", {"id": 1}),
        ("Who", ADA.id),
        ("Who", [ADA.id]),
        ("All", ADA.id),
        ("All", ["Ada"]),
        ("All", [None]),
    ],
)
def test_strangers_are_refused(team, field, sent) -> None:
    """With the service's words."""
    error = team.add("Tasks", {field: sent}, status=422)
    assert error["type"] == "INVALID_VALUE_FOR_COLUMN"
    assert error["message"].startswith("Cannot parse value ")
    assert error["message"].endswith(f" for field {field}")


@pytest.mark.parametrize("sent", ["Ada", "ada@example.com", ADA.id])
def test_typecast_finds_people(team, sent) -> None:
    """By name, e-mail or id; of a text with commas, each."""
    (task,) = team.add("Tasks", {"Who": sent, "All": f"Bob, {sent}"}, typecast=True)
    assert task["fields"] == {"Who": ADA.as_json(), "All": [BOB.as_json(), ADA.as_json()]}
    assert team.add("Tasks", {"Who": "Nobody"}, status=422, typecast=True)


def test_a_person_in_a_formula_is_the_name(team) -> None:
    """Decided so, as nothing is published."""
    team.add("Tasks", {"Who": {"id": ADA.id}, "All": [ADA.id, BOB.id]}, {})
    formula = "AND({Who} = 'Ada', {All} = 'Ada, Bob')"
    assert len(team.cells("Tasks", ("filterByFormula", formula))) == 1
