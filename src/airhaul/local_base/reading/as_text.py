"""Cells as text: what ``cellFormat=string`` answers.

Airtable documents that this text is meant for people and may change at any time. Not published, and
decided: numbers have the digits of the field's precision and no separators; dates have the format
of the field, in the zone and language of the request; lists are joined by ``", "``; English
replaces an unknown language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from airhaul.formula.dates.locales import ENGLISH, find_locale
from airhaul.formula.dates.moments import LocalMoment
from airhaul.formula.dates.tokens import format_moment
from airhaul.formula.values import to_text
from airhaul.local_base.protocol import refusal
from airhaul.local_base.reading.field_reader import ReadContext
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field

_DAY: Final = {"name": "local", "format": "l"}
_TIME: Final = {"name": "12hour", "format": "h:mma"}
# More digits than any double has before and after the point, so that quantize never fails.
_DIGITS: Final = Context(prec=700, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class TextForm:
    """The settings of ``cellFormat=string``.

    Args:
        zone: The time zone of dates with times.
        locale: The language of dates, as in ``en`` or ``de``.
    """

    zone: tzinfo
    locale: str

    @classmethod
    def of(cls, zone: Any, locale: Any) -> TextForm:
        """Read both from a request.

        Raises:
            Refusal: One is missing, or the zone is unknown.
        """
        if not isinstance(zone, str) or not isinstance(locale, str) or not zone or not locale:
            raise refusal.invalid_request()
        if zone.lower() == "utc":
            return cls(UTC, locale)
        try:
            return cls(ZoneInfo(zone), locale)
        except (LookupError, ValueError, OSError):
            raise refusal.invalid_request() from None

    def reader(
        self, context: ReadContext, table_id: str, field: Field
    ) -> Callable[[StoredRecord], str | None]:
        """Return a function that reads the cells of a field as text; None where one is empty.

        Args:
            context: Reads the field's cells and values.
            table_id: The field's table.
            field: The field.
        """
        read = context.of_field(table_id, field)
        type_, options = _config(field)

        def cell_text(record: StoredRecord) -> str | None:
            cell = read.cell(record)
            if cell is None:
                return None
            if type_ == "multipleRecordLinks":
                return to_text(read.value(record)) or None  # the names of the linked records
            return self.text(type_, options, cell) or None

        return cell_text

    def text(self, type_: str, options: Mapping[str, Any], cell: Any) -> str:
        """Convert a cell that is not empty to text.

        Args:
            type_: The type of its field, or the result type of a computed field.
            options: The options of the field or result.
            cell: Its JSON.
        """
        if isinstance(cell, list):
            return ", ".join(self.text(type_, options, item) for item in cell)
        if isinstance(cell, dict):
            return _of_object(cell)
        if isinstance(cell, bool):
            return "checked" if cell else ""
        if isinstance(cell, int | float):
            return _NUMBERS.get(type_, _number)(cell, options)
        if type_ in ("date", "dateTime") and isinstance(cell, str):
            return self._date(type_, options, cell)
        return str(cell)

    def _date(self, type_: str, options: Mapping[str, Any], cell: str) -> str:
        try:
            moment = datetime.fromisoformat(cell)
        except ValueError:
            return cell  # a copied cell of unexpected form
        pattern = (options.get("dateFormat") or _DAY)["format"]
        if type_ == "dateTime":
            pattern += " " + (options.get("timeFormat") or _TIME)["format"]
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            moment = _in_zone(moment, self.zone)
        language = find_locale(self.locale) or ENGLISH
        return format_moment(LocalMoment.of(moment, language), pattern)


def _in_zone(moment: datetime, zone: tzinfo) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError:  # near the years 1 and 9999
        return moment


def _config(field: Field) -> tuple[str, Mapping[str, Any]]:
    """Return a field's type and options; for a computed field, those of its result."""
    options = field.options or {}
    result = options.get("result")
    if isinstance(result, dict):
        return result["type"], result.get("options") or {}
    if field.type in ("createdTime", "lastModifiedTime"):
        return "dateTime", options
    return field.type, options


def _of_object(cell: Mapping[str, Any]) -> str:
    """Convert a person, an attachment, a barcode, a button, an error and the like to text."""
    if "filename" in cell and "url" in cell:
        return f"{cell['filename']} ({cell['url']})"
    words = (cell.get(key) for key in ("name", "email", "text", "label", "value", "error"))
    found = next((word for word in words if word), None)
    return str(found or cell.get("specialValue") or cell.get("id") or "")


def _exact(number: float) -> Decimal:
    return Decimal(number) if isinstance(number, int) else Decimal(repr(number))


def _fixed(number: Decimal, digits: int) -> str:
    return format(number.quantize(Decimal(1).scaleb(-digits), context=_DIGITS), "f")


def _number(number: float, options: Mapping[str, Any]) -> str:
    digits = options.get("precision")
    return to_text(number) if digits is None else _fixed(_exact(number), digits)


def _percent(number: float, options: Mapping[str, Any]) -> str:
    return f"{_fixed(_exact(number) * 100, options.get('precision', 0))}%"


def _currency(number: float, options: Mapping[str, Any]) -> str:
    sign, symbol = "-" if number < 0 else "", options.get("symbol", "$")
    return f"{sign}{symbol}{_fixed(abs(_exact(number)), options.get('precision', 2))}"


def _duration(seconds: float, options: Mapping[str, Any]) -> str:
    form = options.get("durationFormat", "h:mm")
    digits = len(form.partition(".")[2])
    if form == "h:mm":
        minutes = int(_fixed(abs(_exact(seconds)) / 60, 0))
        text = f"{minutes // 60}:{minutes % 60:02d}"
    else:
        whole, _, fraction = _fixed(abs(_exact(seconds)), digits).partition(".")
        minutes, rest = divmod(int(whole), 60)
        text = f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" + (fraction and f".{fraction}")
    return f"-{text}" if seconds < 0 else text


_NUMBERS: Final[dict[str, Callable[[float, Mapping[str, Any]], str]]] = {
    "percent": _percent,
    "currency": _currency,
    "duration": _duration,
}
