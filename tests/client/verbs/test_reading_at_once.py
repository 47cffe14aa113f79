"""Lists that are read in several parts at once."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from airhaul import Query, errors
from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.local_base.http.serve import LocalServer
from tests.client.verbs.people import Person, rows
from tests.conftest import connect


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


@pytest.mark.slow
def test_auto_reads_a_long_list_in_parts_where_replies_are_slow(local_base, tmp_path) -> None:
    """The first page shows the latency; a list of one page takes one request all the same."""
    with (
        LocalServer(local_base) as server,
        connect(server, requests_per_second=5) as airtable,
    ):
        people = airtable.table(Person)
        people.create_table()
        people.bulk_create(rows(250))
        whole = sorted(people.all(), key=lambda person: person.id or "")
        local_base.latency_s = 0.4

        def read(query: Query[Any], requests: Collection[int]) -> list[Any]:
            local_base.requests.clear()
            found = query.all(parallel="auto")
            assert len(local_base.requests) in requests
            return found

        # A page, and one of each of four parts, of records that are not on that page; more parts
        # if this machine is slow as well.
        in_parts = range(1 + 4, 1 + 9)
        everyone = read(people.where(), in_parts)
        assert sorted(everyone, key=lambda person: person.id or "") == whole
        few = people.where(age__lt=100)
        assert sorted(person.age for person in read(few, [1])) == list(range(100))
        assert [person.age for person in read(people.where().order_by("-age").limit(3), [1])] == [
            249, 248, 247,
        ]  # fmt: skip
        local_base.requests.clear()
        assert people.export_file(tmp_path / "people.csv", parallel="auto") == 250
        assert len(local_base.requests) in in_parts
        assert len(set((tmp_path / "people.csv").read_text().splitlines())) == 1 + 250


def test_what_is_no_number_of_chains_is_refused(people) -> None:
    """Nothing is read then."""
    for parallel in (0, -1, True, "many", 1.5):
        with pytest.raises(errors.ConfigurationError, match='parallel is "auto" or at least 1'):
            people.all(parallel=parallel)
