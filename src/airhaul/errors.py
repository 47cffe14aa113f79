"""Every error that airhaul raises, in one tree.

    AirhaulError                         the root: catch this one to catch them all
    ├── ConfigurationError               ValueError: no token, no base, options that contradict
    ├── MissingExtraError                ImportError: an optional part is not installed
    ├── FormulaError                     ValueError: a formula that cannot be read or built
    │   └── LookupValueError             TypeError too: a lookup value that does not fit its field
    ├── SchemaError                      LookupError: model and table do not fit together
    │   ├── UnknownFieldError            KeyError: a field that the model or table lacks
    │   ├── UnknownTableError            KeyError: a table that the base lacks
    │   └── DuplicateKeyError            several records of the table have one key
    ├── RowError                         ValueError: one row of input that cannot be written
    ├── CellError                        ValueError: one cell that does not fit its type
    ├── FileFormatError                  ValueError: a file that is not what it claims to be
    ├── BulkError                        RuntimeError: a bulk call that did not write every row
    ├── StalePlanError                   RuntimeError: the table changed after a plan was made
    ├── DeletionRefusedError             RuntimeError: a sync would delete more than it may
    ├── RequestCeilingError              RuntimeError: max_requests is reached
    ├── JournalError                     RuntimeError: the journal fails, or a run cannot go on
    ├── TransportError                   ConnectionError: no usable reply came back
    │   ├── NotSentError                 nothing was sent: safe to repeat
    │   ├── ReplyTimeoutError            TimeoutError: sent, and no reply in time
    │   ├── LostReplyError               sent, and the connection broke before the reply was whole
    │   └── BadReplyError                ValueError: a reply that is not Airtable's JSON
    └── ApiError                         a reply that says no
        ├── AuthenticationError          PermissionError: 401, the token is missing or refused
        ├── PermissionDeniedError        PermissionError: 403, scope, role, base or table
        ├── NotFoundError                LookupError: 404
        ├── InvalidRequestError          ValueError: 400, 413, 422
        │   └── IteratorExpiredError     422: the list has to be read again from its start
        ├── RateLimitError               429: over the limit, worth a retry after the penalty
        ├── QuotaExceededError           429: the month's calls are used up, not worth a retry
        └── ServerError                  5xx

``BulkInterrupted`` stands outside the tree on purpose: it is a ``KeyboardInterrupt``, so that
``except Exception`` never swallows Ctrl-C.

Each error is also the builtin that it resembles, is picklable, and says what happened, where,
and what to do next. No error ever holds a token.
"""

from __future__ import annotations

from typing import Any

from airhaul.messages import Message

__all__ = [
    "AirhaulError",
    "ApiError",
    "AuthenticationError",
    "BadReplyError",
    "BulkError",
    "BulkInterrupted",
    "CellError",
    "ConfigurationError",
    "DeletionRefusedError",
    "DuplicateKeyError",
    "FileFormatError",
    "FormulaError",
    "InvalidRequestError",
    "IteratorExpiredError",
    "JournalError",
    "LookupValueError",
    "LostReplyError",
    "MissingExtraError",
    "NotFoundError",
    "NotSentError",
    "PermissionDeniedError",
    "QuotaExceededError",
    "RateLimitError",
    "ReplyTimeoutError",
    "RequestCeilingError",
    "RowError",
    "SchemaError",
    "ServerError",
    "StalePlanError",
    "TransportError",
    "UnknownFieldError",
    "UnknownTableError",
]


def shown(value: object) -> str:
    """Print a value for a message, cut where it is long."""
    try:
        return f"{value!r:.100}"
    except ValueError:  # Python prints no whole number of more than 4,300 digits
        return f"a value of type {type(value).__name__} that is too long to print"


def _rebuild(cls: type[AirhaulError], args: tuple[Any, ...], state: dict[str, Any]) -> AirhaulError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class AirhaulError(Exception):
    """The root of the tree.

    Args:
        message: What happened, where, and what to do next; a ``Message`` where it names options
            or methods.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        # KeyError, among the builtins below, would print its message in quotes.
        return str(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        # Attributes set by keyword survive pickling, whatever the constructor asks for.
        return _rebuild, (type(self), self.args, dict(self.__dict__))


class ConfigurationError(AirhaulError, ValueError):
    """The connection is not configured, or its options contradict each other."""


class MissingExtraError(AirhaulError, ImportError):
    """An optional part is not installed; the message says the command that installs it."""


class FormulaError(AirhaulError, ValueError):
    """A formula that cannot be parsed or built.

    Args:
        message: What is wrong.
        formula: The text that was read, if there was one.
        position: The offset into ``formula`` where the fault stands, from 0.
    """

    def __init__(
        self, message: str, *, formula: str | None = None, position: int | None = None
    ) -> None:
        super().__init__(message)
        self.formula = formula
        self.position = position


class LookupValueError(FormulaError, TypeError):
    """A lookup whose value does not fit the field, found before anything is sent."""


class SchemaError(AirhaulError, LookupError):
    """The model and the table do not fit together."""


class UnknownFieldError(SchemaError, KeyError):
    """A field was named that the model or the table does not have.

    Args:
        message: What was named, and what there is.
        field: The name that is not known.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class UnknownTableError(SchemaError, KeyError):
    """A table was named that the base does not have."""


