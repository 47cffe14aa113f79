"""Tokens: who asks, and what they may do.

Source: https://airtable.com/developers/web/api/scopes and .../errors. Three things must be right
for a call: the token's scopes, the bases it may see, and the role of its person there. Not
published, and decided: the scope is looked at first, then the base, then the role; a token that is
bound to bases cannot create another; whoever may write records may add choices by ``typecast``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, Self, get_args

from airhaul.errors import ConfigurationError
from airhaul.local_base.store import Person, Session, Store
from airhaul.wire.ids import is_id, new_id

Role = Literal["none", "read", "comment", "edit", "create"]
"""What a person may do in a base, each role more than the one before."""

ROLES: Final[tuple[Role, ...]] = get_args(Role)

SCOPES: Final = frozenset(
    {
        "data.records:read",
        "data.records:write",
        "data.recordComments:read",
        "data.recordComments:write",
        "schema.bases:read",
        "schema.bases:write",
        "workspacesAndBases:read",
        "workspacesAndBases:write",
        "webhook:manage",
        "user.email:read",
    }
)
"""The scopes that mean something here."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What an endpoint asks of those who call it.

    Args:
        role: The least role in the base.
        scopes: The scopes; all of them are needed.
        or_scope: A scope that does as well as all of them.
        doing: What is done, in the words of a refusal; the table's name follows.
    """

    role: Role
    scopes: tuple[str, ...] = ()
    or_scope: str | None = None
    doing: str | None = None


# Whoever has a token.
ANY_TOKEN: Final = Needs("none")
READ_RECORDS: Final = Needs("read", ("data.records:read",))
CREATE_RECORDS: Final = Needs("edit", ("data.records:write",), doing="create records in table")
WRITE_RECORDS: Final = Needs("edit", ("data.records:write",))
READ_COMMENTS: Final = Needs("read", ("data.recordComments:read",))
WRITE_COMMENTS: Final = Needs("comment", ("data.recordComments:write",))
LIST_BASES: Final = Needs("none", ("schema.bases:read",))
READ_SCHEMA: Final = Needs("read", ("schema.bases:read",))
CREATE_BASE: Final = Needs("none", ("schema.bases:write",))
WRITE_SCHEMA: Final = Needs("create", ("schema.bases:write",))
READ_VIEWS: Final = Needs("read", ("workspacesAndBases:read",))
DELETE_VIEWS: Final = Needs("create", ("workspacesAndBases:write",))
READ_COLLABORATORS: Final = Needs(
    "read", ("workspacesAndBases:read",), or_scope="schema.bases:read"
)
READ_WEBHOOKS: Final = Needs("read", ("webhook:manage",))
MANAGE_WEBHOOKS: Final = Needs("create", ("webhook:manage",))
SYNC_CSV: Final = Needs("create", ("data.records:write", "schema.bases:write"))


@dataclass(frozen=True, slots=True)
class Token:
    """A token that is accepted, and what may be done with it.

    Args:
        text: The token itself, ``pat...``.
        scopes: Its scopes; None for all.
        bases: The ids of the bases it may see; None for all.
        person: Whose it is: an id, or an e-mail address, with which somebody new is made known;
            None for the owner.
        role: That person's role in those bases.

    Raises:
        ConfigurationError: A scope, a base or the role cannot be.
    """

    text: str = field(repr=False)
    scopes: frozenset[str] | None = None
    bases: frozenset[str] | None = None
    person: str | None = None
    role: Role = "create"

    def __post_init__(self) -> None:
        """Look whether there can be such a token."""
        if not self.text.strip():
            raise ConfigurationError("A token is not empty.")
        for scope in sorted((self.scopes or frozenset()) - SCOPES):
            raise ConfigurationError(
                f"{scope!r} is no scope of the local base; there are {', '.join(sorted(SCOPES))}."
            )
        for base_id in sorted(self.bases or ()):
            if not is_id(base_id, "app"):
                raise ConfigurationError(f"{base_id!r} is no base id, by which a token is bound.")
        if self.role not in ROLES:
            raise ConfigurationError(f"{self.role!r} is no role; there are {', '.join(ROLES)}.")
        if self.person is not None and "@" not in self.person and not is_id(self.person, "usr"):
            raise ConfigurationError(f"{self.person!r} is neither an e-mail address nor an id.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a token from a command line.

        Args:
            text: ``PAT`` alone for all rights, or ``PAT=WORD,WORD...`` where each word is a scope,
                a base's id, a person's e-mail address or a role.

        Raises:
            ConfigurationError: It is no token; what is wrong is told without the token.
        """
        secret, _, rest = text.partition("=")
        words = [word.strip() for word in rest.split(",") if word.strip()]
        scopes = frozenset(word for word in words if ":" in word)
        bases = frozenset(word for word in words if is_id(word, "app"))
        people = [word for word in words if "@" in word]
        roles: list[Role] = [role for role in ROLES if words.count(role)]
        if len(scopes) + len(bases) + len(people) + len(roles) < len(set(words)):
            known = {*scopes, *bases, *people, *roles}
            odd = ", ".join(repr(word) for word in words if word not in known)
            raise ConfigurationError(
                f"A token's rights are scopes, base ids, an e-mail address and a role; got {odd}."
            )
        if len(people) > 1 or len(roles) > 1:
            raise ConfigurationError("A token has one person and one role.")
        person = people[0] if people else None
        role = roles[0] if roles else "create"
        return cls(secret.strip(), scopes or None, bases or None, person, role)

    def has_scope(self, scope: str) -> bool:
        """Whether it has a scope."""
        return self.scopes is None or scope in self.scopes

    def has_scopes(self, needs: Needs) -> bool:
        """Whether it has the scopes that are needed."""
        if needs.or_scope is not None and self.has_scope(needs.or_scope):
            return True
        return all(self.has_scope(scope) for scope in needs.scopes)

    def sees(self, base_id: str) -> bool:
        """Whether a base is among those it may see."""
        return self.role != "none" and (self.bases is None or base_id in self.bases)

    def has_role(self, role: Role) -> bool:
        """Whether its person's role is this one or a higher."""
        return ROLES.index(self.role) >= ROLES.index(role)


