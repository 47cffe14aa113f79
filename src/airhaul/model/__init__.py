"""Records as Pydantic models of a table, and the conversion between values and cells."""
