"""What the runs ask for: every bulk verb, with some rows that are bad."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, Literal

from chaos_runs.keyed_deeds import sync, upsert
from chaos_runs.start import Deed, Row, Start
from chaos_runs.things import NOBODY, Cells, Thing, cells_of, changed


def create(start: Start, shape: Literal["list", "generator", "records"]) -> Deed:
    """Create records, some of them equal to others that are there or are created, too."""
    # With little variety many rows are identical, within a request and between them.
    variety = start.chance.choice([0, 3, 10, 1_000])
    wanted = [start.new_cells(index, variety) for index in range(start.size)]
    older = start.chance.sample(wanted, start.chance.randint(0, len(wanted)))
    start.write([{**row, "kind": "plain"} for row in older])
    rows = [
        Row(Thing(**cells) if shape == "records" else cells, None, cells, index in start.bad)
        for index, cells in enumerate(wanted)
    ]

    def given() -> Any:
        match shape:
            case "list":
                return [row.given for row in rows]
            case "generator":
                return (row.given for row in rows)
            case "records":
                return start.given(rows)

    return Deed(rows, lambda table, **options: table.bulk_create(given(), **options))


def change(start: Start, verb: Literal["bulk_update", "bulk_save"]) -> Deed:
    """Change records; to save them may also create some."""
    is_save = verb == "bulk_save"
    new = {index for index in range(start.size) if is_save and start.chance.random() < 0.4}
    there = start.write_numbered(start.size - len(new))
    things = iter(start.things(there))
    as_things = is_save or start.chance.random() < 0.4
    rows: list[Row] = []
    for index in range(start.size):
        is_bad = index in start.bad
        if index in new:
            cells = start.new_cells(index, 3)
            rows.append(Row(Thing(**cells), None, cells, is_bad))
            continue
        thing = next(things)
        assert thing.id is not None
        cells = {"kind": start.kind(index), "note": start.chance.choice(["", "new"])}
        if as_things:
            for name, value in cells.items():
                setattr(thing, name, value)
        given = thing if as_things else {"id": thing.id, **cells}
        rows.append(Row(given, thing.id, changed(there[thing.id], cells), is_bad))
    return Deed(rows, lambda table, **options: getattr(table, verb)(start.given(rows), **options))


def replace(start: Start) -> Deed:
    """Replace whole records: what a row does not have is cleared."""
    rows: list[Row] = []
    for index, id_ in enumerate(start.write_numbered(start.size)):
        cells = cells_of(index, kind=start.kind(index), note=start.chance.choice(["", "new"]))
        rows.append(Row({"id": id_, **cells}, id_, cells, index in start.bad))
    return Deed(rows, lambda table, **options: table.bulk_replace(start.given(rows), **options))


def delete(start: Start) -> Deed:
    """Delete all records but three, and perhaps one that is not there."""
    there = start.write_numbered(start.size + 3)
    things = start.things(there)
    as_things = start.chance.random() < 0.3
    rows: list[Row] = [
        Row(thing if as_things else id_, id_)
        for id_, thing in zip([*there][: start.size], things, strict=False)
    ]
    if start.bad:
        rows[min(start.bad)] = Row(NOBODY, NOBODY, refused=True)
    return Deed(rows, lambda table, **options: table.bulk_delete(start.given(rows), **options))


def update_where(start: Start) -> Deed:
    """Change what fits a condition; the records are listed in the order of their ids."""
    lookups, chosen = _some_below(start)
    cells: Cells = {"kind": start.kind(0, "fancy", "plain"), "note": "new"}
    is_bad = cells["kind"] == "none"
    rows = [Row(None, id_, changed(chosen[id_], cells), is_bad) for id_ in sorted(chosen)]
    return Deed(rows, lambda table, **options: table.where(**lookups).update(**options, **cells))


def delete_where(start: Start) -> Deed:
    """Delete what fits a condition; the records are listed in the order of their ids."""
    lookups, chosen = _some_below(start)
    rows = [Row(None, id_) for id_ in sorted(chosen)]
    return Deed(rows, lambda table, **options: table.where(**lookups).delete(**options))


def _some_below(start: Start) -> tuple[dict[str, Any], dict[str, Cells]]:
    """A condition, and the records that fit it."""
    there = start.write_numbered(start.size + start.chance.choice([5, 100]))
    below = start.chance.randint(1, start.size)
    chosen = {id_: was for id_, was in there.items() if was["number"] < below}
    return {"owner": "ours", "number__lt": below}, chosen


DEEDS: Final[dict[str, Callable[[Start], Deed]]] = {
    "bulk_create of a list": partial(create, shape="list"),
    "bulk_create of a generator": partial(create, shape="generator"),
    "bulk_create of records": partial(create, shape="records"),
    "bulk_update": partial(change, verb="bulk_update"),
    "bulk_save": partial(change, verb="bulk_save"),
    "bulk_replace": replace,
    "bulk_upsert by email": partial(upsert, key="email"),
    "bulk_upsert by number": partial(upsert, key="number"),
    "bulk_upsert by rank": partial(upsert, key="rank"),
    "bulk_delete": delete,
    "sync": partial(sync, delete_missing=False),
    "sync with delete_missing": partial(sync, delete_missing=True),
    "where().update": update_where,
    "where().delete": delete_where,
}
"""What is asked for, by the verb; a run's seed says which."""

VERBS: Final = tuple(DEEDS)
