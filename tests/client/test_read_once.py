"""Files are read once: what was checked is what is written, whatever becomes of the file meanwhile."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import field_validator

from airhaul import Airtable, BulkError, Link, Record
from airhaul.events import Event, Retrying
from airhaul.local_base import Fault, Faults
from airhaul.local_base.base import LocalBase
from tests.client.verbs.people import FAST
from tests.conftest import connection_to
from tests.local_base.gate.test_limits_and_store import files_up_to

FILE = "deals.csv"
BY_NAME = {"company": "name"}
TITLES = [f"d{number}" for number in range(25)]
IN_FILE = "file: "
validated: list[str] = []
_opened: list[str] = []
_is_hooked = False


class Company(Record, table="Companies"):
    name: str


class Deal(Record, table="Deals"):
    title: str
    company: Link[Company] | None = None
    amount: int | None = None

    @field_validator("title")
    @classmethod
    def note(cls, title: str) -> str:
        if title.startswith(IN_FILE):  # and is not that of a record
            validated.append(title.removeprefix(IN_FILE))
        return title.removeprefix(IN_FILE)


@pytest.fixture
def airtable(local_base: LocalBase, tmp_path: Path) -> Iterator[Airtable]:
    """A base with companies, and a file of deals with them."""
    journal = tmp_path / "journal.db"
    with Airtable(connection=connection_to(local_base, retries=FAST, journal=journal)) as opened:
        opened.create_tables(Company, Deal)
        opened.table(Company).bulk_create([{"name": "Acme"}, {"name": "Globex"}], journal=False)
        write_deals()
        local_base.requests.clear()
        yield opened


def write_deals(*names: str, bad: int | None = None) -> None:
    companies = names or ("Acme", "Globex")
    lines = [
        f"{IN_FILE}{title},{companies[place % len(companies)]},{'many' if place == bad else 1}"
        for place, title in enumerate(TITLES)
    ]
    Path(FILE).write_text("title,company,amount\n" + "\n".join(lines) + "\n")
    _opened.clear()
    validated.clear()


def leave_names_out() -> None:
    lines = [line.split(",") for line in Path(FILE).read_text().splitlines()]
    Path(FILE).write_text("".join(f"{title},{amount}\n" for title, _, amount in lines))


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """The names of the files that are opened, by whatever part of the program."""
    global _is_hooked  # noqa: PLW0603 - a hook stays as long as the process

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | Path):
            _opened.append(Path(arguments[0]).name)

    if not _is_hooked:
        sys.addaudithook(note)
        _is_hooked = True
    _opened.clear()
    yield _opened


CALLS: dict[str, Callable[[Any], Any]] = {
    "import": lambda deals: deals.import_file(FILE, typecast=True, journal=False),
    "import with a key": lambda deals: deals.import_file(
        FILE, key="title", typecast=True, journal=False
    ),
    "import by name": lambda deals: deals.import_file(FILE, link_by=BY_NAME, journal=False),
    "import by name with a key": lambda deals: deals.import_file(
        FILE, key="title", link_by=BY_NAME, journal=False
    ),
    "import by new names": lambda deals: deals.import_file(
        FILE, link_by=BY_NAME, create_missing=True, journal=False
    ),
    "sync": lambda deals: deals.sync_file(FILE, "title", typecast=True, journal=False),
    "sync by name": lambda deals: deals.sync_file(FILE, "title", link_by=BY_NAME, journal=False),
    "plan of a sync": lambda deals: deals.plan_sync_file(FILE, "title", typecast=True),
    "plan of an import": lambda deals: deals.plan_import_file(FILE, typecast=True),
    "plan of an import by name": lambda deals: deals.plan_import_file(FILE, link_by=BY_NAME),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_file_is_opened_once_and_each_row_is_validated_once(airtable, opened, call: str) -> None:
    """Neither checking all rows first nor looking names up takes a second reading."""
    if call == "import by new names":
        write_deals("Acme", "Initech")
    result = CALLS[call](airtable.table(Deal))
    assert opened.count(FILE) == 1
    assert validated == TITLES
    if "plan" in call:
        result.apply(journal=False)
    assert airtable.table(Deal).where(amount=1).count() == len(TITLES)


@pytest.mark.parametrize("options", [{"typecast": True}, {"link_by": BY_NAME}])
def test_rows_that_are_not_valid_cost_no_second_reading(airtable, opened, options) -> None:
    """The others are written, and the rejects have the row as it is in the file."""
    write_deals(bad=7)
    result = airtable.table(Deal).import_file(
        FILE, on_error="continue", rejects="rejects.csv", journal=False, **options
    )
    assert result.counts() == {"created": 24, "failed": 1}
    assert (opened.count(FILE), validated.count("d0")) == (1, 1)
    assert f"{FILE} line 9, row 7, field 'amount'" in str(result.errors[0].error)
    assert Path("rejects.csv").read_text().splitlines()[1].startswith(f"{IN_FILE}d7,Globex,many,")


@pytest.mark.parametrize("on_error", ["stop", "continue"])
def test_names_that_nobody_has_cost_no_second_reading(
    airtable, opened, local_base, on_error
) -> None:
    """Which rows have them is found out after the file was read; until then nothing is written."""
    write_deals("Acme", "Nobody")
    call = {"link_by": BY_NAME, "on_error": on_error, "journal": False, "rejects": "rejects.csv"}
    if on_error == "continue":
        counts = airtable.table(Deal).import_file(FILE, **call).counts()
        assert counts == {"created": 13, "failed": 12}
    else:
        with pytest.raises(BulkError, match="Nothing was sent: 12 of 25 rows are not valid"):
            airtable.table(Deal).import_file(FILE, **call)
        assert [request.method for request in local_base.requests] == ["GET"]
    assert (opened.count(FILE), validated) == (1, TITLES)
    assert Path("rejects.csv").read_text().splitlines()[1].startswith(f"{IN_FILE}d1,Nobody,1,")


def test_a_run_with_names_is_resumed_with_one_reading(airtable, opened) -> None:
    """Besides the one that compares the file with that of the run."""
    with pytest.raises(BulkError):
        airtable.table(Deal).import_file(FILE, link_by=BY_NAME, max_requests=3)
    assert 0 < airtable.table(Deal).count() < len(TITLES)
    validated.clear()
    opened.clear()
    assert airtable.resume(model=Deal).is_complete
    assert (opened.count(FILE), validated) == (2, TITLES)
    assert airtable.table(Deal).where(company__name="Acme").count() == 13


CHANGED: dict[str, Callable[[Any, Any], Any]] = {
    "sync": lambda deals, on_event: deals.sync_file(
        FILE, "title", delete_missing=True, journal=False, on_event=on_event
    ),
    "import by name": lambda deals, on_event: deals.import_file(
        FILE, link_by=BY_NAME, journal=False, on_event=on_event
    ),
}


@pytest.mark.parametrize("call", CHANGED)
def test_what_was_checked_is_written_though_the_file_changes(airtable, local_base, call) -> None:
    """A file that is cut while the table is read does not delete the records of the rest."""
    deals = airtable.table(Deal)
    if call == "sync":
        leave_names_out()
        deals.bulk_create([{"title": title, "amount": 0} for title in TITLES], journal=False)

    def cut(event: Event) -> None:
        if isinstance(event, Retrying):
            lines = Path(FILE).read_text().splitlines(keepends=True)
            Path(FILE).write_text("".join(lines[:18]))

    local_base.faults = Faults(Fault("503-before", at=1))
    CHANGED[call](deals, cut)
    assert len(Path(FILE).read_text().splitlines()) == 18
    assert sorted(deal.title for deal in deals.where(amount=1)) == sorted(TITLES)


FULL: dict[str, Callable[[Any], Any]] = {
    "sync": lambda deals: deals.sync_file(FILE, "title", typecast=True),
    "plan of a sync": lambda deals: deals.plan_sync_file(FILE, "title", typecast=True).apply(),
    "import by name": lambda deals: deals.import_file(FILE, link_by=BY_NAME),
}


@pytest.mark.slow  # a long file
@pytest.mark.parametrize("call", FULL)
def test_a_full_disk_under_the_rows_of_a_file_loses_none(local_base, call: str) -> None:
    """What cannot wait on the disk is read from the file again, and all of it is written."""
    noise = random.Random(7)  # which does not become small
    titles = [noise.randbytes(1_000).hex() for _ in range(1_500)]
    Path(FILE).write_text("title,company\n" + "".join(f"{title},Acme\n" for title in titles))
    with Airtable(connection=connection_to(local_base, journal=False)) as airtable:
        airtable.create_tables(Company, Deal)
        airtable.table(Company).bulk_create([{"name": "Acme"}])
        with files_up_to(50_000):
            FULL[call](airtable.table(Deal))
        deals = airtable.table(Deal).where(company__name="Acme").all()
    assert sorted(deal.title for deal in deals) == sorted(titles)


@pytest.mark.parametrize("depth", [10, 900])
def test_a_value_too_deep_to_be_copied_is_refused_like_others(airtable, depth: int) -> None:
    """The file is read again then, and the error is about the row."""
    value = "[" * depth + "]" * depth
    Path("deep.jsonl").write_text(f'{{"title": "d1"}}\n{{"title": {value}}}\n')
    with pytest.raises(BulkError, match=r"deep\.jsonl line 2, row 1, field 'title'"):
        airtable.table(Deal).sync_file("deep.jsonl", "title")
    assert airtable.table(Deal).count() == 0
