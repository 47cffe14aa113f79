"""Verbs that find their records by a key: upsert and sync."""

from __future__ import annotations

from typing import Any

from chaos_runs.start import Deed, Row, Start
from chaos_runs.things import Cells, cells_of, changed


def upsert(start: Start, key: str) -> Deed:
    """Change the records that have the keys of the rows, and create those that are not there."""
    rows = _rows(start, key)
    return Deed(
        rows, lambda table, **options: table.bulk_upsert(start.given(rows), key, **options), key
    )


def sync(start: Start, *, delete_missing: bool) -> Deed:
    """Upsert by a key, and perhaps delete what is not among the rows."""
    key = "rank" if start.chance.random() < 0.3 else "email"
    rows = _rows(start, key)
    more: dict[str, Any] = {"parallel": start.chance.choice([1, 1, 3])}
    if delete_missing:
        more |= {"delete_missing": True, "max_deletes": 100_000}
    return Deed(
        rows,
        lambda table, **options: table.sync(start.given(rows), key, **more, **options),
        key,
        deletes_missing=delete_missing,
    )


def _rows(start: Start, key: str) -> list[Row]:
    chance = start.chance
    new = {index for index in range(start.size) if chance.random() < 0.4}
    there, doubled = _write_before(
        start, [index for index in range(start.size) if index not in new]
    )
    by_key = {was[key]: id_ for id_, was in there.items() if key in was}
    gives_all = chance.random() < 0.5
    rows: list[Row] = []
    for index in range(start.size):
        is_bad = index in start.bad
        cells = cells_of(index, kind=start.kind(index))
        note = chance.choice(["", "old", "new"])
        if gives_all:
            given = {**cells, "note": note}
        else:
            given = {name: cells[name] for name in ("name", key, "kind")} | {"note": note}
            if not is_bad and chance.random() < 0.5:
                del given["kind"]  # the model's default goes into new records only
        target = None if index in new else by_key[cells[key]]
        was = {"kind": "plain", "owner": "ours"} if target is None else there[target]
        rows.append(Row(given, target, changed(was, given), is_bad or index == doubled))
    return rows


def _write_before(start: Start, left: list[int]) -> tuple[dict[str, Cells], int | None]:
    """Write what is there before.

    Args:
        start: What the run starts from.
        left: The rows whose records are there.

    Returns:
        The cells of each record, by id; and the row whose key two of them have, or None.
    """
    chance = start.chance
    # Besides those that are among the rows, some that are not, and some without a key.
    more = chance.choice([0, 3, 30, 150])
    before = [cells_of(index, note=chance.choice(["", "old"])) for index in left]
    before += [cells_of(100_000 + extra) for extra in range(more)]
    before += [cells_of(0, email=None, number=None, rank=None) for _ in range(2)]
    doubled = left[0] if left and start.has_twins else None
    if doubled is not None:
        before.append(cells_of(doubled, name="twin"))
    chance.shuffle(before)
    return start.write(before), doubled
