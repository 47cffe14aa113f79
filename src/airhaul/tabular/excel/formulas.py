"""Cells of a workbook that python-calamine reads as empty, though they are not.

It returns nothing for an error such as ``#N/A``, and for a formula that was never computed, as
programs write it that do not compute themselves. Both are found in the XML of the sheet
(ECMA-376, part 1, section 18.3.1.4).
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
    if not zipfile.is_zipfile(path) or Path(path).suffix.lower() not in _SUFFIXES:
        return found
    with zipfile.ZipFile(path) as workbook:
        part = _part_of(workbook, sheet)
        if part is None or not _may_have_some(workbook, part):
            return found
        with workbook.open(part) as file:
            for row, column, error in _unread_in(file):
                found.setdefault(row, {})[column] = error
    return found


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


def _may_have_some(workbook: zipfile.ZipFile, part: str) -> bool:
    """Whether there is any formula or error: most sheets have none, and are not parsed."""
    end = b""
    with workbook.open(part) as file:
        while block := file.read(_BLOCK_BYTES):
            if _MAY_BE_UNREAD.search(end + block):
                return True
            end = block[-16:]
    return False


def _unread_in(file: IO[bytes]) -> Iterator[tuple[int, int, str | None]]:
    row = column = 0
    for event, element in ET.iterparse(file, ("start", "end")):  # noqa: S314
        tag = _tag(element)
        if event == "start":
            if tag == "row":
                row, column = int(element.get("r", row + 1)), 0
            continue
        if tag == "c":
            column = _column_of(element.get("r"), column + 1)
            children = {_tag(child): child.text for child in element}
            kind = element.get("t")
            if kind == "e":
                yield row, column, children.get("v") or "#ERROR!"
            elif "f" in children and not children.get("v") and kind != "str":
                yield row, column, None
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
