"""``Record``, a model with verbs, and ``@airtable_model``, which binds an existing model."""

from airhaul.record.binding import airtable_model
from airhaul.record.record import Record

__all__ = ["Record", "airtable_model"]
