"""Reading CSV and TSV: the cells, the lines, and the faults."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.errors import ConfigurationError, FileFormatError
from airhaul.tabular import FileSettings, open_writer, read_rows


def rows_of(path: Path, text: str | bytes, name: str = "in.csv") -> list[tuple[int, dict]]:
    file = path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [(row.line, row.cells) for row in read_rows(file)]


def fault_of(path: Path, text: str | bytes, name: str = "in.csv") -> tuple[int | None, str]:
    with pytest.raises(FileFormatError) as caught:
        rows_of(path, text, name)
    assert caught.value.source == str(path / name)
    return caught.value.line, str(caught.value)


def test_each_row_has_the_line_on_which_it_begins(tmp_path: Path) -> None:
    """A line break inside quotes and a blank line are counted, so that addresses are right."""
    text = 'name,note\nAda,"one\ntwo"\n\nBob,x\r\nCyd,"a\r\nb"\nDee,y\n'
    assert rows_of(tmp_path, text) == [
        (2, {"name": "Ada", "note": "one\ntwo"}),
        (5, {"name": "Bob", "note": "x"}),
        (6, {"name": "Cyd", "note": "a\r\nb"}),
        (8, {"name": "Dee", "note": "y"}),
    ]


def test_cells_stay_as_they_are(tmp_path: Path) -> None:
    """Spaces, quotes, codes with zeros and every script are the user's data."""
    text = 'a,b,c\n 007 ,"say ""hi""",Zürich 東京 🎈\n'
    assert rows_of(tmp_path, text) == [(2, {"a": " 007 ", "b": 'say "hi"', "c": "Zürich 東京 🎈"})]


def test_a_short_row_lacks_its_last_cells(tmp_path: Path) -> None:
    """What is not there is absent, which is not the same as blank."""
    assert rows_of(tmp_path, "a,b,c\n1\n1,\n") == [(2, {"a": "1"}), (3, {"a": "1", "b": ""})]


def test_a_byte_order_mark_is_left_out(tmp_path: Path) -> None:
    """Files saved by Excel begin with one, and it is no part of the first name."""
    assert rows_of(tmp_path, b"\xef\xbb\xbfname\nAda\n") == [(2, {"name": "Ada"})]


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    """A table without rows is no error."""
    assert rows_of(tmp_path, "a,b\n") == []


def test_blank_lines_before_the_header_are_skipped(tmp_path: Path) -> None:
    """They are counted, and they do not hide which delimiter the header has."""
    assert rows_of(tmp_path, "\n \na;b\n1;2\n") == [(4, {"a": "1", "b": "2"})]


@pytest.mark.parametrize(
    ("name", "text", "cells"),
    [
        ("in.csv", "a;b\n1,5;2\n", {"a": "1,5", "b": "2"}),
        ("in.csv", '"size, cm";b\n1;2\n', {"size, cm": "1", "b": "2"}),
        ("in.csv", '"x;y",b\n1,2\n', {"x;y": "1", "b": "2"}),
        ("in.csv", '"x;y"\n1;2\n', {"x;y": "1;2"}),
        ("in.tsv", "a, b\tc;d\n1\t2\n", {"a, b": "1", "c;d": "2"}),
        ("in.csv", "a\tb\n1,5\t2\n", {"a": "1,5", "b": "2"}),
        ("in.csv", "a|b\n1,5|2\n", {"a": "1,5", "b": "2"}),
        ("in.csv", "a|b,c\n1,2\n", {"a|b": "1", "c": "2"}),
        ("in.csv", "a\tb;c\n1;2\n", {"a\tb": "1", "c": "2"}),
        ("in.csv", "a;b, c;d\n1;2;3\n", {"a": "1", "b, c": "2", "d": "3"}),
        ("in.csv", "a;b, c\n1;2\n\n;\n", {"a": "1", "b, c": "2"}),
        ("in.csv", 'a;b, c\n1;"2,\n5"\n', {"a": "1", "b, c": "2,\n5"}),
        ("in.csv", 'a;b, c\n1;"x"\n' + "".join("2;3\n" for _ in range(990)), None),
        ("in.csv", '"x\ny";b\n1;2\n', {"x\ny": "1", "b": "2"}),
        ("in.csv", '"x\n, ""y""\n";b\n1;2\n', {'x\n, "y"\n': "1", "b": "2"}),
        ("in.csv", '5",b\n1,2\n', {'5"': "1", "b": "2"}),
    ],
)
def test_the_delimiter(tmp_path: Path, name: str, text: str, cells: dict[str, str]) -> None:
    """The one in the header, or of several the one that fits the rows; quoted names do not count."""
    first = rows_of(tmp_path, text, name)[0][1]
    assert first == (cells or {"a": "1", "b, c": "x"})


