"""The call that is checked, on either face of airhaul, and how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from airhaul import Airtable, AsyncAirtable, BulkResult, Retries, result_of
from chaos_runs.seen import OUR_TOKEN
from chaos_runs.things import Thing

RETRIES: Final = Retries(backoff_s=0.01, settle_s=0.02, tries=5)
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


def call(
    url: str, base_id: str, act: Callable[..., Any], after_first: Callable[[], object] | None
) -> Ended:
    """Make a call on the synchronous face.

    Args:
        url: The base's server.
        base_id: The base.
        act: Makes the call on a table.
        after_first: What to do when the client has had its first answer; None if that is to be
            one of the call itself.
    """
    with Airtable(OUR_TOKEN, base_id, **_options(url)) as airtable:
        try:
            if after_first is not None:
                airtable.whoami()
                after_first()
            return Ended(act(airtable.table(Thing)))
        except BaseException as error:  # noqa: BLE001 - judged
            return Ended(result_of(error), error)


def call_async(
    url: str,
    base_id: str,
    act: Callable[..., Any],
    after_first: Callable[[], object] | None,
    cancel_after_s: float | None = None,
) -> Ended:
    """Make a call on the asynchronous face.

    Args:
        url: The base's server.
        base_id: The base.
        act: Makes the call on a table.
        after_first: As in ``call``.
        cancel_after_s: When the task is cancelled, or None.
    """

    async def main() -> Ended:
        task = asyncio.current_task()
        assert task is not None
        async with AsyncAirtable(OUR_TOKEN, base_id, **_options(url)) as airtable:
            try:
                if after_first is not None:
                    await airtable.whoami()
                    after_first()
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
