"""The source distribution: it holds the whole project, so that its tests run where it is unpacked.

``make sdist-test`` runs them there; that takes as long as all tests, and installs from the network.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(*which: str) -> set[str]:
    """Files that git knows, as far as they are still there."""
    names = run("git", "ls-files", "-z", *which).split("\0")
    return {name for name in names if name and (ROOT / name).exists()}


@pytest.mark.slow
def test_the_source_distribution_holds_every_file_of_the_project(tmp_path) -> None:
    """Tests read docs, examples, benchmarks and tools: a folder left out breaks a packager's run."""
    if not (ROOT / ".git").exists():
        pytest.skip("only a checkout knows which files belong to the project")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path))
    (archive,) = tmp_path.glob("airhaul-*.tar.gz")
    with tarfile.open(archive) as opened:
        held = {member.name.partition("/")[2] for member in opened if member.isfile()}
    assert listed("--cached") - held == set()
    assert held - listed("--cached", "--others", "--exclude-standard") == {"PKG-INFO"}
