"""What a record is: a Pydantic model bound to a table, and how its values become cells and back."""
