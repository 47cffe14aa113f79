"""Lists of records: which of them, in which order, page by page."""
