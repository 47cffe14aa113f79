"""Links by key: names of linked records in rows, which are replaced by the ids of the records."""
