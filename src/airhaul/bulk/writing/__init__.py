"""Writes rows in batches, and finds out what became of each."""
