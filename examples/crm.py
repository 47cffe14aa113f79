"""A small CRM: companies, contacts, deals and activities that link to one another.

    python examples/crm.py [FOLDER]

It tells the same story four times: with the sync and the async client, on a local base in this
process and over HTTP. The journals are in FOLDER (``out`` by default); no account is needed.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from airhaul import Airtable, AsyncAirtable, Link, Q, Record, airtable_field
from airhaul.local_base import LocalBase, LocalServer


class Company(Record, table="Companies"):
    """Has its contacts and deals as the other sides of their links."""

    name: str
    contacts: list[Link[Contact]] = airtable_field([], column="Contacts", inverse="company")
    deals: list[Link[Deal]] = airtable_field([], column="Deals", inverse="company")


class Contact(Record, table="Contacts"):
    """Works for one company; may know others."""

    name: str
    company: Link[Company] | None = None


class Deal(Record, table="Deals"):
    """With one company, and any number of its people."""

    title: str
    amount: float | None = None
    company: Link[Company] | None = None
    contacts: list[Link[Contact]] = airtable_field([])


class Activity(Record, table="Activities"):
    """Belongs to a deal, and may follow another activity."""

    what: str
    deal: Link[Deal] | None = None
    follows: Link[Activity] | None = None


COMPANIES = [{"name": "Acme"}, {"name": "Globex"}, {"name": "Initech"}]
CONTACTS = [
    {"name": "Ada", "company": "Acme"},
    {"name": "Bob", "company": "Acme"},
    {"name": "Cleo", "company": "Globex"},
]
PARTIES: list[tuple[str, list[str]]] = [
    ("Acme", ["Ada", "Bob"]),
    ("Acme", ["Bob"]),
    ("Globex", ["Cleo"]),
    ("Initech", []),
]
DEALS = [
    {"title": f"Deal {n}", "amount": 100.0 * n, "company": company, "contacts": contacts}
    for n, (company, contacts) in enumerate(PARTIES * 30)
]
BY_NAME = {"company": "name", "contacts": "name"}


def tell(airtable: Airtable) -> list[str]:
    """Tell the story with the sync client, and return what was seen."""
    seen: list[str] = []
    companies, contacts = airtable.table(Company), airtable.table(Contact)
    deals, activities = airtable.table(Deal), airtable.table(Activity)

    airtable.create_tables(Activity, Company, Contact, Deal)
    companies.bulk_create(COMPANIES)
    contacts.bulk_create(CONTACTS, link_by={"company": "name"})
    deals.bulk_create(DEALS, link_by=BY_NAME)
    call = activities.create(what="Call", deal=deals.where(title="Deal 0").one())
    activities.create(what="Visit", follows=call)

    before = airtable.requests_made
    read = deals.where().prefetch("company", "contacts__company").all()
    seen.append(f"{len(read)} deals in {airtable.requests_made - before} requests")
    seen.append(", ".join(sorted({deal.company.record.name for deal in read if deal.company})))

    seen.append(f"{deals.where(company__name='Acme').count()} deals with Acme")
    seen.append(f"{deals.where(~Q(contacts__company__name='Acme')).count()} without its people")
    visit = activities.where(what="Visit").prefetch("follows__deal__company").one()
    seen.append(path_of(visit))

    moved = [{"name": "Bob", "company": "Initech"}, {"name": "Cleo", "company": "Initech"}]
    result = contacts.sync(moved, key="name", link_by={"company": "name"})
    seen.append(str(result.counts()))
    seen += people_of(companies.where().order_by("name").prefetch("contacts").all())
    if result.run is not None:
        airtable.undo(result.run)
    seen += people_of(companies.where().order_by("name").prefetch("contacts").all())
    return seen


async def tell_async(airtable: AsyncAirtable) -> list[str]:
    """Tell the same story with the async client."""
    seen: list[str] = []
    companies, contacts = airtable.table(Company), airtable.table(Contact)
    deals, activities = airtable.table(Deal), airtable.table(Activity)

    await airtable.create_tables(Activity, Company, Contact, Deal)
    await companies.bulk_create(COMPANIES)
    await contacts.bulk_create(CONTACTS, link_by={"company": "name"})
    await deals.bulk_create(DEALS, link_by=BY_NAME)
    call = await activities.create(what="Call", deal=await deals.where(title="Deal 0").one())
    await activities.create(what="Visit", follows=call)

    before = airtable.requests_made
    read = await deals.where().prefetch("company", "contacts__company").all()
    seen.append(f"{len(read)} deals in {airtable.requests_made - before} requests")
    seen.append(", ".join(sorted({deal.company.record.name for deal in read if deal.company})))

    seen.append(f"{await deals.where(company__name='Acme').count()} deals with Acme")
    others = deals.where(~Q(contacts__company__name="Acme"))
    seen.append(f"{await others.count()} without its people")
    visit = await activities.where(what="Visit").prefetch("follows__deal__company").one()
    seen.append(path_of(visit))

    moved = [{"name": "Bob", "company": "Initech"}, {"name": "Cleo", "company": "Initech"}]
    result = await contacts.sync(moved, key="name", link_by={"company": "name"})
    seen.append(str(result.counts()))
    seen += people_of(await companies.where().order_by("name").prefetch("contacts").all())
    if result.run is not None:
        await airtable.undo(result.run)
    seen += people_of(await companies.where().order_by("name").prefetch("contacts").all())
    return seen


def people_of(companies: list[Company]) -> list[str]:
    """Return a line for each company, with its people."""
    return [
        f"{company.name}: {', '.join(sorted(link.record.name for link in company.contacts))}"
        for company in companies
    ]


def path_of(activity: Activity) -> str:
    """Return from where an activity came: what it follows, the deal, and the company."""
    before = activity.follows.record if activity.follows else None
    deal = before.deal.record if before and before.deal else None
    company = deal.company.record if deal and deal.company else None
    return " < ".join(
        [
            activity.what,
            before.what if before else "",
            deal.title if deal else "",
            company.name if company else "",
        ]
    )


async def tell_async_in_process(journal: Path) -> list[str]:
    """Tell the story on a local base in this process."""
    async with AsyncAirtable.local(journal=journal) as airtable:
        return await tell_async(airtable)


async def tell_async_over_http(server: LocalServer, journal: Path) -> list[str]:
    """Tell the story on a local base over HTTP."""
    async with AsyncAirtable(
        "patLocal.x",
        server.local_base.default_base_id,
        endpoint_url=server.url,
        journal=journal,
        requests_per_second=None,  # this server has no limit
    ) as airtable:
        return await tell_async(airtable)


def main(folder: Path) -> None:
    """Tell the story in four ways, and check that it is always the same."""
    folder.mkdir(parents=True, exist_ok=True)
    journal = folder / "crm.journal"
    stories: list[list[str]] = []
    with Airtable.local(journal=journal) as airtable:
        stories.append(tell(airtable))
    stories.append(asyncio.run(tell_async_in_process(journal)))
    with (
        LocalBase.open() as local_base,
        LocalServer(local_base) as server,
        Airtable(
            "patLocal.x",
            local_base.default_base_id,
            endpoint_url=server.url,
            journal=journal,
            requests_per_second=None,  # this server has no limit
        ) as airtable,
    ):
        stories.append(tell(airtable))
    with LocalBase.open() as local_base, LocalServer(local_base) as server:
        stories.append(asyncio.run(tell_async_over_http(server, journal)))
    print("\n".join(stories[0]))
    expected = [
        "120 deals in 4 requests",
        "Acme, Globex, Initech",
        "60 deals with Acme",
        "60 without its people",
        "Visit < Call < Deal 0 < Acme",
        "{'updated': 2}",
        *("Acme: Ada", "Globex: ", "Initech: Bob, Cleo"),
        *("Acme: Ada, Bob", "Globex: Cleo", "Initech: "),
    ]
    if any(story != expected for story in stories):
        sys.exit(f"the stories differ: {stories}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
