"""Decisions on appeals: one for each, in the transaction of its audit row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.admission.appeals import BLOCK, DELETION, RELEASE_TIME, WORD, block_rule, words_of
from bot.db.guild_models import Action, AppealDecision, AppealRow
from bot.db.models import Generation
from bot.errors import UserError
from bot.i18n import N_, _
from bot.jobs.ports import Posted
from bot.moderation.decisions import Moderator, ensure_not_own
from bot.moderation.deletion_appeals import give_another_try
from bot.moderation.service import without_word
from bot.moderation.snapshots import snapshot_of_word
from bot.moderation.strikes import block_left, count_forgiven, forgive_asked
from bot.policy.audit import record
from bot.policy.documents import Block, tell_block
from bot.policy.store import fetch_member_policy, fetch_policy, store_member_policy, store_policy

RECENT = 10  # of the member's requests, for the moderators
# In which who decides tells the member and shows the decision; after that, the outbox does.
FOLLOW_UP = timedelta(seconds=60)

ALREADY: dict[AppealDecision, LiteralString] = {
    AppealDecision.ALLOW: N_("{who} has already allowed this request once. Nothing changed."),
    AppealDecision.LIFT: N_("{who} has already lifted the rule. Nothing changed."),
    AppealDecision.DECLINE: N_("{who} has already declined this. Nothing changed."),
    AppealDecision.LAPSE: N_("Nobody decided in time, so this expired. Nothing changed."),
    AppealDecision.WITHDRAW: N_(
        "The member deleted their data, so there's nothing left to decide. Nothing changed."
    ),
}
LATER_BLOCK = N_(
    "They're under a different block now, so this would have no effect. Nothing changed. To lift that "
    "block, use `/veo-admin unblock`."
)
# How the subject of a lifted word's row begins where the word wasn't on the list any more; then the word.
LIFTED = "lifted:"
SUBJECT_LENGTH = 80  # of the column
Chosen = tuple[str, AppealDecision, str | None]  # the appeal's ID, what is decided, words for the member


class AppealNotFoundError(UserError):
    """The server has no such appeal; another server's looks exactly like one that never was."""

    def __init__(self) -> None:
        super().__init__(_("I no longer have this request. Nothing changed."))


class AppealClosedError(UserError):
    """Somebody has decided it already; the sentence names them."""


class LaterBlockError(UserError):
    """The block that a moderator wants to end or let pass was replaced by a later one."""

    def __init__(self) -> None:
        super().__init__(_(LATER_BLOCK))


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal as it stands.

    Attributes:
        recent: the last requests of its member, newest first.
        block: the member's, unless a decision for them ends it or lets this request pass it.
        asked_block: the one that it is about, while it holds.
        is_pending: the member couldn't be told yet; that is tried again.
        is_block_over: it's about a block that ended without a decision about this.
        forgiven: how many strikes that counted were forgiven with the decision.
        now: when it stands so.
    """

    row: AppealRow
    recent: Sequence[Generation]
    block: Block | None = None
    asked_block: Block | None = None
    is_pending: bool = False
    is_block_over: bool = False
    forgiven: int = 0
    now: datetime | None = None

    @property
    def is_too_short(self) -> bool:
        """Whether what a moderator allowed once, or may allow now, ends before the member's block does."""
        begins = self.row.decided_at or self.now
        if self.block is None or begins is None:
            return False
        return self.block.until is None or self.block.until >= begins + RELEASE_TIME


def fetch_appeal(session: Session, guild_id: int, appeal_id: str) -> AppealRow | None:
    """Return what a member of this server asked a moderator about, or None."""
    return session.scalar(
        select(AppealRow).where(
            AppealRow.id == appeal_id, AppealRow.guild_id == guild_id, AppealRow.asked_at.is_not(None)
        )
    )


def load_appeal(session: Session, row: AppealRow, now: datetime) -> Appeal:
    """Return an appeal with what moderators see beside it."""
    recent = session.scalars(
        select(Generation)
        .where(Generation.guild_id == row.guild_id, Generation.user_id == row.user_id)
        .order_by(Generation.created_at.desc())
        .limit(RECENT)
    )
    block = block_left(session, row, now)
    is_other = block is not None and block_rule(block) != row.rule
    return Appeal(
        row,
        recent.all(),
        block=block if is_other else None,
        asked_block=None if is_other else block,
        is_block_over=block is None and _is_block_over(session, row),
        forgiven=count_forgiven(session, row),
        now=now,
    )


def _is_block_over(session: Session, row: AppealRow) -> bool:
    """Whether the block that an appeal is about, where none holds now, ended without a decision about it."""
    if not row.rule.startswith(BLOCK) or row.decision is None:
        return row.rule.startswith(BLOCK)
    block = fetch_member_policy(session, row.guild_id, row.user_id).block
    if block is None or row.decided_at is None or block_rule(block) != row.rule:
        return False
    return not block.holds(row.decided_at)


