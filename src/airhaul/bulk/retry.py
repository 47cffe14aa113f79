"""What to do about an outcome: take it, try again, give up, or admit not to know.

outcome                          read, update or delete by id      create
429, per second                  again after the penalty           again after the penalty
429, month's quota               give up                           give up
nothing was sent                 again                             again
5xx, time-out, lost or           again                             unknown: the rows may be there
truncated reply
any other refusal                give up                           give up
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airhaul.bulk.actions import Outcome
from airhaul.errors import (
    AirhaulError,
    BadReplyError,
    NotFoundError,
    NotSentError,
    RateLimitError,
    ServerError,
    TransportError,
)
from airhaul.wire.call import Call, Reply
from airhaul.wire.limits import RATE_LIMIT_PENALTY_S
from airhaul.wire.replies import parse


@dataclass(frozen=True, slots=True)
class Retries:
    """How long to try.

    Args:
        tries: How often a call is sent at most, when connections or Airtable fail.
        rate_limited: How many times a call may meet the rate limit; each costs 30 s.
        backoff_s: The wait before the second try, in seconds; doubled before each further one.
        longest_backoff_s: No wait is longer, in seconds.
    """

    tries: int = 5
    rate_limited: int = 10
    backoff_s: float = 0.5
    longest_backoff_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Accepted:
    """The call was carried out, and this is its answer."""

    value: Any


@dataclass(frozen=True, slots=True)
class Again:
    """Send it once more.

    Args:
        error: Why.
        wait_s: After so many seconds.
        pause: Whether the whole base has to wait so long.
    """

    error: AirhaulError
    wait_s: float
    pause: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The call was not carried out, and will not be."""

    error: AirhaulError


@dataclass(frozen=True, slots=True)
class Unknown:
    """Whether the call was carried out cannot be told."""

    error: AirhaulError


Verdict = Accepted | Again | Refused | Unknown


def judge(call: Call, outcome: Outcome, tries: int, rate_limited: int, retries: Retries) -> Verdict:
    """Decide what to do about an outcome.

    Args:
        call: What was sent.
        outcome: What came back, or why nothing did.
        tries: How often it was sent by now, those that met the rate limit not counted.
        rate_limited: How often it met the rate limit.
        retries: The bounds.

    Returns:
        One of the four verdicts.
    """
    try:
        if isinstance(outcome, TransportError):
            raise outcome
        return Accepted(parse(call, outcome))
    except RateLimitError as error:
        if rate_limited > retries.rate_limited:
            return Refused(error)
        wait_s = error.retry_after_s if error.retry_after_s is not None else RATE_LIMIT_PENALTY_S
        return Again(error, wait_s, pause=True)
    except NotSentError as error:
        return _again(error, tries, retries)
    except (ServerError, TransportError) as error:
        if _was_refused_by_a_stranger(error, outcome):
            return Refused(error)
        if call.effect == "create":
            return Unknown(error)
        return _again(error, tries, retries)
    except NotFoundError as error:
        if call.method == "DELETE" and tries > 1:
            # An earlier try, whose reply was lost, has deleted it.
            return Accepted({"id": call.path.rpartition("/")[2], "deleted": True})
        return Refused(error)
    except AirhaulError as error:
        return Refused(error)


def _again(error: AirhaulError, tries: int, retries: Retries) -> Verdict:
    if tries >= retries.tries:
        return Refused(error)
    return Again(error, min(retries.backoff_s * 2 ** (tries - 1), retries.longest_backoff_s))


def _was_refused_by_a_stranger(error: AirhaulError, outcome: Outcome) -> bool:
    # A page that is not JSON, with a status of 2xx to 4xx, comes from a proxy, a login wall or a
    # wrong URL, and comes again. Airtable's own truncated JSON does not look like a page.
    return (
        isinstance(error, BadReplyError)
        and isinstance(outcome, Reply)
        and not ("json" in outcome.headers.get("content-type", "json") and outcome.status < 300)
    )
