"""Writes the tables of modules in ``docs/architecture.md``, from the first line of each docstring.

python tools/module_tables.py            writes the page
python tools/module_tables.py --check    writes nothing, and fails when the page would change
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src/airhaul"
PAGE = ROOT / "docs/architecture.md"
BEGIN = "<!-- The tables below are made by tools/module_tables.py. -->\n"


def tables() -> str:
    """Make the tables: one for each folder, a line for each module."""
    folders = {path.parent for path in SOURCE.rglob("*.py") if "sync" not in path.parts}
    return "\n".join(table_of(folder) for folder in sorted(folders))


def table_of(folder: Path) -> str:
    """Make the table of one folder, under what its package says about itself."""
    name = f"{folder.relative_to(SOURCE)}/" if folder != SOURCE else "airhaul/"
    lines = [f"### `{name}`", "", first_line(folder / "__init__.py"), ""]
    modules = [path for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]
    if modules:
        lines += ["| module | what is in it |", "| --- | --- |"]
        lines += [f"| `{path.name}` | {first_line(path)} |" for path in modules] + [""]
    return "\n".join(lines)


def first_line(path: Path) -> str:
    """The first line of a module's docstring, for a cell of a Markdown table."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.split("\n")[0].replace("``", "`").replace("|", "\\|")


def page(text: str) -> str:
    """Put the tables where a page has its mark."""
    above, _, _ = text.partition(BEGIN)
    return f"{above}{BEGIN}\n{tables()}"


def main() -> int:
    """Write or check the page."""
    text = PAGE.read_text(encoding="utf-8")
    made = page(text)
    if made == text:
        return 0
    print(f"{'differs' if '--check' in sys.argv[1:] else 'written'}: {PAGE.relative_to(ROOT)}")
    if "--check" in sys.argv[1:]:
        return 1
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
