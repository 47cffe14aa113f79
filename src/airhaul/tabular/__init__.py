"""Files in and out: rows of CSV, TSV, JSON and JSON Lines, streamed, with their lines."""

from airhaul.tabular.choose import Format, format_of, read_rows
from airhaul.tabular.infer import InferredColumn, infer_columns
from airhaul.tabular.rows import SourceRow
from airhaul.tabular.write import Writer, open_writer

__all__ = [
    "Format",
    "InferredColumn",
    "SourceRow",
    "Writer",
    "format_of",
    "infer_columns",
    "open_writer",
    "read_rows",
]
