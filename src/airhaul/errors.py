"""Every error that airhaul raises, in one tree.

    AirhaulError                         the root: catch this one to catch them all
    ├── ConfigurationError               ValueError: no token, no base, contradictory options
    ├── MissingExtraError                ImportError: an optional part is not installed
    ├── FormulaError                     ValueError: a formula that cannot be parsed or built
    │   └── LookupValueError             TypeError too: a lookup value that does not fit its field
    ├── SchemaError                      LookupError: model and table do not match
    │   ├── UnknownFieldError            KeyError: a field that the model or table does not have
    │   ├── UnknownTableError            KeyError: a table that the base does not have
    │   └── DuplicateKeyError            several records of the table have the same key
    ├── LinkNotLoadedError               LookupError: a linked record that was not read yet
    ├── NoRecordError                    LookupError: no record meets the conditions of one()
    ├── SeveralRecordsError              LookupError: several records meet the conditions of one()
    ├── RowError                         ValueError: one row of input that cannot be written
    ├── CellError                        ValueError: one cell that does not fit its type
    ├── FileFormatError                  ValueError: a file that is not what it claims to be
    ├── BulkError                        RuntimeError: a bulk call that did not write every row
    ├── StalePlanError                   RuntimeError: the table changed after a plan was made
    ├── DeletionRefusedError             RuntimeError: a sync would delete more than it may
    ├── RequestCeilingError              RuntimeError: max_requests is reached
    ├── JournalError                     RuntimeError: the journal fails, or a run cannot resume
    ├── TransportError                   ConnectionError: no usable reply
    │   ├── NotSentError                 nothing was sent: safe to repeat
    │   ├── ReplyTimeoutError            TimeoutError: sent, but no reply in time
    │   ├── LostReplyError               sent, but the connection broke during the reply
    │   └── BadReplyError                ValueError: a reply that is not Airtable's JSON
    └── ApiError                         a reply with an error
        ├── AuthenticationError          PermissionError: 401, the token is missing or refused
        ├── PermissionDeniedError        PermissionError: 403, scope, role, base or table
        ├── NotFoundError                LookupError: 404
        ├── InvalidRequestError          ValueError: 400, 413, 422
        │   └── IteratorExpiredError     422: the list has to be read again from the start
        ├── RateLimitError               429: over the rate limit, retry after the penalty
        ├── QuotaExceededError           429: the calls of the month are used up, do not retry
        └── ServerError                  5xx

``BulkInterrupted`` is outside the tree on purpose: it is a ``KeyboardInterrupt``, so that
``except Exception`` never swallows Ctrl-C.

Each error is also the builtin error that it resembles, and picklable. Its message contains what
happened, where, and what to do next. No error ever contains a token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airhaul.messages import Message, visible

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

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
    "LinkNotLoadedError",
    "LookupValueError",
    "LostReplyError",
    "MissingExtraError",
    "NoRecordError",
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
    "SeveralRecordsError",
    "StalePlanError",
    "TransportError",
    "UnknownFieldError",
    "UnknownTableError",
]


def shown(value: object) -> str:
    """Format a value for a message; a long one is cut."""
    try:
        return f"{value!r:.100}"
    except ValueError:  # Python formats no integer of more than 4,300 digits
        return f"a value of type {type(value).__name__} that is too long to print"


def reason_of(error: Mapping[str, Any]) -> str:
    """Take the reason out of one of the errors of a pydantic ``ValidationError``.

    Pydantic puts "Value error, " before the message of a validator; the reason is that message as
    its author wrote it.

    Args:
        error: One item of ``ValidationError.errors()``.
    """
    if error["type"] in ("value_error", "assertion_error"):
        raised = error["ctx"]["error"]
        return str(raised) or type(raised).__name__
    return str(error["msg"])


def causes_of(error: ValidationError) -> list[ErrorDetails]:
    """List the errors of a pydantic ``ValidationError``.

    Where a value may be ``int | float`` and is neither, pydantic reports both. What such a value
    has to be is a number, and not an integer.

    Args:
        error: Pydantic's error.
    """
    found = error.errors(include_url=False)
    numbers = {details["loc"][:-1] for details in found if details["loc"][-1:] == ("float",)}
    return [
        details
        for details in found
        if details["loc"][-1:] != ("int",) or details["loc"][:-1] not in numbers
    ]


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
        self.message = message if isinstance(message, Message) else visible(message)

    def __str__(self) -> str:
        # KeyError, one of the builtins below, would put the message in quotes.
        return str(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        # Keeps the attributes, whatever arguments the constructor requires.
        return _rebuild, (type(self), self.args, dict(self.__dict__))


class ConfigurationError(AirhaulError, ValueError):
    """The connection is not configured, or its options contradict each other."""


class MissingExtraError(AirhaulError, ImportError):
    """An optional part is not installed; the message has the command that installs it."""


class FormulaError(AirhaulError, ValueError):
    """A formula that cannot be parsed or built.

    Args:
        message: What is wrong.
        formula: The text of the formula, if it was parsed.
        position: The offset of the fault in ``formula``, from 0.
    """

    def __init__(
        self, message: str, *, formula: str | None = None, position: int | None = None
    ) -> None:
        super().__init__(message)
        self.formula = formula
        self.position = position


class LookupValueError(FormulaError, TypeError):
    """A lookup whose value does not fit the field; nothing was sent."""


class SchemaError(AirhaulError, LookupError):
    """The model and the table do not match."""


class UnknownFieldError(SchemaError, KeyError):
    """The model or the table does not have the field.

    Args:
        message: The unknown name, and the known ones.
        field: The unknown name.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class UnknownTableError(SchemaError, KeyError):
    """The base does not have the table."""


