"""Small matters of wording that several messages share."""

from __future__ import annotations


def counted(number: int, one: str, many: str | None = None) -> str:
    """Say how many of something there are: ``1 row``, ``2,000 rows``.

    Args:
        number: How many.
        one: The word for one.
        many: The word for several; with an ``s`` at its end if None.
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