@pytest.mark.parametrize(
    "text",
    [
        "SKU;Name;Price, EUR\nA1;Lamp;3,50\n",
        "a,b|c\n1,2|3\n",
        "a;b,c\n1\n",
        "a;b,c\n1;2\n3\n",
        "a,b;c\n",
    ],
)
def test_a_header_that_two_delimiters_may_divide_is_refused(tmp_path: Path, text: str) -> None:
    """Names and values would be swallowed; quotes, or a line before the header, decide."""
    line, said = fault_of(tmp_path, text)
    assert line == 1
    assert "either may separate the columns" in said
    assert 'or set delimiter="' in said
    assert rows_of(tmp_path, "sep=;\n" + text + "1\n")


@pytest.mark.parametrize("delimiter", [";", ",", "|", "\t", ":", "^", "~", " ", "\x1f"])
@pytest.mark.parametrize("name", ["in.csv", "in.tsv"])
def test_the_delimiter_may_be_set(tmp_path: Path, name: str, delimiter: str) -> None:
    """Any sign that is no text separates columns, whatever else the header holds."""
    file = tmp_path / name
    names = ["a;b", "c,d", "e\tf", "g|h"]
    named = [text if delimiter not in text else f'"{text}"' for text in names]
    file.write_text(delimiter.join(named) + "\n" + delimiter.join("1234") + "\n")
    (row,) = read_rows(file, FileSettings(delimiter=delimiter))
    assert row.cells == dict(zip(names, "1234", strict=True))


@pytest.mark.parametrize("delimiter", ["", ";;", "x", "7", '"', "\n", "\r", "é"])
def test_what_cannot_separate_columns_is_refused(delimiter: str) -> None:
    """Letters and quotes are part of the cells."""
    with pytest.raises(ConfigurationError, match="delimiter is one character, such as a semi"):
        FileSettings(delimiter=delimiter)


def test_json_has_no_delimiter(tmp_path: Path) -> None:
    """The option would be without effect."""
    with pytest.raises(FileFormatError, match="delimiter is for CSV and TSV only"):
        list(read_rows(tmp_path / "in.json", FileSettings(delimiter=";")))


def test_quotes_after_a_space_are_quotes_where_the_header_has_them(tmp_path: Path) -> None:
    """Some programs write a space behind each delimiter; then it is no part of a cell."""
    text = '"Month", "1958", "Note"\n"JAN",  340, "x, ""y"""\n'
    assert rows_of(tmp_path, text) == [(2, {"Month": "JAN", "1958": "340", "Note": 'x, "y"'})]
    assert rows_of(tmp_path, ' "a";"b, c"\n "1";2\n') == [(2, {"a": "1", "b, c": "2"})]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a,b\n1, "x"\n', 2),
        ('a,b,c\n1,2,3\n1, "x,y"\n', 3),
        ('a,b\n "x",1\n', 2),
        ('a,b\n1, "x" y\n', 2),
    ],
)
def test_quotes_after_a_space_in_a_row_only_are_refused(
    tmp_path: Path, text: str, line: int
) -> None:
    """They would be part of the text, and a delimiter in them would divide it."""
    at, said = fault_of(tmp_path, text)
    assert (at, "has a space before its quote" in said) == (line, True)


@pytest.mark.parametrize("cell", [' "x"', ' "', '  "a", "b"', ' "x\ny"', '"x" "y"', 'x "y"'])
def test_a_cell_that_has_a_space_and_a_quote_comes_back_from_an_export(
    tmp_path: Path, cell: str
) -> None:
    """In quotes, with its own quotes doubled, it is a value like any other."""
    with open_writer(tmp_path / "out.csv", ["a", "b"]) as writer:
        writer.write({"a": cell, "b": cell})
    assert [row.cells for row in read_rows(tmp_path / "out.csv")] == [{"a": cell, "b": cell}]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_known_by_its_mark(tmp_path: Path, encoding: str) -> None:
    """So spreadsheets save "Unicode text", with tabs, and other programs of Windows a CSV file."""
    text = '\ufeffname\tnote\r\nZoë\t"a\r\nb"\r\n東京\tc\r\n'
    assert rows_of(tmp_path, text.encode(encoding)) == [
        (2, {"name": "Zoë", "note": "a\r\nb"}),
        (4, {"name": "東京", "note": "c"}),
    ]
    assert "truncated data" in fault_of(tmp_path, "\ufeffa\nb\n".encode(encoding)[:-1])[1]


