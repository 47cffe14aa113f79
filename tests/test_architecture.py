"""The house keeps its order: imports go down, the faces are twins, importing is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src/airhaul"
sys.path.insert(0, str(ROOT / "tools"))

import sync_face  # noqa: E402

ROOMS = {
    "_version": set(),
    "errors": set(),
    "wire": {"errors"},
    "formula": {"errors", "wire"},
    "tabular": {"errors", "wire"},
    "model": {"errors", "wire", "formula"},
    "bulk": {"errors", "wire", "formula", "model", "tabular"},
    "drive": {"_version", "errors", "wire", "formula", "model", "tabular", "bulk"},
    "client": {"errors", "wire", "formula", "model", "tabular", "bulk", "drive"},
    "record": {"errors", "wire", "formula", "model", "tabular", "bulk", "drive", "client"},
    "server": {"errors", "wire", "formula"},
}
BELOW_THE_TOP = set(ROOMS)
# The line that opens a local base.
EXCEPTIONS = {("client/local.py", "server")}
FORBIDDEN_IN_BULK = {"asyncio", "threading", "time", "httpx2", "anyio", "socket", "queue"}


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
    return found


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


FILES = sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_down(path: Path) -> None:
    """A room imports from below only, and from itself."""
    room = room_of(path)
    allowed = ROOMS.get(room, BELOW_THE_TOP | {"cli", "testing", "__init__"}) | {room}
    for name in imports_of(path):
        if name == "airhaul" or not name.startswith("airhaul."):
            assert name != "airhaul" or room == "cli", f"{path} imports the whole package"
            continue
        target = name.split(".")[1]
        exception = (str(path.relative_to(SOURCE)), target) in EXCEPTIONS
        assert target in allowed or exception, f"{path} must not import {name}"


@pytest.mark.parametrize("path", sorted((SOURCE / "bulk").glob("*.py")), ids=lambda path: path.name)
def test_decisions_do_no_waiting(path: Path) -> None:
    """Nothing in ``bulk`` can wait, send or look at a clock."""
    assert not {name.split(".")[0] for name in imports_of(path)} & FORBIDDEN_IN_BULK


def test_only_the_top_and_one_line_open_the_server() -> None:
    """The local base is no part of the client."""
    users = {
        str(path.relative_to(SOURCE))
        for path in FILES
        if any(name.startswith("airhaul.server") for name in imports_of(path))
        and room_of(path) != "server"
    }
    assert users == {"client/local.py", "cli/serve.py", "cli/base_copy.py", "testing/server.py"}


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


def loaded_by(module: str) -> set[str]:
    """The modules that are there once one was imported."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_is_light() -> None:
    """What only some calls need is imported by those calls: HTTP, grammar, server, settings."""
    heavy = {
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
    assert not heavy & loaded_by("airhaul")


def test_the_program_starts_without_a_server() -> None:
    """Only the commands that need one import the local base, HTTP and the journal's file."""
    heavy = {"httpx2", "anyio", "lark", "sqlite3", "starlette", "airhaul.server.emulator"}
    assert not heavy & loaded_by("airhaul.cli.app")


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
