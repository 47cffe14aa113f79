"""Lists that are read in several parts at once."""

from __future__ import annotations

import pytest

from airhaul import errors
from airhaul.local_base.gate.faults import Fault, Faults
from tests.client.verbs.people import rows


@pytest.mark.slow
@pytest.mark.parametrize("parallel", [2, 5, 70])
def test_parallel_reading_gives_the_same_records(people, local_base, parallel) -> None:
    """Each record once, whatever the number of chains."""
    people.bulk_create(rows(130))
    alone = {person.id: person for person in people.all()}
    at_once = people.all(parallel=parallel)
    assert {person.id: person for person in at_once} == alone
    assert len(at_once) == 130
    some = people.where(age__lt=50).all(parallel=parallel)
    assert sorted(person.age for person in some) == list(range(50))
    with pytest.raises(errors.ConfigurationError, match="no particular order"):
        people.all(parallel=2, sort="age")
    with pytest.raises(errors.ConfigurationError, match="no particular order"):
        people.where().limit(3).all(parallel=2)


@pytest.mark.slow
def test_a_chain_whose_list_is_lost_is_read_again(people, local_base) -> None:
    """An iterator that is lost in one of several chains costs no record and doubles none."""
    people.bulk_create(rows(500))
    local_base.faults = Faults(Fault("iterator-lost", at=1), Fault("iterator-lost", at=2))
    found = people.all(parallel=2)
    assert local_base.faults.injected["iterator-lost"] >= 1
    assert sorted(person.age for person in found) == list(range(500))
