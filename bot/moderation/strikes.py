"""What moderators do with strikes: switch them on, set the ladder, forgive."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.guild_models import Action, AuditRow, StrikeRow
from bot.moderation.decisions import AuditEvent, Decisions, Moderator
from bot.moderation.restoring import decision_of, still_holding
from bot.moderation.told import Told, tell_strikes
from bot.policy.audit import record
from bot.policy.documents import Block, Policy, Step, StrikeRules, tell_block
from bot.policy.store import fetch_member_policy, fetch_policy, store_member_policy

Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Forgiven:
    """How many strikes were forgiven; `block`: what holds all the same; `is_unblocked`: theirs was ended."""

    strikes: int
    block: Block | None = None
    is_unblocked: bool = False


class Strikes:
    """The service behind `/veo-admin strikes` and `forgive`."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions

    async def change(
        self,
        by: Moderator,
        *,
        is_on: bool | None = None,
        steps: Steps | None = None,
        days: int | None = None,
    ) -> StrikeRules | None:
        """Switch strikes on or off, and change the ladder; return the rules as they are now, None: off.

        Without anything to change, nothing is recorded. A ladder or a time switches them on.
        """
        if is_on is None and steps is None and days is None:
            policy = await self._decisions.database.read(
                lambda session: fetch_policy(session, by.guild_id), hurried=True
            )
            return policy.strikes
        change = partial(changed_rules, is_on=is_on, steps=steps, days=days)
        _, policy = await self._decisions.change_policy(
            by,
            AuditEvent(Action.STRIKES, "server"),
            lambda policy: policy.model_copy(update={"strikes": change(policy)}),
            tell_strikes,
        )
        return policy.strikes

    async def forgive(self, by: Moderator, user_id: int) -> Forgiven:
        """Let none of a member's strikes count any more, and end the block that they brought.

        What a moderator decided before that block holds again, as long as it would have.
        """
        return await self._decisions.write(by, lambda session: self._forgive(session, by, user_id))

    def _forgive(self, session: Session, by: Moderator, user_id: int) -> Forgiven:
        now = self._decisions.clock()
        rules = fetch_policy(session, by.guild_id).strikes or StrikeRules()
        rows = session.scalars(
            select(StrikeRow).where(
                StrikeRow.guild_id == by.guild_id,
                StrikeRow.user_id == user_id,
                StrikeRow.forgiven_at.is_(None),
            )
        ).all()
        for row in rows:  # a longer window would count again what has faded
            row.forgiven_at, row.tell_at = now, None
        forgiven = sum(row.created_at > now - rules.window for row in rows)
        if forgiven:
            self._record(session, by, Action.FORGIVE, user_id, None, {"strikes": forgiven})
        policy = fetch_member_policy(session, by.guild_id, user_id)
        block = policy.block
        if block is None or not block.holds(now):
            return Forgiven(forgiven)
        earlier = _without_strikes(session, by.guild_id, user_id, block, now)
        if earlier != block:
            restored = policy.model_copy(update={"block": earlier})
            store_member_policy(session, by.guild_id, user_id, restored)
            action = Action.UNBLOCK if earlier is None else Action.BLOCK
            self._record(session, by, action, user_id, tell_block(block), tell_block(earlier))
        return Forgiven(forgiven, earlier, is_unblocked=earlier is None)

    def _record(
        self, session: Session, by: Moderator, action: Action, user_id: int, old: Told, new: Told
    ) -> None:
        now, subject = self._decisions.clock(), f"member:{user_id}"
        record(session, by.guild_id, by.user_id, action, now, subject=subject, old=old, new=new)


def changed_rules(
    policy: Policy, *, is_on: bool | None, steps: Steps | None, days: int | None
) -> StrikeRules | None:
    """Return a server's rules with what a moderator changes; None: strikes are off."""
    if is_on is False:
        return None
    changes = {"steps": steps, "days": days}
    rules = policy.strikes or StrikeRules()
    return rules.model_copy(update={name: value for name, value in changes.items() if value is not None})


def _without_strikes(
    session: Session, guild_id: int, user_id: int, block: Block, now: datetime
) -> Block | None:
    """Return the block that would hold without those that strikes brought."""
    left: Block | None = block
    while left is not None and (entry := _entry_of(session, guild_id, user_id, left)) is not None:
        before = still_holding(decision_of(entry).before, now)
        left = Block.model_validate(before) if before else None
    return left


def _entry_of(session: Session, guild_id: int, user_id: int, block: Block) -> AuditRow | None:
    """Return the row of the trail with which strikes brought a block; None: a moderator decided it."""
    return session.scalars(
        select(AuditRow)
        .where(
            AuditRow.guild_id == guild_id,
            AuditRow.action == Action.BLOCK,
            AuditRow.at == block.since,
            AuditRow.subject == f"member:{user_id}",
            AuditRow.actor_id.is_(None),
        )
        .limit(1)
    ).one_or_none()
