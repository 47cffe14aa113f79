"""Writing files: every value, whole or not at all, and read back as it was."""

from __future__ import annotations

import csv
import os
import stat
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.errors import FileFormatError
from airhaul.tabular import Format, open_writer, read_rows
from tests.tabular.test_json import JSON_VALUES

# What UTF-8 can hold; a NUL is refused in CSV.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
HOSTILE = TEXT | st.text(",;|\t\"'\r\n\\ \ufeff\u2028x=+-@{}[]", max_size=8)
NAMES = HOSTILE.filter(lambda name: name.strip() and not name.startswith("\ufeff"))
TABLES = st.lists(NAMES, min_size=1, max_size=4, unique=True).flatmap(
    lambda names: st.tuples(
        st.just(names), st.lists(st.fixed_dictionaries(dict.fromkeys(names, HOSTILE)), max_size=6)
    )
)


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


def write(path: Path, columns: list[str], rows: list[dict], format: Format | None = None) -> str:
    with open_writer(path, columns, format) as writer:
        for row in rows:
            writer.write(row)
    return path.read_bytes().decode()


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["csv", "tsv", "json", "jsonl"])
@given(table=TABLES)
def test_text_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, table: tuple[list[str], list[dict]]
) -> None:
    """Whatever stands in names and cells, in every format; a blank row of CSV is passed over."""
    columns, rows = table
    file = tmp_path_factory.getbasetemp() / f"text.{suffix}"
    write(file, columns, rows)
    if suffix in ("csv", "tsv"):
        rows = [row for row in rows if any(cell.strip() for cell in row.values())]
    assert [row.cells for row in read_rows(file)] == rows


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["json", "jsonl"])
@given(
    rows=st.lists(
        st.fixed_dictionaries({"a": JSON_VALUES, "b": JSON_VALUES}).filter(
            lambda row: (
                not any("\ud800" <= letter <= "\udfff" for letter in repr(row))
                and r"\ud" not in repr(row)
            )
        ),
        max_size=5,
    )
)
def test_json_values_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, rows: list[dict]
) -> None:
    """Numbers, nulls, lists and objects too."""
    file = tmp_path_factory.getbasetemp() / f"values.{suffix}"
    write(file, ["a", "b"], rows)
    assert [row.cells for row in read_rows(file)] == rows


@given(table=TABLES)
def test_other_readers_of_csv_agree(
    tmp_path_factory: pytest.TempPathFactory, table: tuple[list[str], list[dict]]
) -> None:
    """Python's own reader finds the same rows."""
    columns, rows = table
    file = tmp_path_factory.getbasetemp() / "other.csv"
    write(file, columns, rows)
    with file.open(encoding="utf-8", newline="") as opened:
        assert list(csv.reader(opened)) == [
            columns,
            *([row[name] for name in columns] for row in rows),
        ]


@pytest.mark.parametrize(
    ("value", "in_csv", "in_json"),
    [
        (None, "", "null"),
        ("", "", '""'),
        (True, "true", "true"),
        (False, "false", "false"),
        (7, "7", "7"),
        (2.5, "2.5", "2.5"),
        (Decimal("5.00"), "5.00", "5"),
        (Decimal("0.12345678901234567890"), "0.12345678901234567890", "0.12345678901234568"),
        (Decimal("1E+3"), "1000", "1000"),
        (Decimal("Infinity"), "Infinity", None),
        (float("nan"), "nan", None),
        (date(2024, 2, 29), "2024-02-29", '"2024-02-29"'),
        (datetime(2024, 1, 2, 3, 4, 5), "2024-01-02T03:04:05.000Z", '"2024-01-02T03:04:05.000Z"'),
        (
            datetime(2024, 1, 2, 3, 4, 5, 678_000, timezone(timedelta(hours=2))),
            "2024-01-02T01:04:05.678Z",
            '"2024-01-02T01:04:05.678Z"',
        ),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z", '"0001-01-01T00:00:00.000Z"'),
        (timedelta(minutes=1, milliseconds=500), "60.5", "60.5"),
        (Colour.RED, "red", '"red"'),
        (Level.HIGH, "3", "3"),
        (["a", "b c"], '"a, b c"', '["a", "b c"]'),
        ([1, True, Colour.RED], '"1, true, red"', '[1, true, "red"]'),
        ({"b", "a", "c"}, '"a, b, c"', '["a", "b", "c"]'),
        ((), "", "[]"),
        ([None], "[null]", "[null]"),
        ([{"url": "u"}], '"[{""url"": ""u""}]"', '[{"url": "u"}]'),
        ({"k": date(2024, 1, 1)}, '"{""k"": ""2024-01-01""}"', '{"k": "2024-01-01"}'),
        (Path("x/y"), str(Path("x/y")), None if os.sep == "\\" else '"x/y"'),
        ("Zürich 🎈", "Zürich 🎈", '"Zürich 🎈"'),
    ],
    # A set has no order, and all workers have to name a test alike.
    ids=lambda value: "a set" if isinstance(value, set) else repr(value)[:30],
)
def test_each_kind_of_value(
    tmp_path: Path, value: object, in_csv: str, in_json: str | None
) -> None:
    """One form for each value in text, and one in JSON; JSON has no infinity."""
    columns = ["k", "v"]
    assert write(tmp_path / "a.csv", columns, [{"k": 1, "v": value}]) == f"k,v\n1,{in_csv}\n"
    if in_json is not None:
        line = write(tmp_path / "a.jsonl", columns, [{"k": 1, "v": value}])
        assert line == f'{{"k": 1, "v": {in_json}}}\n'
    else:
        with pytest.raises(ValueError, match="not JSON compliant"):
            write(tmp_path / "a.jsonl", columns, [{"k": 1, "v": value}])


