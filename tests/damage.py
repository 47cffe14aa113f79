"""Damage to the bytes of files."""

from __future__ import annotations

from random import Random


def damaged(whole: bytes, chance: Random) -> bytes:
    """Bytes of which one to 512 are flipped, zeroed or cut off, anywhere."""
    found = bytearray(whole)
    at, size = chance.randrange(len(whole)), chance.choice([1, 1, 8, 64, 512])
    match chance.choice(["flip", "zero", "cut"]):
        case "flip":
            found[at : at + size] = bytes(byte ^ 0xFF for byte in found[at : at + size])
        case "zero":
            found[at : at + size] = bytes(len(found[at : at + size]))
        case _:
            del found[at:]
    return bytes(found)
