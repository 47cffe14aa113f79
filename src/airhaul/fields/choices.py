"""Check boxes, and choices: one or several of those that the field has."""

from __future__ import annotations

from typing import Any, Final, Literal

from airhaul.fields.arrow import CHECKBOX, CHOICE, TEXTS
from airhaul.fields.card import FieldCard, hashable
from airhaul.wire.ids import is_id

_YES: Final = frozenset({"true", "checked", "yes", "1"})
_NO: Final = frozenset({"false", "unchecked", "no", "0"})


def _once_in_any_order(cell: Any) -> Any:
    if not isinstance(cell, list):
        return hashable([cell])
    return tuple(sorted({hashable(item) for item in cell}, key=repr))


def _is_stored_choice(cell: Any) -> bool:
    return isinstance(cell, str) and cell.strip() == cell and not is_id(cell, "sel")


def _are_stored_choices(cell: Any) -> bool:
    return isinstance(cell, list) and all(map(_is_stored_choice, cell))


def _is_ticked(sent: Any, stored: Any) -> bool:
    word = sent.strip().lower() if isinstance(sent, str) else None
    return word in (_YES if stored is True else _NO)


def _is_choice(sent: Any, stored: Any) -> bool:
    return isinstance(sent, str) and sent.strip() == (stored or "")


def _are_choices(sent: Any, stored: Any) -> bool:
    if not isinstance(sent, list) or not all(isinstance(item, str) for item in sent):
        return False
    items = {item.strip() for item in sent} - {""}
    return items == set(stored or ())


CARDS: Final = (
    FieldCard(
        type="checkbox",
        python=bool,
        inferred_from={bool: None},
        default_options={"icon": "check", "color": "greenBright"},
        lookup="checkbox",
        result="checkbox",
        arrow=CHECKBOX,
        is_converted=_is_ticked,
    ),
    FieldCard(
        type="singleSelect",
        python=str,
        inferred_from={Literal: None},
        key="merged",
        is_stored_as_sent=_is_stored_choice,
        default_options={"choices": []},
        arrow=CHOICE,
        is_converted=_is_choice,
    ),
    FieldCard(
        type="multipleSelects",
        python=list[str],
        inferred_from={list: None},
        key="merged",
        is_stored_as_sent=_are_stored_choices,
        default_options={"choices": []},
        lookup="choices",
        is_list=True,
        arrow=TEXTS,
        canonical=_once_in_any_order,
        is_converted=_are_choices,
    ),
    FieldCard(type="externalSyncSource", is_computed=True),
)