class DuplicateKeyError(SchemaError):
    """Several records of the table have the same key, so it does not identify one of them.

    Args:
        message: The keys and their records.
        record_ids: The records.
    """

    def __init__(self, message: str, *, record_ids: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.record_ids = record_ids


class LinkNotLoadedError(AirhaulError, LookupError):
    """The record of a link was asked for, and was not read yet.

    Args:
        message: The link, and how to read its record.
        record_id: The id of the linked record.
    """

    def __init__(self, message: str, *, record_id: str | None = None) -> None:
        super().__init__(message)
        self.record_id = record_id


class NoRecordError(AirhaulError, LookupError):
    """No record of the table meets the conditions, and there has to be one."""


class SeveralRecordsError(AirhaulError, LookupError):
    """Several records of the table meet the conditions, and there may be only one."""


class RowError(AirhaulError, ValueError):
    """One row of input that cannot be written, and where it is.

    Args:
        reason: Why it cannot be written.
        index: The index of the row in the input, from 0.
        field: The field that is not valid, if a single one is.
        value: The value that is not valid, if a single one is.
        source: The file that the row came from.
        line: The line of the row in that file, from 1.
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
        self._several: tuple[RowError, ...] = ()
        super().__init__(Message(f"{self.address}: ", reason) if self.address else reason)

    @property
    def address(self) -> str:
        """Where the row is: ``users.csv line 18, row 16, field 'Age'``."""
        file = f"{self.source} " if self.source else ""
        parts = [
            f"{file}line {self.line}" if self.line is not None else file.strip(),
            f"row {self.index}" if self.index is not None else "",
            f"field {self.field!r}" if self.field is not None else "",
        ]
        return ", ".join(part for part in parts if part)

    @property
    def errors(self) -> tuple[RowError, ...]:
        """The errors of the row one by one, each with its field and value."""
        return self._several or (self,)

    @classmethod
    def of(cls, errors: Sequence[RowError]) -> RowError:
        """Make one error of all errors of a row.

        Args:
            errors: At least one.

        Returns:
            The error itself if there is only one; else one whose reason has all of them.
        """
        first = errors[0]
        if len(errors) == 1:
            return first
        reasons = [
            one.reason if one.field is None else Message(f"field {one.field!r}: ", one.reason)
            for one in errors
        ]
        error = cls(
            Message.of_lines(reasons, end="; "),
            index=first.index,
            source=first.source,
            line=first.line,
        )
        error._several = tuple(errors)
        return error

    def placed(
        self,
        index: int,
        *,
        source: str | None = None,
        line: int | None = None,
        named: Callable[[str], str] = str,
    ) -> RowError:
        """Return the error with the address of its row.

        Args:
            index: The index of the row in the input, from 0.
            source: The file that the row came from.
            line: The line of the row in that file, from 1.
            named: Returns the name of a field for the reader of the message.
        """
        return RowError.of(
            [
                RowError(
                    one.reason,
                    index=index,
                    field=None if one.field is None else named(one.field),
                    value=one.value,
                    source=source,
                    line=line,
                )
                for one in self.errors
            ]
        )


class CellError(AirhaulError, ValueError):
    """A cell that does not fit the type of its field in the model.

    Args:
        reason: Why it does not fit.
        record_id: The record with the cell.
        field: The name of the field in the model.
        value: The cell as Airtable sent it.
    """

    def __init__(self, reason: str, *, record_id: str | None, field: str, value: Any) -> None:
        super().__init__(f"record {record_id}, field {field!r}: {reason}, got {shown(value)}")
        self.reason = reason
        self.record_id = record_id
        self.field = field
        self.value = value


class FileFormatError(AirhaulError, ValueError):
    """A file that is not what its format requires.

    Args:
        message: What is wrong.
        source: The file.
        line: The line, from 1.
    """

    def __init__(self, message: str, *, source: str | None = None, line: int | None = None) -> None:
        where = f"{source or 'input'} line {line}" if line is not None else source
        super().__init__(Message(f"{where}: ", message) if where else message)
        self.source = source
        self.line = line


class BulkError(AirhaulError, RuntimeError):
    """A bulk call that did not write every row; ``result`` has the outcome of each.

    Args:
        message: How many rows were written, and what stopped the rest.
        result: The partial ``BulkResult``.
    """

    def __init__(self, message: str, *, result: Any) -> None:
        super().__init__(message)
        self.result = result


class BulkInterrupted(KeyboardInterrupt):
    """Ctrl-C during a bulk call, raised after the requests in flight have ended.

    Args:
        message: How many rows were written.
        result: The partial ``BulkResult``.
    """

    def __init__(self, message: str, *, result: Any) -> None:
        super().__init__(message)
        self.message = message
        self.result = result


class StalePlanError(AirhaulError, RuntimeError):
    """Records of a plan changed after the plan was made.

    Args:
        message: Which records, and what to do.
        record_ids: The records that changed, or that are new and have a key of the plan.
    """

    def __init__(self, message: str, *, record_ids: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.record_ids = record_ids


class DeletionRefusedError(AirhaulError, RuntimeError):
    """A sync would delete more records than it may; nothing was sent."""


class JournalError(AirhaulError, RuntimeError):
    """The journal cannot be read or written, or a run cannot be resumed."""


class RequestCeilingError(AirhaulError, RuntimeError):
    """The limit of ``max_requests`` is reached; the other rows were not sent."""


class TransportError(AirhaulError, ConnectionError):
    """Airtable sent no usable reply."""


class NotSentError(TransportError):
    """The connection failed before anything was sent, so repeating is safe."""


class ReplyTimeoutError(TransportError, TimeoutError):
    """The request was sent, but no reply came in time: Airtable may have executed it."""


class LostReplyError(TransportError):
    """The request was sent, but the connection broke before the reply was complete."""


class BadReplyError(TransportError, ValueError):
    """The reply is not Airtable's JSON: a proxy's page, a login wall, a wrong URL.

    Args:
        message: What came instead.
        status: The HTTP status of the reply.
        is_page: Whether its content type is not JSON either.
    """

    def __init__(self, message: str, *, status: int, is_page: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.is_page = is_page


class ApiError(AirhaulError):
    """Airtable replied with an error.

    Args:
        message: Airtable's error, the request, and what to do next.
        status: The HTTP status.
        type: Airtable's error type, such as ``INVALID_VALUE_FOR_COLUMN``.
        detail: Airtable's own message; may be empty.
    """

    def __init__(self, message: str, *, status: int, type: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.type = type
        self.detail = detail


class AuthenticationError(ApiError, PermissionError):
    """401: the token is missing, expired or refused."""


class PermissionDeniedError(ApiError, PermissionError):
    """403: the scopes or bases of the token, or the role of its user, do not allow this."""


class NotFoundError(ApiError, LookupError):
    """404: the route, base, table or record does not exist."""


class InvalidRequestError(ApiError, ValueError):
    """400, 413 or 422: Airtable does not accept the request."""


class IteratorExpiredError(InvalidRequestError):
    """422: the iterator of the list expired; read the list again from the start."""


class RateLimitError(ApiError):
    """429: too many requests in a second.

    Args:
        message: Airtable's error.
        retry_after_s: The seconds to wait, if the reply has them.
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
    """429: the API calls of the workspace for this month are used up."""


class ServerError(ApiError):
    """5xx: Airtable failed; whether it executed the request is not known."""
