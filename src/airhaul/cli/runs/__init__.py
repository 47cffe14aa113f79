"""Commands for the runs in the journal: runs, resume, retry, undo."""
