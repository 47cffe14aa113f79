"""JSON documents of any length: their lists wait in temporary files until they are printed."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final, cast

from airhaul.cli.output.printing import json_text

_IN_MEMORY: Final = 1 << 20  # in characters, before there is a file


class JsonList:
    """A list in a JSON object, whose items are not held in memory."""

    def __init__(self) -> None:
        self._file = cast(
            "IO[str]",
            SpooledTemporaryFile(  # noqa: SIM115 - closed by close()
                _IN_MEMORY, "w+", encoding="utf-8", errors="surrogatepass", newline=""
            ),
        )
        self._is_empty = True

    def add(self, item: Any) -> None:
        """Add an item at the end.

        Args:
            item: A JSON value.

        Raises:
            OSError: There is no space left for temporary files.
        """
        self._file.write("[" if self._is_empty else ",")
        self._file.write(f"\n{json_text(item)}".replace("\n", "\n    "))
        self._is_empty = False

    def write_to(self, output: IO[str]) -> None:
        """Write the list as the value of a name in a JSON object."""
        self._file.seek(0)
        shutil.copyfileobj(self._file, output)
        output.write("[]" if self._is_empty else "\n  ]")

    def close(self) -> None:
        """Delete the items."""
        self._file.close()


def print_with_lists(fields: Mapping[str, Any], lists: Mapping[str, JsonList]) -> None:
    """Print a JSON object, as ``print_json`` would if the lists were in memory.

    Args:
        fields: The first values of the object; at least one.
        lists: The others.
    """
    sys.stdout.write(json_text(fields).removesuffix("\n}"))
    for name, items in lists.items():
        sys.stdout.write(f",\n  {json.dumps(name)}: ")
        items.write_to(sys.stdout)
    sys.stdout.write("\n}\n")
