"""What checkers make of users' code; checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, assert_type

from airhaul import (
    Airtable,
    AsyncAirtable,
    AsyncPlan,
    AsyncQuery,
    AsyncTable,
    BulkError,
    BulkResult,
    F,
    Link,
    Plan,
    Q,
    Query,
    Record,
    RowOutcome,
    Table,
    airtable_field,
    airtable_model,
    create_tables,
    result_of,
)


class User(Record, table="Users"):
    name: str
    age: int | None = None
    full_name: str = airtable_field("", column="Full name")


class Company(Record, table="Companies"):
    name: str
    parent: Link[Company] | None = None


class Deal(Record, table="Deals"):
    title: str
    owner: Link[User]
    company: Link[Company] | None = None
    others: list[Link[Deal]] = []


@airtable_model(table_name="Tasks")
class Task(Record):
    title: str


class Contact(Record, table="tblAbCdEfGhIjKlMn", field_ids=True):
    email: str = airtable_field(column="fldAbCdEfGhIjKlMn")


def blocking(airtable: Airtable) -> None:
    assert_type(User.bulk_create([{"name": "a"}]), BulkResult[User])
    assert_type(User.bulk_create([User(name="a")], progress=True)[0], User)
    assert_type(User.bulk_create([])[1:], list[User])
    assert_type(User.bulk_create([]).outcomes[0], RowOutcome[User])
    assert_type(User.first(name="a"), User | None)
    assert_type(Contact.bulk_upsert([Contact(email="a")], key="email"), BulkResult[Contact])
    assert_type(User.find_by(age__gt=3), list[User])
    assert_type(User.all(sort="-age", max_records=3), list[User])
    assert_type(User.iterate(), Iterator[User])
    assert_type(User.get("rec"), User)
    assert_type(User.where(Q(age=1) | F("Age").__gt__(3)), Query[User])
    assert_type(User.where(age=1).order_by("-age").limit(3).first(), User | None)
    assert_type(User.where(age=1).one(), User)
    assert_type([user for user in User.where(age=1)], list[User])
    assert_type(User.get_or_none("rec"), User | None)
    User.create_table(exist_ok=True)
    assert_type(User.create(name="a"), User)
    assert_type(User.create(name="a").save(), User)
    assert_type(User.import_csv("a.csv"), BulkResult[User])
    User.sync_file("a.csv", "name", columns={"Name of user": "name"}, ignore="x", nulls=["NA"])
    assert_type(User.count(), int)
    assert_type(User.exists(name="a"), bool)
    assert_type(User.using(airtable), Table[User])
    assert_type(airtable.table(User).all(), list[User])
    assert_type(Task.first(), Task | None)
    try:
        User.bulk_create([])
    except BulkError as error:
        print(error.result)
        assert_type(result_of(error), BulkResult[Any] | None)


def writing_many(user: User) -> None:
    assert_type(
        User.bulk_update([user, {"id": "rec"}], on_error="continue", age=3), BulkResult[User]
    )
    assert_type(User.bulk_save([user], max_requests=3), BulkResult[User])
    assert_type(User.bulk_replace([user, {"id": "rec", "name": "a"}]), BulkResult[User])
    assert_type(User.bulk_upsert([{"name": "a"}], "name"), BulkResult[User])
    assert_type(User.bulk_upsert([{"name": "a"}], key=["name", "age"]), BulkResult[User])
    assert_type(User.bulk_delete([user, "rec"]), BulkResult[User])
    assert_type(User.bulk_delete([user]).deleted, list[str])
    assert_type(User.sync([user], "name", delete_missing=True, max_deletes=3), BulkResult[User])
    assert_type(User.sync_file("a.csv", "name", rejects="b.csv"), BulkResult[User])
    assert_type(User.where(age=1).update(age=2), BulkResult[User])
    assert_type(User.where(age=1).delete(on_error="rollback"), BulkResult[User])
    assert_type(User.get_or_create({"age": 1}, name="a"), tuple[User, bool])
    assert_type(User.update_or_create(name="a"), tuple[User, bool])
    assert_type(User.all(parallel=3), list[User])
    assert_type(User.all(parallel="auto"), list[User])
    for plan in (
        User.plan_create([user]),
        User.plan_update([user], age=3),
        User.plan_save([user]),
        User.plan_replace([user]),
        User.plan_upsert([user], "name"),
        User.plan_delete([user]),
        User.plan_get_or_create(name="a"),
        User.plan_update_or_create({"age": 3}, name="a"),
        User.plan_sync([user], "name"),
        User.plan_sync_file("a.csv", "name"),
        User.where(age=1).plan_update(age=2),
        User.where(age=1).plan_delete(),
    ):
        assert_type(plan, Plan[User])
    assert_type(User.plan_create([user]).apply(check=False, progress=True), BulkResult[User])
    User.bulk_create([user], on_error="ignore")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


async def awaited(airtable: AsyncAirtable) -> None:
    assert_type(await User.aio.bulk_create([{"name": "a"}]), BulkResult[User])
    assert_type(await User.aio.first(name="a"), User | None)
    assert_type(await User.aio.find_by(age__gt=3), list[User])
    assert_type(await User.aio.all(), list[User])
    assert_type(User.aio.iterate(), AsyncIterator[User])
    assert_type(User.aio.where(age=1), AsyncQuery[User])
    assert_type(await User.aio.where(age=1).all(), list[User])
    assert_type(await User.aio.where(age=1).one(), User)
    assert_type([user async for user in User.aio.where(age=1)], list[User])
    plan = await User.aio.plan_sync([{"name": "a"}], "name")
    assert_type(plan, AsyncPlan[User])
    assert_type(await plan.apply(), BulkResult[User])
    assert_type(await User.aio.bulk_update([], age=3), BulkResult[User])
    assert_type(await User.aio.sync([], "name"), BulkResult[User])
    assert_type(await User.aio.where(age=1).delete(), BulkResult[User])
    assert_type(await User.aio.update_or_create(name="a"), tuple[User, bool])
    assert_type(User.using(airtable), AsyncTable[User])
    assert_type(await airtable.table(User).get("rec"), User)


def linking(deal: Deal, acme: Company, user: User) -> None:
    assert_type(deal.company, Link[Company] | None)
    assert_type(deal.owner.record.name, str)
    assert_type(deal.owner.id, str)
    if deal.company is not None:
        assert_type(deal.company.record.name, str)
        assert_type(deal.company.load(), Company)
        assert deal.company.record.parent
        assert_type(deal.company.record.parent.record, Company)
    assert_type([other.record for other in deal.others], list[Deal])
    assert_type(Link.to(acme), Link[Company])
    Deal(title="a", owner=user, company=Link.to(acme), others=[Link.to(deal)])
    Deal(title="a", owner="rec", company=Link.to("rec"))
    deal.owner = user
    deal.company = acme
    deal.company = "rec"
    deal.company = Link.to(acme)
    deal.company = None
    deal.others = [Link.to(deal)]
    deal.company = user  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue]
    create_tables(Company, Deal, exist_ok=True)


async def linking_later(deal: Deal) -> None:
    assert_type(await deal.owner.aio.load(), User)
    await create_tables.aio(Company, Deal)
