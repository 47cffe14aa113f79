"""Undoes a run: the inverse of each change, except where somebody changed the record since."""
