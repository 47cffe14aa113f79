"""Whether there is a reason where an outcome says that it is unknown what became of its row."""

from __future__ import annotations

from collections.abc import Sequence

from airhaul.errors import QuotaExceededError
from chaos_runs.call import RETRIES
from chaos_runs.seen import Seen
from chaos_runs.start import Row
from chaos_runs.things import NOBODY
from chaos_runs.truth.case import Case, Outcome, form


def judge_unknown(case: Case, row: Row, outcome: Outcome) -> None:
    """Judge a row of unknown fate: it is written, or as before, and nothing else."""
    justify(case, row, outcome)
    if row.target is None:
        case.may_be_left[form(row.wanted or {})] += 1
        return
    if row.target == NOBODY:
        return
    was, now = case.evidence.before[row.target], case.evidence.held.get(row.target)
    # Whether it is there or gone, this explains it.
    case.claimed[row.target] = f"row {outcome.index} unknown"
    if now is None and case.on_error == "rollback":
        case.may_be_left[form(was)] += 1  # it may have been made again
    if now not in (was, row.wanted):
        said = f"row {outcome.index} is unknown, {row.target}"
        case.find("untrue", f"{said} was {was}, should be {row.wanted} and is {now}")


def justify(case: Case, row: Row | None, outcome: Outcome) -> None:
    """Look why it could not be told what became of a row.

    Args:
        case: The run.
        row: The row, or None for a deletion that follows the rows.
        outcome: Its outcome.
    """
    said = " ".join([str(outcome.error), *getattr(outcome.error, "__notes__", ())])
    about = [seen for seen in case.evidence.ours if _is_about(case, row, outcome, seen)]
    why = _why(case, row, outcome, said, about)
    case.report.figures[f"unknown {why}"] += 1
    if why is None:
        case.find("untrue", f"row {outcome.index} is unknown without a cause: {said}")


def _why(
    case: Case, row: Row | None, outcome: Outcome, said: str, about: Sequence[Seen]
) -> str | None:
    lost = [seen for seen in about if seen.may_be_lost]
    if not lost:
        # The machine may be slow, too.
        return "a slow reply" if "no reply in time" in said else None
    if "Equal rows were created in the two seconds before" in said:
        is_so = row is None or case.evidence.has_young_twin(row.wanted, lost[0])
        return "equal rows of the seconds before" if is_so else None
    if "rows are in the table" in said:
        return "equal rows of several lost requests"
    if "whether the rollback undid it" in said:
        return "taking it back was disturbed"
    if "The search for its rows failed" in said or "GET " in said or "listRecords" in said:
        is_so = any(seen.is_read and seen.fault for seen in case.evidence.ours)
        return "looking was disturbed" if is_so else None
    if sum(seen.fault is not None for seen in about) >= RETRIES.tries:
        return "all tries were lost"
    if case.is_broken_off:
        return "broken off"
    if isinstance(outcome.error, QuotaExceededError):
        return "the quota ended before it could be repeated"
    return None


def _is_about(case: Case, row: Row | None, outcome: Outcome, seen: Seen) -> bool:
    """Whether a request may have written a row, or may have taken it back."""
    if seen.is_read:
        return False
    if row is None:
        return seen.request.method in ("DELETE", "POST")
    if row.target in seen.record_ids or outcome.id in seen.record_ids:
        return True
    sent = [
        {name: cell for name, cell in one["fields"].items() if cell is not None}
        for one in seen.rows
    ]
    key = case.deed.key
    if key is not None and row.wanted is not None:
        return any(cells.get(key) == row.wanted[key] for cells in sent)
    was = None if row.target is None else case.evidence.before.get(row.target)
    return any(cells in (row.wanted, was) for cells in sent)
