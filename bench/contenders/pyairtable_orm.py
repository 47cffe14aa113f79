"""pyairtable's ORM: ``Model.batch_save`` and ``Model.all``.

It has no upsert, and no sync: that is written here as its user would write it.
"""

from __future__ import annotations

import json
from typing import Any

from pyairtable import Api
from pyairtable.orm import Model, fields
from rows import KEY, TABLE

from contenders import TOKEN, Report


def make_model(url: str, id_of_base: str) -> type[Model]:
    """Make the model of a base at an address."""

    class Company(Model):
        class Meta:
            api_key = TOKEN
            base_id = id_of_base
            table_name = "Companies"

        name = fields.SingleLineTextField("Name")

    class Person(Model):
        class Meta:
            api_key = TOKEN
            base_id = id_of_base
            table_name = TABLE

        full_name = fields.SingleLineTextField("Full Name")
        email = fields.EmailField("E-Mail")
        age = fields.IntegerField("Age")
        is_active = fields.CheckboxField("Is Active")
        joined_on = fields.DateField("Joined On")
        last_seen = fields.DatetimeField("Last Seen")
        status = fields.SelectField("Status")
        tags = fields.MultipleSelectField("Tags")
        company = fields.LinkField[Company]("Company", Company, lazy=True)

    # A model's Meta has no address; its Api takes one.
    Person.meta.api = Company.meta.api = Api(TOKEN, endpoint_url=url)
    return Person


class Contender:
    """pyairtable's ORM, with its own retries and no pace: it has none."""

    def __init__(self, url: str, base_id: str, *, limit: bool) -> None:
        del limit
        self.report = Report()
        self._model = make_model(url, base_id)

    def warm_up(self) -> None:
        """Open a connection."""
        self._model.first()

    def create(self, rows: list[dict[str, Any]]) -> None:
        """Write rows."""
        people = [self._model(**self._values(row)) for row in rows]
        self._model.batch_save(people)
        self.report.said = f"saved {len(people)}"

    def _values(self, row: dict[str, Any]) -> dict[str, Any]:
        """The values of a row: a link is to an object, which is not read."""
        company = self._model.company.linked_model
        return {**row, "company": [company.from_id(id_, fetch=False) for id_ in row["company"]]}

    create_good_ones = create
    """It has no way to go on after a row that is refused."""

    def read(self) -> None:
        """Read all, typed."""
        self.report.records = len(self._model.all())

    def read_linked(self) -> None:
        """Read all, typed, and use the name of what each links to, which is read by then."""
        for person in self._model.all():
            self._model.company.populate(person, lazy=False)
            self.report.records += bool(person.company[0].name)

    def type_pages(self, pages: list[bytes]) -> None:
        """Make records of replies."""
        for page in pages:
            records = [self._model.from_record(raw) for raw in json.loads(page)["records"]]
            self.report.records += len(records)

    def sync(self, rows: list[dict[str, Any]]) -> None:
        """Read all, compare, and save what differs."""
        there = {getattr(person, KEY): person for person in self._model.all()}
        to_save: list[Model] = []
        for row in rows:
            self.report.records += 1
            person = there.get(row[KEY])
            if person is None:
                to_save.append(self._model(**self._values(row)))
                continue
            there_now = {name: getattr(person, name) for name in row}
            there_now["company"] = [company.id for company in person.company]
            changed = {name: value for name, value in row.items() if there_now[name] != value}
            for name, value in self._values({**row, **changed}).items():
                if name in changed:
                    setattr(person, name, value)
            if changed:
                to_save.append(person)
        self._model.batch_save(to_save)
        self.report.said = f"saved {len(to_save)}"
