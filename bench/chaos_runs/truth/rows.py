"""Whether what an outcome says of its row is so."""

from __future__ import annotations

import re
from typing import Final

from airhaul.errors import InvalidRequestError
from chaos_runs.start import Row
from chaos_runs.things import NOBODY, Thing, cells_in
from chaos_runs.truth.case import Case, Outcome, form
from chaos_runs.truth.unknown import judge_unknown, justify

_MADE_AGAIN: Final = re.compile(r"(rec\w{14}) was recreated as (rec\w{14})")


def judge_row(case: Case, row: Row, outcome: Outcome) -> None:
    """Judge one of the rows that were given."""
    match outcome.state:
        case "created" | "updated" | "unchanged":
            _judge_written(case, row, outcome)
        case "deleted":
            _judge_gone(case, row.target, outcome)
        case "failed":
            must_be_as_before(case, row.target, f"row {outcome.index} failed")
            _judge_failure(case, row, outcome)
        case "skipped":
            must_be_as_before(case, row.target, f"row {outcome.index} was skipped")
        case "undone":
            _judge_undone(case, row.target, outcome)
        case "unknown":
            judge_unknown(case, row, outcome)
    if isinstance(row.given, Thing) and row.target is None:
        _judge_new_thing(case, row.given, outcome)


def judge_deletion(case: Case, outcome: Outcome) -> None:
    """Judge one of the deletions that follow the rows of a sync.

    Which record it is about is known where that is gone.
    """
    if not case.deed.deletes_missing:
        case.find("untrue", f"there is a row {outcome.index}, and none was given")
    match outcome.state:
        case "deleted":
            _judge_gone(case, None, outcome)
        case "undone":
            _judge_undone(case, None, outcome)
        case "unknown":
            case.unknown_deletions += 1
            if case.on_error == "rollback":
                # Any record may have been made again.
                case.may_be_left.update(form(was) for was in case.evidence.before.values())
            justify(case, None, outcome)
        case "failed" | "skipped":
            pass  # nothing is said of which one, and what is gone has to be claimed
        case _:
            case.find("untrue", f"row {outcome.index}, a deletion, is {outcome.state}")


def must_be_as_before(case: Case, target: str | None, said: str) -> None:
    """Look whether a record is as it was.

    Args:
        case: The run.
        target: The record; there is nothing to look at if it is None, or nobody's.
        said: Why it should be.
    """
    if target is None or target == NOBODY:
        return
    was, now = case.evidence.before[target], case.evidence.held.get(target)
    if now is None:
        case.find("lost", f"{said}, and {target} is gone")
    elif now != was:
        case.find("untrue", f"{said}, and {target} was {was} and is {now}")


def _judge_written(case: Case, row: Row, outcome: Outcome) -> None:
    evidence = case.evidence
    id_, said = outcome.id, f"row {outcome.index} is {outcome.state} as {outcome.id}"
    if id_ is None or id_ not in evidence.held:
        case.find("lost", f"{said}, and that is not there ({outcome.error})")
        return
    case.claim(id_, outcome)
    if outcome.state == "created":
        if row.target is not None:
            case.find("untrue", f"{said}, and was there as {row.target}")
        if id_ in evidence.before or id_ not in evidence.made_by_us:
            case.find("untrue", f"{said}, which this call has not created")
    elif id_ != row.target:
        case.find("untrue", f"{said}, and should be {row.target or 'a new one'}")
    was, now = evidence.before.get(id_), evidence.held[id_]
    if now != row.wanted:
        case.find("untrue", f"{said}, and holds {now}, not {row.wanted}")
    if outcome.state == "unchanged" and was != row.wanted:
        case.find("untrue", f"{said}, and was {was}")
    record = outcome.record
    if record is None or record.id != id_:
        case.find("untrue", f"row {outcome.index} is there, and its record {record!r}")
    elif outcome.error is None and cells_in(record) != now:
        case.find("untrue", f"row {outcome.index} hands back {cells_in(record)}")


def _judge_gone(case: Case, target: str | None, outcome: Outcome) -> None:
    """Judge an outcome that says that a record is deleted.

    Args:
        case: The run.
        target: The record, or None if the outcome alone says which one.
        outcome: The outcome.
    """
    id_ = outcome.id or target
    said = f"row {outcome.index} is deleted as {id_}"
    if id_ is None or (target is not None and id_ != target):
        case.find("untrue", f"{said}, and should be {target}")
    elif id_ in case.evidence.held:
        case.find("untrue", f"{said}, and is there")
    else:
        case.claim(id_, outcome)


def _judge_undone(case: Case, target: str | None, outcome: Outcome) -> None:
    """Judge an outcome that says that all is as before.

    Args:
        case: The run.
        target: The record, or None if it was new, or if the outcome alone says which one.
        outcome: The outcome.
    """
    said = f"row {outcome.index} is undone ({outcome.note})"
    if case.on_error != "rollback":
        case.find("untrue", f"{said}, and nothing was to be")
    again = _MADE_AGAIN.search(outcome.note or "")
    if again is not None:
        _judge_made_again(case, target, outcome, *again.groups())
        return
    if outcome.note is not None:
        case.find("untrue", f"{said}, and nobody deletes what is ours")
    must_be_as_before(case, target, said)


def _judge_made_again(case: Case, target: str | None, outcome: Outcome, old: str, new: str) -> None:
    evidence, said = case.evidence, f"row {outcome.index} is undone ({outcome.note})"
    if target not in (None, old) or old in evidence.held or outcome.id != new:
        case.find("untrue", f"{said}, and {target} is there or another one")
    case.claim(old, outcome)
    if new not in evidence.held or new in evidence.before or new not in evidence.made_by_us:
        case.find("lost", f"{said}, and {new} is not there, or not made by this call")
        return
    case.claim(new, outcome)
    was, now = evidence.before.get(old), evidence.held[new]
    # What was not there before the call is theirs: a sync that deletes what is missing met it.
    is_same = now.get("owner") == "others" if was is None else now == was
    if not is_same:
        case.find("untrue", f"{said}, and was {was} and is {now}")


def _judge_failure(case: Case, row: Row, outcome: Outcome) -> None:
    if row.refused or outcome.error is None:
        return
    cause = outcome.error.__cause__ or outcome.error
    if isinstance(cause, InvalidRequestError) and case.on_error == "continue":
        case.find("untrue", f"row {outcome.index} is good, and failed: {outcome.error}")
    if not case.evidence.injected and not any(other.refused for other in case.deed.rows):
        case.find("untrue", f"row {outcome.index} failed without a cause: {outcome.error}")


def _judge_new_thing(case: Case, thing: Thing, outcome: Outcome) -> None:
    """The caller's own record is given its id, and only if it is there."""
    if outcome.state in ("failed", "skipped") and thing.id is not None:
        case.find("untrue", f"row {outcome.index} {outcome.state}, its record has an id")
    if outcome.state == "created" and thing.id != outcome.id:
        case.find("untrue", f"row {outcome.index} is created, its record {thing.id}")
