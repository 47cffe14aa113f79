"""Check boxes, and choices: one or several of those that the field has."""

from __future__ import annotations

from typing import Any, Final, Literal

from airhaul.fields.card import FieldCard, hashable


def _once_in_any_order(cell: Any) -> Any:
    if not isinstance(cell, list):
        return hashable([cell])
    return tuple(sorted({hashable(item) for item in cell}, key=repr))


CARDS: Final = (
    FieldCard(
        type="checkbox",
        python=bool,
        inferred_from={bool: None},
        default_options={"icon": "check", "color": "greenBright"},
        lookup="checkbox",
        result="checkbox",
    ),
    FieldCard(
        type="singleSelect",
        python=str,
        inferred_from={Literal: None},
        key="merged",
        default_options={"choices": []},
    ),
    FieldCard(
        type="multipleSelects",
        python=list[str],
        inferred_from={list: None},
        key="merged",
        default_options={"choices": []},
        lookup="choices",
        is_list=True,
        canonical=_once_in_any_order,
    ),
    FieldCard(type="externalSyncSource", is_computed=True),
)
