"""Files in cells: fetched by URL, kept, and handed out by signed links."""

from typing import Literal

Reach = Literal["nowhere", "public", "loopback"]
"""Where files are fetched from: nowhere, public addresses, or this machine too."""
