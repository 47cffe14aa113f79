"""The tables that are measured with, made in a local base."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from rows import CHOICES, COMPANY_IDS, TABLE, TAGS, as_json

from airhaul.local_base.base import LocalBase
from airhaul.local_base.store.record_rows import StoredRecord
from airhaul.wire import endpoints

_COMPANIES: Final = "Companies"
_AT_ONCE: Final = 10_000


def make_tables(local_base: LocalBase, rows: Iterable[dict[str, Any]]) -> None:
    """Create the table, and one that its rows link to.

    Args:
        local_base: The base.
        rows: What the table holds, as ``rows.make_rows`` has it.
    """
    name = {"name": "Name", "type": "singleLineText"}
    companies = _create_table(local_base, _COMPANIES, [name])
    people = _create_table(local_base, TABLE, _fields(companies["id"]))
    ids = {field["name"]: field["id"] for field in people["fields"]}
    rows = iter(rows)
    with local_base._store.session(write=True) as session:
        created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        named = companies["fields"][0]["id"]
        session.records.restore(
            StoredRecord(id_, companies["id"], created, {named: f"Company {number}"}, number)
            for number, id_ in enumerate(COMPANY_IDS, 1)
        )
        while part := list(islice(rows, _AT_ONCE)):
            cells = [
                {ids[name]: cell for name, cell in as_json(row).items() if cell is not False}
                for row in part
            ]
            user_id = local_base._store.user_id
            session.records.add(people["id"], cells, datetime.now(UTC), user_id)


def _create_table(local_base: LocalBase, name: str, fields: list[Any]) -> dict[str, Any]:
    call = endpoints.create_table(local_base.default_base_id, name, fields)
    reply = local_base.send(call, lambda: None)
    if reply.status != 200:
        raise RuntimeError(f"the table could not be created: {reply.body!r}")
    return json.loads(reply.body)


def _fields(companies_id: str) -> list[dict[str, Any]]:
    moment = {"timeZone": "utc", "dateFormat": {"name": "iso"}, "timeFormat": {"name": "24hour"}}
    return [
        {"name": "Full Name", "type": "singleLineText"},
        {"name": "E-Mail", "type": "email"},
        {"name": "Age", "type": "number", "options": {"precision": 0}},
        {
            "name": "Is Active",
            "type": "checkbox",
            "options": {"icon": "check", "color": "greenBright"},
        },
        {"name": "Joined On", "type": "date", "options": {"dateFormat": {"name": "iso"}}},
        {"name": "Last Seen", "type": "dateTime", "options": moment},
        {"name": "Status", "type": "singleSelect", "options": _choices(CHOICES)},
        {"name": "Tags", "type": "multipleSelects", "options": _choices(TAGS)},
        {
            "name": "Company",
            "type": "multipleRecordLinks",
            "options": {"linkedTableId": companies_id},
        },
    ]


def _choices(names: Iterable[str]) -> dict[str, Any]:
    return {"choices": [{"name": name} for name in names]}
