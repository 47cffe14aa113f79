"""Looking for rows whose create was lost: what is adopted, sent again, and left unknown."""

from __future__ import annotations

from typing import Any

import pytest

from airhaul import Record, Retries
from airhaul.bulk.engine.events import Reconciled
from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.rows.encoders import RowEncoder, upsert_encoder
from airhaul.bulk.rows.keys import Key
from airhaul.bulk.writing.prefetch import PrefetchByKey
from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.testing import simulate
from airhaul.wire.endpoints import create_records
from tests.simulated_base import SimulatedBase, writing_job


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
    """What is found could not be told from what is on its way."""
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
