"""Cells of a workbook that python-calamine reads as something else.

It returns nothing for an error such as ``#N/A``, and for a formula that was never computed, as
programs write it that do not compute themselves; and it makes times of numbers that are none. They
are found in the XML of the sheet (ECMA-376, part 1, section 18.3.1.4).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final
from xml.etree import ElementTree as ET

_SUFFIXES: Final = frozenset({".xlsx", ".xlsm"})
_BLOCK_BYTES: Final = 1 << 20
_MAY_BE_UNREAD: Final = re.compile(rb"<(\w+:)?f[ />]|t=[\"']e[\"']")
_MAY_BE_IMPOSSIBLE: Final = re.compile(rb"<(\w+:)?v>(-|60[.<])")
_NO_DAY: Final = 60  # counted from 31 December 1899
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION: Final = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


def unread_cells(path: str | Path, sheet: str) -> dict[int, dict[int, str | None]]:
    """Find the cells of a sheet that are read as empty, though they are not.

    Args:
        path: The workbook; only in ``.xlsx`` and ``.xlsm`` files are such cells found.
        sheet: The name of the sheet.

    Returns:
        By row and column, both from 1: the error that a cell shows, or None for a formula that was
        never computed.
    """
    found: dict[int, dict[int, str | None]] = {}
    for row, column, cell in _cells_of(path, sheet, _MAY_BE_UNREAD):
        children = {_tag(child): child.text for child in cell}
        kind = cell.get("t")
        if kind == "e":
            found.setdefault(row, {})[column] = children.get("v") or "#ERROR!"
        elif "f" in children and not children.get("v") and kind != "str":
            found.setdefault(row, {})[column] = None
    return found


def impossible_times(path: str | Path, sheet: str) -> set[tuple[int, int]]:
    """Find the numbers of a sheet that are no dates and times, though python-calamine makes some.

    Of a number below zero it reads the time of day, so that six hours less are 18:00; and it takes
    29 February 1900, a day that only Excel has, for the day before.

    Args:
        path: The workbook; only in ``.xlsx`` and ``.xlsm`` files are they found.
        sheet: The name of the sheet.

    Returns:
        Their rows and columns, both from 1, whatever their format.
    """
    found: set[tuple[int, int]] = set()
    for row, column, cell in _cells_of(path, sheet, _MAY_BE_IMPOSSIBLE):
        number = next((child.text for child in cell if _tag(child) == "v"), None)
        if cell.get("t", "n") == "n" and number and not _is_possible(float(number)):
            found.add((row, column))
    return found


def _is_possible(serial: float) -> bool:
    return serial >= 0 and int(serial) != _NO_DAY


def _cells_of(
    path: str | Path, sheet: str, wanted: re.Pattern[bytes]
) -> Iterator[tuple[int, int, ET.Element]]:
    """Yield the cells of a sheet, if its XML has what is wanted; most have not."""
    if not zipfile.is_zipfile(path) or Path(path).suffix.lower() not in _SUFFIXES:
        return
    with zipfile.ZipFile(path) as workbook:
        part = _part_of(workbook, sheet)
        if part is not None and _may_have_some(workbook, part, wanted):
            with workbook.open(part) as file:
                yield from _cells_in(file)


def _part_of(workbook: zipfile.ZipFile, sheet: str) -> str | None:
    """The name of the part that has the cells of a sheet."""
    names = set(workbook.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return None
    relations = ET.fromstring(workbook.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    for one in ET.fromstring(workbook.read("xl/workbook.xml")).iter():  # noqa: S314
        if _tag(one) == "sheet" and one.get("name") == sheet:
            target = targets.get(one.get(_RELATION) or one.get(_STRICT_RELATION), "")
            part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            return part if part in names else None
    return None


def _may_have_some(workbook: zipfile.ZipFile, part: str, wanted: re.Pattern[bytes]) -> bool:
    end = b""
    with workbook.open(part) as file:
        while block := file.read(_BLOCK_BYTES):
            if wanted.search(end + block):
                return True
            end = block[-16:]
    return False


def _cells_in(file: IO[bytes]) -> Iterator[tuple[int, int, ET.Element]]:
    row = column = 0
    for event, element in ET.iterparse(file, ("start", "end")):  # noqa: S314
        tag = _tag(element)
        if event == "start":
            if tag == "row":
                row, column = int(element.get("r", row + 1)), 0
            continue
        if tag == "c":
            column = _column_of(element.get("r"), column + 1)
            yield row, column, element
        elif tag == "row":
            element.clear()


def _column_of(reference: str | None, otherwise: int) -> int:
    if reference is None:
        return otherwise
    column = 0
    for letter in reference.rstrip("0123456789"):
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


def _tag(element: Any) -> str:
    tag: str = element.tag
    return tag.rpartition("}")[2]
