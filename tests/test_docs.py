"""Every example in README and docs runs, in the order of its page, or says why it does not."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from airhaul import Airtable
from tests.processes import PROGRAM, run_python

ROOT = Path(__file__).parent.parent
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
ARCHITECTURE = ROOT / "docs/architecture.md"
PAGES = [ROOT / "README.md", CONTRIBUTING, *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
ANCHOR = re.compile(r"\]\(([^)#:]*)#([^)]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FILE_OR_FOLDER = re.compile(r"`((?:\w+/)+(?:\w+\.\w+)?)`")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_runs_or_says_why(page: Path) -> None:
    """A page is one program: its blocks share names, and its commands share a folder."""
    names: dict[str, object] = {"__name__": "page"}
    text = page.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        language, attributes, body = match.groups()
        if "skip=" in attributes:
            assert re.search(r'skip="[^"]{5,}"', attributes), "a block that is not run says why"
        elif language == "python":
            line = text[: match.start()].count("\n") + 1
            code = compile("\n" * line + body, str(page), "exec", dont_inherit=True)
            exec(code, names)
        elif language == "console":
            for command in re.findall(r"^\$ (.*)$", body, re.MULTILINE):
                (run_and_kill if "killed" in attributes else run)(command)
        else:
            pytest.fail(f"{page.name}: a block of {language!r} is neither run nor excused")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["demo.py", "sync.py", "crm.py"])
def test_the_examples_run(name: str) -> None:
    """They check what they have done themselves; a copy, since they write beside themselves."""
    shutil.copytree(ROOT / "examples", "examples", ignore=shutil.ignore_patterns("out"))
    code = f"import runpy; runpy.run_path('examples/{name}', run_name='__main__')"
    done = run_python(code)
    assert done.returncode == 0, done.stdout + done.stderr


def run(command: str) -> None:
    words = shlex.split(command, comments=True)
    if words[0] == "make":
        targets = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"^{words[1]}:", targets, re.MULTILINE), f"no such target: {command}"
        return
    assert words[0] == "airhaul"
    done = run_python(PROGRAM, *words[1:])
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def run_and_kill(command: str) -> None:
    """Run a command that writes, and kill it in the middle."""
    journal = Airtable.local(journal=True)
    process = subprocess.Popen([sys.executable, "-m", *shlex.split(command)])
    while not any(run.counts for run in journal.runs()):
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """A link to a file of the project leads to one."""
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_a_heading(page: Path) -> None:
    """A link to a part of a page leads to a heading that is there; headings are renamed."""
    for target, anchor in ANCHOR.findall(prose_of(page)):
        there = page.parent / target if target else page
        assert anchor in anchors_of(there), f"{page.name}: {target}#{anchor}"


def anchors_of(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = HEADING.findall(prose_of(page))
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def prose_of(page: Path) -> str:
    return BLOCK.sub("", page.read_text(encoding="utf-8"))


def test_every_page_is_reached_from_the_readme() -> None:
    """No page is known only to those who list the folder."""
    start = ROOT / "README.md"
    found, waiting = {start}, [start]
    while waiting:
        page = waiting.pop()
        targets = LINK.findall(page.read_text(encoding="utf-8"))
        linked = {(page.parent / target).resolve() for target in targets if target.endswith(".md")}
        waiting += linked - found
        found |= linked
    assert set(PAGES) <= found


@pytest.mark.parametrize("page", [CONTRIBUTING, ARCHITECTURE], ids=lambda page: page.name)
def test_contributors_find_the_files_that_are_named(page: Path) -> None:
    """Files move; the pages that send newcomers to them move along."""
    named = FILE_OR_FOLDER.findall(page.read_text(encoding="utf-8"))
    assert len(named) > 20
    roots = [ROOT, ROOT / "src", ROOT / "src/airhaul"]
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_is_a_dead_end(page: Path) -> None:
    """Who has come to the end of a page finds another one to go on with; figures are an end."""
    if page.name == "benchmark.md":
        return
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert {link for link in links if link.endswith(".md")} - {page.name}


def test_every_command_and_verb_is_documented() -> None:
    """What the program and the models can do stands in the pages."""
    from pydantic import BaseModel

    from airhaul import Record
    from airhaul.cli.app import COMMANDS

    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name in COMMANDS:
        assert f"airhaul {name}" in text or f"`{name}" in text
    names = set(dir(Record)) - set(dir(BaseModel))
    verbs = sorted(name for name in names if not name.startswith("_"))
    assert [verb for verb in verbs if not re.search(rf"\.{verb}\(|\b{verb}\b", text)] == []
