"""Compares rows with a table, and shows what would be written."""
