"""Airtable's own JavaScript client works against the served local base.

The tests are written for Node's test runner, in ``airtable_js/``; here each is one test of ours.
They need Node 20 or later, and ``npm ci`` in that folder.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "airtable_js"
FILES = sorted(FOLDER.glob("*.test.mjs"))


def named_in(file: Path) -> list[str]:
    """The names of a file's tests."""
    return re.findall(r'^test\("(.+?)"', file.read_text(encoding="utf-8"), re.MULTILINE)


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def node() -> str:
    """Where Node is, if it is new enough and the client is there."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    if int(version.stdout.strip("v\n").partition(".")[0]) < 20:
        pytest.skip(f"node {version.stdout.strip()} is too old: 20 or later is needed")
    if not (FOLDER / "node_modules" / "airtable").is_dir():
        pytest.skip(f"airtable.js is not installed: npm ci --prefix {FOLDER}")
    return node


@pytest.fixture(scope="module")
def outcomes(node: str) -> Callable[[Path], dict[str, str | None]]:
    """The error of each test of a file by its name, None where there is none."""
    return functools.cache(lambda file: run(node, file))


def run(node: str, file: Path) -> dict[str, str | None]:
    done = subprocess.run(
        [node, "--test", "--test-reporter=./reporter.mjs", file.name],
        cwd=FOLDER,
        env={**os.environ, "AIRHAUL_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    # Node tells a file that fails as a whole, too: for one, if it cannot be read.
    assert told, done.stderr
    return {test["name"]: test["error"] for test in told}


@pytest.mark.parametrize(
    ("file", "name"),
    [
        pytest.param(file, name, id=f"{file.name.split('.')[0]}: {name}")
        for file in FILES
        for name in named_in(file)
    ],
)
def test_airtable_js(outcomes, file: Path, name: str) -> None:
    """What this client offers does with the local base what it does with the service."""
    assert name in outcomes(file), f"{file.name} has not run it"
    assert outcomes(file)[name] is None


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_test_of_this_client_runs_unseen(outcomes, file: Path) -> None:
    """What the file runs is what is told above, and the file itself does not fail."""
    assert set(outcomes(file)) == set(named_in(file))
