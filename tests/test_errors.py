"""The error tree: drawn, complete, picklable."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from airhaul import errors

CLASSES = [
    value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, errors.AirhaulError)
]
SAMPLES = {
    errors.RowError: errors.RowError("no", index=3, field="age", value="x", source="a.csv", line=5),
    errors.CellError: errors.CellError("no", record_id="rec1", field="age", value="x"),
    errors.BadReplyError: errors.BadReplyError("no", status=200),
    errors.BulkError: errors.BulkError("no", result=[1]),
    errors.FileFormatError: errors.FileFormatError("no", source="a.csv", line=3),
    errors.RateLimitError: errors.RateLimitError("no", retry_after_s=3.0),
}


def sample(cls: type) -> Exception:
    if cls in SAMPLES:
        return SAMPLES[cls]
    return cls("no", status=400) if issubclass(cls, errors.ApiError) else cls("no")


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_errors_survive_pickling(cls: type) -> None:
    """Errors cross process borders with their message and all they know."""
    error = sample(cls)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is cls
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_the_drawing_shows_every_error_with_its_builtins(cls: type) -> None:
    """The tree in the docstring is the tree in the code."""
    drawn = re.search(rf"\b{cls.__name__}\s+(.*)", errors.__doc__)
    assert drawn is not None
    for base in cls.__bases__:
        if base.__module__ == "builtins" and cls is not errors.AirhaulError:
            assert base.__name__ in drawn[1]


def test_everything_public_is_exported() -> None:
    """``__all__`` names each error, in order."""
    public = {*(cls.__name__ for cls in CLASSES), "BulkInterrupted"}
    assert errors.__all__ == sorted(public)


def test_an_interruption_is_not_an_exception() -> None:
    """``except Exception`` must not swallow Ctrl-C."""
    assert not issubclass(errors.BulkInterrupted, Exception)
    assert issubclass(errors.BulkInterrupted, KeyboardInterrupt)


def test_a_row_error_carries_its_address() -> None:
    """What, where and why stand in one line."""
    assert str(SAMPLES[errors.RowError]) == "a.csv line 5, row 3, field 'age': no"
    assert str(errors.RowError("no", index=17)) == "row 17: no"
    assert str(errors.RowError("no")) == "no"


def test_a_key_error_prints_without_quotes() -> None:
    """``KeyError`` prints the repr of its argument; ours read as sentences."""
    assert str(errors.UnknownFieldError("User has no field 'x'")) == "User has no field 'x'"
