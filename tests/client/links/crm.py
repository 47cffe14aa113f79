"""The models of these tests: companies, their contacts, deals, and activities that follow others."""

from __future__ import annotations

from airhaul import Link, Record, airtable_field


class Activity(Record, table="Activities"):
    """Declared first, so that it names models that come later."""

    what: str
    deal: Link[Deal] | None = None
    follows: Link[Activity] | None = None


class Company(Record, table="Companies"):
    name: str
    size: int | None = None
    contacts: list[Link[Contact]] = airtable_field([], inverse="company")
    deals: list[Link[Deal]] = airtable_field([], column="Our Deals", inverse="company")


class Contact(Record, table="Contacts"):
    name: str
    email: str = ""
    company: Link[Company] | None = None


class Deal(Record, table="Deals"):
    title: str
    company: Link[Company] | None = None
    contacts: list[Link[Contact]] = []


MODELS = (Activity, Company, Contact, Deal)