def choices(row: AppealRow) -> Sequence[AppealDecision]:
    """Return what a moderator can decide about an appeal: after a deletion there's no rule to lift."""
    is_deletion = row.rule.startswith(DELETION)
    lift = [] if is_deletion else [AppealDecision.LIFT]
    return [AppealDecision.ALLOW, *lift, AppealDecision.DECLINE]


def ensure_decidable(row: AppealRow | None, by: Moderator) -> None:
    """Check that a moderator can decide about an appeal.

    Raises:
        AppealNotFoundError, OwnCaseError, AppealClosedError: they can't.
    """
    if row is None:
        raise AppealNotFoundError
    ensure_not_own(by, row.user_id)
    if row.decision is not None:
        raise AppealClosedError(_(ALREADY[row.decision], who=f"<@{row.decided_by}>"))


def carry_out(
    session: Session, by: Moderator, chosen: Chosen, now: datetime, shown_at: Posted | None = None
) -> Appeal:
    """Decide an appeal and do what follows in the database; see `bot.moderation.appeals.Appeals.decide`."""
    appeal_id, decision, words = chosen
    found = fetch_appeal(session, by.guild_id, appeal_id)
    ensure_decidable(found, by)
    if found is None or decision not in choices(found):
        raise AppealNotFoundError
    is_about_block = decision is not AppealDecision.DECLINE and found.rule.startswith(BLOCK)
    if is_about_block and load_appeal(session, found, now).block is not None:
        raise LaterBlockError
    row = session.scalar(
        update(AppealRow)
        .where(AppealRow.id == appeal_id, AppealRow.decision.is_(None))
        .values(
            decision=decision, decided_by=by.user_id, decided_at=now, words=words, post_at=now + FOLLOW_UP
        )
        .returning(AppealRow)
    )
    if row is None:
        raise AppealNotFoundError
    if decision is not AppealDecision.DECLINE:
        forgive_asked(session, by, row, now)
    if decision is AppealDecision.LIFT:
        _lift(session, by, row, now)
    elif decision is AppealDecision.ALLOW and row.rule.startswith(DELETION):
        give_another_try(session, by, row, now)
    else:
        action = Action.APPEAL_ALLOW if decision is AppealDecision.ALLOW else Action.APPEAL_DECLINE
        record(session, by.guild_id, by.user_id, action, now, subject=f"member:{row.user_id}", reason=words)
    if shown_at is not None and row.message_id is None:
        row.channel_id, row.message_id = shown_at.channel_id, shown_at.message_id
    return load_appeal(session, row, now)


def is_news(row: AppealRow) -> bool:
    """Whether the member is to be told how an appeal ended: they haven't been, and it still holds for them.

    Who deletes their data ends an open question, and gives up what they were allowed once.
    """
    is_given_up = row.decision is AppealDecision.ALLOW and not row.fingerprint
    return row.told_at is None and row.decision is not AppealDecision.WITHDRAW and not is_given_up


def record_notified(session: Session, appeal_id: str, now: datetime) -> None:
    """Remember that the member knows what was decided."""
    session.execute(update(AppealRow).where(AppealRow.id == appeal_id).values(told_at=now))


def _lift(session: Session, by: Moderator, row: AppealRow, now: datetime) -> None:
    """End the rule for good; the trail's row is that of the usual command, so that it can be undone."""
    if row.rule.startswith(WORD):
        _lift_words(session, by, words_of(row.rule), now)
    elif row.rule.startswith(BLOCK):
        _lift_block(session, by, row, now)


def _lift_words(session: Session, by: Moderator, words: Sequence[str], now: datetime) -> None:
    """Take words off the list, each with a row of its own, so that each can be undone."""
    for word in words:
        policy, snapshot = fetch_policy(session, by.guild_id), snapshot_of_word(word)
        changed = without_word(policy, word)
        store_policy(session, by.guild_id, changed)
        action, old, new = Action.WORD_REMOVE, snapshot(policy), snapshot(changed)
        subject = "words" if old else f"{LIFTED}{word}"[:SUBJECT_LENGTH]
        record(session, by.guild_id, by.user_id, action, now, subject=subject, old=old, new=new)


def _lift_block(session: Session, by: Moderator, row: AppealRow, now: datetime) -> None:
    """End the block; the trail says so, too, where there is none any more."""
    member_policy = fetch_member_policy(session, by.guild_id, row.user_id)
    block = member_policy.block_at(now)
    if block is not None:
        changed = member_policy.model_copy(update={"block": None})
        store_member_policy(session, by.guild_id, row.user_id, changed)
    subject, old = f"member:{row.user_id}", tell_block(block)
    record(session, by.guild_id, by.user_id, Action.UNBLOCK, now, subject=subject, old=old)
