"""Code that a reader copies from the README, the docs and the examples passes strict type checkers."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import warm_mypy_cache

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```python([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EXAMPLES: Final = ROOT / "examples"
# Pages about other clients, which are typed more narrowly than what they take and return.
OTHER_CLIENTS: Final = {"other-clients.md", "webhooks.md"}
# The libraries of the recipes may be missing here, and most of them are not typed.
MYPY: Final = """
[mypy]
strict = True
enable_error_code = ignore-without-code,redundant-expr,truthy-bool,possibly-undefined
explicit_package_bases = True
[mypy-examples.recipes.*]
disallow_untyped_decorators = False
[mypy-airflow.*,celery.*,prefect.*,pyarrow.*,ray.*]
ignore_missing_imports = True
"""
PYRIGHT: Final = {
    "root": "examples/recipes",
    **dict.fromkeys(
        [
            "reportFunctionMemberAccess",
            "reportMissingImports",
            "reportMissingTypeStubs",
            "reportUnknownMemberType",
            "reportUnknownVariableType",
            "reportUnknownArgumentType",
            "reportUnknownParameterType",
            "reportUntypedFunctionDecorator",
        ],
        "none",
    ),
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a module of each page: its Python blocks, on the lines that they have there."""
    folder = tmp_path_factory.mktemp("pages")
    for page in PAGES:
        code = "" if page.name in OTHER_CLIENTS else code_of(page.read_text(encoding="utf-8"))
        if code:
            # Not the bare name, which may be that of a library.
            name = f"page_{page.stem.replace('-', '_').lower()}"
            (folder / f"{name}.py").write_text(code, encoding="utf-8")
    assert len(list(folder.iterdir())) > 15
    for example in EXAMPLES.glob("**/*.py"):
        copy = folder / example.relative_to(EXAMPLES.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(example, copy)
    (folder / "mypy.ini").write_text(MYPY, encoding="utf-8")
    return folder


def code_of(text: str) -> str:
    """The blocks that are to be checked: an attribute of a block says why it is not."""
    lines = [""] * text.count("\n")
    for match in BLOCK.finditer(text):
        attributes, body = match.groups()
        assert "untyped=" not in attributes or re.search(r'untyped="[^"]{5,}"', attributes)
        if "skip=" not in attributes and "untyped=" not in attributes:
            first = text[: match.start()].count("\n") + 1
            lines[first : first + body.count("\n")] = body.splitlines()
    code = "\n".join(lines).rstrip()
    return f"{code}\n" if code else ""


def test_the_pages_pass_mypy(pages: Path, tmp_path: Path) -> None:
    """With ``--strict``, as users of typed libraries run it."""
    cache = warm_mypy_cache(tmp_path)
    words = ["-m", "mypy", "--config-file", "mypy.ini", "--python-version", "3.11", *cache, "."]
    done = subprocess.run(
        [sys.executable, *words], cwd=pages, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_pages_pass_pyright(pages: Path) -> None:
    """In its strict mode, which also wants the types of what is handed over."""
    environment = Path(sys.prefix)
    settings = {
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "venvPath": str(environment.parent),
        "venv": environment.name,
        "extraPaths": [str(ROOT / "src")],
        "executionEnvironments": [PYRIGHT, {"root": "."}],
    }
    (pages / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [sys.executable, "-m", "pyright"], cwd=pages, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
