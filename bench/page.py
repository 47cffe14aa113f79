"""The results as a page of the documentation."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Final

from sheet import Sheet

PACKAGES: Final = ("airhaul", "pyairtable", "pydantic-airtable", "pydantic", "httpx2", "requests")
_CPUS: Final = Path("/proc/cpuinfo")
_HEAD: Final = """\
# Benchmark

<!-- Written by bench/compare.py: run that instead of changing this. -->

airhaul beside two other Python clients that have models, each with its own defaults, against one
server: the local base over HTTP, in a process of its own. Each measurement has a new base and a new
process for the client.

{about}
"""


def circumstances(command: str) -> str:
    """Say when, with what and how it was measured."""
    installed = {distribution.name for distribution in distributions()}
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES if name in installed)
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `{command}`, with Python "
        f"{platform.python_version()} on {os.cpu_count()} CPUs ({_cpu_model()}): {packages}."
    )


def _cpu_model() -> str:
    if _CPUS.exists():
        for line in _CPUS.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.machine()


def renew_page(old: str, sheets: Iterable[Sheet], about: str) -> str:
    """Write some tables of a page anew, and leave the others.

    Args:
        old: The page as it is.
        sheets: The tables; those that it does not have yet are added at its end.
        about: When, with what and how they were measured.
    """
    head, *sections = re.split(r"^(?=## )", old, flags=re.MULTILINE)
    by_heading = {section.partition("\n")[0]: section.rstrip() + "\n" for section in sections}
    for sheet in sheets:
        section = sheet.as_markdown()
        heading, _, rest = section.partition("\n")
        by_heading[heading] = f"{heading}\n\n{about}\n{rest}"
    return "\n".join([head.rstrip() + "\n", *by_heading.values()])


def make_page(sheets: Iterable[Sheet], about: str) -> str:
    """Write the page.

    Args:
        sheets: The tables.
        about: When, with what and how it was measured.
    """
    return "\n".join([_HEAD.format(about=about), *(sheet.as_markdown() for sheet in sheets)])