def test_another_encoding_can_be_named(tmp_path: Path) -> None:
    """Files of Windows have no mark by which they could be known."""
    file = tmp_path / "in.csv"
    file.write_bytes('Straße;"Ort\r\n"\r\n5 €;Köln\r\n'.encode("cp1252"))
    (row,) = read_rows(file, FileSettings(encoding="cp1252"))
    assert (row.line, row.cells) == (3, {"Straße": "5 €", "Ort\r\n": "Köln"})
    for encoding, said in (
        ("UTF8", "line 1: byte 0xdf is not UTF-8"),
        ("utf-16", "not in the encoding utf-16"),
        ("klingon", "'klingon' is not an encoding; expected one such as utf-8"),
        ("base64", "'base64' is not an encoding"),
    ):
        with pytest.raises(FileFormatError, match=said):
            list(read_rows(file, FileSettings(encoding=encoding)))
    with pytest.raises(FileFormatError, match="JSON is always UTF-8"):
        list(read_rows(tmp_path / "in.json", FileSettings(encoding="cp1252")))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "mac-roman", "utf-16"])
def test_lines_may_end_as_on_the_old_macintosh(tmp_path: Path, encoding: str) -> None:
    """Spreadsheet programs still save such files; line breaks in cells stay what they are."""
    file = tmp_path / "in.csv"
    lines = [
        "sep=;",
        "Id;Note",
        '1;"Zoë\rSmith"',
        "",
        *(f"{n};x" for n in range(2, 20_000)),
        "20000;é",
    ]
    file.write_bytes("\r".join(lines).encode(encoding))
    named = encoding if encoding == "mac-roman" else None
    first, *_, last = read_rows(file, FileSettings(encoding=named))
    assert (first.line, first.cells) == (3, {"Id": "1", "Note": "Zoë\rSmith"})
    assert (last.line, last.cells) == (20_004, {"Id": "20000", "Note": "é"})
    if encoding == "mac-roman":
        with pytest.raises(FileFormatError, match="line 3: byte 0x91 is not UTF-8"):
            list(read_rows(file))


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("utf-8", "utf-8"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "utf_16_be"),
        ("utf-16-be", "utf-16"),
        ("utf-32-le", "utf-32-le"),
        ("utf-32-be", "utf-32"),
        ("gb18030", "gb18030"),
    ],
)
@pytest.mark.parametrize("name", ["Id", '"Id"'])
def test_a_byte_order_mark_is_left_out_under_every_named_encoding(
    tmp_path: Path, written: str, named: str, name: str
) -> None:
    """It is no part of the first name, and does not keep a quoted name from being one."""
    file = tmp_path / "in.csv"
    file.write_bytes(f"\ufeff{name};Name\r\n1;Zoë\r\n".encode(written))
    (row,) = read_rows(file, FileSettings(encoding=named))
    assert row.cells == {"Id": "1", "Name": "Zoë"}


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("utf-8", "cp1252"),
        ("utf-8", "utf-16"),
        ("utf-16-le", "utf-16-be"),
        ("utf-16-be", "latin-1"),
        ("utf-32-le", "utf-16-le"),
    ],
)
def test_a_byte_order_mark_that_contradicts_the_named_encoding_is_refused(
    tmp_path: Path, written: str, named: str
) -> None:
    """Read under the other name, the file would be text, but not the text that was written."""
    file = tmp_path / "in.csv"
    file.write_bytes("\ufeffId\r\nZoë\r\n".encode(written))
    with pytest.raises(FileFormatError, match=f'set encoding="{written}"'):
        list(read_rows(file, FileSettings(encoding=named)))


def test_a_line_that_tells_the_delimiter_is_heeded(tmp_path: Path) -> None:
    """Spreadsheets write and read "sep=;" as the first line; it is no header."""
    assert rows_of(tmp_path, "sep=;\na,b;c\n1;2\n") == [(3, {"a,b": "1", "c": "2"})]
    assert rows_of(tmp_path, "sep=\t\r\na\tb\r\n1\t2\r\n") == [(3, {"a": "1", "b": "2"})]


def test_blank_rows_are_skipped(tmp_path: Path) -> None:
    """Below their last row, spreadsheets leave rows of delimiters only: they are not records."""
    text = "a,b\n,\n1,\n , \n,2\n,\n"
    assert rows_of(tmp_path, text) == [(3, {"a": "1", "b": ""}), (5, {"a": "", "b": "2"})]


