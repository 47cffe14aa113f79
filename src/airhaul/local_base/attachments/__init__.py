"""Files in cells: fetched by URL, stored, and served through signed links."""

from typing import Literal

Reach = Literal["nowhere", "public", "loopback"]
"""From where files are fetched: nowhere, public addresses, or also this machine."""
