"""Why a row may be unknown: each cause that is found, and the rule of the docs that allows it."""

from __future__ import annotations

from typing import Final

PAGE: Final = "docs/when-things-go-wrong.md"
RULES: Final = {
    "all tries were lost": "if five tries fail and the records cannot be read either",
    "looking was disturbed": "if five tries fail and the records cannot be read either",
    "taking it back was disturbed": "or becomes `unknown`",
    "a slow reply": "if five tries fail and the records cannot be read either",
}
"""The words of the page, by cause; another cause is a violation."""
