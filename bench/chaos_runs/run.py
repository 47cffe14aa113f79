"""One run: a base, what is asked of it, others who write to it, faults, the call, and the truth."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any, Final
from unittest.mock import patch

import airhaul.bulk.engine.retry
from airhaul.local_base.http.serve import LocalServer
from airhaul.model.schema import fields_to_create
from airhaul.wire import endpoints
from chaos_runs.base import Clock, WatchedEmulator
from chaos_runs.call import call, call_async
from chaos_runs.deeds import DEEDS, VERBS
from chaos_runs.mishaps import Break, some_faults
from chaos_runs.others import Others
from chaos_runs.report import Report
from chaos_runs.start import Start
from chaos_runs.things import TABLE, Thing
from chaos_runs.truth.case import Case
from chaos_runs.truth.evidence import Evidence
from chaos_runs.truth.judge import judge

# Longer than the client waits.
_HOLD_S: Final = 0.5
# Airtable's own is 30 s, and the client waits so long where the service does not say.
_PENALTY_S: Final = 0.2
# How old is what is there before the call: more, and less, than can be told by the service's clock.
_OLDER_S: Final = (3.5, 4.5, 10.0)


def run_once(seed: int) -> Report:
    """Make one call amidst chaos, and look whether what it says is so.

    Args:
        seed: Decides what happens.
    """
    chance = Random(seed)  # noqa: S311 - it is to repeat
    verb = VERBS[seed % len(VERBS)]
    is_async = chance.random() < 1 / 3
    on_error = chance.choice(["stop", "continue", "continue", "rollback"])
    clock = Clock(chance.choice([0.0, 0.4, -7.3, 3_600.9]))
    local_base = WatchedEmulator.open(wall_clock=clock, hold_s=_HOLD_S)
    with patch.object(airhaul.bulk.engine.retry, "RATE_LIMIT_PENALTY_S", _PENALTY_S), local_base:
        fields = fields_to_create(Thing)
        local_base.ask(endpoints.create_table(local_base.default_base_id, TABLE, fields))
        older = timedelta(seconds=chance.choice(_OLDER_S))
        clock.ahead -= older
        deed = DEEDS[verb](Start(chance, local_base, on_error, is_async=is_async))
        before = local_base.held()
        local_base.seen.clear()
        clock.ahead += older
        options: dict[str, Any] = {"on_error": on_error, "concurrency": chance.randint(1, 12)}
        if chance.random() < 0.1:
            options["max_requests"] = chance.randint(0, 20)
        is_likely = on_error == "rollback" and verb == "where().delete"
        breaking = Break.some(chance, is_async=is_async, is_likely=is_likely)
        who = chance.choice(["pyairtable", "airhaul", None])
        faults = some_faults(chance, seed)
        after_first: Callable[[], object] | None = None
        if chance.random() < 0.5:
            local_base.faults = faults
        else:
            after_first = partial(setattr, local_base, "faults", faults)
        act = partial(deed.act, **options, **breaking.options())
        with LocalServer(local_base) as server, _others(who, server.url, local_base, seed):
            place = server.url, local_base.default_base_id
            if is_async:
                ended = call_async(*place, act, after_first, breaking.cancel_after_s)
            else:
                ended = call(*place, act, after_first)
        case = Case(
            seed=seed,
            title=f"{verb}, {options}, {len(deed.rows)} rows, async={is_async}, {who}",
            deed=deed,
            ended=ended,
            is_broken_off=breaking.is_one,
            on_error=on_error,
            evidence=Evidence(local_base, before, faults.injected),
        )
        report = judge(case)
    report.figures[f"face {'async' if is_async else 'sync'}"] += 1
    report.figures[f"verb {verb}"] += 1
    return report


def _others(
    who: str | None, url: str, local_base: WatchedEmulator, seed: int
) -> Others | nullcontext[None]:
    if who is None:
        return nullcontext()
    return Others(url, local_base.default_base_id, seed, is_airhaul=who == "airhaul")
