"""What to do about a reply or a failure: accept it, retry, give up, or call it unknown.

arrival                          read, update, upsert, delete       create
429, per second                  again after the penalty            again after the penalty
429, month's quota               give up                            give up
nothing was sent                 again                              again
5xx, time-out, lost or           again; at last unknown, if it      unknown: look what is there
truncated reply                  was a write
any other refusal                give up                            give up

Each "again" is bounded by ``Retries``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from airhaul.bulk.engine.job import Arrival
from airhaul.errors import (
    AirhaulError,
    BadReplyError,
    InvalidRequestError,
    NotFoundError,
    NotSentError,
    RateLimitError,
    ServerError,
    TransportError,
)
from airhaul.wire.call import Call, Reply
from airhaul.wire.limits import RATE_LIMIT_PENALTY_S
from airhaul.wire.replies import parse, retry_after_s

_LONGEST_ASKED_S: Final = 60.0
# How long a request may be at work after its reply was lost, in units of settle_s.
_AT_WORK: Final = 30


@dataclass(frozen=True, slots=True)
class Retries:
    """How long to try.

    Args:
        tries: How often a call is sent at most, when connections or Airtable fail.
        rate_limited: How many times a call may meet the rate limit; each costs 30 s.
        backoff_s: The wait before the second try, in seconds; doubled before each further one.
        longest_backoff_s: No wait is longer, in seconds.
        settle_s: How long to wait before looking for rows whose reply was lost, in seconds: the
            request may still be at work. If rows are not written, there is a second look after
            thirty times as long, a minute by default; only then are created rows sent again. A
            rollback of rows whose reply was lost waits so long, too.
    """

    tries: int = 5
    rate_limited: int = 10
    backoff_s: float = 0.5
    longest_backoff_s: float = 30.0
    settle_s: float = 2.0

    @property
    def at_work_s(self) -> float:
        """How long a request may be at work after its reply was lost, in seconds."""
        return _AT_WORK * self.settle_s


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
        lost: Whether this try may have been carried out.
    """

    error: AirhaulError
    wait_s: float
    pause: bool = False
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The call was not carried out, and will not be."""

    error: AirhaulError


@dataclass(frozen=True, slots=True)
class Unknown:
    """The call may or may not have been carried out."""

    error: AirhaulError


@dataclass(slots=True)
class History:
    """The history of a call.

    Args:
        tries: How often it was sent, those that met the rate limit not counted.
        rate_limited: How often it met the rate limit.
        was_lost: Whether an earlier try may have been carried out although its reply was lost.
    """

    tries: int = 0
    rate_limited: int = 0
    was_lost: bool = False


Decision = Accepted | Again | Refused | Unknown


def judge(
    call: Call, arrival: Arrival, history: History, retries: Retries, *, has_answered: bool
) -> Decision:
    """Decide what to do about a reply or a failure.

    Args:
        call: What was sent.
        arrival: The reply, or why there is none.
        history: How often it was sent so far.
        retries: The bounds.
        has_answered: Whether this service has answered as Airtable does before.

    Returns:
        One of the four decisions.
    """
    try:
        if isinstance(arrival, TransportError):
            raise arrival
        return Accepted(parse(call, arrival))
    except RateLimitError as error:
        if history.rate_limited >= retries.rate_limited:
            return _given_up(call, error, history)
        wait_s = error.retry_after_s if error.retry_after_s is not None else RATE_LIMIT_PENALTY_S
        return Again(error, wait_s, pause=True)
    except NotSentError as error:
        return _judge_not_carried_out(call, error, history, retries)
    except BadReplyError as error:
        if 400 <= error.status < 500 and not error.is_page:
            # Airtable's own refusal, cut on its way: to be read again.
            return _judge_not_carried_out(call, error, history, retries)
        return _judge_lost(call, error, arrival, history, retries, has_answered=has_answered)
    except (ServerError, TransportError) as error:
        return _judge_lost(call, error, arrival, history, retries, has_answered=has_answered)
    except NotFoundError as error:
        if call.method == "DELETE" and history.was_lost and not call.query:
            # An earlier try, whose reply was lost, has deleted it.
            return Accepted({"id": call.path.rpartition("/")[2], "deleted": True})
        return Refused(error)
    except InvalidRequestError as error:
        return Refused(error)  # whoever sent it can find out what an earlier try did
    except AirhaulError as error:
        return _given_up(call, error, history)


def _judge_not_carried_out(
    call: Call, error: AirhaulError, history: History, retries: Retries
) -> Decision:
    if history.tries >= retries.tries:
        return _given_up(call, error, history)
    return Again(error, _backoff_s(history, retries))


def _judge_lost(
    call: Call,
    error: AirhaulError,
    arrival: Arrival,
    history: History,
    retries: Retries,
    *,
    has_answered: bool,
) -> Decision:
    """Decide on a call that may have been carried out: repeat it only where that is safe."""
    if _was_refused_by_a_stranger(call, error, arrival, has_answered=has_answered):
        return _given_up(call, error, history)
    if call.effect == "create":
        return Unknown(error)
    if history.tries >= retries.tries:
        return Refused(error) if call.effect == "read" else Unknown(error)
    return Again(error, max(_backoff_s(history, retries), _asked_s(arrival)), lost=True)


def _given_up(call: Call, error: AirhaulError, history: History) -> Decision:
    # The last try was not carried out; an earlier one may have been.
    return Unknown(error) if history.was_lost and call.effect != "read" else Refused(error)


def _backoff_s(history: History, retries: Retries) -> float:
    backoff_s: float = retries.backoff_s * 2 ** (history.tries - 1)
    return min(backoff_s, retries.longest_backoff_s)


def _asked_s(arrival: Arrival) -> float:
    """The seconds that a 503 asks to wait."""
    if not isinstance(arrival, Reply):
        return 0.0
    return min(retry_after_s(arrival) or 0.0, _LONGEST_ASKED_S)


def _was_refused_by_a_stranger(
    call: Call, error: AirhaulError, arrival: Arrival, *, has_answered: bool
) -> bool:
    """Whether a proxy, a login wall or a wrong URL is in the way, and will stay there."""
    if not isinstance(error, BadReplyError) or not isinstance(arrival, Reply):
        return False
    if arrival.status >= 300:
        return True
    # A page instead of JSON: a service that never answered otherwise will send it again. A write
    # may have been carried out all the same.
    return error.is_page and call.effect == "read" and not has_answered
