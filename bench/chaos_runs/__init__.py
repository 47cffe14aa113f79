"""What ``bench/chaos.py`` plays: one bulk call in each run, amidst faults and other writers.

``run.py`` makes a run of the other files: a base that remembers what it did (``base``), somebody
else who writes to it (``others``), what is asked for (``start``, ``deeds``, ``keyed_deeds``), what
goes wrong meanwhile (``mishaps``), and the call itself (``call``). ``truth`` then holds what the
call says against what the base did. ``many.py`` makes many runs, and a table of their figures.
"""
