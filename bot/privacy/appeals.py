"""Forgetting what members asked moderators about, and ending what nobody answered."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, or_, select, true, update
from sqlalchemy.orm import Session

from bot.admission.appeals import DELETION, IS_OPEN, OFFER_TIME, PAUSE, WORD, answer_time, went_unanswered
from bot.db.guild_models import AppealDecision, AppealRow
from bot.db.models import Generation

ANYBODYS = true()


def forget_appeals(session: Session, user_id: int, now: datetime) -> int:
    """Delete a member's appeals, and what was allowed among them; return how many had words.

    Some lose their words only. One that was declined lately and one that is open stay, else deleting one's
    data would end the wait; the open one is over, and `post_at` lets moderators see that. So does one whose
    decision they can't see yet.
    """
    mine = AppealRow.user_id == user_id
    worded = select(func.count()).select_from(AppealRow).where(mine, AppealRow.prompt != "")
    count = session.scalar(worded) or 0
    # First: what a moderator is asked about meanwhile is an open one by then.
    session.execute(delete(AppealRow).where(mine, AppealRow.asked_at.is_(None)))
    open_ones = update(AppealRow).where(mine, IS_OPEN)
    withdrawn = AppealDecision.WITHDRAW
    session.execute(open_ones.values(decision=withdrawn, decided_at=now, post_at=now))
    is_kept = or_(
        and_(
            AppealRow.decision.in_([AppealDecision.DECLINE, AppealDecision.WITHDRAW]),
            AppealRow.decided_at > now - PAUSE,
        ),
        and_(AppealRow.decision.is_not(None), AppealRow.post_at.is_not(None)),
    )
    rule = case((AppealRow.rule.startswith(WORD), WORD), else_=AppealRow.rule)
    wordless = {"prompt": "", "fingerprint": "", "why": None, "words": None, "locale": None}
    session.execute(update(AppealRow).where(mine, is_kept).values(rule=rule, **wordless))
    session.execute(delete(AppealRow).where(mine, AppealRow.decision.is_not(None), ~is_kept))
    return count


def end_unanswered(
    session: Session, now: datetime, keep: timedelta | None, *, whose: ColumnElement[bool] = ANYBODYS
) -> int:
    """End appeals that nobody decided in time; return how many. What follows is left to the outbox.

    `keep`: how long what members wrote is kept; that may be shorter than moderators have. `whose`: theirs
    alone.
    """
    late = update(AppealRow).where(whose, IS_OPEN, AppealRow.asked_at <= now - answer_time(keep))
    # Without the prompt of the video, or of all takes of a film, its member can't ask again: they aren't told
    # that they can.
    its = or_(Generation.id == AppealRow.fingerprint, Generation.film_id == AppealRow.fingerprint)
    is_forgotten = or_(Generation.erased_at.is_not(None), Generation.erase_at.is_not(None))
    has_prompt = and_(exists().where(its), ~exists().where(its, is_forgotten))
    session.execute(late.where(AppealRow.rule.startswith(DELETION), ~has_prompt).values(prompt=""))
    ended = late.values(decision=AppealDecision.LAPSE, decided_at=now, post_at=now)
    return len(session.scalars(ended.returning(AppealRow.id)).all())


def drop_appeals(session: Session, now: datetime, keep: timedelta | None) -> int:
    """Delete appeals that nobody was asked about in time, and those kept long enough; return how many.

    `keep`: how long what members wrote is kept; None: until they ask. A decision holds until its end, and
    a member without an answer is told that first, and can then send the request again for a while.
    """
    is_posted = and_(AppealRow.decision == AppealDecision.LAPSE, AppealRow.post_at.is_(None))
    can_be_sent_again = and_(is_posted, AppealRow.rule.startswith(WORD), went_unanswered(now))
    is_over = and_(or_(AppealRow.decided_at <= now - PAUSE, is_posted), ~can_be_sent_again)
    due = [
        and_(AppealRow.asked_at.is_(None), AppealRow.created_at <= now - OFFER_TIME),
        and_(AppealRow.prompt == "", is_over),
    ]
    if keep is not None:
        is_old = AppealRow.asked_at <= now - keep
        due.append(and_(is_old, is_over))
        wordless = update(AppealRow).where(is_old, can_be_sent_again)
        session.execute(wordless.values(rule=WORD, prompt="", why=None, words=None, locale=None))
    return len(session.scalars(delete(AppealRow).where(or_(*due)).returning(AppealRow.id)).all())
