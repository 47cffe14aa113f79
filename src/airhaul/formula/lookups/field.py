"""What a lookup needs to know about a field, and the field under a lookup."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Literal, NamedTuple, Protocol, cast

from airhaul.errors import FormulaError, LookupValueError, shown
from airhaul.fields import LookupKind
from airhaul.formula.build import literal
from airhaul.formula.nodes import Binary, Call, Field, Node, Text

Kind = Literal[LookupKind, "record_id", "created_time"]
"""The kind of a field, which decides its lookups."""


class LookupField(Protocol):
    """What a lookup needs to know about a field."""

    @property
    def name(self) -> str:
        """The field's name in the model."""
        ...

    @property
    def column(self) -> str:
        """The field's name in Airtable."""
        ...

    @property
    def kind(self) -> Kind:
        """The kind, which decides its lookups."""
        ...

    @property
    def choices(self) -> Collection[str]:
        """The items that a list can have, as far as they are known."""
        ...

    @property
    def encode(self) -> Callable[[object], object]:
        """Validates a value and converts it to a cell's JSON; raises ``ValueError``."""
        ...

    @property
    def target(self) -> Callable[[], LinkedFields] | None:
        """Finds the linked model of a field with links; None for other fields."""
        ...

    def encode_part(self, value: object) -> object:
        """Convert a part of a text, which need not be valid itself; raise ``ValueError``."""
        ...


class LinkedFields(NamedTuple):
    """A linked model, for lookups through its links.

    Args:
        model: The model.
        resolve: Finds a field by the model's name for it; raises ``UnknownFieldError``.
    """

    model: Any
    resolve: Callable[[str], LookupField]


class Subject:
    """A field under a lookup: its node, and its values as nodes.

    Args:
        field: The field.
        lookup: The name of the lookup, for messages.
    """

    def __init__(self, field: LookupField, lookup: str) -> None:
        self.field = field
        self.lookup = lookup
        self.kind: Kind = field.kind
        self.node: Node = {
            "record_id": Call("RECORD_ID"),
            "created_time": Call("CREATED_TIME"),
        }.get(field.kind, Field(field.column))

    @property
    def as_text(self) -> Node:
        """The field joined to ``""``: text, whatever the field contains."""
        return Binary("&", self.node, Text(""))

    @property
    def by_lines(self) -> Node:
        """A list as text with an item on each line, so that a comma in an item parts nothing."""
        return Call("ARRAYJOIN", (self.node, Text("\n")))

    @property
    def is_empty(self) -> Node:
        """The test for an empty cell."""
        if self.kind == "checkbox":
            return Call("NOT", (self.node,))
        return Binary("=", self.as_text, Text(""))

    @property
    def is_filled(self) -> Node:
        """The test for a cell that is not empty."""
        return self.node if self.kind == "checkbox" else Binary("!=", self.as_text, Text(""))

    def is_nothing(self, value: object) -> bool:
        """Return whether a value means an empty cell."""
        is_text = isinstance(value, str) and self.kind in ("text", "choices", "links", "list")
        return value is None or (is_text and value == "")

    def members(self, value: object) -> list[object]:
        """Return the members of a value that is to be several.

        Raises:
            LookupValueError: It is not several.
        """
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise self.fault(value, "expected several values, such as a list")
        return list(cast("Iterable[object]", value))

    def encode(self, value: object) -> object:
        """Convert a value of the caller to a cell that is valid for the field and not empty."""
        return self._encoded(value, self.field.encode)

    def value(self, value: object) -> Node:
        """Convert a value of the caller to a node that is valid for the field."""
        cell = self.encode(value)
        if self.kind in ("date", "datetime", "created_time"):
            return Call("DATETIME_PARSE", (Text(str(cell)),))
        return self._literal(value, cell)

    def part(self, value: object) -> Node:
        """Convert a part of a text to a node."""
        return self._literal(value, self._encoded(value, self.field.encode_part))

    def _encoded(self, value: object, encode: Callable[[object], object]) -> object:
        try:
            cell = encode(value)
        except ValueError as error:
            raise self.fault(value, str(error)) from None
        if cell is None:
            raise self.fault(value, "expected a value")
        return cell

    def _literal(self, value: object, cell: object) -> Node:
        try:
            return literal(cell)
        except FormulaError as error:
            raise self.fault(value, error.message) from None

    def fault(self, value: object, reason: str) -> LookupValueError:
        """Make the error for a value that does not fit."""
        return LookupValueError(
            f"field {self.field.name!r}, lookup {self.lookup!r}: {reason}, got {shown(value)}"
        )
