"""Recognizing hosts that can only mean this machine."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """Return whether a host name or address can only mean this machine.

    Args:
        host: A name or an address, without a port.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def may_ask(server: str, name: str) -> bool:
    """Whether a server answers to a name: one that only this machine can reach has no others.

    A page in a browser can let a name of its own lead to this machine (DNS rebinding), and then
    send requests that look like those of this machine.

    Args:
        server: The host that the server listens on.
        name: The host of a request, without its port.
    """
    return not is_loopback(server) or is_loopback(name) or name == server
