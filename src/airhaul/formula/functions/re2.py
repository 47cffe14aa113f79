"""RE2's dialect of regular expressions, translated for Python's engine.

Source: https://github.com/google/re2/wiki/Syntax. RE2 has no look-around, back-references, atomic
groups or possessive repetition, and its classes are ASCII; ``$`` is the end of the text alone.

RE2 takes linear time. Python's engine can take exponential time when a repeated group matches one
text in two ways. So a repeated group must be of fixed form, or be told apart by a character: each
branch begins, or the only branch ends, with a plain character that its one inner repetition does
not match, as in ``(?:,[0-9]+)*``, ``([a-z]+[.])+`` and ``(foo|bar)+``. And repetitions in a row
that match the same character, as in ``.*.*``, take time that grows with a power of the text's
length: the more of them, the shorter the text that they may be tried on. RE2 would take more than
that; decided so.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

_CLASS: Final = re.compile(r"\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]", re.DOTALL)
_CODE: Final = re.compile(r"\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})")
_GROUP: Final = re.compile(r"\((?:\?(?:P?<[A-Za-z_]\w*>|[ims]*(?:-[ims]+)?:|([ims]+)\)))?")
_QUANTIFIER: Final = re.compile(r"(?:[*+?]|\{([0-9]+)(,?)([0-9]*)\})\??")
_ESCAPES: Final = frozenset("AbBdDsSwWafnrtv")
_FLAGS: Final = re.ASCII | re.IGNORECASE | re.DOTALL

_LONGEST_PATTERN: Final = 1_000
# RE2's own bound.
_MOST_REPEATS: Final = 1_000
# So many steps take well under a second, and a few seconds where groups are repeated.
_MOST_STEPS: Final = 1e8
# What may not be tried on so long a text is not tried at all.
_SHORTEST_SUBJECT: Final = 100
_LONGEST_SUBJECT: Final = 100_000
# Of how many different lengths a repetition is taken to be as long as the text.
_MANY: Final = 50
_SAMPLE: Final = (*map(chr, range(128)), "é")


class NotRE2Error(ValueError):
    """A pattern that RE2 does not have."""


class NotHereError(NotRE2Error):
    """A pattern that RE2 has, and that is not known or could take too long here."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A pattern, ready to be used.

    Args:
        pattern: Its equal in Python's dialect.
        longest_subject: How many characters it may be tried on.
    """

    pattern: re.Pattern[str]
    longest_subject: int


def compile_re2(pattern: str) -> Expression:
    """Make a pattern of RE2 ready to be used.

    Raises:
        NotRE2Error: RE2 has no such pattern, or it is refused here; says why.
    """
    if len(pattern) > _LONGEST_PATTERN:
        raise NotHereError(f"more than {_LONGEST_PATTERN:,} characters")
    try:
        return _Translation(pattern).run()
    except (re.error, OverflowError) as error:
        raise NotRE2Error(f"a fault: {error}") from None
    except RecursionError:
        raise NotHereError("so much nesting") from None


@dataclass(frozen=True, slots=True)
class _Atom:
    """One character of the pattern, or what stands for one.

    Args:
        written: It, in Python's dialect.
        lengths: In how many different lengths it can stand there.
        skippable: Whether it need not stand there at all.
    """

    written: str
    lengths: float = 1
    skippable: bool = False

    def matches(self, character: str) -> bool:
        return re.fullmatch(self.written, character, _FLAGS) is not None


def _longest_subject(atoms: list[_Atom], character: str) -> float:
    """How long a run of one character may be, with regard to all who could share it."""
    longest, powers, ways = math.inf, 1, 1.0
    for atom in atoms:
        if atom.matches(character):
            if atom.lengths > _MANY:
                powers += 1
            else:
                ways *= atom.lengths
            # A run of n is searched from n places, and parted in n^powers / powers! ways.
            steps = _MOST_STEPS * math.factorial(min(powers, 20)) / ways
            longest = min(longest, steps ** (1 / powers))
        elif not atom.skippable:
            powers, ways = 1, 1.0
    return longest


class _Times(NamedTuple):
    """How often something is repeated."""

    least: int
    most: float

    @property
    def lengths(self) -> float:
        return self.most - self.least + 1


_SIGNS: Final = {"*": _Times(0, math.inf), "+": _Times(1, math.inf), "?": _Times(0, 1)}


@dataclass(slots=True)
class _Branch:
    """One alternative of a group.

    Args:
        length: How many atoms and groups it has.
        first: The plain character that it begins with, if it does.
        last: The plain character that it ends with, if it does.
        varying: Its atoms that are repeated or optional.
        nested: Whether there is a group in it that varies.
    """

    length: int = 0
    first: str | None = None
    last: str | None = None
    varying: list[_Atom] = field(default_factory=list[_Atom])
    nested: bool = False

    def begins_apart(self, varying: list[_Atom]) -> bool:
        return self.first is not None and not any(atom.matches(self.first) for atom in varying)

    def ends_apart(self) -> bool:
        return self.last is not None and not any(atom.matches(self.last) for atom in self.varying)


@dataclass(slots=True)
class _Group:
    start: int = 0
    branches: list[_Branch] = field(default_factory=lambda: [_Branch()])

    def varies(self) -> bool:
        return len(self.branches) > 1 or any(part.varying or part.nested for part in self.branches)

    def may_repeat(self) -> bool:
        """Whether a repetition of this group matches any text in one way only."""
        for part in self.branches:
            if part.nested or not part.length or len(part.varying) > 1:
                return False
        varying = [atom for part in self.branches for atom in part.varying]
        if len(self.branches) == 1 and (not varying or self.branches[0].ends_apart()):
            return True
        starts = {(part.first or "").lower() for part in self.branches}
        return len(starts) == len(self.branches) and all(
            part.begins_apart(varying) for part in self.branches
        )


class _Translation:
    """One walk over a pattern, which writes Python's form of it."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._place = 0
        self._written: list[str] = []
        self._groups = [_Group()]
        self._atoms: list[_Atom] = []
        # The flag m changes what $ means; it is taken to be set for the whole.
        self._by_line = re.search(r"\(\?[is]*m", pattern) is not None

    def run(self) -> Expression:
        while self._place < len(self._pattern):
            self._step()
        expression = re.compile("".join(self._written), re.ASCII)
        longest = min(_longest_subject(self._atoms, character) for character in _SAMPLE)
        if longest < _SHORTEST_SUBJECT:
            raise NotHereError("too many repetitions of the same in a row")
        return Expression(expression, int(min(longest, _LONGEST_SUBJECT)))

    def _step(self) -> None:
        match self._pattern[self._place]:
            case "(":
                self._open_group()
            case ")":
                self._close_group()
            case "|":
                self._copy("|")
                self._groups[-1].branches.append(_Branch())
            case "[":
                found = _CLASS.match(self._pattern, self._place)
                if found is None:
                    raise NotRE2Error("a class without an end")
                self._take_atom(found[0], _write_class(found[0]))
            case "\\":
                self._take_escape()
            case "^":
                self._copy("^")
            case "$":
                self._copy("$", "$" if self._by_line else r"\Z")
            case ".":
                self._take_atom(".", ".")
            case "*" | "+" | "?":
                raise NotRE2Error("a repetition of nothing")
            case character:
                self._take_atom(character, re.escape(character), plain=character)

    def _copy(self, read: str, written: str | None = None) -> None:
        self._place += len(read)
        self._written.append(read if written is None else written)

    def _open_group(self) -> None:
        found = _GROUP.match(self._pattern, self._place)
        if found is None or self._pattern.startswith("?", found.end()):
            raise NotRE2Error("a look-around, or another group that RE2 does not have")
        if found[1] is None:
            self._groups.append(_Group(len(self._atoms)))
        elif self._place > 0:
            raise NotHereError("flags for the rest of a pattern")
        self._copy(found[0], re.sub(r"\(\?<", "(?P<", found[0]))

    def _close_group(self) -> None:
        if len(self._groups) == 1:
            raise NotRE2Error("a closing bracket too many")
        self._copy(")")
        group = self._groups.pop()
        times = self._take_quantifier()
        if times is not None and times.most > 1 and not group.may_repeat():
            raise NotHereError("a repeated group that could match one text in several ways")
        for place in range(group.start, len(self._atoms)):
            atom = self._atoms[place]
            self._atoms[place] = _Atom(
                atom.written,
                atom.lengths * (times.lengths if times else 1),
                atom.skippable or len(group.branches) > 1 or bool(times and not times.least),
            )
        branch = self._groups[-1].branches[-1]
        branch.length += 1
        branch.last = None
        branch.nested |= times is not None or group.varies()

    def _take_escape(self) -> None:
        escape = self._pattern[self._place : self._place + 2]
        letter = escape[1:]
        if letter == "z":
            self._copy(escape, r"\Z")
        elif letter and letter in "AbB":
            self._copy(escape)
        elif letter == "x":
            found = _CODE.match(self._pattern, self._place)
            code = int(found[1] or found[2], 16) if found else math.inf
            if found is None or code > 0x10FFFF:
                raise NotRE2Error("a code that is no character's")
            character = chr(int(code))
            self._take_atom(found[0], re.escape(character), plain=character)
        elif letter in _ESCAPES:
            self._take_atom(escape, escape)
        elif letter and letter in "pPQEC":
            raise NotHereError(f"{escape}, a class or quotation")
        elif letter and not (letter.isascii() and letter.isalnum()):
            self._take_atom(escape, re.escape(letter), plain=letter)
        else:
            raise NotRE2Error(f"{escape}, a back-reference or an escape that RE2 does not have")

    def _take_atom(self, read: str, written: str, *, plain: str | None = None) -> None:
        self._copy(read, written)
        branch = self._groups[-1].branches[-1]
        branch.length += 1
        times = self._take_quantifier()
        atom = _Atom(written) if times is None else _Atom(written, times.lengths, not times.least)
        self._atoms.append(atom)
        branch.last = plain if times is None else None
        if branch.length == 1:
            branch.first = branch.last
        if times is not None:
            branch.varying.append(atom)

    def _take_quantifier(self) -> _Times | None:
        """Read a repetition, if one stands here."""
        found = _QUANTIFIER.match(self._pattern, self._place)
        if found is None:
            return None
        if _QUANTIFIER.match(self._pattern, found.end()):
            raise NotRE2Error("a repetition of a repetition")
        self._copy(found[0])
        least, comma, most = found.groups()
        if least is None:
            return _SIGNS[found[0][0]]
        if max(len(least), len(most)) > 4 or max(int(least), int(most or 0)) > _MOST_REPEATS:
            raise NotRE2Error(f"more than {_MOST_REPEATS:,} repetitions")
        if most:
            return _Times(int(least), int(most))
        return _Times(int(least), math.inf if comma else int(least))


def _write_class(text: str) -> str:
    """A class, without what Python warns of: it may read sets in it in some later version."""
    if "[:" in text or "--" in text or re.search(r"\\[pPQEC]", text):
        raise NotHereError("a named class, or a range from or to a hyphen")
    start = 2 if text.startswith("[^") else 1
    inner = re.sub(r"(\\.)|([\[\]&|~])", _escape_in_class, text[start:-1], flags=re.DOTALL)
    return f"{text[:start]}{inner}]"


def _escape_in_class(found: re.Match[str]) -> str:
    return found[1] or f"\\{found[2]}"