class DuplicateKeyError(SchemaError):
    """Several records of the table have one key, so it does not tell which one a row is.

    Args:
        message: The keys and their records.
        record_ids: The records.
    """

    def __init__(self, message: str, *, record_ids: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.record_ids = record_ids


class RowError(AirhaulError, ValueError):
    """One row of input that cannot be written, with its address.

    Args:
        reason: Why, in words.
        index: The row's place in the input, from 0.
        field: The field at fault, if one is.
        value: The value at fault, if one is.
        source: The file that the row came from.
        line: The row's line in that file, from 1.
    """

    def __init__(
        self,
        reason: str,
        *,
        index: int | None = None,
        field: str | None = None,
        value: Any = None,
        source: str | None = None,
        line: int | None = None,
    ) -> None:
        self.reason = reason
        self.index = index
        self.field = field
        self.value = value
        self.source = source
        self.line = line
        super().__init__(Message(f"{self.address}: ", reason) if self.address else reason)

    @property
    def address(self) -> str:
        """Where the fault stands: ``users.csv line 18, row 16, field 'Age'``."""
        file = f"{self.source} " if self.source else ""
        parts = [
            f"{file}line {self.line}" if self.line is not None else file.strip(),
            f"row {self.index}" if self.index is not None else "",
            f"field {self.field!r}" if self.field is not None else "",
        ]
        return ", ".join(part for part in parts if part)


class CellError(AirhaulError, ValueError):
    """A cell that was read and does not fit the type of its field.

    Args:
        reason: Why, in words.
        record_id: The record that holds the cell.
        field: The name of the model's field.
        value: The cell as Airtable sent it.
    """

    def __init__(self, reason: str, *, record_id: str | None, field: str, value: Any) -> None:
        super().__init__(f"record {record_id}, field {field!r}: {reason}, got {shown(value)}")
        self.reason = reason
        self.record_id = record_id
        self.field = field
        self.value = value


class FileFormatError(AirhaulError, ValueError):
    """A file that cannot be read as what it claims to be.

    Args:
        message: What is wrong.
        source: The file.
        line: The line at fault, from 1.
    """

    def __init__(self, message: str, *, source: str | None = None, line: int | None = None) -> None:
        where = f"{source or 'input'} line {line}" if line is not None else source
        super().__init__(Message(f"{where}: ", message) if where else message)
        self.source = source
        self.line = line


class BulkError(AirhaulError, RuntimeError):
    """A bulk call that did not write every row; ``result`` says what became of each.

    Args:
        message: How many rows were written, and what stopped the rest.
        result: The partial ``BulkResult``.
    """

    def __init__(self, message: str, *, result: Any) -> None:
        super().__init__(message)
        self.result = result


class BulkInterrupted(KeyboardInterrupt):
    """Ctrl-C during a bulk call, after the requests in flight have landed.

    Args:
        message: How many rows were written.
        result: The partial ``BulkResult``.
    """

    def __init__(self, message: str, *, result: Any) -> None:
        super().__init__(message)
        self.message = message
        self.result = result


class StalePlanError(AirhaulError, RuntimeError):
    """The table changed after a plan was made, in records that the plan touches.

    Args:
        message: Which records, and what to do.
        record_ids: The records that changed, or that are new with a key of the plan.
    """

    def __init__(self, message: str, *, record_ids: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.record_ids = record_ids


class DeletionRefusedError(AirhaulError, RuntimeError):
    """A sync would delete more than it was allowed to; nothing was sent."""


class JournalError(AirhaulError, RuntimeError):
    """The journal cannot be read or written, or a run cannot go on as it is."""


class RequestCeilingError(AirhaulError, RuntimeError):
    """The ceiling that ``max_requests`` set is reached; what is left was not sent."""


class TransportError(AirhaulError, ConnectionError):
    """No usable reply came back."""


class NotSentError(TransportError):
    """The connection failed before anything was sent, so repeating is always safe."""


class ReplyTimeoutError(TransportError, TimeoutError):
    """The request was sent and no reply came in time: it may have been carried out."""


class LostReplyError(TransportError):
    """The connection broke after sending and before the reply was whole."""


class BadReplyError(TransportError, ValueError):
    """The reply is not Airtable's JSON: a proxy's page, a login wall, a wrong URL.

    Args:
        message: What came instead.
        status: The HTTP status of the reply.
        is_page: Whether it does not even claim to be JSON.
    """

    def __init__(self, message: str, *, status: int, is_page: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.is_page = is_page


class ApiError(AirhaulError):
    """Airtable answered, and the answer is no.

    Args:
        message: What Airtable said, where, and what to do next.
        status: The HTTP status.
        type: Airtable's error type, such as ``INVALID_VALUE_FOR_COLUMN``.
        detail: Airtable's own message, possibly empty.
    """

    def __init__(self, message: str, *, status: int, type: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.type = type
        self.detail = detail


class AuthenticationError(ApiError, PermissionError):
    """401: the token is missing, expired or refused."""


class PermissionDeniedError(ApiError, PermissionError):
    """403: the token's scopes, its list of bases, or the user's role do not allow this."""


class NotFoundError(ApiError, LookupError):
    """404: no such route, base, table or record."""


class InvalidRequestError(ApiError, ValueError):
    """400, 413 or 422: Airtable does not accept the request as it stands."""


class IteratorExpiredError(InvalidRequestError):
    """422: the list's iterator is gone; only reading from the start helps."""


class RateLimitError(ApiError):
    """429: too many requests in a second.

    Args:
        message: What Airtable said.
        retry_after_s: Seconds to wait, where the reply named them.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 429,
        type: str = "",
        detail: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, status=status, type=type, detail=detail)
        self.retry_after_s = retry_after_s


class QuotaExceededError(ApiError):
    """429: the workspace's API calls of this month are used up."""


class ServerError(ApiError):
    """5xx: Airtable failed; whether it carried out the request is not known."""
