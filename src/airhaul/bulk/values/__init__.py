"""The values of a row: what they mean in a file or a data frame, and whether they are valid."""
