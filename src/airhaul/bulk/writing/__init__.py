"""Writing: rows in batches, and the outcome of each row."""
