"""The formats of text files: CSV, TSV, JSON and JSON Lines."""
