"""The journal: what every run was asked, what it was about to send, and the outcome of each row.

A run that was killed is resumed from here, and one that was a mistake is undone from here.
"""
