"""Finding the options that would make numbers or dates of columns that are text without them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from airhaul.cli.output.wording import spelled
from airhaul.messages import Option
from airhaul.tabular import FileSettings, InputFile
from airhaul.tabular.infer import InferredColumn, infer_columns
from airhaul.tabular.texts.date_format import likely_formats
from airhaul.tabular.texts.style import has_decimal_comma

_SAMPLE: Final = 1_000
KINDS: Final = {"number": "number", "date": "date", "dateTime": "date"}
"""What a value of a field of this type is called."""


def advice_on_notations(file: InputFile, columns: Sequence[InferredColumn]) -> list[str]:
    """Say which columns would be numbers or dates with another option.

    Args:
        file: The file; it is read again only if a value looks like a number or a date.
        columns: Its columns, as they were inferred.

    Returns:
        A sentence for the columns that the same options would read, and one for each of which
        they would read all values but a few.
    """
    texts = [column.name for column in columns if column.type in ("singleLineText", "singleSelect")]
    options: dict[tuple[str, str], list[str]] = {}
    nearly: dict[str, str] = {}
    for settings, option in _options_for(file, _only(texts, islice(_cells(file), _SAMPLE))):
        for column in infer_columns(_only(texts, _cells(file)), settings.style()):
            if column.type in KINDS:
                options.setdefault((column.name, KINDS[column.type]), []).append(spelled(option))
            elif (misfits := column.misfits) and KINDS[misfits.type] == _kind_of(option):
                nearly[column.name] = (
                    f"The values of {column.name!r} would be {KINDS[misfits.type]}s with "
                    f"{spelled(option)}, except for {misfits.count:,}, such as "
                    f"{', '.join(map(repr, misfits.examples))}."
                )
    together: dict[tuple[str, str], list[str]] = {}
    for name, kind in sorted(options, key=lambda found: texts.index(found[0])):
        readings = " or ".join(options[name, kind])
        together.setdefault((kind, readings), []).append(repr(name))
    entirely = {name for name, _ in options}
    return [
        *(
            f"The values of {', '.join(names)} would be {kind}s with {readings}."
            for (kind, readings), names in together.items()
        ),
        *(sentence for name, sentence in nearly.items() if name not in entirely),
    ]


def _kind_of(option: Option) -> str:
    return "number" if option.name == "decimal_comma" else "date"


def _cells(file: InputFile) -> Iterator[Mapping[str, object]]:
    return (row.cells for row in file.rows())


def _only(
    names: Sequence[str], rows: Iterable[Mapping[str, object]]
) -> Iterator[Mapping[str, object]]:
    return ({name: row.get(name) for name in names} for row in rows)


def _options_for(
    file: InputFile, sample: Iterable[Mapping[str, object]]
) -> list[tuple[FileSettings, Option]]:
    """The options that would read one of the first values, with the settings that they make."""
    settings = file.settings
    found: dict[str, tuple[FileSettings, Option]] = {}
    begun: set[str] = set()
    for row in sample:
        for name, value in row.items():
            text = value.strip() if isinstance(value, str) else ""
            if not settings.decimal_comma and has_decimal_comma(text):
                found[""] = replace(settings, decimal_comma=True), Option("decimal_comma", True)
            if text and settings.date_format is None and name not in begun:
                begun.add(name)
                for form in likely_formats(text):
                    found[form] = replace(settings, date_format=form), Option("date_format", form)
    return list(found.values())
