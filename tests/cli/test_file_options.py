"""``airhaul import`` and ``sync`` of files that need options: other columns, words and notations."""

from __future__ import annotations

import shlex
from datetime import date
from pathlib import Path

import pytest

from airhaul import Airtable
from tests.cli.conftest import file, held
from tests.cli.program import airhaul

pytestmark = pytest.mark.slow  # each test starts the program

HEADER = "Nummer;Artikel;Stück;Seit;Notiz"
OPTIONS = (
    *("--map", "Nummer=Code", "--map", "Artikel=Name", "--map", "Stück=Pieces"),
    *("--ignore", "Notiz", "--ignore", "Seit", "--null", "k. A.", "--null", "NA"),
    *("--decimal-comma", "--date-format", "DD.MM.YYYY"),
)


def test_a_new_table_has_the_columns_as_they_are_read(stock: Path) -> None:
    """Types are inferred from the renamed columns, without words for nothing, in their notation."""
    rows = ("a;Lampe;1.234,50;31.12.2024;x", "b;Tisch;k. A.;NA;y", "c;NA;,5;01.02.2024;z")
    path = file("new.csv", *rows, header=HEADER)
    words = (*OPTIONS[:8], *OPTIONS[10:])  # without --ignore Seit
    done = airhaul("import", path, "New", "--create", *words, "--local", stock)
    assert done.returncode == 0, done.stderr
    with Airtable.local(stock) as airtable:
        fields = airtable.table_schema("New")["fields"]
        assert {field["name"]: field["type"] for field in fields} == {
            "Code": "singleLineText",
            "Name": "singleLineText",
            "Pieces": "number",
            "Seit": "date",
        }
        assert fields[2].get("options") == {"precision": 2}
        days = {record.code: record.seit for record in airtable.table_named("New").all()}
    assert days == {"a": date(2024, 12, 31), "b": None, "c": date(2024, 2, 1)}
    assert held(stock, "New") == {"a": ("Lampe", 1234.5), "b": ("Tisch", None), "c": (None, 0.5)}


@pytest.mark.parametrize("dry_run", [[], ["--dry-run"]])
def test_words_that_keep_columns_from_having_numbers_are_reported(
    stock: Path, dry_run: list[str]
) -> None:
    """--create does not guess what NA means, and says which option does."""
    file("new.csv", "a,1,NA,x", "b,n. d.,2024-05-01,NA", "c,NA,n/a,y", header="Code,X,Day,Note")
    words = ("import", "new.csv", "New", "--create", "--local", stock, *dry_run)
    done = airhaul(*words)
    assert "no narrower type: 'Day'. If that" in " ".join(done.stderr.split())
    assert "set --null NA --null n/a." in " ".join(done.stderr.split())
    said = airhaul(*words[:2], "Other", *words[3:], "--null", "NA", "--null", "n/a").stderr
    assert "Day (date)" in said
    assert "narrower" not in said


@pytest.mark.parametrize(("sign", "word"), [(";", ";"), ("\t", r"\t"), ("^", "^")])
def test_a_header_that_two_signs_may_divide_can_be_read(stock: Path, sign: str, word: str) -> None:
    """The error names the option, and the option is kept for the rows that are corrected."""
    Path("new.csv").write_text(f"Code{sign}Price, EUR|USD\na{sign}3\nb\n")
    words = ("import", "new.csv", "New", "--create", "--local", stock)
    if sign == ";":
        assert "or set --delimiter ," in airhaul(*words).stderr
    done = airhaul(*words, "--delimiter", word)
    assert done.returncode == 0, done.stderr
    with Airtable.local(stock) as airtable:
        names = [field["name"] for field in airtable.table_schema("New")["fields"]]
    assert names == ["Code", "Price, EUR|USD"]


