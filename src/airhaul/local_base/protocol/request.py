"""A request as the local base sees it, and its parameters from the query or the body."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from airhaul.local_base.protocol import refusal
from airhaul.wire.ids import is_id

_BASE: Final = re.compile(r"/v0/(?:(?:meta/)?bases/)?([^/?]+)")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_LARGEST_COUNT: Final = 999_999_999
_NUMBERED: Final = frozenset(map(str, range(21)))
_BRACKETS: Final = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the API.

    Args:
        method: The HTTP method.
        path: From the root, percent-encoded.
        query: Name and value pairs, decoded.
        body: The JSON body, or None.
        token: The bearer token, or None.
        address: How the client reaches the server, as ``http://127.0.0.1:8642``; None for a client
            in process.
        csv: The body of a request that sends CSV, or None.
        target: Path and query as received, percent-encoded; empty for a client in process.
        client: The client's ``User-Agent``, or None.
        json_bytes: The size of the JSON body as received, in bytes; 0 without one.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    token: str | None = None
    address: str | None = None
    csv: bytes | None = None
    target: str = ""
    client: str | None = None
    json_bytes: int = 0

    @property
    def base_id(self) -> str | None:
        """The base that the path names, or None."""
        base = _BASE.match(self.path)
        return base[1] if base and is_id(base[1], "app") else None

    @property
    def url_length(self) -> int:
        """The length of path and query in characters, without the host."""
        target = self.target or f"{self.path}?{urlencode(self.query, errors='surrogatepass')}"
        return len(target)

    @property
    def is_data(self) -> bool:
        """Whether it is about the contents of bases, not about metadata."""
        return not self.path.startswith("/v0/meta/")

    @property
    def list_offset(self) -> str | None:
        """The offset of a request for the next page of a list; None for any other request."""
        if not self.is_data:
            return None
        given: Any = None
        if self.method == "GET":
            given = dict(self.query).get("offset")
        elif self.path.rstrip("/").endswith("/listRecords") and isinstance(self.body, dict):
            given = self.body.get("offset")
        return given if isinstance(given, str) and given else None

    @property
    def is_unicode(self) -> bool:
        """Whether all its text is valid Unicode: JSON can contain half of a surrogate pair."""
        waiting: list[Any] = [self.path, *self.query, self.body]
        while waiting:
            part = waiting.pop()
            if isinstance(part, str):
                if not part.isascii() and _SURROGATE.search(part):
                    return False
            elif isinstance(part, dict):
                waiting += part
                waiting += part.values()
            elif isinstance(part, list | tuple):
                waiting += part
        return True

    def query_object(self) -> dict[str, Any]:
        """Parse the query: ``sort[0][field]=A`` is ``{"sort": {"0": {"field": "A"}}}``.

        ``fields[]=A``, ``fields[0]=A`` and ``fields=A&fields=B`` are all lists; jQuery writes the
        first form, other clients the others. The highest index is 20, as observed with Airtable
        (https://github.com/fuxingloh/airtable/pull/6).

        Raises:
            Refusal: An index is too high, or one name is both a list and an object.
        """
        found: dict[str, Any] = {}
        for key, value in self.query:
            name, _, rest = key.partition("[")
            parts = _BRACKETS.findall("[" + rest) if rest else []
            if parts and parts[0].isdecimal() and parts[0] not in _NUMBERED:
                raise refusal.invalid_request()
            if not parts and name not in found:
                found[name] = value
            elif len(parts) <= 1:
                many = found.setdefault(name, [])
                if not parts and isinstance(many, str):
                    many = found[name] = [many]
                if not isinstance(many, list):
                    raise refusal.invalid_request()
                many.append(value)
            else:
                items = found.setdefault(name, {})
                if not isinstance(items, dict):
                    raise refusal.invalid_request()
                items.setdefault(parts[0], {})[parts[1]] = value
        return found

    def included(self, known: AbstractSet[str]) -> AbstractSet[str]:
        """Read the parameter ``include``, as in ``include=A&include=B`` or ``include[]=A``.

        Args:
            known: The allowed values.

        Raises:
            Refusal: A value is not allowed.
        """
        asked = {value for name, value in self.query if name.partition("[")[0] == "include"}
        if not asked <= known:
            raise refusal.invalid_request()
        return asked

    def body_object(self) -> dict[str, Any]:
        """Return the body, which must be an object.

        Raises:
            Refusal: The body is not an object.
        """
        if not isinstance(self.body, dict):
            raise refusal.invalid_request()
        return self.body


def read_flag(value: Any) -> bool:
    """Read ``true``, ``false`` or ``1`` from a query, or a bool from a body.

    Raises:
        Refusal: The value is none of these.
    """
    if value is None or isinstance(value, bool):
        return bool(value)
    if value in ("true", "1"):
        return True
    if value in ("false", "0", ""):
        return False
    raise refusal.invalid_request()


def read_count(value: Any, most: int | None = None) -> int | None:
    """Read a positive whole number from a query or a body.

    Raises:
        Refusal: The value is not such a number, or above ``most``.
    """
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 9:
        value = int(value)
    count = read_whole_number(value)
    if count is None or not 1 <= count <= (_LARGEST_COUNT if most is None else most):
        raise refusal.invalid_request()
    return count


def read_whole_number(value: Any) -> int | None:
    """Read a whole number from JSON; 3.0 is 3, as in JavaScript.

    Returns:
        The number; None for anything else, true and false included.
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_text(value: Any) -> str | None:
    """Read a text or null.

    Raises:
        Refusal: The value is something else.
    """
    if value is None or isinstance(value, str):
        return value
    raise refusal.invalid_request()
