"""Days, and moments with date and time, which Airtable stores in UTC with milliseconds."""

from __future__ import annotations

import functools
import re
from datetime import UTC, date, datetime
from typing import Any, Final

from pydantic import TypeAdapter

from airhaul.fields.arrow import DAY, MOMENT
from airhaul.fields.card import FieldCard, hashable
from airhaul.fields.encode import encode

_ISO: Final = {"name": "iso"}
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@functools.cache
def datetime_validator() -> TypeAdapter[datetime]:
    """Return the validator of a datetime, made when first used."""
    return TypeAdapter(datetime)


def _encode_day(value: Any) -> Any:
    if type(value) is date:
        return value.isoformat()
    return encode(value.date() if isinstance(value, datetime) else value)


def _is_stored_day(cell: Any) -> bool:
    return isinstance(cell, str) and _DAY.fullmatch(cell) is not None


def _is_stored_moment(cell: Any) -> bool:
    return isinstance(_canonical_moment(cell), datetime)


def _canonical_moment(cell: Any) -> Any:
    try:
        moment = datetime.fromisoformat(cell)
    except (TypeError, ValueError):
        return hashable(cell)
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.replace(microsecond=aware.microsecond // 1000 * 1000)


CARDS: Final = (
    FieldCard(
        type="date",
        python=date,
        inferred_from={date: None},
        can_be_primary=True,
        key="merged",
        is_stored_as_sent=_is_stored_day,
        default_options={"dateFormat": _ISO},
        lookup="date",
        result="date",
        arrow=DAY,
        encode=_encode_day,
    ),
    FieldCard(
        type="dateTime",
        python=datetime,
        inferred_from={datetime: None},
        can_be_primary=True,
        key="compared",
        is_stored_as_sent=_is_stored_moment,
        default_options={
            "timeZone": "utc",
            "dateFormat": _ISO,
            "timeFormat": {"name": "24hour"},
        },
        lookup="datetime",
        result="dateTime",
        arrow=MOMENT,
        canonical=_canonical_moment,
    ),
    FieldCard(
        type="createdTime",
        is_computed=True,
        python=datetime,
        lookup="datetime",
        result="dateTime",
        arrow=MOMENT,
    ),
    FieldCard(
        type="lastModifiedTime",
        is_computed=True,
        python=datetime,
        lookup="datetime",
        result="dateTime",
        arrow=MOMENT,
    ),
)
