"""Date cells, and cells with date and time, which are stored in UTC.

Source: https://airtable.com/developers/web/api/field-model; that a number is taken as milliseconds
since 1970 is from recorded answers.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from airhaul.formula.dates.dates import parse_moment
from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.encoding import time_text
from airhaul.local_base.store.schema import Field
from airhaul.local_base.writing.cells.write_context import WriteContext

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?"
)


def check_date(field: Field, value: Any, write: WriteContext) -> Any:
    """Accept ``YYYY-MM-DD``; with typecast any text that can be parsed as a date."""
    if not isinstance(value, str):
        raise refusal.cannot_accept(field.name)
    if write.typecast and not value.strip():
        return None
    if write.typecast:
        moment = parse_moment(value)
        if moment is not None:
            return moment.date().isoformat()
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass  # not a calendar day: refused below like any other text
    raise refusal.cannot_accept(field.name)


def check_date_time(field: Field, value: Any, write: WriteContext) -> Any:
    """Accept a date and time in ISO form; the default zone is the field's own."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_milliseconds(field, value)
    if not isinstance(value, str):
        raise refusal.cannot_accept(field.name)
    if write.typecast and not value.strip():
        return None
    moment = None
    if _MOMENT.fullmatch(value):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
    elif write.typecast:
        moment = parse_moment(value)
    if moment is None:
        raise refusal.cannot_accept(field.name)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone(field))
    try:
        return time_text(moment.astimezone(UTC))
    except OverflowError:
        raise refusal.cannot_accept(field.name) from None


def _of_milliseconds(field: Field, value: float) -> str:
    try:
        return time_text(_EPOCH + timedelta(milliseconds=value))
    except (OverflowError, ValueError):
        raise refusal.cannot_accept(field.name) from None


def _zone(field: Field) -> tzinfo:
    # The zone for times without one; "client" has no zone on a server.
    name = (field.options or {}).get("timeZone", "utc")
    return UTC if name in ("utc", "client") else ZoneInfo(name)
