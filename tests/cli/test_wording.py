"""What messages of the library name, as the program spells it."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from airhaul.cli.output.wording import in_options
from airhaul.messages import Message, Method, MethodName, Option, OptionName
from tests.cli.program import airhaul

pytestmark = pytest.mark.slow  # it reads the help of every command


COMMANDS = ("delete", "import", "sync", "export", "resume", "retry", "runs", "tables")


@pytest.fixture(scope="module")
def helps() -> dict[str, str]:
    return {name: airhaul(name, "--help").stdout for name in COMMANDS}


@pytest.mark.parametrize("name", get_args(OptionName))
def test_every_option_that_a_message_names_is_one_of_the_program(helps, name: OptionName) -> None:
    """No message sends anybody to an option that there is not."""
    flag = in_options(Message(Option(name)))
    assert any(re.search(rf"{flag}\b", text) for text in helps.values()), flag


@pytest.mark.parametrize("name", get_args(MethodName))
def test_every_method_that_a_message_names_is_a_command(name: MethodName) -> None:
    """No message sends anybody to a command that there is not."""
    program, command, *_ = in_options(Message(Method(name))).split()
    done = airhaul(command, "--help")
    assert (program, done.returncode) == ("airhaul", 0)


@pytest.mark.parametrize(
    ("option", "worded"),
    [
        (Option("allow_empty", True), "--allow-empty"),
        (Option("journal", False), "--journal off"),
        (Option("max_deletes", 12), "--max-deletes 12"),
        (Option("local", "my base.db"), "--local 'my base.db'"),
    ],
)
def test_values_are_spelled_for_a_shell(option: Option, worded: str) -> None:
    """What is printed can be pasted."""
    assert in_options(Message("x ", option, ".")) == f"x {worded}."
