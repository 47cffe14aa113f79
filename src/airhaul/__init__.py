"""Typed Pydantic models on Airtable, with batch operations as the heart."""
