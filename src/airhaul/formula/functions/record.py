"""Functions of the record itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from airhaul.formula.functions.function import Compiled, Constant, Function


def _last_modified(names: Sequence[Compiled]) -> Compiled:
    fields = tuple(cast("Constant", name).value for name in names)
    return lambda record: record.last_modified_time(fields)


FUNCTIONS: dict[str, Function] = {
    "RECORD_ID": Function(lambda _: lambda record: record.record_id, 0, 0, changing=True),
    "CREATED_TIME": Function(lambda _: lambda record: record.created_time, 0, 0, changing=True),
    "LAST_MODIFIED_TIME": Function(_last_modified, 0, None, changing=True, of_names=True),
}
