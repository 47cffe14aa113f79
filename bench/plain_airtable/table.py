"""One table of plain fields, and what it refuses."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from plain_airtable.formula import is_empty

_LETTERS: Final = string.ascii_letters + string.digits
_TEXTS: Final = ("singleLineText", "multilineText", "email", "url", "phoneNumber")
_NUMBERS: Final = ("number", "currency", "percent")
MERGED_ON: Final = (*_TEXTS, "number", "singleSelect", "date")
"""The types of fields that an upsert can merge on."""


class Refusal(Exception):  # noqa: N818 - not what went wrong here
    """A request that Airtable would refuse.

    Args:
        status: The HTTP status.
        type: The type of the error.
        message: What is wrong.
    """

    def __init__(self, status: int, type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": type, "message": message}}


def new_id(prefix: str) -> str:
    """Make an ID, such as ``rec`` and fourteen characters."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(14))


def _with_ids(field: dict[str, Any]) -> dict[str, Any]:
    given = {"id": new_id("fld"), **field}
    choices = field.get("options", {}).get("choices")
    if choices is not None:
        given["options"] = {"choices": [{"id": new_id("sel"), **choice} for choice in choices]}
    return given


class Table:
    """A table and its records.

    Args:
        name: Its name.
        fields: Its fields as the metadata API describes them; they are given IDs here.
    """

    def __init__(self, name: str, fields: Sequence[dict[str, Any]]) -> None:
        self.id = new_id("tbl")
        self.name = name
        self.fields = {field["name"]: _with_ids(field) for field in fields}
        self.records: dict[str, dict[str, Any]] = {}

    def described(self) -> dict[str, Any]:
        """Return the table as the metadata API has it."""
        fields = list(self.fields.values())
        view = {"id": new_id("viw"), "name": "Grid view", "type": "grid"}
        return {
            "id": self.id,
            "name": self.name,
            "primaryFieldId": fields[0]["id"],
            "fields": fields,
            "views": [view],
        }

    def checked(self, cells: Any) -> dict[str, Any]:
        """Return cells that are to be written, if each fits its field; None for one to clear.

        Raises:
            Refusal: A field is not there, or a cell does not fit.
        """
        if not isinstance(cells, dict):
            raise Refusal(422, "INVALID_RECORDS", "Each record needs fields.")
        for name, cell in cells.items():
            if name not in self.fields:
                raise Refusal(422, "UNKNOWN_FIELD_NAME", f'Unknown field name: "{name}"')
            if cell is not None:
                self._check(self.fields[name], cell)
        return {name: None if is_empty(cell) else cell for name, cell in cells.items()}

    def _check(self, field: dict[str, Any], cell: Any) -> None:
        fits = {
            **dict.fromkeys(_TEXTS, isinstance(cell, str)),
            **dict.fromkeys(_NUMBERS, isinstance(cell, int | float) and cell is not True),
            "checkbox": isinstance(cell, bool),
            "singleSelect": isinstance(cell, str),
        }
        if not fits.get(field["type"], False):
            said = f'Field "{field["name"]}" cannot accept the provided value'
            raise Refusal(422, "INVALID_VALUE_FOR_COLUMN", said)
        if field["type"] == "singleSelect":
            choices = [choice["name"] for choice in field["options"]["choices"]]
            if cell not in choices:
                said = f'Insufficient permissions to create new select option ""{cell}""'
                raise Refusal(422, "INVALID_MULTIPLE_CHOICE_OPTIONS", said)

    def there(self, record_id: object) -> dict[str, Any]:
        """Return a record that a request names.

        Raises:
            Refusal: It is not there.
        """
        if not isinstance(record_id, str) or record_id not in self.records:
            raise Refusal(422, "ROW_DOES_NOT_EXIST", f"Record ID {record_id} does not exist")
        return self.records[record_id]

    def create(self, cells: dict[str, Any], age_s: float = 0.0) -> dict[str, Any]:
        """Create a record of cells that are checked.

        Args:
            cells: The cells.
            age_s: How long ago it was created, in seconds.
        """
        now = datetime.fromtimestamp(int(time.time() - age_s), UTC)
        made = {
            "id": new_id("rec"),
            "createdTime": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "fields": {name: cell for name, cell in cells.items() if cell is not None},
        }
        self.records[made["id"]] = made
        return made

    def change(self, record_id: str, cells: dict[str, Any], *, is_all: bool) -> dict[str, Any]:
        """Change a record by cells that are checked.

        Args:
            record_id: The record.
            cells: The cells.
            is_all: Whether to clear the cells that are not named.
        """
        record = self.records[record_id]
        before = {} if is_all else record["fields"]
        after = {**before, **cells}
        fields = {name: cell for name, cell in after.items() if cell is not None}
        self.records[record_id] = {**record, "fields": fields}
        return self.records[record_id]

    def matching(self, cells: dict[str, Any], names: Sequence[str]) -> str | None:
        """Return the record that has the same cells in some fields; None if there is none.

        Raises:
            Refusal: There are several.
        """
        found = [
            id_
            for id_, record in self.records.items()
            if all(record["fields"].get(name) == cells.get(name) for name in names)
        ]
        if len(found) > 1:
            said = "Cannot update more than one record for fields to merge on"
            raise Refusal(422, "INVALID_VALUE_FOR_COLUMN", said)
        return found[0] if found else None
