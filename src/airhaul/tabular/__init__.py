"""Files in and out: rows of CSV, TSV, JSON and JSON Lines, streamed, with their lines."""

from airhaul.tabular.choose import Format, format_of, read_rows
from airhaul.tabular.rows import SourceRow
from airhaul.tabular.write import Writer, open_writer

__all__ = [
    "Format",
    "SourceRow",
    "Writer",
    "format_of",
    "open_writer",
    "read_rows",
]
