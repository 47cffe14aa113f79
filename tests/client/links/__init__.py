"""Links between records: declared, created, written, read, and looked up."""
