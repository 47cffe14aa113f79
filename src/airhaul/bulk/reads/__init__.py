"""Reading: lists page by page, and single calls."""
