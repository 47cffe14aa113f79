"""The house keeps its order: imports go down, the faces are twins, importing is light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src/airhaul"
sys.path.insert(0, str(ROOT / "tools"))

import module_tables  # noqa: E402
import sync_face  # noqa: E402

# What each room may import, besides itself.
ROOMS = {
    "_version": "",
    "messages": "",
    "caller": "",
    "errors": "messages",
    "wire": "messages errors",
    "fields": "messages errors wire",
    "formula": "messages errors wire fields",
    "tabular": "messages errors wire fields",
    "model": "messages errors caller wire fields formula",
    "bulk": "messages errors caller wire fields formula model tabular",
    "events": "bulk",
    "drive": "_version messages errors wire fields formula model tabular bulk",
    "client": "messages errors caller wire fields formula model tabular bulk drive",
    "record": "messages errors wire fields formula model tabular bulk drive client",
    "local_base": "messages errors wire fields formula",
}
# The rooms inside the big rooms, from the ground up; a room may import those of the lines above it.
FLOORS = {
    "bulk": [
        "compact",
        "results",
        "values",
        "engine rows",
        "journal reads",
        "writing",
        "linking",
        "plans",
        "undoing",
    ],
    "local_base": [
        "protocol",
        "store",
        "gate attachments",
        "reading",
        "transaction",
        "writing lists",
        "fields",
        "webhooks",
        "restoring resources",
        "after_commit",
        "service",
        "owner",
        "base",
        "http",
    ],
    "client": [
        "exports local options spool spooled_rows",
        "config listener selection streams",
        "connection linked_lookups",
        "aio sync",
        "default",
    ],
    "cli": ["exit_codes", "connect", "output", "writing", "plans", "rows runs bases", "app"],
}
# Typing only, each with its reason.
CIRCLES: dict[str, str] = {}
FORBIDDEN_IN_BULK = {
    "asyncio",
    "threading",
    "time",
    "httpx2",
    "httpcore2",
    "httptools",
    "anyio",
    "socket",
    "queue",
}


def imports_of(path: Path, *, typing_too: bool = True) -> set[str]:
    """The modules that a file imports, with those that it imports for type checkers only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if not typing_too:
        tree.body = [node for node in tree.body if not is_for_typing(node)]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            for name in node.names:
                inner = f"{module}.{name.name}"
                found.add(inner if inner in MODULES else module)
    return found


