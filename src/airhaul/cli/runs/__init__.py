"""Commands for runs of the journal: list, resume, retry, undo."""
