"""Reading and writing rows of CSV, TSV, JSON and JSON Lines files, streamed."""

from airhaul.tabular.choose import Format, format_of, read_rows
from airhaul.tabular.rejects import RejectsFile
from airhaul.tabular.rows import ERROR_COLUMN, LINE_COLUMN, SourceRow
from airhaul.tabular.write import Writer, open_writer

__all__ = [
    "ERROR_COLUMN",
    "LINE_COLUMN",
    "Format",
    "RejectsFile",
    "SourceRow",
    "Writer",
    "format_of",
    "open_writer",
    "read_rows",
]
