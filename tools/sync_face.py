"""Makes the synchronous face of the asynchronous one.

Each file of ``src/airhaul/client/aio/`` becomes one of ``src/airhaul/client/sync/``: without
``async`` and ``await``, with the names changed that ``NAMES`` lists, and without lines that end in
``# async only``. Nothing else may differ, so that the two faces cannot drift apart; a test compares
the whole files.

    python tools/sync_face.py            writes the files
    python tools/sync_face.py --check    writes nothing, and fails when a file would change
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src/airhaul/client/aio"
TARGET = SOURCE.parent / "sync"

HEADER = "# Generated from client/aio/{name} by tools/sync_face.py: change that one instead.\n"

NAMES = {
    "AsyncAirtable": "Airtable",
    "AsyncTable": "Table",
    "AsyncQuery": "Query",
    "AsyncQueryWrites": "QueryWrites",
    "AsyncPlan": "Plan",
    "AsyncBulk": "Bulk",
    "AsyncSession": "Session",
    "AsyncBound": "Bound",
    "AsyncBulkVerbs": "BulkVerbs",
    "AsyncPlanVerbs": "PlanVerbs",
    "AsyncFileVerbs": "FileVerbs",
    "AsyncIterator": "Iterator",
    "AsyncRows": "Rows",
    "AsyncRuns": "Runs",
    "AsyncRunVerbs": "RunVerbs",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "aclose": "close",
}
PHRASES = (
    (r"(?m)^.*# async only\n", ""),
    (r"\basync (def|for|with)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\bairhaul\.client\.aio\b", "airhaul.client.sync"),
    (r"\bfrom airhaul\.drive import aio as drive\b", "from airhaul.drive import blocking as drive"),
)


def synchronous(text: str, name: str) -> str:
    """Turn the source of an asynchronous module into its synchronous twin.

    Args:
        text: The source.
        name: The file's name, for the header.

    Returns:
        The twin's source, formatted.
    """
    for pattern, replacement in PHRASES:
        text = re.sub(pattern, replacement, text)
    words = "|".join(map(re.escape, NAMES))
    text = re.sub(rf"\b({words})\b", lambda match: NAMES[match[1]], text)
    return _formatted(HEADER.format(name=name) + text)


def _formatted(text: str) -> str:
    # Shorter names move line breaks and the order of imports.
    ruff = [str(Path(sys.executable).with_name("ruff"))]
    for command in (["check", "--select", "I", "--fix", "--quiet", "-"], ["format", "-"]):
        done = subprocess.run(
            [*ruff, *command, "--stdin-filename", str(TARGET / "generated.py")],
            input=text,
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        text = done.stdout
    return text


def pairs() -> list[tuple[Path, Path]]:
    """Each source file and the file that is made of it."""
    sources = sorted(path for path in SOURCE.glob("*.py") if path.name != "__init__.py")
    return [(source, TARGET / source.name) for source in sources]


def main() -> int:
    """Write or check the synchronous face."""
    check = "--check" in sys.argv[1:]
    changed = 0
    for source, target in pairs():
        text = synchronous(source.read_text(encoding="utf-8"), source.name)
        if target.exists() and target.read_text(encoding="utf-8") == text:
            continue
        changed += 1
        print(f"{'differs' if check else 'written'}: {target.relative_to(ROOT)}")
        if not check:
            target.write_text(text, encoding="utf-8")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
