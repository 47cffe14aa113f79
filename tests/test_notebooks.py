"""The notebooks among the examples run from top to bottom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))

pytestmark = pytest.mark.slow  # it starts a kernel


def executed(path: Path, folder: Path) -> Any:
    """A notebook with its outputs, run in a folder of its own."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    return nbclient.NotebookClient(notebook, timeout=120, resources=resources).execute()


@pytest.mark.filterwarnings("default")  # those of the libraries that start the kernel
def test_the_notebook_of_data_frames_shows_a_plan(tmp_path: Path) -> None:
    """Each cell runs, and the plan is a table with what would change."""
    notebook = executed(EXAMPLES / "data_frames.ipynb", tmp_path)
    tables = [
        output.data["text/html"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "text/html" in output.get("data", {})
    ]
    (plan,) = [table for table in tables if "to update" in table]
    for text in ("Acme", "12", "20", "Eels", "Dogs"):
        assert text in plan
    assert "Bird" not in plan


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_kept_without_outputs(path: Path) -> None:
    """Outputs differ with each run, and may show what nobody else should see."""
    nbformat = pytest.importorskip("nbformat")
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in cells)
