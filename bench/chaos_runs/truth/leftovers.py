"""Whether there is something more, or less, or something else than the outcomes explain."""

from __future__ import annotations

from collections import Counter

from chaos_runs.truth.case import Case, form


def judge_leftovers(case: Case) -> None:
    """Look at the records that no outcome claims."""
    targets = {row.target for row in case.deed.rows}
    _judge_more(case)
    _judge_less(case, targets)
    _judge_else(case, targets)


def _judge_more(case: Case) -> None:
    held = case.evidence.held
    left = Counter(
        form(held[id_])
        for id_ in case.evidence.made_by_us
        if id_ in held and id_ not in case.claimed
    )
    for cells, number in (left - case.may_be_left).items():
        case.find("doubled", f"{number} of {dict(cells)} that no outcome explains", number)


def _judge_less(case: Case, targets: set[str | None]) -> None:
    evidence = case.evidence
    vanished = [
        id_
        for id_ in [*evidence.before, *evidence.left_by_others]
        if id_ not in evidence.held and id_ not in case.claimed and id_ not in targets
    ]
    if len(vanished) > case.unknown_deletions:
        case.find("lost", f"{vanished} are gone, and nothing says so")


def _judge_else(case: Case, targets: set[str | None]) -> None:
    evidence = case.evidence
    for id_, cells in evidence.held.items():
        if id_ in evidence.made_by_us or id_ in targets:
            continue
        was = evidence.left_by_others.get(id_, evidence.before.get(id_))
        if was != cells:
            case.find("untrue", f"{id_}, of no row, was {was} and is {cells}")
