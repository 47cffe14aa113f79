"""The same verbs, awaited."""

from __future__ import annotations

import asyncio

import pytest

from airhaul import BulkError
from airhaul.local_base.http.serve import LocalServer
from tests.client.verbs.people import FAST, Person, bad_rows, rows


def test_the_awaited_verbs(local_base) -> None:
    """The same verbs, awaited, over HTTP."""
    from airhaul import AsyncAirtable

    async def main(url: str) -> None:
        async with AsyncAirtable(
            "pat.x",
            local_base.default_base_id,
            endpoint_url=url,
            requests_per_second=1000,
            retries=FAST,
        ) as airtable:
            people = airtable.table(Person)
            await people.create_table()

            async def source():
                for row in rows(25):
                    yield row

            made = await people.bulk_create(source())
            assert len(made) == 25
            await people.bulk_update(made[:5], age=1)
            await people.bulk_save([made[0], Person(name="n", email="n")])
            result = await people.bulk_upsert(source(), key="email")
            assert result.counts() == {"unchanged": 21, "updated": 4}
            plan = await people.plan_sync(rows(24), "email", delete_missing=True)
            assert plan.counts()["delete"] == 2
            assert (await plan.apply()).counts() == {"unchanged": 24, "deleted": 2}
            assert len(await people.all(parallel=3)) == 24
            assert (await people.where(age__gt=20).update(notes="x")).counts() == {"updated": 3}
            assert len((await people.where(age__gt=20).delete()).deleted) == 3
            with pytest.raises(BulkError, match="Rolled back"):
                await people.bulk_create(bad_rows(30, 25), on_error="rollback")
            found, is_new = await people.update_or_create({"name": "z"}, email="z")
            assert is_new
            await people.bulk_delete([found])
            assert await people.count() == 21

    with LocalServer(local_base) as server:
        asyncio.run(main(server.url))
