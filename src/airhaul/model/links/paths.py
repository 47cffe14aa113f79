"""Paths along links, such as ``contacts__company``: links to follow, and from there the next."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from airhaul.errors import SchemaError, UnknownFieldError
from airhaul.model.base import RecordBase
from airhaul.model.columns import Column, columns_of
from airhaul.model.links.tables import linked_model


@dataclass(frozen=True, slots=True)
class LinkPaths:
    """The links of a model to follow.

    Args:
        model: The model.
        next: For each field with links, the links of the linked model to follow from there.
    """

    model: type[RecordBase]
    next: dict[str, LinkPaths] = field(default_factory=dict[str, "LinkPaths"])

    @classmethod
    def of(cls, model: type[RecordBase], paths: Iterable[str]) -> LinkPaths:
        """Read paths.

        Args:
            model: The model from which they lead.
            paths: The names of fields, joined by two underscores.

        Raises:
            UnknownFieldError: A model does not have a field of a path.
            SchemaError: A field has no links, or its annotation does not name their model.
        """
        whole = cls(model)
        for path in paths:
            whole._add(path)
        return whole

    def _add(self, path: str) -> None:
        column, rest = self._first(path)
        if column.link is None:
            whose = f"{self.model.__name__}.{column.name}"
            raise SchemaError(
                f"{whose} has no links to follow. A field that links to other records is declared "
                "as Link[...] | None or list[Link[...]], with the model of these records."
            )
        further = self.next.setdefault(column.name, LinkPaths(linked_model(column)))
        if rest:
            further._add(rest)

    def _first(self, path: str) -> tuple[Column, str]:
        """Find the first field of a path, and what is left; a name may have two underscores."""
        columns = columns_of(self.model)
        parts = path.split("__")
        for count in range(len(parts), 1, -1):
            with contextlib.suppress(UnknownFieldError):
                return columns.find("__".join(parts[:count])), "__".join(parts[count:])
        return columns.find(parts[0]), "__".join(parts[1:])

    def refuse_unless_fetched(self, columns: Iterable[str]) -> None:
        """Refuse to follow links that are not read.

        Args:
            columns: The columns that are read.

        Raises:
            SchemaError: A field with links is not among them.
        """
        fetched = frozenset(columns)
        for name in self.next:
            if columns_of(self.model).by_name[name].column not in fetched:
                raise SchemaError(
                    f"prefetch({name!r}) needs the links of {name!r}, which only(...) leaves out; "
                    "add it to only(...)."
                )
