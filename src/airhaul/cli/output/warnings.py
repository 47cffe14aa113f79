"""Shows the library's warnings, such as retries, while a command runs."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

from airhaul.cli.output.printing import err
from airhaul.cli.output.wording import in_options


class _ToStandardError(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        # Looked up each time: a progress bar puts itself between.
        message = record.getMessage() if record.args else record.msg
        err().print(in_options(message), markup=False)


@contextmanager
def warnings_shown() -> Generator[None]:
    """Print the library's warnings to standard error."""
    logger, handler = logging.getLogger("airhaul"), _ToStandardError(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
