"""How far a local base may reach to fetch what cells name by URL."""

from __future__ import annotations

from typing import Literal

Reach = Literal["nowhere", "public", "loopback"]
"""From where: not at all, from public addresses, from this machine too."""
