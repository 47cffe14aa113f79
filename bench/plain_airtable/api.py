"""Requests to the API, and the answers to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from plain_airtable.formula import FormulaError, read_formula
from plain_airtable.table import MERGED_ON, Refusal, Table, new_id

_MOST: Final = 10
_PAGE: Final = 100


@dataclass(frozen=True)
class Asked:
    """A request.

    Args:
        method: Its method.
        path: Its path, percent-encoded.
        query: The names and values of its query, decoded.
        body: The JSON of its body; None without one.
        token: Its token; None without one.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    token: str | None = None

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET" or self.path.endswith("/listRecords")


MISSING: Final = (
    Refusal(422, "ROW_DOES_NOT_EXIST", "A record does not exist"),
    Refusal(404, "MODEL_ID_NOT_FOUND", "Record not found"),
    Refusal(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", "The model was not found."),
)
"""The answers that a deletion of what is not there may get."""


class Api:
    """The API to one base with one table. It is no good for several requests at once.

    Args:
        table: The table.

    Attributes:
        missing: The answer to a deletion of what is not there, which is not documented.
    """

    def __init__(self, table: Table) -> None:
        self.base_id = new_id("app")
        self.table = table
        self.missing = MISSING[0]
        self._lists: dict[str, list[str]] = {}

    def answer(self, asked: Asked) -> Any:
        """Carry out a request, all of it or nothing, and return the JSON of its answer.

        Raises:
            Refusal: It cannot be carried out.
        """
        if asked.token is None:
            raise Refusal(401, "AUTHENTICATION_REQUIRED", "Authentication required")
        match [unquote(part) for part in asked.path.split("/")[1:]]:
            case ["v0", "meta", "whoami"] if asked.method == "GET":
                return {"id": "usr00000000000000"}
            case ["v0", "meta", "bases", self.base_id, "tables"] if asked.method == "GET":
                return {"tables": [self.table.described()]}
            case ["v0", self.base_id, self.table.name | self.table.id]:
                return self._of_table(asked)
            case ["v0", self.base_id, self.table.name | self.table.id, "listRecords"]:
                return self._list(dict(asked.body))
            case ["v0", str(), str(), *_]:
                said = "Invalid permissions, or the requested model was not found."
                raise Refusal(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", said)
            case _:
                raise Refusal(404, "NOT_FOUND", "")

    def _of_table(self, asked: Asked) -> Any:
        match asked.method:
            case "GET":
                return self._list(_parameters(asked.query))
            case "POST":
                checked = [self.table.checked(row.get("fields")) for row in _rows(asked.body)]
                return {"records": [self.table.create(cells) for cells in checked]}
            case "PATCH" | "PUT":
                return self._change(asked.body, is_all=asked.method == "PUT")
            case "DELETE":
                return self._delete([value for name, value in asked.query if name == "records[]"])
            case _:
                raise Refusal(404, "NOT_FOUND", "")

    def _change(self, body: Any, *, is_all: bool) -> Any:
        merges = body.get("performUpsert")
        on = self._merge_fields(merges) if merges is not None else ()
        checked: list[tuple[str | None, dict[str, Any]]] = []
        for row in _rows(body):
            cells = self.table.checked(row.get("fields"))
            if "id" in row or merges is None:
                checked.append((self.table.there(row.get("id"))["id"], cells))
            else:
                checked.append((self.table.matching(cells, on), cells))
        found = [id_ for id_, _ in checked if id_ is not None]
        if len(set(found)) < len(found):
            raise Refusal(422, "INVALID_RECORDS", "You cannot update one record multiple times.")
        records = [
            self.table.create(cells)
            if id_ is None
            else self.table.change(id_, cells, is_all=is_all)
            for id_, cells in checked
        ]
        if merges is None:
            return {"records": records}
        made = [
            record["id"] for record, (id_, _) in zip(records, checked, strict=True) if id_ is None
        ]
        return {"records": records, "createdRecords": made, "updatedRecords": found}

    def _merge_fields(self, merges: Any) -> Sequence[str]:
        names: list[str] = merges["fieldsToMergeOn"]
        if not 1 <= len(names) <= 3 or any(
            name not in self.table.fields or self.table.fields[name]["type"] not in MERGED_ON
            for name in names
        ):
            raise Refusal(422, "INVALID_REQUEST_UNKNOWN", "Invalid request: fieldsToMergeOn.")
        return names

    def _delete(self, record_ids: Sequence[str]) -> Any:
        if not 1 <= len(record_ids) <= _MOST:
            raise Refusal(422, "INVALID_REQUEST_UNKNOWN", "Invalid request: records.")
        if not self.table.records.keys() >= set(record_ids):
            raise self.missing
        for record_id in record_ids:
            self.table.records.pop(record_id, None)
        return {"records": [{"deleted": True, "id": record_id} for record_id in record_ids]}

    def _list(self, parameters: dict[str, Any]) -> Any:
        names = parameters.get("fields")
        for name in names or ():
            if name not in self.table.fields:
                raise Refusal(422, "UNKNOWN_FIELD_NAME", f'Unknown field name: "{name}"')
        iterator, _, next_id = str(parameters.get("offset") or "").partition("/")
        ids = self._lists.get(iterator) if iterator else self._selected(parameters)
        if ids is None or (next_id and next_id not in ids):
            raise Refusal(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE", "")
        start = ids.index(next_id) if next_id else 0
        end = start + min(int(parameters.get("pageSize") or _PAGE), _PAGE)
        page = [self.table.records[id_] for id_ in ids[start:end] if id_ in self.table.records]
        answer: dict[str, Any] = {"records": [_with_only(record, names) for record in page]}
        if end < len(ids):
            iterator = iterator or new_id("itr")
            self._lists[iterator] = ids
            answer["offset"] = f"{iterator}/{ids[end]}"
        return answer

    def _selected(self, parameters: dict[str, Any]) -> list[str]:
        records: Iterable[dict[str, Any]] = self.table.records.values()
        text = parameters.get("filterByFormula")
        if text:
            records = filter(_test(text), records)
        # In the order of nothing that a client could count on.
        ids = sorted(record["id"] for record in records)
        return ids[: int(parameters.get("maxRecords") or len(ids))]


def _test(text: str) -> Callable[[dict[str, Any]], Any]:
    try:
        return read_formula(text)
    except FormulaError as error:
        said = f"The formula for filtering records is invalid: {error}"
        raise Refusal(422, "INVALID_FILTER_BY_FORMULA", said) from None


def _parameters(query: Iterable[tuple[str, str]]) -> dict[str, Any]:
    pairs = list(query)
    names = [value for name, value in pairs if name == "fields[]"]
    plain = {name: value for name, value in pairs if not name.endswith("[]")}
    return {**plain, "fields": names or None}


def _rows(body: Any) -> list[dict[str, Any]]:
    rows = body.get("records") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        said = 'Could not find field "fields" in the request body'
        raise Refusal(422, "INVALID_REQUEST_MISSING_FIELDS", said)
    if len(rows) > _MOST:
        said = f"A maximum of 10 records can be created per request but you provided {len(rows)}."
        raise Refusal(422, "INVALID_RECORDS", said)
    return rows


def _with_only(record: dict[str, Any], names: Sequence[str] | None) -> dict[str, Any]:
    if names is None:
        return record
    fields = {name: cell for name, cell in record["fields"].items() if name in names}
    return {**record, "fields": fields}
