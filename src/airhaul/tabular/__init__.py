"""Reading and writing rows of files, streamed: of text files, of Parquet and Arrow, of Excel."""

from airhaul.tabular.choose import InputFile, format_of, read_rows
from airhaul.tabular.lists import join_items, may_be_one_item, split_items
from airhaul.tabular.open_files import (
    ReadableFile,
    WritableFile,
    delete_copy,
    name_of_copied,
    sending_to,
    shown_name,
)
from airhaul.tabular.rejects import RejectsFile
from airhaul.tabular.rows import ERROR_COLUMN, LINE_COLUMN, SourceRow
from airhaul.tabular.settings import FileSettings, Format
from airhaul.tabular.write import Writer, open_writer, refuse_to_escape, replacing

__all__ = [
    "ERROR_COLUMN",
    "LINE_COLUMN",
    "FileSettings",
    "Format",
    "InputFile",
    "ReadableFile",
    "RejectsFile",
    "SourceRow",
    "WritableFile",
    "Writer",
    "delete_copy",
    "format_of",
    "join_items",
    "may_be_one_item",
    "name_of_copied",
    "open_writer",
    "read_rows",
    "refuse_to_escape",
    "replacing",
    "sending_to",
    "shown_name",
    "split_items",
]
