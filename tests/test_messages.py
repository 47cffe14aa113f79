"""Messages with remedies in them: text for Python, data for any other wording."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from airhaul import errors
from airhaul.messages import Message, Method, Option, Remedy

PARTS = (
    "Set ",
    Option("max_deletes", 12),
    " or ",
    Option("allow_empty", True),
    ", or ",
    Option("on_error", "continue"),
    " and ",
    Option("journal"),
    "; else ",
    Method("undo", "k3x9"),
    " or ",
    Method("sync"),
)
PLAIN = (
    'Set max_deletes=12 or allow_empty=True, or on_error="continue" and journal; else undo("k3x9") '
    "or sync()"
)


def name_only(remedy: Remedy) -> str:
    return f"<{remedy.name}>"


def test_a_message_reads_as_python_spells_it() -> None:
    """Whoever prints a message, or compares it, sees plain text."""
    message = Message(*PARTS)
    assert message == PLAIN
    assert f"{message}" == str(message) == PLAIN
    assert json.loads(json.dumps([message])) == [PLAIN]


def test_a_message_is_worded_in_another_way() -> None:
    """The remedies stay data, also in a message that is made of messages."""
    inner = Message("set ", Option("key_of_nothing"))  # type: ignore[arg-type] # any name will do
    outer = Message.of_lines(["Stopped.", Message("row 1: ", inner), "and 3 more"])
    assert outer == "Stopped.\n  row 1: set key_of_nothing\n  and 3 more"
    assert outer.worded(name_only) == "Stopped.\n  row 1: set <key_of_nothing>\n  and 3 more"


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_copies_of_a_message_keep_its_remedies(again) -> None:
    """A message crosses process borders with what it names."""
    message = Message(*PARTS)
    assert again(message) == message
    assert again(message).parts == PARTS


@pytest.mark.parametrize(
    "error",
    [
        errors.ConfigurationError(Message(*PARTS)),
        errors.RowError(Message(*PARTS), index=3, source="a.csv"),
        errors.FileFormatError(Message(*PARTS), source="a.csv", line=2),
        errors.BulkInterrupted(Message(*PARTS), result=None),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_keep_the_remedies_of_their_messages(error) -> None:
    """An address before the message costs no remedy, and neither does pickling."""
    assert PLAIN in str(error)
    assert type(str(error)) is str
    assert "<undo>" in error.message.worded(name_only)
    if isinstance(error, errors.AirhaulError):
        assert "<undo>" in pickle.loads(pickle.dumps(error)).message.worded(name_only)
