"""The registry of field types.

A new type is a card in the module of its kind, and its name in ``wire.shapes.FieldType``; a new
module is one more line below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

from airhaul.fields import choices, dates, linked, numbers, text
from airhaul.fields.arrow import CHECKBOX, TEXT, object_of
from airhaul.fields.card import FieldCard
from airhaul.wire.shapes import FieldType

_COMPUTED: Final = (
    FieldCard(type="formula", is_computed=True, can_be_primary=True),
    FieldCard(type="rollup", is_computed=True),
    FieldCard(type="button", is_computed=True, arrow=object_of(label=TEXT, url=TEXT)),
    FieldCard(
        type="aiText",
        is_computed=True,
        arrow=object_of(state=TEXT, isStale=CHECKBOX, value=TEXT, errorType=TEXT),
    ),
)
# Where several cards fit an annotation, the first whose names fit is taken.
_ALL: Final = (
    *choices.CARDS,
    *text.CARDS,
    *numbers.CARDS,
    *dates.CARDS,
    *linked.CARDS,
    *_COMPUTED,
)

CARDS: Final[dict[FieldType, FieldCard]] = {card.type: card for card in _ALL}
"""The cards of all field types by type."""


def card_of(type_: str) -> FieldCard:
    """Return the card of a field type.

    Cells of a type that is not known yet are read and written as they are.

    Args:
        type_: The type's name in the API.
    """
    known = cast("FieldType", type_)
    return CARDS.get(known) or FieldCard(type=known)


def _by_annotation() -> dict[Any, list[FieldCard]]:
    found: dict[Any, list[FieldCard]] = {}
    for card in _ALL:
        for annotation in card.inferred_from:
            found.setdefault(annotation, []).append(card)
    return found


_BY_ANNOTATION: Final = _by_annotation()


def cards_for(annotation: Any) -> Sequence[FieldCard]:
    """Return the cards that can be inferred from an annotation.

    Args:
        annotation: A class, or ``typing.Literal`` for a type of which all values are known texts.
    """
    return _BY_ANNOTATION.get(annotation, ())


def default_options(type_: FieldType, names: Iterable[str] = ()) -> dict[str, Any] | None:
    """Make the default options for creating a field of a type.

    Args:
        type_: The field type.
        names: The names of the choices, for a select field.

    Returns:
        Airtable's ``options``, or None for a type without them.
    """
    options = CARDS[type_].default_options
    if options is None:
        return None
    if "choices" in options:
        return {"choices": [{"name": name} for name in names]}
    return dict(options)
