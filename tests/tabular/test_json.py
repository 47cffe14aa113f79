"""Reading JSON and JSON Lines: the values, the lines, and the faults."""

from __future__ import annotations

import json
import pickle
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.errors import FileFormatError
from airhaul.tabular import read_rows
from airhaul.tabular.infer import infer_columns

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(st.text(), JSON_VALUES, max_size=5), max_size=8)


def rows_of(path: Path, text: str | bytes, name: str = "in.json") -> list[tuple[int, dict]]:
    file = path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [(row.line, row.cells) for row in read_rows(file)]


@pytest.mark.slow
@given(
    rows=ROWS,
    indent=st.sampled_from([None, 0, 1]),
    ascii_=st.booleans(),
    space=st.sampled_from(["", "\n", " \r\n\t"]),
)
def test_an_array_is_read_however_it_is_laid_out(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list,
    indent: int | None,
    ascii_: bool,
    space: str,
) -> None:
    """One line, a line per row or per value: the same rows come out, none lost, none twice."""
    text = space + json.dumps(rows, indent=indent, ensure_ascii=ascii_) + space
    assert [
        cells
        for _, cells in rows_of(
            tmp_path_factory.getbasetemp(), text.encode("utf-8", "surrogatepass")
        )
    ] == rows


@pytest.mark.parametrize("offset", range(40))
def test_a_row_may_be_cut_anywhere_by_the_end_of_a_block(tmp_path: Path, offset: int) -> None:
    """Blocks are 64 KiB: numbers, names, escapes, literals and characters are put together again."""
    row = r'{"n":-12.5e+1,"t":true,"x":null,"s":"\ud83d\ude00\\é🎈","l":[1,{"y":"z"}]}'
    pad = '{"pad":"' + "p" * (64 * 1024 - 60 - offset * 2) + '"}'
    text = f"[{pad},\n{row} , {row}\n,{row}]"
    expected = json.loads(text)
    read = rows_of(tmp_path, text)
    assert [cells for _, cells in read] == expected
    assert [line for line, _ in read] == [1, 2, 2, 3]


@pytest.mark.parametrize("name", ["in.json", "in.jsonl"])
def test_numbers_keep_their_text(tmp_path: Path, name: str) -> None:
    """A column of text is to hold what the file says, and not what Python makes of it."""
    texts = ["2.50", "1E5", "-0.0", "0.12345678901234567890", "740245381351497730", "1e400"]
    row = '{"a": [' + ", ".join(texts) + "]}"
    ((_, cells),) = rows_of(tmp_path, f"[{row}]" if name == "in.json" else row, name)
    assert list(map(str, cells["a"])) == texts
    assert cells["a"][:5] == [2.5, 100_000, 0, 0.12345678901234568, 740245381351497730]
    kept = pickle.loads(pickle.dumps(cells["a"]))
    assert (kept, list(map(str, kept))) == (cells["a"], texts)


@pytest.mark.parametrize(
    ("texts", "type_"),
    [
        (["2.50", "1e5", "7"], "number"),
        (["0.30000000000000004", "32.299076986939205"], "number"),
        (["3.14159265358979323846"], "singleLineText"),
        (["740245381351497730.0"], "singleLineText"),
        (["1e400"], "singleLineText"),
        (["9007199254740993"], "singleLineText"),
    ],
)
def test_numbers_that_would_lose_digits_make_a_text_column(
    tmp_path: Path, texts: list[str], type_: str
) -> None:
    """Numbers of Airtable are doubles; only those with more digits, or too large, are text."""
    rows = rows_of(tmp_path, "[" + ", ".join(f'{{"a": {text}}}' for text in texts) + "]")
    (column,) = infer_columns(cells for _, cells in rows)
    assert column.type == type_


def test_a_row_may_be_larger_than_many_blocks(tmp_path: Path) -> None:
    """A long row is one row, and the next has its right line."""
    rows = [{"a": "x\\" * 500_000, "b": list(range(100_000))}, {"a": 1}]
    read = rows_of(tmp_path, json.dumps(rows, indent=0))
    assert [cells for _, cells in read] == rows
    assert (
        read[1][0]
        == json.dumps(rows, indent=0)[: json.dumps(rows, indent=0).rindex("{")].count("\n") + 1
    )


