"""A dataset of Ray with the deals of many bases: each base is read by a task of its own.

    python ray_data.py appAAAAAAAAAAAAAA appBBBBBBBBBBBBBB

It needs ``ray[data]`` and ``airhaul[arrow]``. The token is in ``AIRTABLE_ACCESS_TOKEN``; on several
machines, ``AIRHAUL_PACE`` has the address of a Redis, through which all tasks share the limits.

A task only reads, so Ray may run it again. Its records become Arrow columns, page by page, without
making objects of them.
"""

import sys

import pyarrow as pa
import ray
import ray.data

from airhaul import Airtable, Record


class Deal(Record, table="Deals"):
    """A deal."""

    name: str
    amount: float | None = None


@ray.remote(num_cpus=0.1)  # it mostly waits for Airtable
def read_deals(base_id: str) -> pa.Table:
    """Read the deals of a base, and say which base they are of."""
    with Airtable.from_env(base_id=base_id) as airtable:
        deals: pa.Table = airtable.table(Deal).where().to_arrow()
    return deals.append_column("base_id", pa.array([base_id] * len(deals), pa.string()))


def deals_of(base_ids: list[str]) -> ray.data.Dataset:
    """Return the deals of all bases; each base is a block."""
    return ray.data.from_arrow_refs([read_deals.remote(base_id) for base_id in base_ids])


def main(base_ids: list[str]) -> None:
    """Sum up the deals of each base."""
    for row in deals_of(base_ids).groupby("base_id").sum("amount").take_all():
        print(f"{row['base_id']}: {row['sum(amount)']:,.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
