"""Looking for rows whose create was lost: what is adopted, sent again, and left unknown."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any

import pytest

from airhaul import Record, Retries
from airhaul.bulk.engine.events import Reconciled, Retrying
from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.pacer import Pacer
from airhaul.bulk.results.policy import Policy
from airhaul.bulk.rows.encoders import RowEncoder, upsert_encoder
from airhaul.bulk.rows.keys import Key
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.assemble import BulkWrite, RowInput, assemble
from airhaul.bulk.writing.prefetch import PrefetchByKey
from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.model.read import Reader
from airhaul.testing import simulate
from airhaul.wire.call import Call
from airhaul.wire.endpoints import base_schema, create_records
from tests.simulated_base import SimulatedBase, context_of, writing_job


class Item(Record, table="Items"):
    name: str
    number: int = 0


def lost(base: SimulatedBase, rows: list[dict[str, Any]], start: float = 10.0, **options):
    """Create rows on a base whose first create is lost, and say what came out."""
    job = writing_job(base, RowEncoder(Item), on_error="continue", **options)
    run = simulate(job, lambda call, now: base(call, now + start), rows)
    outcomes, held = job.result, base.held()
    base.close()
    told = [event for event in run.events if isinstance(event, Reconciled)]
    return outcomes, held, told


def first_create(kind: str) -> Faults:
    return Faults(Fault(kind, at=1, method="POST"))


ROWS = [{"name": f"n{number}", "number": number} for number in range(10)]


def test_a_request_that_is_carried_out_after_the_first_look_is_found_by_the_second() -> None:
    """The connection broke, and the service took some seconds more."""
    base = SimulatedBase(Item, late={1: 4.0})
    outcomes, held, told = lost(base, ROWS)
    assert outcomes.counts() == {"created": 10}
    assert {row.id for row in outcomes} == set(held)
    assert told == [Reconciled(10, 0, 0)]


@pytest.mark.parametrize("late_s", [1.0, 5.0, 20.0, 45.0, 60.0])
def test_a_request_that_is_carried_out_within_a_minute_is_never_doubled(late_s) -> None:
    """It broke off, and a proxy or the service held it for as long as they usually do."""
    base = SimulatedBase(Item, late={1: late_s})
    outcomes, held, told = lost(base, ROWS)
    assert outcomes.counts() == {"created": 10}
    assert {row.id for row in outcomes} == set(held)
    assert told == [Reconciled(10, 0, 0)]


def test_a_loss_after_one_that_was_found_waits_for_no_more_than_itself() -> None:
    """The minute until the second search is for rows that the first one has not found."""
    losses = Faults(*(Fault("close-after", at=number, method="POST") for number in (1, 2, 3)))
    base = SimulatedBase(Item, faults=losses)
    rows = [{"name": f"n{number}"} for number in range(30)]
    outcomes, held, told = lost(base, rows, concurrency=1)
    assert outcomes.counts() == {"created": 30}
    assert len(held) == 30
    assert told == [Reconciled(10, 0, 0)] * 3
    assert base.now < 10.0 + 3 * 5.0


def test_it_is_reported_that_rows_are_searched_for_again() -> None:
    """Otherwise a call would seem to hang for a minute."""
    base = SimulatedBase(Item, faults=first_create("close-before"))
    job = writing_job(base, RowEncoder(Item))
    run = simulate(job, lambda call, now: base(call, now + 10.0), ROWS)
    base.close()
    (event,) = [event for event in run.events if isinstance(event, Retrying)]
    assert event.call.method == "GET"
    assert 50 < event.wait_s < 60
    assert job.result.counts() == {"created": 10}


MORE: list[Any] = [
    {"name": "status", "type": "singleLineText"},
    {"name": "twice", "type": "formula", "options": {"formula": "{number} * 2"}},
]


def with_more_columns(base: SimulatedBase) -> SimulatedBase:
    """Add columns that the model does not know, one of them computed."""
    schema = base.local_base.send(base_schema(base.base_id), lambda: None).json()
    table_id = schema["tables"][0]["id"]
    base.local_base.all_field_types = True
    for column in MORE:
        path = f"/v0/meta/bases/{base.base_id}/tables/{table_id}/fields"
        call = Call("POST", path, "create", body=column)
        assert base.local_base.send(call, lambda: None).status == 200
    base.local_base.requests.clear()
    return base


@pytest.mark.parametrize("carried_out", [False, True])
def test_a_foreign_row_with_one_cell_more_is_never_taken(carried_out) -> None:
    """All cells of a record are compared, those of columns that the model does not name, too."""
    kind = "close-after" if carried_out else "close-before"
    base = with_more_columns(SimulatedBase(Item))
    base.local_base.faults = first_create(kind)
    foreign: list[str] = []
    theirs = {**ROWS[0], "status": "theirs"}
    base.at(10.3, lambda: foreign.extend(base.write(theirs)))
    outcomes, held, _ = lost(base, ROWS[:1])
    assert outcomes[0].id not in foreign
    assert outcomes.counts() == ({"created": 1} if carried_out else {"unknown": 1})
    assert len(held) == 1 + carried_out
    if not carried_out:
        assert "with more cells than sent" in str(outcomes[0].error)


def test_computed_cells_of_columns_that_the_model_does_not_name_are_no_difference() -> None:
    """The types of such columns are read once: a formula is filled by Airtable."""
    base = with_more_columns(SimulatedBase(Item))
    base.local_base.faults = first_create("close-after")
    outcomes, held, _ = lost(base, ROWS)
    assert outcomes.counts() == {"created": 10}
    assert {row.id for row in outcomes} == set(held)


def test_without_the_types_what_other_replies_have_shown_decides() -> None:
    """A token that may not read the schema: equal fillings are known, others are doubted."""
    refused = Fault("503-before", probability=1.0, path="/v0/meta", retry_after_s=0.0)
    base = with_more_columns(SimulatedBase(Item))
    base.local_base.faults = Faults(Fault("close-after", at=2, method="POST"), refused)
    same = [{"name": f"n{number}", "number": 7} for number in range(20)]
    outcomes, held, _ = lost(base, same, concurrency=1)
    assert outcomes.counts() == {"created": 20}
    base = with_more_columns(SimulatedBase(Item))
    base.local_base.faults = Faults(Fault("close-after", at=1, method="POST"), refused)
    outcomes, held, _ = lost(base, same[:10])
    assert outcomes.counts() == {"unknown": 10}
    assert len(held) == 10


def test_an_older_row_of_the_same_call_is_never_taken_for_a_lost_one() -> None:
    """However many equal rows were created within a second: no id is reported twice."""
    count = 1_200
    base = SimulatedBase(Item, latency=[0.0], faults=Faults(Fault("close-before", at=118, method="POST")))  # fmt: skip
    known = KnownBase()
    known._created = deque(maxlen=500)  # the bound, out of reach of a test of this size
    context = replace(context_of(pacer=Pacer([]), concurrency=1), known_base=known)
    write = BulkWrite("simulated", Target(base.base_id, base.table, Item), Reader(Item), Policy.of("continue"))  # fmt: skip
    job = assemble(context, write, RowInput((), RowEncoder(Item), count)).engine
    simulate(job, lambda call, now: base(call, now + 10), [{"name": "same"}] * count)
    ids = [row.id for row in job.result if row.state == "created"]
    assert len(set(ids)) == len(ids) == len(base.held()) == count
    base.close()


def test_what_is_there_in_part_is_unknown() -> None:
    """Somebody else wrote three of the same rows at the same time: nothing explains three of ten."""
    base = SimulatedBase(Item, faults=first_create("close-before"))
    base.at(10.1, lambda: base.write(*ROWS[:3]))
    outcomes, held, told = lost(base, ROWS)
    assert outcomes.counts() == {"unknown": 10}
    assert "3 of its 10 rows are in the table" in str(outcomes[0].error)
    assert len(held) == 3
    assert told == [Reconciled(0, 0, 10)]


def test_equal_rows_of_the_second_before_make_it_unknown() -> None:
    """Two clocks may differ by that, so neither "there" nor "absent" can be believed."""
    base = SimulatedBase(Item, faults=Faults(Fault("close-before", at=11, method="POST")))
    others = [{"name": f"o{n}"} for n in range(100)]
    # Ten requests that go well tell the service's time to the second.
    base.at(10.2, lambda: base.write(*ROWS))
    outcomes, held, told = lost(base, [*others, *ROWS])
    assert outcomes.counts() == {"created": 100, "unknown": 10}
    assert "the two seconds before" in str(outcomes[105].error)
    assert len(held) == 110
    assert told == [Reconciled(0, 0, 10)]


def test_equal_rows_that_are_older_are_never_taken() -> None:
    """Seconds before is before."""
    base = SimulatedBase(Item, faults=first_create("close-before"))
    before = base.write(*ROWS)  # at second 0
    outcomes, held, told = lost(base, ROWS)
    assert outcomes.counts() == {"created": 10}
    assert not {row.id for row in outcomes} & set(before)
    assert len(held) == 20
    assert told == [Reconciled(0, 10, 0)]


def test_identical_rows_are_counted() -> None:
    """Ten equal rows, and the same ten again in the next request, both lost."""
    base = SimulatedBase(
        Item,
        faults=Faults(
            Fault("close-after", at=1, method="POST"), Fault("close-before", at=2, method="POST")
        ),
    )
    outcomes, held, told = lost(base, [{"name": "same"}] * 20)
    assert outcomes.counts() == {"created": 20}
    assert len({row.id for row in outcomes}) == len(held) == 20
    assert told == [Reconciled(10, 0, 0), Reconciled(0, 10, 0)] or told == [Reconciled(10, 10, 0)]


@pytest.mark.parametrize("latency", [0.05, 2.5])
def test_nothing_else_is_sent_meanwhile(latency) -> None:
    """What is found could not be distinguished from what is on its way."""
    base = SimulatedBase(Item, latency=[latency], faults=first_create("close-after"))
    job = writing_job(base, RowEncoder(Item), concurrency=4, retries=Retries(settle_s=2.0))
    run = simulate(
        job, lambda call, now: base(call, now + 10), ({"name": str(n)} for n in range(100))
    )
    looks = [sent for sent in run.sent if sent.call.method == "GET"]
    before = [sent.at for sent in run.sent if sent.call.method == "POST" and sent.at < looks[0].at]
    assert looks[0].at >= max(before) + latency
    assert job.result.counts() == {"created": 100}
    assert len(base.held()) == 100
    base.close()


def test_the_service_is_given_up_when_it_never_writes() -> None:
    """Five times sent, five times absent: the rows are failed, and none is in the table."""
    base = SimulatedBase(Item, faults=Faults(Fault("close-before", probability=1.0, method="POST")))
    outcomes, held, told = lost(base, ROWS, retries=Retries(tries=3))
    assert outcomes.counts() == {"failed": 10}
    assert held == {}
    assert told == [Reconciled(0, 10, 0)] * 3


def test_a_search_starts_again_when_airtable_has_forgotten_its_list() -> None:
    """Half a search proves nothing: what it has not read may be there."""
    base = SimulatedBase(
        Item,
        faults=Faults(Fault("close-after", at=1, method="POST"), Fault("iterator-lost", at=1)),
    )
    base.at(10.1, lambda: base.write(*({"name": f"other {n}"} for n in range(150))))
    outcomes, held, told = lost(base, ROWS)
    assert outcomes.counts() == {"created": 10}
    assert len(held) == 160
    assert told == [Reconciled(10, 0, 0)]


def test_a_search_that_is_forgotten_again_and_again_leaves_its_rows_unknown() -> None:
    """Restarts are bounded, and the error has both causes."""
    base = SimulatedBase(
        Item,
        faults=Faults(
            Fault("close-after", at=1, method="POST"), Fault("iterator-lost", probability=1.0)
        ),
    )
    base.at(10.1, lambda: base.write(*({"name": f"other {n}"} for n in range(150))))
    outcomes, held, _ = lost(base, ROWS)
    assert outcomes.counts() == {"unknown": 10}
    assert "LIST_RECORDS_ITERATOR_NOT_AVAILABLE" in str(outcomes[0].error)
    assert len(held) == 160


@pytest.mark.parametrize(("times", "reason"), [(1, "several records"), (6, "ITERATOR")])
def test_a_lookup_starts_again_when_airtable_has_forgotten_its_list(times, reason) -> None:
    """A row is compared with all the records that have its key, or is not written."""
    base = SimulatedBase(Item, faults=Faults(Fault("iterator-lost", probability=1.0, times=times)))
    base.write(*[{"name": "same"}] * 150)
    key = Key.of(Item, "name")
    job = writing_job(
        base,
        upsert_encoder(Item, key),
        on_error="continue",
        key=key,
        prefetch=PrefetchByKey(key, always=True),
    )
    simulate(job, base, [{"name": "same", "number": 1}])
    assert reason in str(job.result[0].error)
    base.close()


@pytest.mark.parametrize(("answered", "known"), [(1, 0), (2, 2), (3, 0)])
def test_an_answer_that_is_not_believed_makes_no_record_known(answered: int, known: int) -> None:
    """Its rows are looked for, and have to be found: else they would be sent again."""
    known_base = KnownBase()
    records = [{"id": f"rec{number:014}", "fields": {}} for number in range(answered)]
    call = create_records("app00000000000000", "Items", [{"name": "a"}, {"name": "b"}])
    known_base.note_created(call, {"records": records})
    assert len(known_base.created_lately()) == known


KEY = Key.of(Item, "name")


@pytest.mark.parametrize("kind", ["close-after", "close-before"])
@pytest.mark.parametrize(
    ("theirs", "seconds"),
    [({"name": "n0"}, 1.0), ({"name": "n0"}, 1.9), ({"name": "n0", "number": 7}, 0.1)],
)
def test_a_record_that_somebody_else_created_before_a_lost_upsert_is_not_created(
    kind, theirs, seconds
) -> None:
    """It was there a second before, or it has cells that the row has not: it was updated."""
    base = SimulatedBase(Item, faults=Faults(Fault(kind, at=1, method="PATCH")))
    foreign: list[str] = []
    base.at(20.3 - seconds, lambda: foreign.extend(base.write(theirs)))
    job = writing_job(base, upsert_encoder(Item, KEY), key=KEY)
    simulate(job, lambda call, now: base(call, now + 20.3), [{"name": "n0"}])
    outcomes, held = job.result, base.held()
    base.close()
    assert list(held) == foreign
    assert (outcomes[0].state, outcomes[0].id) == ("updated", foreign[0])


def test_an_upsert_whose_reply_was_lost_has_created_its_record() -> None:
    """Nobody else was there; a record that was created earlier stands beside it in the request."""
    base = SimulatedBase(Item, faults=Faults(Fault("close-after", at=2, method="PATCH")))
    base.at(19.9, lambda: base.write({"name": "n15", "number": 1}))
    job = writing_job(base, upsert_encoder(Item, KEY), key=KEY, concurrency=1)
    rows = [{"name": f"n{number}", "number": number} for number in range(20)]
    simulate(job, lambda call, now: base(call, now + 20.3), rows)
    states = [row.state for row in job.result]
    base.close()
    assert states == ["updated" if number == 15 else "created" for number in range(20)]


@pytest.mark.parametrize("kind", ["close-after", "502-after"])
@pytest.mark.parametrize("start", [20.0, 20.3, 20.6, 20.9])
def test_one_upsert_whose_reply_was_lost_has_created_its_record(kind, start) -> None:
    """In which second it was sent is found out; then nobody else can have been a second before."""
    base = SimulatedBase(Item, faults=Faults(Fault(kind, at=1, method="PATCH")))
    job = writing_job(base, upsert_encoder(Item, KEY), key=KEY)
    run = simulate(job, lambda call, now: base(call, now + start), [{"name": "n0"}])
    base.close()
    assert job.result.counts() == {"created": 1}
    assert [sent.call.method for sent in run.sent] in (["PATCH"] * 2, [*["PATCH"] * 2, "GET"])