FULL_ACCESS: Final = Token("in process")
"""What may be done in this process, where no token is asked for."""


class Access:
    """The tokens that are accepted.

    Args:
        tokens: The tokens, those given as text with all rights; None for any token, with all
            rights.
        store: Where their people are made known.

    Attributes:
        owner_id: The person who may do everything.

    Raises:
        ConfigurationError: A token's person is an id that is not known.
    """

    def __init__(self, tokens: Iterable[str | Token] | None, store: Store) -> None:
        self._tokens: dict[str, Token] | None = None
        self.owner_id = store.user_id
        self._person_ids: dict[str, str] = {}
        if tokens is None:
            return
        known = [Token(token) if isinstance(token, str) else token for token in tokens]
        self._tokens = {token.text: token for token in known}
        people = list(dict.fromkeys(token.person for token in known if token.person is not None))
        if people:
            with store.session(write=True) as session:
                self._person_ids = {person: _find_or_add(session, person) for person in people}

    def find(self, text: str | None) -> Token | None:
        """Find a token; None if it is missing or not accepted."""
        if not text:
            return None
        return Token(text) if self._tokens is None else self._tokens.get(text)

    def person_id(self, token: Token) -> str:
        """The id of a token's person."""
        return self.owner_id if token.person is None else self._person_ids[token.person]

    def counted_as(self, token: Token) -> str:
        """Whose requests a token's requests are; Airtable counts all tokens of a person together.

        Where any token is accepted, each counts for itself.
        """
        return token.text if self._tokens is None else self.person_id(token)

    def roles(self, base_id: str) -> dict[str, Role]:
        """The role of each person in a base, as far as tokens tell; the owner may do everything."""
        roles: dict[str, Role] = {}
        for token in (self._tokens or {}).values():
            person_id = self.person_id(token)
            if token.sees(base_id) and token.has_role(roles.get(person_id, "none")):
                roles[person_id] = token.role
        return {**roles, self.owner_id: "create"}


def _find_or_add(session: Session, person: str) -> str:
    for known in session.people.everybody().values():
        if person in (known.id, known.email):
            return known.id
    if "@" not in person:
        raise ConfigurationError(f"Nobody in this base has the id {person}.")
    added = Person(new_id("usr"), person, person.partition("@")[0].replace(".", " ").title())
    session.people.add(added)
    return added.id
