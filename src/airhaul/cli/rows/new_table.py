"""A table that does not exist yet, with field types inferred from a file."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from airhaul.bulk.results.policy import Policy
from airhaul.bulk.rows.changes import InvalidRow
from airhaul.bulk.rows.encoders import Encoder, RowEncoder, upsert_encoder
from airhaul.bulk.rows.keys import Key
from airhaul.bulk.rows.precheck import encode_each
from airhaul.cli.rows.notations import KINDS, advice_on_notations
from airhaul.client.sync.airtable import Airtable
from airhaul.client.sync.table import Table
from airhaul.errors import ConfigurationError
from airhaul.fields import default_options
from airhaul.model.base import RecordBase
from airhaul.model.schema import model_of_table, move_primary_first, new_field
from airhaul.tabular import ERROR_COLUMN, LINE_COLUMN, InputFile
from airhaul.tabular.infer import InferredColumn, infer_columns
from airhaul.wire.shapes import FieldJson

_NAMES_SHOWN: Final = 5
_OF_REJECTS: Final = (ERROR_COLUMN, LINE_COLUMN)


@dataclass(frozen=True)
class NewTable:
    """A table to be created.

    Args:
        name: The table's name.
        columns: The columns inferred from a file, in the order of the file.
        notations: Which columns would be numbers or dates with another option, in sentences.
    """

    name: str
    columns: list[InferredColumn]
    notations: Sequence[str] = ()

    @classmethod
    def for_file(cls, airtable: Airtable, name: str, file: InputFile) -> NewTable:
        """Describe a table whose fields fit a file.

        Args:
            airtable: The base.
            name: The table's name.
            file: The file, which is read completely once; again if text in it may be numbers or
                dates in another notation.

        Raises:
            ConfigurationError: The table exists already, or the file has no columns, or columns
                that no table can have.
        """
        if airtable.find_table(name) is not None:
            raise ConfigurationError(
                f"The table {name!r} exists already. To add rows to it, leave out --create."
            )
        header: dict[str, object] = {}
        cells = (row.cells for row in file.rows(header.update))
        inferred = infer_columns(cells, file.style, header)
        columns = [column for column in inferred if column.name not in _OF_REJECTS]
        if not columns:
            raise ConfigurationError(f"{file.name} has no rows to infer fields from.")
        _check(columns, file.name)
        # A header such as "Name, Age" has spaces around names; rows are matched without them.
        named = [replace(column, name=column.name.strip()) for column in columns]
        return cls(name, named, advice_on_notations(file, columns))

    @property
    def fields(self) -> list[FieldJson]:
        """The fields to create, the primary field first."""
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

    def create(
        self, airtable: Airtable, *, key: Sequence[str] = (), max_requests: int | None = None
    ) -> Table[RecordBase]:
        """Create the table.

        Args:
            airtable: The base.
            key: The fields that identify a record; empty for none.
            max_requests: The most requests that may be sent over this connection; None for any
                number.

        Returns:
            The table, with its verbs.

        Raises:
            ConfigurationError: After that, no request would be left to write a row.
        """
        # One for the table, one for the first rows; and one to look for their keys.
        needed = airtable.requests_made + (3 if key else 2)
        if max_requests is not None and max_requests < needed:
            raise ConfigurationError(
                f"To create the table and to write to it takes at least {needed} requests, more "
                f"than --max-requests {max_requests}. Nothing was written."
            )
        return Table(airtable, model_of_table(airtable.create_table(self.name, self.fields)))

    def will_have_rows(
        self,
        file: InputFile,
        key: Sequence[str],
        policy: Policy,
    ) -> bool:
        """Check whether an import of the file would send any row.

        Args:
            file: The file, which is read once more.
            key: The fields that identify a record; empty for none.
            policy: What the import does with a row that cannot be written.
        """
        model = self.model
        encoder: Encoder[RecordBase] = RowEncoder(model)
        if key:
            encoder = upsert_encoder(model, Key.of(model, key))
        rows = encode_each(encoder, file.rows())
        is_valid = (not isinstance(row, InvalidRow) for row in rows)
        return all(is_valid) if policy.checks_first else any(is_valid)

    @property
    def advice(self) -> list[str]:
        """Name the options and the values because of which some columns are text, in sentences."""
        columns = [column for column in self.columns if column.words]
        if not columns:
            return [*self._on_misfits(), *self.notations]
        words = dict.fromkeys(word for column in columns for word in column.words)
        names = ", ".join(repr(column.name) for column in columns[:_NAMES_SHOWN])
        more = f" and {len(columns) - _NAMES_SHOWN} more" if len(columns) > _NAMES_SHOWN else ""
        options = " ".join(f"--null {shlex.quote(word)}" for word in words)
        of_words = (
            f"Because of {', '.join(map(repr, words))}, these columns have no narrower type: "
            f"{names}{more}. If that means an empty cell, set {options}."
        )
        return [of_words, *self._on_misfits(), *self.notations]

    def _on_misfits(self) -> Iterator[str]:
        for column in self.columns:
            if misfits := column.misfits:
                one, kind = misfits.count == 1, KINDS[misfits.type]
                are = f"value is not a {kind}:" if one else f"values are not {kind}s, such as"
                yield (
                    f"{column.name!r} is text because {misfits.count:,} {are} "
                    f"{', '.join(map(repr, misfits.examples))}. Correct {'it' if one else 'them'} "
                    "in the file, or set --null for what means an empty cell."
                )

    def __str__(self) -> str:
        kinds = ", ".join(f"{column.name} ({column.type})" for column in self.columns)
        return f"table {self.name} with {kinds}"


def _check(columns: list[InferredColumn], file: str) -> None:
    unfit = [repr(column.name) for column in columns if not column.fits]
    if unfit:
        raise ConfigurationError(
            f"{file} has columns whose values no field can hold: {', '.join(unfit)}. A field holds "
            "text, numbers, dates, true and false, or lists of different texts. Move nested values "
            "to columns of their own."
        )
    seen: dict[str, str] = {}
    for column in columns:
        if not column.name.strip():
            raise ConfigurationError(f"{file} has a column without a name. Give it one.")
        first = seen.setdefault(column.name.strip().casefold(), column.name)
        if first != column.name:
            raise ConfigurationError(
                f"{file} has the columns {first!r} and {column.name!r}, which Airtable treats as "
                "equal names. Rename one of them."
            )


def _field_of(column: InferredColumn) -> FieldJson:
    options = default_options(column.type, column.choices)
    if column.precision is not None:
        options = {"precision": column.precision}
    return new_field(column.name, column.type, options)
