"""Times with a zone and a language to print them in, and finding both by name."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from airhaul.formula.dates.locales import ENGLISH, Locale


class LocalMoment(datetime):
    """A time that ``DATETIME_FORMAT`` prints in its zone and language.

    Other functions compute in UTC and ignore both.
    """

    locale: Locale = ENGLISH

    @classmethod
    def of(cls, moment: datetime, locale: Locale) -> Self:
        """Make one from a time with a zone, and a language."""
        made = cls.combine(moment.date(), moment.timetz())
        made.locale = locale
        return made


@functools.lru_cache(maxsize=256)
def find_zone(name: str) -> ZoneInfo | None:
    """Find a time zone by its name, as in ``Australia/Sydney``; None if it is unknown."""
    try:
        return ZoneInfo(name.strip())
    except (ValueError, LookupError, OSError):
        # An unknown zone, or a name that is invalid as a path or is a folder.
        return None


def locale_of(moment: datetime) -> Locale:
    """Return the language in which a time is printed."""
    return moment.locale if isinstance(moment, LocalMoment) else ENGLISH