@pytest.mark.slow
@pytest.mark.parametrize("separator", [", ", ",\n"], ids=["one line", "a line per row"])
def test_memory_stays_flat(tmp_path: Path, separator: str) -> None:
    """A large array, even on a single line, is never held whole."""
    file = tmp_path / "in.json"
    file.write_text(
        "[" + separator.join(json.dumps({"a": n, "b": "x" * 400}) for n in range(20_000)) + "]"
    )
    assert file.stat().st_size > 8_000_000
    tracemalloc.start()
    try:
        count = sum(row.cells["a"] == n for n, row in enumerate(read_rows(file)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 1_000_000


def test_lines_of_an_array(tmp_path: Path) -> None:
    """The line is the one on which the object begins, whatever stands before it."""
    text = '\n[ {"a": 1}, {"a": 2},\n\n  {"a":\n 3}\n, {"a": 4}\n]\n'
    assert rows_of(tmp_path, text) == [(2, {"a": 1}), (2, {"a": 2}), (4, {"a": 3}), (6, {"a": 4})]


def test_lines_of_json_lines(tmp_path: Path) -> None:
    """Blank lines are skipped and counted; a line separator of Unicode is no line break."""
    text = '\ufeff{"a": 1}\r\n\n{"a": "x\u2028y"}\n{"a": [1, {"b": null}]}'
    expected = [(1, {"a": 1}), (3, {"a": "x\u2028y"}), (4, {"a": [1, {"b": None}]})]
    assert rows_of(tmp_path, text, "in.jsonl") == expected
    assert rows_of(tmp_path, text, "in.ndjson") == expected


def test_no_rows(tmp_path: Path) -> None:
    """An empty array and an empty file of lines are no error."""
    assert rows_of(tmp_path, " [ \n] ") == []
    assert rows_of(tmp_path, "", "in.jsonl") == []


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "expected an array"),
        ('\n{"a": 1}\n', 2, 'set format="jsonl"'),
        ('[{"a": 1}\n{"a": 2}]', 2, "expected , or ]"),
        ('[{"a": 1},\n]', 2, "there is a comma before the ]"),
        ('[{"a": 1}', 1, "expected , or ]"),
        ('[{"a": 1},\n', 2, "Expecting value"),
        ("[]\n[]", 2, "text after the end"),
        ("[\n[1]]", 2, "expected an object, got [1]"),
        ("[null]", 1, "expected an object, got null"),
        ('[{"a": NaN}]', 1, "NaN is not a number"),
        ('[{"a": -Infinity}]', 1, "-Infinity is not a number"),
        ('[{"a": 1, "a": 2}]', 1, "'a' occurs twice"),
        ('[{"b": {"a": 1, "a": 2}}]', 1, "'a' occurs twice"),
        ('[{"a": 1},\n{"a":\n\n oops}]', 4, "Expecting value"),
        ('[\n{"a": 1,\n"b": "open}]', 3, "Unterminated string"),
        ("[{'a': 1}]", 1, "double quotes"),
        ('[{"a": "x\ny"}]', 1, "control character"),
        ('[{"a": ' + "[" * 100_000 + "]", 1, "nested too deeply"),
        (b'[\n{"a": "\xfc"}]', 2, "byte 0xfc is not UTF-8"),
        (b'[{"a": "\xc3', 1, "not UTF-8"),
        (b"[" + b'{"a": 1},\n' * 50_000 + b'{"a": "\xff"}]', 50_001, "not UTF-8"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_faults_of_an_array(tmp_path: Path, text: str | bytes, line: int, words: str) -> None:
    """The line is the place of the fault, not only of its row."""
    with pytest.raises(FileFormatError) as caught:
        rows_of(tmp_path, text)
    assert (caught.value.line, words in str(caught.value)) == (line, True), str(caught.value)
    assert caught.value.source == str(tmp_path / "in.json")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": }', "Expecting value, at character 7"),
        ('{"a": 1} {"a": 2}', "Extra data, at character 10"),
        ("[1]", 'expected an object, got [1]; for an array of objects, set format="json"'),
        ("[", 'expected an object, got [; for an array of objects, set format="json"'),
        ('{"a": Infinity}', "Infinity is not a number"),
        ('{"a": 1, "a": 1}', "'a' occurs twice"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        ('{"a": ' + "1" * 5_000 + "}", "not JSON"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_faults_of_json_lines(tmp_path: Path, text: str, words: str) -> None:
    """A broken line is named; the lines before it have been read."""
    with pytest.raises(FileFormatError) as caught:
        rows_of(tmp_path, '{"a": 1}\n\n' + text + "\n", "in.jsonl")
    assert (caught.value.line, words in str(caught.value)) == (3, True), str(caught.value)


def test_a_fault_early_in_a_large_file_is_found_early(tmp_path: Path) -> None:
    """A row that is plainly broken is not taken for one whose end is still to come."""
    file = tmp_path / "in.json"
    file.write_text('[{"a" 1},\n' + ('{"a": "' + "x" * 1_000 + '"},\n') * 20_000)
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError, match="line 1: not JSON: Expecting ':'"):
            list(read_rows(file))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


@given(
    raw=st.binary(max_size=100) | st.text('[]{},:"\\ \n1e-tn', max_size=60).map(str.encode),
    name=st.sampled_from(["any.json", "any.jsonl"]),
)
def test_any_bytes_are_rows_or_a_fault(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes, name: str
) -> None:
    """No file, however broken, ends in an error of another kind."""
    file = tmp_path_factory.getbasetemp() / name
    file.write_bytes(raw)
    try:
        rows = list(read_rows(file))
    except FileFormatError as error:
        assert error.source == str(file)
    else:
        assert all(isinstance(row.cells, dict) for row in rows)
