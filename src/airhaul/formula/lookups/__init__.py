"""Lookups as in Django: ``age__gt=17``, ``name__contains="a"``, joined by ``Q``.

field        what a lookup needs to know about a field (``field``)
a lookup     becomes a formula (``comparisons``), for lists also a test of what was read (``lists``)
conditions   are joined by and, or and not (``condition``), as the ``Q`` says (``build``)
"""
