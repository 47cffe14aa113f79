"""Tokens: whose they are, and what they allow.

Source: https://airtable.com/developers/web/api/scopes and .../errors. Three things must allow a
request: the token's scopes, the bases it may access, and the role of its person there. Not
published, and decided: the scope is checked first, then the base, then the role; a token that is
limited to some bases cannot create another; the right to write records includes adding choices by
``typecast``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, Self, get_args

from airhaul.errors import ConfigurationError
from airhaul.local_base.store import Person, Session, Store
from airhaul.wire.ids import is_id, new_id

Role = Literal["none", "read", "comment", "edit", "create"]
"""The role of a person in a base; each role includes the ones before it."""

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
"""The scopes that the local base checks."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The rights that an endpoint requires.

    Args:
        role: The lowest role in the base.
        scopes: The scopes; all of them are required.
        or_scope: A scope that is enough in place of ``scopes``.
        doing: The action as a refusal words it; the table's name follows.
    """

    role: Role
    scopes: tuple[str, ...] = ()
    or_scope: str | None = None
    doing: str | None = None


# Any token is enough.
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
    """An accepted token and its rights.

    Args:
        text: The token itself, ``pat...``.
        scopes: Its scopes; None for all.
        bases: The ids of the bases it may access; None for all.
        person: Its person: an id, or an e-mail address, which adds a new person if it is unknown;
            None for the owner.
        role: That person's role in those bases.

    Raises:
        ConfigurationError: A scope, a base or the role is invalid.
    """

    text: str = field(repr=False)
    scopes: frozenset[str] | None = None
    bases: frozenset[str] | None = None
    person: str | None = None
    role: Role = "create"

    def __post_init__(self) -> None:
        """Validate the arguments."""
        if not self.text.strip():
            raise ConfigurationError("A token must not be empty.")
        for scope in sorted((self.scopes or frozenset()) - SCOPES):
            raise ConfigurationError(
                f"{scope!r} is not a scope of the local base; expected one of "
                f"{', '.join(sorted(SCOPES))}."
            )
        for base_id in sorted(self.bases or ()):
            if not is_id(base_id, "app"):
                raise ConfigurationError(
                    f"{base_id!r} is not a base ID that a token can be limited to."
                )
        if self.role not in ROLES:
            raise ConfigurationError(
                f"{self.role!r} is not a role; expected one of {', '.join(ROLES)}."
            )
        if self.person is not None and "@" not in self.person and not is_id(self.person, "usr"):
            raise ConfigurationError(f"{self.person!r} is neither an e-mail address nor a user ID.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a token as written on a command line.

        Args:
            text: ``PAT`` alone for all rights, or ``PAT=WORD,WORD...`` where each word is a scope,
                a base ID, a person's e-mail address or a role.

        Raises:
            ConfigurationError: A word is invalid; the message does not contain the token.
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
                f"A token's rights are scopes, base IDs, an e-mail address and a role; got {odd}."
            )
        if len(people) > 1 or len(roles) > 1:
            raise ConfigurationError("A token has one person and one role.")
        person = people[0] if people else None
        role = roles[0] if roles else "create"
        return cls(secret.strip(), scopes or None, bases or None, person, role)

    def has_scope(self, scope: str) -> bool:
        """Return whether the token has a scope."""
        return self.scopes is None or scope in self.scopes

    def has_scopes(self, needs: Needs) -> bool:
        """Return whether the token has the required scopes."""
        if needs.or_scope is not None and self.has_scope(needs.or_scope):
            return True
        return all(self.has_scope(scope) for scope in needs.scopes)

    def sees(self, base_id: str) -> bool:
        """Return whether the token may access a base."""
        return self.role != "none" and (self.bases is None or base_id in self.bases)

    def has_role(self, role: Role) -> bool:
        """Return whether its person has this role or a higher one."""
        return ROLES.index(self.role) >= ROLES.index(role)


FULL_ACCESS: Final = Token("in process")
"""The token of requests from this process: all rights, and no check."""


class Access:
    """The tokens that are accepted.

    Args:
        tokens: The tokens; a plain text has all rights. None accepts any token, with all rights.
        store: The store to which their people are added.

    Attributes:
        owner_id: The person who has all rights.

    Raises:
        ConfigurationError: A token's person is an unknown id.
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
        """Find a token by its text; None if it is missing or not accepted."""
        if not text:
            return None
        return Token(text) if self._tokens is None else self._tokens.get(text)

    def person_id(self, token: Token) -> str:
        """Return the id of a token's person."""
        return self.owner_id if token.person is None else self._person_ids[token.person]

    def counted_as(self, token: Token) -> str:
        """Return the key under which a token's requests are counted.

        Airtable counts all tokens of a person together. If any token is accepted, each one is
        counted separately.
        """
        return token.text if self._tokens is None else self.person_id(token)

    def roles(self, base_id: str) -> dict[str, Role]:
        """Return the role of each person in a base, by the tokens; the owner has all rights."""
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
        raise ConfigurationError(f"Nobody in this local base has the ID {person}.")
    added = Person(new_id("usr"), person, person.partition("@")[0].replace(".", " ").title())
    session.people.add(added)
    return added.id
