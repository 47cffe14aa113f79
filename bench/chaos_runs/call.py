"""The call that is checked, on either face of airhaul, and how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from airhaul import Airtable, AsyncAirtable, BulkResult, Retries, result_of
from airhaul.local_base.gate.faults import Faults
from chaos_runs.base import OUR_TOKEN, WatchedEmulator
from chaos_runs.things import Thing

RETRIES: Final = Retries(backoff_s=0.01, settle_s=0.05, tries=5)
_TIMEOUT_S: Final = 0.3


@dataclass
class Ended:
    """How a call ended.

    Args:
        result: What became of each row, or None if nothing was begun.
        error: What was raised, or None.
    """

    result: BulkResult[Thing] | None
    error: BaseException | None = None


def call(url: str, local_base: WatchedEmulator, act: Callable[..., Any], faults: Faults) -> Ended:
    """Make a call on the synchronous face.

    Args:
        url: The base's server.
        local_base: The base. If it has no faults yet, it has them from the first answer on.
        act: Makes the call on a table.
        faults: The faults.
    """
    with Airtable(OUR_TOKEN, local_base.default_base_id, **_options(url)) as airtable:
        try:
            if local_base.faults is None:
                airtable.whoami()
                local_base.faults = faults
            return Ended(act(airtable.table(Thing)))
        except BaseException as error:  # noqa: BLE001 - judged
            return Ended(result_of(error), error)


def call_async(
    url: str,
    local_base: WatchedEmulator,
    act: Callable[..., Any],
    faults: Faults,
    cancel_after_s: float | None,
) -> Ended:
    """Make a call on the asynchronous face.

    Args:
        url: The base's server.
        local_base: The base. If it has no faults yet, it has them from the first answer on.
        act: Makes the call on a table.
        faults: The faults.
        cancel_after_s: When the task is cancelled, or None.
    """

    async def main() -> Ended:
        task = asyncio.current_task()
        assert task is not None
        async with AsyncAirtable(
            OUR_TOKEN, local_base.default_base_id, **_options(url)
        ) as airtable:
            try:
                if local_base.faults is None:
                    await airtable.whoami()
                    local_base.faults = faults
                if cancel_after_s is not None:
                    asyncio.get_running_loop().call_later(cancel_after_s, task.cancel)
                return Ended(await act(airtable.table(Thing)))
            except BaseException as error:  # noqa: BLE001 - judged
                return Ended(result_of(error), error)

    try:
        return asyncio.run(main())
    except asyncio.CancelledError as error:  # it came when all was over
        return Ended(result_of(error), error)


def _options(url: str) -> dict[str, Any]:
    return {
        "endpoint_url": url,
        "timeout_s": _TIMEOUT_S,
        "retries": RETRIES,
        "requests_per_second": 1_000,
    }
