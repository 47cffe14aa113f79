"""A table that does not exist yet, with columns told from a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from airhaul.client.sync.airtable import Airtable
from airhaul.errors import ConfigurationError, UnknownTableError
from airhaul.model.base import RecordBase
from airhaul.model.infer import default_options
from airhaul.model.schema import model_of_table, move_primary_first, new_field
from airhaul.tabular import Format, read_rows
from airhaul.tabular.infer import InferredColumn, infer_columns
from airhaul.wire.shapes import FieldJson


@dataclass(frozen=True)
class NewTable:
    """A table to be created.

    Args:
        name: Its name.
        columns: What was told from a file, in the file's order.
    """

    name: str
    columns: list[InferredColumn]

    @classmethod
    def for_file(
        cls,
        airtable: Airtable,
        name: str,
        file: Path,
        format: Format | None,
        encoding: str | None = None,
    ) -> NewTable:
        """Describe a table whose columns fit a file.

        Args:
            airtable: The base.
            name: The table's name.
            file: The file, which is read once to its end.
            format: What the file is; None to tell by its name.
            encoding: Its encoding; None for UTF-8, or what its byte order mark says.

        Raises:
            ConfigurationError: There is such a table already, or the file has no columns, or some
                that no table can have.
        """
        try:
            airtable.table_schema(name)
        except UnknownTableError:
            pass
        else:
            raise ConfigurationError(
                f"The table {name!r} is there already; leave out --create to add rows to it."
            )
        columns = infer_columns(row.cells for row in read_rows(file, format, encoding))
        if not columns:
            raise ConfigurationError(f"{file} holds no rows to tell columns from.")
        _check(columns, file)
        # Spaces around the names come of "Name, Age": rows find their columns without them.
        return cls(name, [replace(column, name=column.name.strip()) for column in columns])

    @property
    def fields(self) -> list[FieldJson]:
        """The fields as they are created, the primary one first."""
        fields = [_field_of(column) for column in self.columns]
        if not move_primary_first(fields):
            # The primary field must be text, a number or a date; text holds anything.
            fields[0] = new_field(self.columns[0].name, "singleLineText")
        return fields

    @property
    def model(self) -> type[RecordBase]:
        """The model that the table will have."""
        return model_of_table(
            {"id": "", "name": self.name, "primaryFieldId": "", "fields": self.fields, "views": []}
        )

    def __str__(self) -> str:
        kinds = ", ".join(f"{column.name} ({column.type})" for column in self.columns)
        return f"table {self.name} with {kinds}"


def _check(columns: list[InferredColumn], file: Path) -> None:
    unfit = [repr(column.name) for column in columns if not column.fits]
    if unfit:
        raise ConfigurationError(
            f"{file} has values that new columns cannot hold: {', '.join(unfit)}. A column takes "
            "text, numbers, dates, yes and no, or lists of text; put what is nested into columns "
            "of its own."
        )
    seen: dict[str, str] = {}
    for column in columns:
        first = seen.setdefault(column.name.strip().casefold(), column.name)
        if first != column.name:
            raise ConfigurationError(
                f"{file} names {first!r} and {column.name!r}, and a table tells them not apart; "
                "give each column a name of its own."
            )


def _field_of(column: InferredColumn) -> FieldJson:
    options = default_options(column.type, column.choices)
    if column.precision is not None:
        options = {"precision": column.precision}
    return new_field(column.name, column.type, options)
