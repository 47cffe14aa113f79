"""Fields that are computed when they are read, and never stored.

Computing never raises: what goes wrong is a ``FormulaFault``, ``#ERROR!`` in a cell.
"""
