"""Lookups that can be joined: ``Q(age__gt=17) & ~Q(name="Ada")``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, Literal, NamedTuple

from airhaul.formula.build import Expression

Joined = Literal["and", "or", "not"]

_groups = count()


class Lookup(NamedTuple):
    """One lookup.

    Args:
        key: The field and the lookup, ``age__gt``.
        value: The value.
        group: The same for all lookups of one ``Q(...)``, which mean the same linked record.
    """

    key: str
    value: Any
    group: int


class Q:
    """Lookups that can be joined: ``Q(age__gt=17) & ~Q(name="Ada") | Q(vip=True)``.

    ``Q()`` has no condition: joined to others it adds nothing, so that conditions can be collected
    in a loop; alone it is true for every record.

    Args:
        **lookups: The conditions, all of which must be true.
    """

    def __init__(self, **lookups: Any) -> None:
        self._joined: Joined = "and"
        group = next(_groups)
        self._parts: tuple[Part, ...] = tuple(
            # A formula may be built more than once, but an iterator can be read only once.
            Lookup(key, list(value) if isinstance(value, Iterator) else value, group)
            for key, value in lookups.items()
        )

    @classmethod
    def _of(cls, joined: Joined, *parts: Q | Expression) -> Q:
        made = cls()
        made._parts = tuple(
            inner
            for part in parts
            for inner in (part._parts_within(joined) if isinstance(part, Q) else (part,))
        )
        if made._parts:
            made._joined = joined
        return made

    def _parts_within(self, joined: Joined) -> tuple[Part, ...]:
        """Return the parts to put into a larger ``Q``; flat, so that hundreds are not nested."""
        if self._joined == joined != "not":
            return self._parts
        alone = len(self._parts) < 2 and "not" not in (self._joined, joined)
        return self._parts if alone else (self,)

    def __and__(self, other: Q | Expression) -> Q:
        return self._of("and", self, other) if _joinable(other) else NotImplemented

    def __rand__(self, other: Expression) -> Q:
        return self._of("and", other, self) if _joinable(other) else NotImplemented

    def __or__(self, other: Q | Expression) -> Q:
        return self._of("or", self, other) if _joinable(other) else NotImplemented

    def __ror__(self, other: Expression) -> Q:
        return self._of("or", other, self) if _joinable(other) else NotImplemented

    def __invert__(self) -> Q:
        return self._of("not", self)

    def __repr__(self) -> str:
        parts = ", ".join(
            f"{part.key}={part.value!r}" if isinstance(part, Lookup) else repr(part)
            for part in self._parts
        )
        return f"Q({parts})" if self._joined == "and" else f"Q({self._joined}: {parts})"


Part = Q | Expression | Lookup
"""A part of a ``Q``."""


def _joinable(other: object) -> bool:
    return isinstance(other, Q | Expression)
