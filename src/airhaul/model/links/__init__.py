"""Links: typed references to the records of another table."""
