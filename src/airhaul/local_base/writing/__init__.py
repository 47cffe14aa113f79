"""Writes cells, links and records."""
