"""What users import: the public modules, and that docs and examples use nothing else."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
PUBLIC = [
    "airhaul",
    "airhaul.dlt",
    "airhaul.errors",
    "airhaul.events",
    "airhaul.formula",
    "airhaul.local_base",
    "airhaul.spark",
    "airhaul.testing",
]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = [
    *sorted((ROOT / "examples").glob("*.py")),
    ROOT / "tests/test_docs.py",
    ROOT / "tests/guide/test_batch_operations.py",
]
PYTHON = re.compile(r"^```python[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", PUBLIC)
def test_what_is_listed_can_be_imported_and_nothing_else(name: str) -> None:
    """``__all__`` is sorted, and is what a reader finds in the module, submodules left out."""
    if name == "airhaul.spark":
        pytest.importorskip("pyspark", reason="pyspark is not installed")
    module = importlib.import_module(name)
    assert module.__all__ == sorted(module.__all__)
    assert all(getattr(module, member) is not None for member in module.__all__)
    assert set(named_in(module)) <= set(module.__all__)


def named_in(module: ModuleType) -> Iterator[str]:
    """The names of airhaul's own that a module holds without an underscore."""
    for name, value in vars(module).items():
        is_ours = str(getattr(value, "__module__", "")).startswith("airhaul")
        if is_ours and not name.startswith("_") and not inspect.ismodule(value):
            # Errors are for users; what only makes their messages is not.
            if module.__name__ != "airhaul.errors" or is_error(value):
                yield name


def is_error(value: object) -> bool:
    return inspect.isclass(value) and value.__module__ == "airhaul.errors"


def imports_in(code: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
    return {name for name in found if name.split(".")[0] == "airhaul"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_import_public_names_only(page: Path) -> None:
    """A reader who copies an example depends on nothing that may move."""
    for code in PYTHON.findall(page.read_text(encoding="utf-8")):
        assert imports_in(code) <= set(PUBLIC)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_examples_and_the_tests_of_the_docs_import_public_names_only(program: Path) -> None:
    """So do the examples, and the tests that run what users read."""
    assert imports_in(program.read_text(encoding="utf-8")) <= set(PUBLIC) | {"airhaul.cli.app"}
