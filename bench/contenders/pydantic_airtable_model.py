"""pydantic-airtable: its decorated model.

Its one bulk verb is ``bulk_create``. For the others it is used as its guide tells, at
https://github.com/grishick/pydantic-airtable/blob/main/docs/guide/batch-operations.md: the patterns
"Upsert", "Sync from External Source" (without deleting), "Batch Delete" and "Continue on Error".
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic_airtable import AirtableConfig, BaseHTTPClient, airtable_field, airtable_model
from rows import KEY, TABLE, as_text

from contenders import TOKEN, Report


def make_model(url: str, base_id: str) -> Any:
    """Make the model of a base at an address."""
    # The address is not an option of the client, so the class's constant is changed.
    BaseHTTPClient.BASE_URL = f"{url}/v0"
    BaseHTTPClient.META_API_URL = f"{url}/v0/meta"

    @airtable_model(table_name=TABLE, config=AirtableConfig(TOKEN, base_id, TABLE))
    class Person(BaseModel):
        full_name: str = airtable_field(field_name="Full Name")
        email: str = airtable_field(field_name="E-Mail")
        age: int = airtable_field(field_name="Age")
        # Without a default, a record with the box not ticked cannot be read.
        is_active: bool = airtable_field(field_name="Is Active", default=False)
        # It cannot send dates, which JSON does not hold.
        joined_on: str = airtable_field(field_name="Joined On")
        last_seen: str = airtable_field(field_name="Last Seen")
        status: str = airtable_field(field_name="Status")
        tags: list[str] = airtable_field(field_name="Tags")
        company: list[str] = airtable_field(field_name="Company")

    return Person


class Contender:
    """pydantic-airtable, with its own retries and no pace: it has none."""

    def __init__(self, url: str, base_id: str, *, limit: bool) -> None:
        del limit
        self.report = Report()
        self._model = make_model(url, base_id)

    def warm_up(self) -> None:
        """Open a connection."""
        self._model.first()

    def create(self, rows: list[dict[str, Any]]) -> None:
        """Write rows."""
        made = self._model.bulk_create(list(map(as_text, rows)))
        self.report.said = f"created {len(made)}"

    def create_good_ones(self, rows: list[dict[str, Any]]) -> None:
        """Write one row after the other, and go on after an error."""
        errors: list[str] = []
        for place, row in enumerate(rows):
            try:
                self._model.create(**as_text(row))
            except Exception as error:  # noqa: BLE001 - as its guide tells
                self.report.named.append(place)
                errors.append(str(error))
        made = len(rows) - len(errors)
        self.report.said = "; ".join([f"created {made}", *errors])

    def read(self) -> None:
        """Read what ``all`` reads, typed."""
        self.report.records = len(self._model.all())

    def upsert(self, rows: list[dict[str, Any]]) -> None:
        """Look for each row by its key, and save or create it."""
        for row in map(as_text, rows):
            person = self._model.first(**{KEY: row[KEY]})
            if person is None:
                self._model.create(**row)
            else:
                for name, cell in row.items():
                    setattr(person, name, cell)
                person.save()

    def sync(self, rows: list[dict[str, Any]]) -> None:
        """Read what ``all`` reads, compare, and save or create what differs."""
        there = {getattr(person, KEY): person for person in self._model.all()}
        for row in map(as_text, rows):
            self.report.records += 1
            person = there.get(row[KEY])
            if person is None:
                self._model.create(**row)
                continue
            changed = {name: cell for name, cell in row.items() if getattr(person, name) != cell}
            for name, cell in changed.items():
                setattr(person, name, cell)
            if changed:
                person.save()

    def delete(self, ids: list[str]) -> None:
        """Delete one record after the other."""
        for record_id in ids:
            self._model.model_construct(id=record_id).delete()
