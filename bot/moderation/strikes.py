"""Moderators' changes of strikes: switch them on, set the ladder, forgive."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from bot.admission.appeals import DELETION, deleted_by
from bot.db.guild_models import Action, AppealRow, StrikeRow
from bot.db.models import Generation
from bot.moderation.decisions import AuditEvent, Decisions, Moderator
from bot.moderation.reported import act_in, fetch_reported_film
from bot.moderation.snapshots import snapshot_strikes
from bot.moderation.strike_blocks import count_blocked, end_block, without_strikes
from bot.policy.audit import record
from bot.policy.documents import Block, Policy, Step, StrikeRules
from bot.policy.store import fetch_member_policy, fetch_policy
from bot.policy.strike_rows import deletion_source, forgive, record_told

Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class StrikesNow:
    """The rules, None: strikes are off; then `blocked`: how many members are blocked because of them."""

    rules: StrikeRules | None
    blocked: int = 0


@dataclass(frozen=True, slots=True)
class Forgiven:
    """The forgiven strikes; `block`: one that holds all the same; `is_unblocked`: theirs was ended."""

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
    ) -> StrikesNow:
        """Switch strikes on or off, and change the ladder; return how it is now.

        Without anything to change, nothing is recorded. A ladder or a time switches them on.
        """
        if (is_on, steps, days) == (None, None, None):
            return await self._decisions.database.read(
                lambda session: self._now(session, by.guild_id), hurried=True
            )
        change = partial(changed_rules, is_on=is_on, steps=steps, days=days)

        def decide(session: Session) -> StrikesNow:
            self._decisions.change_policy_in(
                session,
                by,
                AuditEvent(Action.STRIKES, "server"),
                lambda policy: policy.model_copy(update={"strikes": change(policy)}),
                snapshot_strikes,
            )
            return self._now(session, by.guild_id)

        return await self._decisions.write(by, decide)

    def _now(self, session: Session, guild_id: int) -> StrikesNow:
        rules = fetch_policy(session, guild_id).strikes
        blocked = count_blocked(session, guild_id, self._decisions.clock()) if rules is None else 0
        return StrikesNow(rules, blocked)

    async def forgive(self, by: Moderator, user_id: int) -> Forgiven:
        """Let none of a member's strikes count any more, and end the block that they brought.

        What a moderator decided before that block holds again, as long as it would have.
        """
        return await self._decisions.write(by, lambda session: self._forgive(session, by, user_id))

    async def record_shown(self, strike_id: int) -> None:
        """Remember that a member was shown the refusal that tells them of a strike.

        Raises:
            DatabaseBusyError: it can't be recorded now; they're told once more, by a message.
        """
        await self._decisions.database.write(lambda session: record_told(session, strike_id), hurried=True)

    def _forgive(self, session: Session, by: Moderator, user_id: int) -> Forgiven:
        now = self._decisions.clock()
        rows = session.scalars(
            select(StrikeRow).where(
                StrikeRow.guild_id == by.guild_id,
                StrikeRow.user_id == user_id,
                StrikeRow.forgiven_at.is_(None),
            )
        ).all()
        for row in rows:
            forgive(row, now)
        forgiven = sum(row.fades_at > now for row in rows)
        if forgiven:
            _record(session, by, user_id, forgiven, now)
        before, block = end_block(session, by, user_id, now)
        return Forgiven(forgiven, block, is_unblocked=before is not None and block is None)


def changed_rules(
    policy: Policy, *, is_on: bool | None, steps: Steps | None, days: int | None
) -> StrikeRules | None:
    """Return a server's rules with what a moderator changes; None: strikes are off."""
    if is_on is False:
        return None
    changes = {"steps": steps, "days": days}
    rules = policy.strikes or StrikeRules()
    return rules.model_copy(update={name: value for name, value in changes.items() if value is not None})


def forgive_asked(session: Session, by: Moderator, appeal: AppealRow, now: datetime) -> None:
    """Forgive the strikes that a refusal gave, or a deletion, and end the block that they brought.

    `appeal`: what its member asked about it; the same request may have been sent more than once. A strike
    that has faded counts no more, but its block may hold.
    """
    strikes = _asked_about(session, appeal)
    over = _over_with(session, appeal, strikes)
    for strike in strikes:
        forgive(strike, now)
    forgiven = sum(strike.fades_at > now for strike in strikes)
    if forgiven:
        _record(session, by, appeal.user_id, forgiven, now, reason=f"appeal {appeal.id}")
    end_block(session, by, appeal.user_id, now, since=over)


def block_left(session: Session, appeal: AppealRow, now: datetime) -> Block | None:
    """Return the member's block that still holds once the strikes that an appeal is about are forgiven."""
    block = fetch_member_policy(session, appeal.guild_id, appeal.user_id).block_at(now)
    if block is None:
        return None
    member, over = (
        (appeal.guild_id, appeal.user_id),
        _over_with(session, appeal, _asked_about(session, appeal)),
    )
    return without_strikes(session, member, block, now, since=over)


def count_forgiven(session: Session, appeal: AppealRow) -> int:
    """Return how many strikes that counted were forgiven with the decision about an appeal."""
    if appeal.decided_at is None:
        return 0
    then = (StrikeRow.forgiven_at == appeal.decided_at, StrikeRow.fades_at > appeal.decided_at)
    forgiven = select(func.count()).select_from(StrikeRow).where(*_is_about(session, appeal), *then)
    return session.scalar(forgiven) or 0


def _asked_about(session: Session, appeal: AppealRow) -> Sequence[StrikeRow]:
    """Return the strikes that an appeal is about and that nobody has forgiven."""
    query = select(StrikeRow).where(*_is_about(session, appeal), StrikeRow.forgiven_at.is_(None))
    return session.scalars(query).all()


def _is_about(session: Session, appeal: AppealRow) -> tuple[ColumnElement[bool], ...]:
    return (
        StrikeRow.guild_id == appeal.guild_id,
        StrikeRow.user_id == appeal.user_id,
        or_(StrikeRow.appeal_id == appeal.id, StrikeRow.source == _deletion_in(session, appeal)),
    )


def _over_with(session: Session, appeal: AppealRow, strikes: Sequence[StrikeRow]) -> set[datetime]:
    """Return the moments of a member's strikes that are forgiven once these are: no block of one holds then.

    Such a block may lie below that of a later strike, which was longer.
    """
    mine = (StrikeRow.guild_id == appeal.guild_id, StrikeRow.user_id == appeal.user_id)
    asked, over, left = {strike.id for strike in strikes}, set[datetime](), set[datetime]()
    for strike in session.scalars(select(StrikeRow).where(*mine)):
        is_over = strike.forgiven_at is not None or strike.id in asked
        (over if is_over else left).add(strike.created_at)
    return over - left


def _deletion_in(session: Session, appeal: AppealRow) -> str | None:
    """Return how a strike names the deletion that an appeal is about; None: it's about none."""
    if not appeal.rule.startswith(DELETION):
        return None
    subject_id, shots = deleted_by(appeal.rule)
    if shots is None:
        generation = session.get(Generation, subject_id)
        return generation and deletion_source(generation)
    film = fetch_reported_film(session, subject_id)
    return film and act_in(film)


def _record(
    session: Session, by: Moderator, user_id: int, strikes: int, now: datetime, *, reason: str | None = None
) -> None:
    subject, new = f"member:{user_id}", {"strikes": strikes}
    record(session, by.guild_id, by.user_id, Action.FORGIVE, now, subject=subject, new=new, reason=reason)
