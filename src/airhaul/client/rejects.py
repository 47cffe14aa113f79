"""Writing the rows that a bulk call rejects to a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from airhaul.bulk.engine.events import Event, RowRefused
from airhaul.errors import ConfigurationError, RowError
from airhaul.messages import Message, Option
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.tabular import RejectsFile, SourceRow


class Rejects:
    """Writes the rows that a bulk call rejects to a file, with the reasons.

    Args:
        path: A CSV, TSV or JSON Lines file; None for none.
        model: The model of the rows.
        source: The file that the rows come from, if they come from one.

    Raises:
        FileFormatError: The suffix does not name a format that can be written row by row.
        ConfigurationError: It is the file that the rows come from.
    """

    def __init__(
        self, path: str | Path | None, model: type[RecordBase], source: str | Path | None = None
    ) -> None:
        if path is not None and source is not None and _is_same_file(path, source):
            raise ConfigurationError(
                Message(
                    f"{path} is the file that the rows come from. Set ",
                    Option("rejects"),
                    " to another file.",
                )
            )
        self._file = None if path is None else RejectsFile(path)
        self._model = model

    def on_event(self, event: Event) -> None:
        """Write the row of an event, if it is about a rejected row."""
        if isinstance(event, RowRefused):
            self.add(event.row, event.error)

    def add(self, row: object, error: RowError) -> None:
        """Write a row.

        Args:
            row: The row as it was given.
            error: Why it was rejected.
        """
        if self._file is not None:
            # Rows from a program may have different keys; rows from a file all have the same.
            columns = [] if isinstance(row, SourceRow) else columns_of(self._model).by_name.values()
            more = [column.shown_name for column in columns]
            self._file.add(_values_of(row), more, str(error), error.line)

    def close(self) -> None:
        """Put the file in its place."""
        if self._file is not None:
            self._file.close()


def _is_same_file(one: str | Path, other: str | Path) -> bool:
    return Path(one).resolve() == Path(other).resolve()


def _values_of(row: object) -> dict[str, Any]:
    if isinstance(row, SourceRow):
        return dict(row.cells)
    if isinstance(row, RecordBase):
        names = {name: column.shown_name for name, column in columns_of(type(row)).by_name.items()}
        return {names.get(name, name): value for name, value in row.model_dump().items()}
    if isinstance(row, BaseModel):
        return row.model_dump()
    if isinstance(row, Mapping):
        return {str(name): value for name, value in row.items()}
    return {"id": row}
