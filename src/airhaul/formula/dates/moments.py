"""Points in time with a zone and a language to be printed in, and the names of both."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from airhaul.formula.dates.locales import ENGLISH, Locale


class LocalMoment(datetime):
    """A point in time that ``DATETIME_FORMAT`` prints in its zone and its language.

    For all else it is the point in time that it is: other functions compute in UTC.
    """

    locale: Locale = ENGLISH

    @classmethod
    def of(cls, moment: datetime, locale: Locale) -> Self:
        """Take a point in time, in its zone, with a language."""
        made = cls.combine(moment.date(), moment.timetz())
        made.locale = locale
        return made


@functools.lru_cache(maxsize=256)
def find_zone(name: str) -> ZoneInfo | None:
    """Find a time zone by its name, as ``Australia/Sydney``; None if there is none."""
    try:
        return ZoneInfo(name.strip())
    except (ValueError, LookupError, OSError):
        # No such zone, or a name that cannot be a file's or is a folder's.
        return None


def locale_of(moment: datetime) -> Locale:
    """The language that a point in time is printed in."""
    return moment.locale if isinstance(moment, LocalMoment) else ENGLISH
