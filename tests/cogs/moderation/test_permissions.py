"""Who may use /veo-admin: the same as Discord's own check says, whatever is set."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simcord.backend.command_access import command_access

from cogs.moderation.permissions import ROLE, USER, Override, Person, may_use

GUILD, ALICE, BOB, FANS, STAFF = 10, 20, 21, 30, 31
COMMAND, APPLICATION = 40, 41


def override(kind: int, target: int, *, is_allowed: bool) -> Override:
    return Override(kind, target, is_allowed)


def alice(*roles: int, is_administrator: bool = False, has_default: bool = False) -> Person:
    return Person(GUILD, ALICE, frozenset(roles), is_administrator=is_administrator, has_default=has_default)


def allow(kind: int, target: int) -> Override:
    return override(kind, target, is_allowed=True)


def deny(kind: int, target: int) -> Override:
    return override(kind, target, is_allowed=False)


@pytest.mark.parametrize(
    ("why", "person", "of_command", "of_application", "expected"),
    [
        ("nothing is set, and she lacks the permission", alice(), [], [], False),
        ("nothing is set, and she has the permission", alice(has_default=True), [], [], True),
        ("administrators may everything", alice(is_administrator=True), [deny(USER, ALICE)], [], True),
        ("she is named", alice(), [allow(USER, ALICE)], [], True),
        ("somebody else is named", alice(), [allow(USER, BOB)], [], False),
        ("her role is named", alice(FANS), [allow(ROLE, FANS)], [], True),
        ("another role is named", alice(FANS), [allow(ROLE, STAFF)], [], False),
        ("a role with the number of her", alice(), [allow(ROLE, ALICE)], [], False),
        (
            "she is kept out in spite of her role",
            alice(FANS),
            [allow(ROLE, FANS), deny(USER, ALICE)],
            [],
            False,
        ),
        ("she is let in in spite of her role", alice(FANS), [deny(ROLE, FANS), allow(USER, ALICE)], [], True),
        ("one of her roles is enough", alice(FANS, STAFF), [deny(ROLE, FANS), allow(ROLE, STAFF)], [], True),
        ("everyone but her role", alice(FANS), [allow(ROLE, GUILD), deny(ROLE, FANS)], [], False),
        ("her role but not everyone", alice(FANS), [deny(ROLE, GUILD), allow(ROLE, FANS)], [], True),
        ("everyone", alice(), [allow(ROLE, GUILD)], [], True),
        ("nobody", alice(has_default=True), [deny(ROLE, GUILD)], [], False),
        ("kept out of the application", alice(has_default=True), [], [deny(USER, ALICE)], False),
        ("let in to the application only", alice(), [], [allow(USER, ALICE)], False),
        ("the command wins", alice(), [allow(USER, ALICE)], [deny(USER, ALICE)], True),
        ("the command wins, the other way", alice(), [deny(ROLE, GUILD)], [allow(USER, ALICE)], False),
        ("what the command says is not about her", alice(has_default=True), [allow(ROLE, FANS)], [], True),
    ],
)
def test_the_rule(
    why: str, person: Person, of_command: list[Override], of_application: list[Override], *, expected: bool
) -> None:
    assert may_use(person, of_command, of_application) is expected, why


class Server:
    """As much of a simulated Discord as its own check of commands asks for."""

    application_id = APPLICATION

    def __init__(self, person: Person, of_command: list[Override], of_application: list[Override]) -> None:
        self._person = person
        self._overrides = {COMMAND: of_command, APPLICATION: of_application}
        self.guild_id = person.guild_id
        self.members = {person.user_id: self}
        self.role_ids = sorted(person.role_ids)

    def get_channel(self, _: int) -> "Server":
        return self

    get_guild = get_channel

    def permission_channel_id(self) -> int:
        return 50

    def compute_permissions(self, *_: int) -> int:
        bits = 1 << 31  # use application commands
        bits |= (1 << 5) if self._person.has_default else 0
        return bits | ((1 << 3) if self._person.is_administrator else 0)

    def get_command_permissions(self, _: int, target: int) -> list[dict[str, Any]]:
        return [{"id": o.id, "type": o.kind, "permission": o.is_allowed} for o in self._overrides[target]]


targets = st.sampled_from(
    [(USER, ALICE), (USER, BOB), (ROLE, GUILD), (ROLE, FANS), (ROLE, STAFF), (3, GUILD)]
)
overrides = st.dictionaries(targets, st.booleans()).map(
    lambda chosen: [override(*target, is_allowed=is_allowed) for target, is_allowed in chosen.items()]
)
people = st.builds(
    Person,
    st.just(GUILD),
    st.just(ALICE),
    st.frozensets(st.sampled_from([FANS, STAFF])),
    is_administrator=st.booleans(),
    has_default=st.booleans(),
)


@given(people, overrides, overrides)
def test_it_says_what_the_simulated_discord_says(
    person: Person, of_command: list[Override], of_application: list[Override]
) -> None:
    command = {"id": COMMAND, "contexts": [0], "default_member_permissions": str(1 << 5)}
    server = Server(person, of_command, of_application)
    expected = command_access(server, command, user_id=ALICE, channel_id=50)
    assert may_use(person, of_command, of_application) is expected.allowed