def test_the_layout_of_each_format(tmp_path: Path) -> None:
    """The columns given, in their order; a cell that is missing is blank; other cells are not written."""
    rows = [{"b": 2, "a": 1, "z": 0}, {"b": "x"}]
    columns = ["a", "b"]
    assert write(tmp_path / "a.csv", columns, rows) == "a,b\n1,2\n,x\n"
    assert write(tmp_path / "a.tsv", columns, rows) == "a\tb\n1\t2\n\tx\n"
    assert (
        write(tmp_path / "a.json", columns, rows)
        == '[\n{"a": 1, "b": 2},\n{"a": null, "b": "x"}\n]\n'
    )
    assert write(tmp_path / "a.jsonl", columns, rows) == '{"a": 1, "b": 2}\n{"a": null, "b": "x"}\n'
    assert write(tmp_path / "a.txt", columns, rows, "csv") == "a,b\n1,2\n,x\n"


def test_no_rows(tmp_path: Path) -> None:
    """An empty table is a header, an empty array, an empty file: each can be read again."""
    assert write(tmp_path / "a.csv", ["a"], []) == "a\n"
    assert write(tmp_path / "a.json", ["a"], []) == "[]\n"
    assert write(tmp_path / "a.jsonl", ["a"], []) == ""
    for name in ("a.csv", "a.json", "a.jsonl"):
        assert list(read_rows(tmp_path / name)) == []


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt, OSError])
def test_the_old_file_stays_until_the_new_one_is_whole(
    tmp_path: Path, fault: type[BaseException]
) -> None:
    """A failure half-way, Ctrl-C included, leaves the old file and nothing beside it."""
    file = tmp_path / "out.csv"
    file.write_text("old")
    with pytest.raises(fault), open_writer(file, ["a"]) as writer:
        for number in range(10_000):
            writer.write({"a": number})
        assert file.read_text() == "old"
        raise fault
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_cell_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """Half of a surrogate pair is no text, in any file."""
    with pytest.raises(UnicodeEncodeError):
        write(tmp_path / "out.csv", ["a"], [{"a": "\ud800"}])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a Unix with resource limits")
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_a_nul_is_refused_where_the_file_could_not_be_read(tmp_path: Path, suffix: str) -> None:
    """CSV with one is no text to any reader, so it would be found only when it is needed."""
    path = tmp_path / f"out.{suffix}"
    with pytest.raises(FileFormatError, match=r"'a\\x00b' of 'note' has a NUL .* as JSON"):
        write(path, ["name", "note"], [{"name": "x", "note": "a\0b"}])
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / "out.jsonl", ["note"], [{"note": "a\0b"}])
    (row,) = read_rows(tmp_path / "out.jsonl")
    assert row.cells == {"note": "a\0b"}


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """The error of the operating system comes through, and the old file is intact."""
    import resource
    import signal

    file = tmp_path / "out.csv"
    file.write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            write(file, ["a"], [{"a": "x" * 1_000}] * 1_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_nothing_is_touched_when_the_format_is_unknown(tmp_path: Path) -> None:
    """The suffix is looked at before the first row is asked for."""
    with pytest.raises(FileFormatError), open_writer(tmp_path / "a.docx", ["a"]):
        pytest.fail("opened")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_or_a_device_is_not_replaced(tmp_path: Path) -> None:
    """Also for a user who may: /dev/null stays what it is."""
    for path in (tmp_path, Path(os.devnull)):
        with pytest.raises(FileFormatError, match="regular file"), open_writer(path, ["a"], "csv"):
            pytest.fail("opened")


@pytest.mark.skipif(os.name == "nt", reason="modes and links of Unix")
def test_modes_and_links_stay(tmp_path: Path) -> None:
    """A private file stays private, a new one is as the user's umask says, a link stays a link."""
    private, link, new = tmp_path / "private.csv", tmp_path / "link.csv", tmp_path / "new.csv"
    private.write_text("old")
    private.chmod(0o600)
    link.symlink_to(private)
    before = os.umask(0o027)
    try:
        write(link, ["a"], [{"a": 1}])
        write(new, ["a"], [{"a": 1}])
    finally:
        os.umask(before)
    assert link.is_symlink()
    assert private.read_text() == "a\n1\n"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(new.stat().st_mode) == 0o640


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """The operating system's own error says it best."""
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "none" / "a.csv", ["a"], [])


def test_whoever_reads_the_old_file_reads_it_to_its_end(tmp_path) -> None:
    """The new file takes the name of the old one, and never its content."""
    target = tmp_path / "out.csv"
    target.write_text("old 1\nold 2\n")
    with target.open("rb", buffering=0) as reader:
        assert reader.read(6) == b"old 1\n"
        with open_writer(target, ["A"]) as writer:
            writer.write({"A": "new"})
        assert reader.read() == b"old 2\n"
    assert target.read_text() == "A\nnew\n"
