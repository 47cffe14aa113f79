"""What ``bench/matrix.py`` plays: each verb, with each fault, under each policy.

``cell.py`` is one field of the matrix: what is asked for and what goes wrong; ``base.py`` is the
base that it is asked of; ``play.py`` makes the call and has it judged as chaos has its runs;
``rules.py`` has the reasons for which a row may be unknown; ``table.py`` is what is printed.
"""
