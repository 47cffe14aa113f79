"""Airtable's API once more, on the standard library alone, for what ``bench/matrix.py`` checks.

It shares no code with airhaul or its local base, so that a mistake that those two have in common
does not go unnoticed. It knows one base with one table of plain fields: ``table.py`` has its
records, ``formula.py`` reads the formulas that filter them, ``api.py`` answers requests, and
``server.py`` serves it over HTTP with whatever goes wrong on the way.
"""
