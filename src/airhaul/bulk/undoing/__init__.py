"""Undoing a run: the inverse of each change, unless somebody has changed the record since."""