def test_the_options_that_a_new_table_would_need_are_named(stock: Path) -> None:
    """Nothing is guessed for a new table either: its columns are text until an option says more."""
    rows = ("5;31.12.2024;1/2/2024;3,50;a", "3,50;1.2.2024;3/4/2024;x;b", "1.000;;2/1/2024;;c")
    path = file("new.csv", *rows, header="Betrag;Seit;Bis;Teils;Name")
    done = airhaul("import", path, "New", "--create", "--dry-run", "--local", stock)
    said = done.stderr.splitlines()
    assert "Betrag (singleLineText), Seit (singleLineText), Bis (singleLineText)" in said[0]
    assert said[1:4] == [
        "The values of 'Betrag' would be numbers with --decimal-comma.",
        "The values of 'Seit' would be dates with --date-format DD.MM.YYYY.",
        (
            "The values of 'Bis' would be dates with --date-format DD/MM/YYYY or --date-format "
            "MM/DD/YYYY."
        ),
    ]
    words = ("--decimal-comma", "--date-format", "DD.MM.YYYY")
    done = airhaul("import", path, "New", "--create", "--dry-run", *words, "--local", stock)
    assert "Betrag (number), Seit (date), Bis (singleLineText)" in done.stderr
    assert "would be" not in done.stderr


def test_the_few_values_that_make_a_column_text_are_named(stock: Path) -> None:
    """Nobody is left to guess why a column of numbers is text; codes and notes are no numbers."""
    rows = [f"{n + 1}.000,50;{n % 28 + 1:02}.12.2024;{n + 100}" for n in range(30)]
    rows += ["ask;31.02.2024;00123", "ask;;4711"]
    path = file("new.csv", *rows, header="Price;Since;Zip")
    words = ("import", path, "New", "--create", "--dry-run", "--local", stock)
    assert airhaul(*words).stderr.splitlines()[1:] == [
        "The values of 'Price' would be numbers with --decimal-comma, except for 2, such as 'ask'.",
        (
            "The values of 'Since' would be dates with --date-format DD.MM.YYYY, except for 1, "
            "such as '31.02.2024'."
        ),
    ]
    said = airhaul(*words, "--decimal-comma", "--date-format", "DD.MM.YYYY").stderr
    assert said.splitlines()[1:] == [
        (
            "'Price' is text because 2 values are not numbers, such as 'ask'. Correct them in the "
            "file, or set --null for what means an empty cell."
        ),
        (
            "'Since' is text because 1 value is not a date: '31.02.2024'. Correct it in the file, "
            "or set --null for what means an empty cell."
        ),
    ]


@pytest.mark.parametrize("command", ["import", "sync"])
def test_a_dry_run_and_the_run_itself_read_a_file_in_the_same_way(
    stock: Path, command: str
) -> None:
    """A plan with other options than the run would lie."""
    path = file("new.csv", "i03;Item 3;1.030;;x", "i12;k. A.;12,0;;y", header=HEADER)
    words = (command, path, "Stock", "--key", "Code", *OPTIONS, "--local", stock)
    planned = airhaul(*words, "--dry-run")
    assert planned.stdout.startswith("Stock: 1 to create, 1 to update")
    done = airhaul(*words, *(["--yes"] if command == "sync" else []))
    assert done.stdout.startswith("Stock: 1 created, 1 updated"), done.stderr
    assert held(stock)["i03"] == ("Item 3", 1030)
    assert held(stock)["i12"] == (None, 12)


@pytest.mark.parametrize(
    ("row", "words", "said"),
    [
        ("a;b;1;x", (), "set --map 'Stück=FIELD' or --ignore 'Stück' --ignore 'No te'"),
        ("a;b;1;x", ("--map", "Stück"), "Expected --map COLUMN=FIELD, got 'Stück'"),
        ("a;b;1;x", ("--map", "Stück=Name"), "columns 'Name' and 'Stück' would both be 'Name'"),
        ("a;b;1;x", ("--map", "A=B", "--map", "A=C"), "--map has the column 'A' twice"),
        ("a;b;1;x", ("--ignore", "Menge"), "no column 'Menge', which --ignore names"),
        ("a;b;3,5;x", ("--map", "Stück=Pieces", "--ignore", "No te"), "set --decimal-comma"),
        ("a;b;n/a;x", ("--map", "Stück=Pieces", "--ignore", "No te"), "set --null n/a"),
        ("a;b;1;x", ("--date-format", "%d"), "The date format '%d'"),
    ],
)
def test_an_error_names_the_option_as_the_command_line_spells_it(
    stock: Path, row: str, words: tuple[str, ...], said: str
) -> None:
    """Nothing is written meanwhile."""
    path = file("new.csv", row, header="Code;Name;Stück;No te")
    done = airhaul("import", path, "Stock", *words, "--local", stock)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert len(held(stock)) == 12


