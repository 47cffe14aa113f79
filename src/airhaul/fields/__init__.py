"""What airhaul knows about the field types of Airtable: one card for each, in a registry."""

from airhaul.fields.card import FieldCard, Key, LookupKind, ResultKind
from airhaul.fields.registry import CARDS, card_of, cards_for, default_options

__all__ = [
    "CARDS",
    "FieldCard",
    "Key",
    "LookupKind",
    "ResultKind",
    "card_of",
    "cards_for",
    "default_options",
]
