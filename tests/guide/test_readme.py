"""The examples of the README do the same whatever the columns are called."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from airhaul import Record, configure
from tests.guide.test_batch_operations import created

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
TASTE = "\n".join(re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE))
DECLARED = re.compile(r"^class User.*?^User\.create_table\(\)$", re.DOTALL | re.MULTILINE)


class User(Record, table="Users"):
    name: str
    email: str
    age: int | None = None
    is_active: bool = True


def printed(kind: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """What the taste prints, without times and record IDs, and the file that it writes."""
    configure(local=":memory:")
    code = TASTE.replace('configure(local=":memory:")', "")
    assert DECLARED.search(code)
    names = {"User": created(User, kind)}
    capsys.readouterr()
    exec(compile(DECLARED.sub("", code), "README.md", "exec"), names)
    text = re.sub(r"[\d.]+ s\b|rec\w{14}", "...", capsys.readouterr().out)
    return text, Path("users.csv").read_text()


@pytest.mark.parametrize("kind", ["with spaces", "by ID"])
def test_the_taste_is_the_same(kind, capsys) -> None:
    """Names with spaces and field IDs: the same output, and the same file but for its header."""
    wanted, wanted_file = printed("as in Python", capsys)
    assert "2 created in 1 request" in wanted
    assert "row 2, field 'age'" in wanted
    given, file = printed(kind, capsys)
    for name in ("Name", "Email", "Age"):
        given = given.replace(name, name.lower())
    given = re.sub(r"tbl\w{14}", "Users", given)
    assert given == wanted
    assert file.splitlines()[0] == "Name,Email,Age,Is Active"
    assert sorted(file.splitlines()[1:]) == sorted(wanted_file.splitlines()[1:])  # in any order