def test_resume_and_retry_need_no_options_again(stock: Path) -> None:
    """The journal has them; the rejects are as the file has them."""
    rows = [f"n{number:02};Neu;1.0{number:02};;x" for number in range(20)]
    path = file("new.csv", *rows, "n20;Neu;viel;;x", header=HEADER)
    words = ("--on-error", "continue", "--rejects", "rejects.csv", "--max-requests", "2")
    done = airhaul("import", path, "Stock", *OPTIONS, *words, "--local", stock)
    assert done.returncode == 1
    assert airhaul("resume").returncode == 1
    rejects = Path("rejects.csv")
    text = rejects.read_text(encoding="utf-8")
    assert text.startswith("Nummer,Artikel,Stück,Seit,Notiz,")
    rejects.write_text(text.replace("viel", "1.020", 1), encoding="utf-8")
    done = airhaul("retry")
    assert done.returncode == 0, done.stderr
    new = {code: row for code, row in held(stock).items() if code.startswith("n")}
    assert new == {f"n{number:02}": ("Neu", 1000 + number) for number in range(21)}


def test_a_file_of_airtable_is_read_as_its_fields_show_values(stock: Path) -> None:
    """Commas between thousands are refused otherwise: they may be decimal ones."""
    path = file("own.csv", 'a,b,"1,200"', header="Code,Name,Pieces")
    done = airhaul("import", path, "Stock", "--local", stock)
    assert "--from-airtable-csv" in done.stderr
    assert airhaul("import", path, "Stock", "--from-airtable-csv", "--local", stock).returncode == 0
    assert held(stock)["a"] == ("b", 1200)


def test_without_a_journal_the_advice_names_the_options_of_the_rejects(stock: Path) -> None:
    """They are as the file has them, so that 1.020 would be another number without the option."""
    path = file("new.csv", "n1;Neu;viel;;x", "n2;Neu;1;;x", header=HEADER)
    rejects = ("--rejects", "rejects.csv", "--journal", "off")
    words = (*OPTIONS, "--on-error", "continue", *rejects, "--local", stock)
    done = airhaul("import", path, "Stock", "--key", "Code", *words)
    advice = done.stderr.splitlines()[-1].removesuffix(".")
    assert advice.startswith("1 row is in rejects.csv: correct it and import that file again, with")
    options = shlex.split(advice.partition("with ")[2])
    assert set(options) == {"--key", "Code", *OPTIONS}
    fixed = Path("rejects.csv").read_text(encoding="utf-8").replace("viel", "1.020", 1)
    Path("fixed.csv").write_text(fixed, encoding="utf-8")
    assert airhaul("import", "fixed.csv", "Stock", *options, "--local", stock).returncode == 0
    assert held(stock)["n1"] == ("Neu", 1020)


def test_formulas_are_escaped_and_read_back(stock: Path) -> None:
    """The program has the option for both ways."""
    path = file("new.csv", "f1,'=1+1,-2", header="Code,Name,Pieces")
    done = airhaul("import", path, "Stock", "--escape-formulas", "--local", stock)
    assert done.returncode == 0, done.stderr
    assert held(stock)["f1"][0] == "=1+1"
    words = ("export", "Stock", "-", "--where", "{Code} = 'f1'", "--escape-formulas")
    assert airhaul(*words, "--local", stock).stdout == "Code,Name,Pieces\nf1,'=1+1,-2\n"
