"""Setting limits with /quota, in the words of the tests."""

from typing import Any

import simcord

from sandbox.world import World
from tests.e2e.moderating import said


async def use(
    world: World, name: str, /, *, by: simcord.MemberActor | None = None, **options: Any
) -> simcord.InteractionResult:
    """Let mona (or `by`) use a command of /quota; by default without a preview."""
    if name in {"set", "unset", "budget"}:
        options.setdefault("preview", False)
    return await (by or world.mona).slash(world.channel, f"quota {name}", **options)


async def quota(world: World, name: str, /, **options: Any) -> str:
    """Let mona (or `by`) use a command of /quota; return what only they see."""
    return said(await use(world, name, **options))


def add_role(world: World, name: str, *people: str) -> tuple[simcord.RoleHandle, list[simcord.MemberActor]]:
    """Make a role and people who have it."""
    role = world.guild.create_role(name)
    return role, [world.guild.add_member(world.env.create_user(person), roles=[role]) for person in people]


async def nothing_is_set(world: World) -> bool:
    """Whether no rule, no budget and no grant is stored, and nothing is in the audit trail."""
    services = world.app.services
    book = await services.rules.read(world.guild.id, world.alice.id)
    trail = await services.moderation.list_log(world.guild.id, size=1)
    return not (
        book.rules or book.budgets or book.member_policy.grants or book.member_policy.reset_at or trail
    )
