"""Every verb with every mishap, over HTTP to a server that shares no code with airhaul."""

from __future__ import annotations

import ast
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from airhaul import Airtable
from airhaul.bulk.engine import engine

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from chaos_runs.things import Thing  # noqa: E402
from matrix_runs.base import PlainBase  # noqa: E402
from matrix_runs.cell import VERBS, all_cells  # noqa: E402
from matrix_runs.play import play  # noqa: E402
from matrix_runs.rules import PAGE, RULES  # noqa: E402
from matrix_runs.table import Totals  # noqa: E402
from plain_airtable.api import MISSING  # noqa: E402
from plain_airtable.server import MISHAPS  # noqa: E402

EVERY = 141
AT_ONCE = 9


@pytest.mark.slow
def test_a_slice_of_the_matrix() -> None:
    """In 23 calls, each row is what its outcome says, and each unknown one has a documented cause."""
    cells = all_cells()[::EVERY]
    assert {cell.mishap for cell in cells} == set(MISHAPS)
    assert {cell.verb for cell in cells} == set(VERBS)
    totals = Totals()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for cell, report in zip(cells, threads.map(play, cells), strict=True):
            totals.add(cell, report)
    assert totals.of_all.problems == []
    assert not totals.has_violations
    assert all(totals.of_all.figures[f"row {state}"] for state in ("updated", "undone", "unknown"))


def test_the_matrix_notices_creates_that_are_sent_again(monkeypatch) -> None:
    """A client that repeats creates blindly is found out, so that finding nothing means something."""
    judge = engine.judge

    def blind(call, *more, **options):
        effect = "repeatable" if call.effect == "create" else call.effect
        return judge(replace(call, effect=effect), *more, **options)

    monkeypatch.setattr(engine, "judge", blind)
    (cell,) = [
        cell
        for cell in all_cells()
        if (cell.verb, cell.mishap, cell.course) == ("bulk_create", "close-after", "once")
        and (cell.on_error, cell.is_async, cell.is_stream) == ("stop", False, False)
    ]
    assert play(cell).wrong("doubled") > 0


def test_a_deletion_that_is_repeated_is_done_whatever_the_service_answers() -> None:
    """That the records are gone may be told by 403, 404 or 422; the call goes on all the same."""
    cells = [
        cell
        for cell in all_cells()
        if (cell.verb, cell.mishap) == ("bulk_delete", "close-after")
        and (cell.course, cell.on_error) == ("once", "rollback")
    ]
    assert {cell.number % len(MISSING) for cell in cells} == set(range(len(MISSING)))
    for cell in cells:
        report = play(cell)
        assert report.problems == []
        assert (report.figures["row deleted"], report.figures["ended well"]) == (25, 1)


@pytest.mark.slow
def test_a_long_list_is_read_as_both_sides_read_the_reference() -> None:
    """Its formula is too long for a URL, and each page's place is in the body of the request."""
    emails = [f"n{number}@example.org" for number in range(600)]
    with (
        PlainBase() as base,
        Airtable("pat.x", base.api.base_id, endpoint_url=base.url) as airtable,
    ):
        base.write([{"email": email, "number": 0} for email in [*emails, "other@example.org"]])
        formula = f"OR({', '.join(f'{{email}} = {email!r}' for email in emails)})"
        found = airtable.table(Thing).all(formula=formula)
        assert sorted(thing.email for thing in found) == sorted(emails)
        assert all(asked.asked.path.endswith("/listRecords") for asked in base.served)
        assert len(base.served) == 6


def test_unknown_rows_are_allowed_by_the_page_about_them() -> None:
    """The matrix justifies an unknown row by words that the docs have."""
    words = " ".join((ROOT / PAGE).read_text().split())
    assert [rule for rule in RULES.values() if rule not in words] == []


def test_the_server_of_the_matrix_shares_no_code() -> None:
    """A mistake of airhaul and its local base would go unnoticed if the server had it, too."""
    for path in (ROOT / "bench" / "plain_airtable").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            tops = {name.partition(".")[0] for name in names}
            assert tops <= {*sys.stdlib_module_names, "plain_airtable"}, path