def test_columns_without_a_name_may_be_blank(tmp_path: Path) -> None:
    """They come of a delimiter at the end of lines; with something in them, they are a fault."""
    assert rows_of(tmp_path, "a,,b,\n1,,2,\n3,, \n") == [
        (2, {"a": "1", "b": "2"}),
        (3, {"a": "3", "b": " "}),
    ]
    assert rows_of(tmp_path, "a,b\n1,2,\n") == [(2, {"a": "1", "b": "2"})]
    assert fault_of(tmp_path, "a,,b\n1,,2\n1,x,2\n") == (
        3,
        f"{tmp_path}/in.csv line 3: column 2 contains 'x', but has no name; add one to the header",
    )


@pytest.mark.parametrize("first", [0, 1])
def test_a_first_column_that_numbers_the_rows_needs_no_name(tmp_path: Path, first: int) -> None:
    """pandas and R write it; another number or a name of a row is a value, and needs one."""
    lines = [f'"{first + n}",x{n}\n' for n in range(12)]
    expected = [(n + 2, {"a": f"x{n}"}) for n in range(12)]
    assert rows_of(tmp_path, ",a\n" + "".join(lines)) == expected
    line, said = fault_of(tmp_path, f",a\n{first},x\n{first + 2},y\n")
    assert (line, f"column 1 contains '{first + 2}'" in said) == (3, True)
    assert "column 1 contains 'Mazda'" in fault_of(tmp_path, ",a\nMazda,21\n")[1]
    assert "column 2 contains '1'" in fault_of(tmp_path, "a,\nx,1\ny,2\n")[1]
    assert "column 1 contains '1'" in fault_of(tmp_path, ",a\n,x\n1,y\n")[1]


def test_a_cell_may_be_long(tmp_path: Path) -> None:
    """Airtable's long texts hold 100,000 characters, just under the library's own limit."""
    assert rows_of(tmp_path, f"a\n{'x' * 1_500_000}\n") == [(2, {"a": "x" * 1_500_000})]


def test_the_library_wide_limit_is_only_ever_raised(tmp_path: Path) -> None:
    """A program that has set a higher one keeps it."""
    before = csv.field_size_limit(20_000_000)
    try:
        rows_of(tmp_path, "a\n1\n")
        assert csv.field_size_limit() == 20_000_000
    finally:
        csv.field_size_limit(before)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", None, "the file is empty"),
        ("\n  \n\n", None, "the file is empty"),
        ("a,b,a,b,c\n", 1, "has 'a', 'b' more than once"),
        ("0,1,2,3,4,5,6,0,1,2,3,4,5,6\n", 1, "'3', '4' and 2 others more than once"),
        ("# by hand\na,b\n1,2\n", 2, "the header must be the first line"),
        ("a,b\nMazda,1,2\n", 2, "and name every column"),
        ("\n,, \n1,2\n", 2, "the header has no names"),
        ("a,b\n1,2\n1,2,3\n", 3, "3 cells, but the header has 2"),
        ('a,b\n1,"x\ny",z\n', 2, "3 cells, but the header has 2"),
        ('a,b\n1,2\n"p\nq","never\nclosed\n', 3, "never closed"),
        ('a\n"x"y\n', 2, "text after a closing quote"),
        ("a\nx\ry\nz\n", 2, "carriage return"),
        (b"a\nx\n\xfcber\n", 3, "byte 0xfc is not UTF-8"),
        (b"a\nx\n\xfcber\n", 3, 'set encoding="cp1252"'),
        (b"a\nx\0y\n", 2, "NUL"),
        ("a\nZoë\n".encode("utf-16-le"), 1, 'for one in UTF-16, set encoding="utf-16-le"'),
        ('a\n1\n"' + "x\n" * 5_100_000, 3, "check whether its quote is closed"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_faults_are_named_with_their_line(
    tmp_path: Path, text: str | bytes, line: int | None, words: str
) -> None:
    """A user finds the place at once, and reads what to do about it."""
    at, message = fault_of(tmp_path, text)
    assert (at, words in message) == (line, True), message


def test_rows_before_a_fault_are_read(tmp_path: Path) -> None:
    """Reading is lazy: what comes first is handed over first, and the file is closed."""
    (tmp_path / "in.csv").write_text("a\n1\n2,3\n")
    rows = read_rows(tmp_path / "in.csv")
    assert next(rows).cells == {"a": "1"}
    with pytest.raises(FileFormatError, match="line 3"):
        next(rows)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The operating system's own error says it best."""
    with pytest.raises(FileNotFoundError):
        list(read_rows(tmp_path / "none.csv"))


@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_a_fault(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    """No file, however broken, ends in an error of another kind."""
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(raw)
    try:
        rows = list(read_rows(file))
    except FileFormatError as error:
        assert error.source == str(file)
    else:
        assert all(row.line > 1 for row in rows)
