"""Functions that ask the record itself."""

from __future__ import annotations

from airhaul.formula.functions.function import Function

FUNCTIONS: dict[str, Function] = {
    "RECORD_ID": Function(lambda record: record.record_id, 0, 0, of_record=True),
    "CREATED_TIME": Function(lambda record: record.created_time, 0, 0, of_record=True),
}
