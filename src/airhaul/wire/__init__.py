"""Airtable's requests and replies as data; nothing here uses the network."""
