"""Models with verbs: ``Record``, and ``@airtable_model`` for models that are there already."""

from airhaul.record.binding import airtable_model
from airhaul.record.record import Record

__all__ = ["Record", "airtable_model"]