def is_for_typing(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def name_of(path: Path) -> str:
    """A file as a module: ``airhaul.bulk.rows``."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


FILES = sorted(SOURCE.rglob("*.py"))
MODULES = {name_of(path): path for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_down(path: Path) -> None:
    """A room imports from below only, and from itself; only typing may look up to the local base."""
    room = room_of(path)
    everything = {*ROOMS, "cli", "testing", "spark", "dlt", "__init__"}
    allowed = {*ROOMS[room].split(), room} if room in ROOMS else everything
    for name in imports_of(path):
        if name == "airhaul" or not name.startswith("airhaul."):
            assert name != "airhaul" or room == "cli", f"{path} imports the whole package"
            continue
        target = name.split(".")[1]
        if target == "local_base" and room == "client":
            continue  # see test_only_the_top_and_one_line_open_the_local_base
        assert target in allowed, f"{path} must not import {name}"


@pytest.mark.parametrize("room", FLOORS)
def test_imports_go_down_inside_the_big_rooms(room: str) -> None:
    """An inner room imports from the floors below its own only, and from itself."""
    floor_of = {name: n for n, names in enumerate(FLOORS[room]) for name in names.split()}
    for path in FILES:
        parts = path.relative_to(SOURCE).with_suffix("").parts
        if parts[0] != room or parts[1] == "__init__":
            continue
        for name in imports_of(path, typing_too=False):
            inner = name.split(".")[2:3] if name.startswith(f"airhaul.{room}.") else []
            if inner and inner[0] != parts[1]:
                assert floor_of[inner[0]] < floor_of[parts[1]], f"{path} must not import {name}"


def test_no_modules_import_each_other() -> None:
    """There is no circle of imports, not even for type checkers, but those named with a reason."""
    graph = {
        name: imports_of(path) & MODULES.keys() - {name}
        for name, path in MODULES.items()
        if path.name != "__init__.py"
    }
    assert {" ".join(circle) for circle in circles_in(graph)} == CIRCLES.keys()


def circles_in(graph: dict[str, set[str]]) -> list[list[str]]:
    """The groups of modules that reach one another."""

    def reached_from(start: str) -> set[str]:
        found: set[str] = set()
        waiting = [start]
        while waiting:
            new = graph.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return found

    reached = {name: reached_from(name) for name in graph}
    groups = {
        frozenset(other for other in reached[name] if name in reached.get(other, ()))
        for name in graph
        if name in reached[name]
    }
    return [sorted(group) for group in groups]


@pytest.mark.parametrize("path", sorted((SOURCE / "bulk").rglob("*.py")), ids=name_of)
def test_decisions_do_no_waiting(path: Path) -> None:
    """Nothing in ``bulk`` can wait, send or look at a clock."""
    assert not {name.split(".")[0] for name in imports_of(path)} & FORBIDDEN_IN_BULK


def test_no_folder_is_crowded() -> None:
    """A folder holds at most a dozen modules: more are several subjects."""
    folders = Counter(path.parent for path in FILES if path.name != "__init__.py")
    assert {str(folder): n for folder, n in folders.items() if n > 12} == {}


def test_only_the_top_and_one_line_open_the_local_base() -> None:
    """The local base is no part of the client."""
    users = {
        str(path.relative_to(SOURCE))
        for path in FILES
        if any(name.startswith("airhaul.local_base") for name in imports_of(path, typing_too=False))
        and room_of(path) != "local_base"
    }
    assert users == {
        "client/local.py",
        "cli/bases/serve.py",
        "cli/bases/copy_base.py",
        "testing/server.py",
    }


@pytest.mark.parametrize(("source", "target"), sync_face.pairs(), ids=lambda path: path.name)
def test_the_sync_face_is_generated(source: Path, target: Path) -> None:
    """The committed synchronous file equals what the tool makes, to the last byte."""
    made = sync_face.synchronous(source.read_text(encoding="utf-8"), source.name)
    assert target.read_bytes() == made.encode()


def test_no_sync_file_is_left_over() -> None:
    """Each generated file has its source."""
    generated = {
        path.name
        for path in sync_face.TARGET.glob("*.py")
        if path.read_text(encoding="utf-8").startswith("# Generated")
    }
    assert generated == {target.name for _, target in sync_face.pairs()}


def section_of_the_page(title: str) -> str:
    """The text below one heading of the architecture page."""
    text = module_tables.PAGE.read_text(encoding="utf-8")
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_module_is_in_the_architecture_page() -> None:
    """The tables are what the tool makes of the docstrings: a new module is in them, an old one not."""
    text = module_tables.PAGE.read_text(encoding="utf-8")
    assert module_tables.page(text) == text
    named: set[str] = set()
    folder = ""
    for line in section_of_the_page("Every module").splitlines():
        if heading := re.match(r"### `(.+)`", line):
            folder = heading[1].removeprefix("airhaul/")
        elif row := re.match(r"\| `(\w+\.py)` \|", line):
            named.add(folder + row[1])
    files = {path.relative_to(SOURCE) for path in FILES if path.name != "__init__.py"}
    assert named == {file.as_posix() for file in files if "sync" not in file.parts}


@pytest.mark.slow
def test_the_drawn_path_is_the_measured_one() -> None:
    """The page draws each file that a call passes, and no other, and says how many they are."""
    tool = [sys.executable, str(ROOT / "tools/main_path.py")]
    done = subprocess.run(tool, capture_output=True, text=True, check=True)
    measured = re.findall(r"^([\w/]+\.py):", done.stdout, re.MULTILINE)
    section = section_of_the_page("The main path")
    assert sorted(re.findall(r"^[* ] ([\w/]+\.py) ", section, re.MULTILINE)) == sorted(measured)
    assert f": {len(measured)} files for" in section.replace("\n", " ")


def test_the_index_of_the_architecture_page_leads_somewhere() -> None:
    """Each file of "Where to find it" has the functions and classes that are named with it."""
    index = section_of_the_page("Where to find it")
    rows = re.findall(r"^\| .+ \| `(.+)` \| (.+) \|$", index, re.MULTILINE)
    assert len(rows) > 20
    missing = [
        (file, name)
        for file, names in rows
        for name in re.findall(r"`([\w.]+)`", names)
        if name not in defined_in(SOURCE / file)
    ]
    assert missing == []


def defined_in(path: Path) -> set[str]:
    """The functions, classes, methods and constants of a file."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
            methods = [one for one in node.body if isinstance(one, ast.FunctionDef)]
            found |= {f"{node.name}.{method.name}" for method in methods}
    return found


def loaded_by(module: str) -> set[str]:
    """The modules that are there once one was imported."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_is_light() -> None:
    """What only some calls need is imported by those calls: HTTP, grammar, server, settings."""
    heavy = {
        "httpcore2",
        "httptools",
        "httpx2",
        "anyio",
        "lark",
        "pydantic_settings",
        "tqdm",
        "rich",
        "typer",
        "sqlite3",
        "starlette",
        "filelock",
        "platformdirs",
    }
    assert not heavy & loaded_by("airhaul, airhaul.client.sync.airtable")


def test_a_model_is_declared_before_the_clients_are_imported() -> None:
    """A program that declares its models starts in little more time than Pydantic takes."""
    code = "from airhaul import Record, Link, airtable_field, airtable_model; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rooms = {name.split(".")[1] for name in done.stdout.split() if name.startswith("airhaul.")}
    assert rooms == {"_version", "errors", "fields", "messages", "model", "record", "wire"}


def test_the_program_starts_without_a_server() -> None:
    """Only the commands that need one import the local base, HTTP and the journal's file."""
    heavy = {
        "httpcore2",
        "httptools",
        "httpx2",
        "anyio",
        "lark",
        "sqlite3",
        "starlette",
        "airhaul.local_base.base",
    }
    assert not heavy & loaded_by("airhaul.cli.app, airhaul.cli.bases.tables")


def test_the_list_of_commands_needs_none_of_them() -> None:
    """``airhaul --help`` takes hardly longer than the library that prints it."""
    rooms = {name.split(".")[1] for name in loaded_by("airhaul.cli.app") if "airhaul." in name}
    assert rooms == {"_version", "cli", "errors", "messages"}


def test_everything_public_is_there() -> None:
    """``__all__`` is sorted, and each name exists."""
    import airhaul

    assert airhaul.__all__ == sorted(airhaul.__all__)
    assert all(hasattr(airhaul, name) for name in airhaul.__all__)


def test_every_test_says_what_it_protects() -> None:
    """Each test function has a docstring."""
    silent = [
        f"{path.name}: {node.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []
