"""Checks of options that callers give, so that a wrong value is named before anything is sent."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from airhaul.errors import ConfigurationError


def is_number(value: object, *, whole: bool = False) -> bool:
    """Return whether a value is a number, of whichever library; ``True`` is none."""
    return isinstance(value, Integral if whole else Real) and not isinstance(value, bool)


def check_count(option: str, value: Any, least: int) -> None:
    """Check an option that is a whole number, or None for its default.

    Args:
        option: Its name.
        value: What was given.
        least: The least number that it may be.

    Raises:
        ConfigurationError: It is something else.
    """
    if value is not None and not (is_number(value, whole=True) and value >= least):
        raise wrong_option(option, f"has to be a whole number of at least {least}, or None", value)


def check_flags(**flags: object) -> None:
    """Check options that are True or False: any text counts as True, ``"no"`` included.

    Args:
        **flags: What was given.

    Raises:
        ConfigurationError: One is something else.
    """
    for option, value in flags.items():
        if type(value).__name__ not in {"bool", "bool_"}:  # NumPy has its own
            raise wrong_option(option, "has to be True or False", value)


def wrong_option(option: str, expected: str, value: object) -> ConfigurationError:
    """Make the error for an option that has a wrong value.

    Args:
        option: Its name.
        expected: What it has to be: ``"has to be ..."``.
        value: What was given.
    """
    return ConfigurationError(f"{option} {expected}; it is {value!r}.")
