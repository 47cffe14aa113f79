"""Dates in formulas: arithmetic, parsing, formatting, locales."""
