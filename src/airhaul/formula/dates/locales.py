"""Date formats of other languages: the formats of ``L`` to ``LLLL``, ordinals, weeks.

Names of months and days come from CLDR, through babel, so abbreviated names may differ from those
of moment.js in a dot or a letter. The formats of long dates do not come from CLDR, which has other
formats than moment.js; the table below has them for every known locale.

Source of the formats: https://momentjs.com (its locales' ``longDateFormat``, ``week``,
``ordinal``).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

Width = Literal["wide", "abbreviated"]


def _suffix(text: str) -> Callable[[int], str]:
    return lambda number: f"{number}{text}"


def _english(number: int) -> str:
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def _french(number: int) -> str:
    return "1er" if number == 1 else f"{number}"


def _french_abroad(number: int) -> str:
    return "1er" if number == 1 else f"{number}e"


def _dutch(number: int) -> str:
    return f"{number}{'ste' if number in (1, 8) or number >= 20 else 'de'}"


def _swedish(number: int) -> str:
    return f"{number}{':a' if number % 10 in (1, 2) and number not in (11, 12) else ':e'}"


def _catalan(number: int) -> str:
    return f"{number}{ {1: 'r', 2: 'n', 3: 'r', 4: 't'}.get(number, 'è') }"


@dataclass(frozen=True, slots=True)
class Locale:
    """The date formats of one language.

    Args:
        cldr: Its name in CLDR.
        time: ``LT``; with seconds it is ``LTS``.
        short: ``L``.
        long: ``LL``.
        long_time: ``LLL``, which may contain localized tokens.
        full: ``LLLL``, which may contain localized tokens.
        ordinal: Writes a number's ordinal.
        first_day: The day on which weeks start, 0 for Sunday.
        first_week: The rule for week 1, see ``week_of_year``.
        halves: The parts of a day, each with the time at which it ends, as in 1130 for 11:30.
        alone: Whether the name of a month differs if no day precedes it.
    """

    cldr: str
    time: str
    short: str
    long: str
    long_time: str = "LL LT"
    full: str = "dddd, LLL"
    ordinal: Callable[[int], str] = _suffix(".")
    first_day: int = 1
    first_week: int = 4
    halves: tuple[tuple[int, str], ...] = ((1200, "AM"), (2400, "PM"))
    alone: bool = False

    def form(self, token: str) -> str | None:
        """Expand a localized token to its format; None if the token is not localized."""
        match token:
            case "LT":
                return self.time
            case "LTS":
                return self.time.replace("mm", "mm.ss" if "." in self.time else "mm:ss")
            case "L" | "l":
                form = self.short
            case "LL" | "ll":
                form = self.long
            case "LLL" | "lll":
                form = self.long_time
            case "LLLL" | "llll":
                form = self.full
            case _:
                return None
        return form if token.isupper() else _shortened(form)

    def month(self, number: int, width: Width, *, alone: bool) -> str:
        """Return the name of a month, from 1; ``alone`` if no day precedes it."""
        return _months(self.cldr, width, alone and self.alone and width == "wide")[number - 1]

    def month_names(self) -> list[str]:
        """Return all names of months, in lower case and without a final dot."""
        return list(_numbers_of_months(self.cldr, self.alone))

    def month_number(self, name: str) -> int | None:
        """Return the number of a month by its name, in any case and width; None if unknown."""
        return _numbers_of_months(self.cldr, self.alone).get(_bare(name))

    def day(self, number: int, width: Width | Literal["short"]) -> str:
        """Return the name of a day, 0 for Sunday."""
        return _days(self.cldr, width)[number]

    def day_names(self) -> list[str]:
        """Return all names of days, in lower case and without a final dot."""
        widths: tuple[Width | Literal["short"], ...] = ("wide", "abbreviated", "short")
        return [_bare(name) for width in widths for name in _days(self.cldr, width)]

    def half_names(self) -> list[str]:
        """Return all names of parts of the day, and the English ones, in lower case."""
        return [*(name.lower() for _, name in self.halves), "am", "pm"]

    def half(self, hour: int, minute: int) -> str:
        """Return the part of the day, as in ``AM``."""
        time = hour * 100 + minute
        return next(name for end, name in self.halves if time < end)

    def half_is_second(self, name: str) -> bool | None:
        """Return whether a part of the day is after noon; None if the name is unknown."""
        for end, half in (*self.halves, (1200, "AM"), (2400, "PM")):
            if half.lower() == name.lower():
                return end > 1200
        return None


def _shortened(form: str) -> str:
    """Shorten a format for ``l`` to ``llll``: no leading zeros, short names."""
    for long, short in (
        ("MMMM", "MMM"),
        ("dddd", "ddd"),
        ("DD", "D"),
        ("LLL", "lll"),
        ("LL", "ll"),
    ):
        if long in form:
            form = form.replace(long, short)
    return form if "MMM" in form else form.replace("MM", "M")


def _bare(name: str) -> str:
    return name.lower().rstrip(".")


@functools.cache
def _months(cldr: str, width: Width, alone: bool) -> tuple[str, ...]:
    # Imported here, since few formulas use the name of a month.
    from babel.dates import get_month_names

    names = get_month_names(width, "stand-alone" if alone else "format", cldr)
    return tuple(names[number] for number in range(1, 13))


@functools.cache
def _numbers_of_months(cldr: str, alone: bool) -> dict[str, int]:
    names = [_months(cldr, "abbreviated", False), _months(cldr, "wide", False)]
    if alone:
        names.append(_months(cldr, "wide", True))
    return {
        _bare(name): number
        for twelve in names
        for number, name in enumerate(twelve, start=1)
    }  # fmt: skip


@functools.cache
def _days(cldr: str, width: Width | Literal["short"]) -> tuple[str, ...]:
    from babel.dates import get_day_names

    names = get_day_names(width, "format", cldr)
    return tuple(names[(number - 1) % 7] for number in range(7))


_JAPANESE: Final = ((1200, "午前"), (2400, "午後"))
_CHINESE: Final = (
    (600, "凌晨"), (900, "早上"), (1130, "上午"), (1230, "中午"), (1800, "下午"), (2400, "晚上"),
)  # fmt: skip
_SLAVIC: Final = ((400, "ночи"), (1200, "утра"), (1700, "дня"), (2400, "вечера"))
_UKRAINIAN: Final = ((400, "ночі"), (1200, "ранку"), (1700, "дня"), (2400, "вечора"))

ENGLISH: Final = Locale(
    "en", "h:mm A", "MM/DD/YYYY", "MMMM D, YYYY", ordinal=_english, first_day=0, first_week=6
)

LOCALES: Final[dict[str, Locale]] = {
    "af": Locale("af", "HH:mm", "DD/MM/YYYY", "D MMMM YYYY", ordinal=_dutch),
    "bg": Locale("bg", "H:mm", "D.MM.YYYY", "D MMMM YYYY", ordinal=_suffix("-ти"), first_week=7),
    "bs": Locale("bs", "H:mm", "DD.MM.YYYY", "D. MMMM YYYY", first_week=7),
    "ca": Locale(
        "ca", "H:mm", "DD/MM/YYYY", "D MMMM [de] YYYY", "LL [a les] LT", "dddd LLL", _catalan,
        alone=True,
    ),
    "cs": Locale("cs", "H:mm", "DD.MM.YYYY", "D. MMMM YYYY", full="dddd LLL", alone=True),
    "da": Locale("da", "HH:mm", "DD.MM.YYYY", "D. MMMM YYYY", full="dddd [d.] LL [kl.] LT"),
    "de": Locale("de", "HH:mm", "DD.MM.YYYY", "D. MMMM YYYY"),
    "de-at": Locale("de_AT", "HH:mm", "DD.MM.YYYY", "D. MMMM YYYY"),
    "el": Locale(
        "el", "h:mm A", "DD/MM/YYYY", "D MMMM YYYY", ordinal=_suffix("η"),
        halves=((1200, "ΠΜ"), (2400, "ΜΜ")), alone=True,
    ),
    "en": ENGLISH,
    "en-au": Locale(
        "en_AU", "h:mm A", "DD/MM/YYYY", "D MMMM YYYY", ordinal=_english, first_day=0
    ),
    "en-ca": Locale(
        "en_CA", "h:mm A", "YYYY-MM-DD", "MMMM D, YYYY", ordinal=_english, first_day=0,
        first_week=6,
    ),
    "en-gb": Locale("en_GB", "HH:mm", "DD/MM/YYYY", "D MMMM YYYY", ordinal=_english),
    "en-ie": Locale(
        "en_IE", "HH:mm", "DD/MM/YYYY", "D MMMM YYYY", full="dddd LLL", ordinal=_english
    ),
    "en-nz": Locale("en_NZ", "h:mm A", "DD/MM/YYYY", "D MMMM YYYY", ordinal=_english),
    "es": Locale(
        "es", "H:mm", "DD/MM/YYYY", "D [de] MMMM [de] YYYY", ordinal=_suffix("º")
    ),
    "et": Locale("et", "H:mm", "DD.MM.YYYY", "D. MMMM YYYY"),
    "eu": Locale("eu", "HH:mm", "YYYY-MM-DD", "YYYY[ko] MMMM[ren] D[a]", first_week=7),
    "fi": Locale(
        "fi", "HH.mm", "DD.MM.YYYY", "Do MMMM YYYY", "LL, [klo] LT", alone=True
    ),
    "fo": Locale("fo", "HH:mm", "DD/MM/YYYY", "D MMMM YYYY", full="dddd D. MMMM, YYYY LT"),
    "fr": Locale(
        "fr", "HH:mm", "DD/MM/YYYY", "D MMMM YYYY", full="dddd LLL", ordinal=_french
    ),
    "fr-ca": Locale(
        "fr_CA", "HH:mm", "YYYY-MM-DD", "D MMMM YYYY", full="dddd LLL", ordinal=_french_abroad,
        first_day=0, first_week=6,
    ),
    "fr-ch": Locale(
        "fr_CH", "HH:mm", "DD.MM.YYYY", "D MMMM YYYY", full="dddd LLL", ordinal=_french_abroad
    ),
    "gl": Locale(
        "gl", "H:mm", "DD/MM/YYYY", "D [de] MMMM [de] YYYY", ordinal=_suffix("º")
    ),
    "hr": Locale(
        "hr", "H:mm", "DD.MM.YYYY", "Do MMMM YYYY", first_week=7, alone=True
    ),
    "hu": Locale(
        "hu", "H:mm", "YYYY.MM.DD.", "YYYY. MMMM D.", full="LL, dddd LT",
        halves=((1200, "DE"), (2400, "DU")),
    ),
    "id": Locale(
        "id", "HH.mm", "DD/MM/YYYY", "D MMMM YYYY", "LL [pukul] LT", ordinal=_suffix(""),
        first_day=0, first_week=6,
        halves=((1100, "pagi"), (1500, "siang"), (1900, "sore"), (2400, "malam")),
    ),
    "is": Locale("is", "H:mm", "DD.MM.YYYY", "D. MMMM YYYY", "LL [kl.] LT"),
    "it": Locale(
        "it", "HH:mm", "DD/MM/YYYY", "D MMMM YYYY", full="dddd LLL", ordinal=_suffix("º")
    ),
    "ja": Locale(
        "ja", "HH:mm", "YYYY/MM/DD", "YYYY年M月D日", full="LL dddd LT", ordinal=_suffix("日"),
        first_day=0, first_week=6, halves=_JAPANESE,
    ),
    "ko": Locale(
        "ko", "A h:mm", "YYYY.MM.DD.", "YYYY년 MMMM D일", full="LL dddd LT",
        ordinal=_suffix("일"), first_day=0, first_week=6,
        halves=((1200, "오전"), (2400, "오후")),
    ),
    "lt": Locale(
        "lt", "HH:mm", "YYYY-MM-DD", "YYYY [m.] MMMM D [d.]", "LL, LT [val.]",
        "LL, dddd, LT [val.]", _suffix("-oji"),
    ),
    "lv": Locale(
        "lv", "HH:mm", "DD.MM.YYYY.", "YYYY. [gada] D. MMMM", "LL, LT", "LL, dddd, LT"
    ),
    "nb": Locale("nb", "HH:mm", "DD.MM.YYYY", "D. MMMM YYYY", "LL [kl.] LT", "dddd LLL"),
    "nl": Locale(
        "nl", "HH:mm", "DD-MM-YYYY", "D MMMM YYYY", full="dddd LLL", ordinal=_dutch
    ),
    "nn": Locale(
        "nn", "HH:mm", "DD.MM.YYYY", "D. MMMM YYYY", "LL [kl.] H:mm", "dddd LL [kl.] LT"
    ),
    "pl": Locale("pl", "HH:mm", "DD.MM.YYYY", "D MMMM YYYY", alone=True),
    "pt": Locale(
        "pt_PT", "HH:mm", "DD/MM/YYYY", "D [de] MMMM [de] YYYY", ordinal=_suffix("º")
    ),
    "pt-br": Locale(
        "pt", "HH:mm", "DD/MM/YYYY", "D [de] MMMM [de] YYYY", "LL [às] LT",
        ordinal=_suffix("º"), first_day=0, first_week=6,
    ),
    "ro": Locale(
        "ro", "H:mm", "DD.MM.YYYY", "D MMMM YYYY", ordinal=_suffix(""), first_week=7
    ),
    "ru": Locale(
        "ru", "H:mm", "DD.MM.YYYY", "D MMMM YYYY г.", "LL, LT", ordinal=_suffix("-го"),
        halves=_SLAVIC, alone=True,
    ),
    "sk": Locale("sk", "H:mm", "DD.MM.YYYY", "D. MMMM YYYY", full="dddd LLL", alone=True),
    "sl": Locale("sl", "H:mm", "DD. MM. YYYY", "D. MMMM YYYY", first_week=7),
    "sv": Locale(
        "sv", "HH:mm", "YYYY-MM-DD", "D MMMM YYYY", "LL [kl.] LT", "dddd LLL", _swedish
    ),
    "tr": Locale(
        "tr", "HH:mm", "DD.MM.YYYY", "D MMMM YYYY", ordinal=_suffix(""), first_week=7,
        halves=((1200, "ÖÖ"), (2400, "ÖS")),
    ),
    "uk": Locale(
        "uk", "HH:mm", "DD.MM.YYYY", "D MMMM YYYY р.", "LL, LT", ordinal=_suffix("-го"),
        halves=_UKRAINIAN, alone=True,
    ),
    "vi": Locale(
        "vi", "HH:mm", "DD/MM/YYYY", "D MMMM [năm] YYYY", ordinal=_suffix(""),
        halves=((1200, "SA"), (2400, "CH")),
    ),
    "zh-cn": Locale(
        "zh_Hans", "HH:mm", "YYYY/MM/DD", "YYYY年M月D日", "LLAh点mm分", "LLddddAh点mm分",
        _suffix("日"), halves=_CHINESE,
    ),
    "zh-tw": Locale(
        "zh_Hant", "HH:mm", "YYYY/MM/DD", "YYYY年M月D日", full="LLdddd LT",
        ordinal=_suffix("日"), first_day=0, first_week=6, halves=_CHINESE,
    ),
}  # fmt: skip
"""Every known locale, by its name in formulas."""


def find_locale(name: str) -> Locale | None:
    """Find a locale.

    Args:
        name: The name, as in ``es`` or ``zh-tw``, in any case, also with ``_``.

    Returns:
        The locale, or the one of its language alone; None if both are unknown.
    """
    key = name.strip().lower().replace("_", "-")
    return LOCALES.get(key) or LOCALES.get(key.partition("-")[0])
