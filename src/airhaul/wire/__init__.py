"""Airtable's HTTP vocabulary, pure: what is sent and what comes back, with no network in it."""
