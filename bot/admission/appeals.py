"""Requests that a rule refused: what a member can ask moderators about, and what these let pass once.

`Allow once` releases one request past one rule. The request is known by its fingerprint, and the rule by its
name: the forbidden words as they're written, or the block by when it began, so that neither another word nor
a new block is passed.
"""

import hashlib
import json
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from bot.admission.context import AdmissionContext, Release, Requester
from bot.admission.denials import BlockedError, RefusedError, WordNotAllowedError
from bot.admission.film_denials import TitleNotAllowedError
from bot.admission.usage_counts import used_nothing
from bot.db.guild_models import AppealDecision, AppealRow
from bot.policy.documents import Block
from bot.provider.catalogue import VideoRequest

RELEASE_TIME = timedelta(hours=24)  # for which a request is allowed
OFFER_TIME = timedelta(hours=24)  # in which a moderator can be asked about a refusal
PAUSE = timedelta(hours=24)  # after a decline, before the member can ask again
ANSWER_TIME = timedelta(days=7)  # in which moderators can decide
KEPT_OFFERS = 10  # refused requests of one kind that a member can ask about
WORD, BLOCK, DELETION = "word:", "block:", "deletion:"  # how the names of rules begin

IS_OPEN = and_(AppealRow.asked_at.is_not(None), AppealRow.decision.is_(None))  # moderators have to decide it
# What passes a whole film is noted as used by one shot of it, and so is what passes equal ones.
_IS_UNUSED = or_(AppealRow.used_at.is_(None), used_nothing(AppealRow.used_by, AppealRow.prompt))


def answer_time(keep: timedelta | None) -> timedelta:
    """Return how long moderators can decide; `keep`: how long what members wrote is kept."""
    return ANSWER_TIME if keep is None else min(keep, ANSWER_TIME)


def word_rule(*words: str) -> str:
    """Return the name of the rule that forbids words, each of which is one line."""
    return WORD + "\n".join(words)


def words_of(rule: str) -> list[str]:
    """Return the words that a rule forbids; a block has none."""
    return rule.removeprefix(WORD).split("\n") if rule.startswith(WORD) else []


def block_rule(block: Block) -> str:
    """Return the name of a member's block; a later one has another."""
    return f"{BLOCK}{block.since.isoformat()}"


def deletion_rule(subject_id: str, shots: int | None = None) -> str:
    """Return the name of what took something down after a report; no request is refused because of it.

    `shots`: how many a film had; None: it was a video.
    """
    return f"{DELETION}{subject_id}" if shots is None else f"{DELETION}{subject_id}:{shots}"


def deleted_by(rule: str) -> tuple[str, int | None]:
    """Return the ID of what such a rule took down, and how many shots it had; None: it was a video."""
    subject_id, _, shots = rule.removeprefix(DELETION).partition(":")
    return subject_id, int(shots) if shots.isdecimal() else None


def rule_of(refusal: Exception | None, block: Block | None) -> str | None:
    """Return which rule a member can ask moderators about, or None; `block`: the member's."""
    match refusal:
        case WordNotAllowedError() | TitleNotAllowedError():
            return word_rule(*refusal.words)
        case BlockedError() if block is not None:
            return block_rule(block)
        case _:
            return None


def left_words(words: Collection[str], releases: Collection[Release]) -> list[str]:
    """Return the forbidden words that no release passes."""
    passed = {word for release in releases for word in words_of(release.rule)}
    return [word for word in words if word not in passed]


def passes(block: Block, releases: Collection[Release]) -> bool:
    """Whether a release passes a block."""
    return any(release.rule == block_rule(block) for release in releases)


def fingerprint(video: VideoRequest, made_from: Sequence[object]) -> str:
    """Return what tells a request apart from others: model, words, options, and what it's made from.

    The seed says nothing that a rule could forbid, and *Re-roll* has another one with each click.
    """
    options = {name: value for name, value in video.resolved.items() if name != "seed"}
    described = json.dumps([video.model.id, video.prompt, options, made_from], sort_keys=True)
    return hashlib.sha256(described.encode()).hexdigest()


def offer(
    session: Session,
    refusal: Exception | None,
    asked: tuple[Requester, VideoRequest, AdmissionContext],
    now: datetime,
) -> None:
    """Keep a refused request, so that its member can ask a moderator about it.

    Nothing is kept where there are no moderators to ask, or no such rule. The refusal remembers the row's ID.
    """
    requester, video, context = asked
    rule = rule_of(refusal, context.member_policy.block)
    if rule is None or context.policy.moderators_channel_id is None or not isinstance(refusal, RefusedError):
        return
    row = AppealRow(
        guild_id=requester.guild_id,
        user_id=requester.user_id,
        locale=requester.locale,
        rule=rule,
        prompt=video.prompt,
        fingerprint=context.fingerprint,
        created_at=now,
    )
    refusal.appeal_id = keep(session, row)


def keep(session: Session, row: AppealRow) -> str:
    """Keep what a member can ask about; return its ID.

    What is kept already, or asked and not decided, stays the same appeal: a form about it may be open, and
    all strikes that the request gave hang on it. So it does where other words of it are forbidden by now.
    """
    mine = (AppealRow.guild_id == row.guild_id, AppealRow.user_id == row.user_id)
    lasts = or_(AppealRow.asked_at.is_(None), AppealRow.asked_at > row.created_at - ANSWER_TIME)
    same = select(AppealRow).where(*mine, *_is_same(row), AppealRow.decision.is_(None), lasts)
    kept = session.scalar(same.order_by(AppealRow.asked_at.is_(None)).limit(1).with_for_update())
    if kept is not None:
        if kept.asked_at is None:
            kept.created_at, kept.locale, kept.rule = row.created_at, row.locale, row.rule
        return kept.id
    if not row.rule.startswith(DELETION):
        _drop_older(session, row)
    row.id = secrets.token_hex(8)
    session.add(row)
    return row.id


def _is_same(row: AppealRow) -> tuple[ColumnElement[bool], ...]:
    is_word = row.rule.startswith(WORD)
    rule = AppealRow.rule.startswith(WORD) if is_word else AppealRow.rule == row.rule
    return rule, AppealRow.fingerprint == row.fingerprint


def _drop_older(session: Session, row: AppealRow) -> None:
    """Forget the oldest refused requests of a kind that nobody asked about, where there are many."""
    kind = WORD if row.rule.startswith(WORD) else BLOCK
    older = (
        select(AppealRow.id)
        .where(
            AppealRow.guild_id == row.guild_id,
            AppealRow.user_id == row.user_id,
            AppealRow.asked_at.is_(None),
            AppealRow.rule.startswith(kind),
        )
        .order_by(AppealRow.created_at.desc())
        .offset(KEPT_OFFERS - 1)
    )
    ids = session.scalars(older).all()
    if ids:
        gone = delete(AppealRow).where(AppealRow.id.in_(ids), AppealRow.asked_at.is_(None))
        session.execute(gone.execution_options(synchronize_session=False))


def show_open(session: Session, guild_id: int, now: datetime) -> int:
    """Let a server's open appeals be shown in its moderators' channel; return how many there are.

    Where one has its message, that stays; where it's gone, there's another (`bot.moderation.outbox_relay`).
    """
    shown = update(AppealRow).where(AppealRow.guild_id == guild_id, IS_OPEN).values(post_at=now)
    return len(session.scalars(shown.returning(AppealRow.id)).all())


def fetch_releases(
    session: Session, requester: Requester, fingerprint: str, now: datetime
) -> tuple[Release, ...]:
    """Return what lets a request of a member pass, also where it passed before and that didn't count."""
    query = select(AppealRow.id, AppealRow.rule).where(
        AppealRow.guild_id == requester.guild_id,
        AppealRow.user_id == requester.user_id,
        AppealRow.decision == AppealDecision.ALLOW,
        _IS_UNUSED,
        AppealRow.decided_at > now - RELEASE_TIME,
        AppealRow.fingerprint == fingerprint,
    )
    return tuple(Release(appeal_id, rule) for appeal_id, rule in session.execute(query))


def excuse(session: Session, requester: Requester, fingerprints: Collection[str], now: datetime) -> bool:
    """Whether a member sends again what they were told to send again, so that it costs no strike.

    A moderator let a word pass, or nobody answered them. That ends when it's accepted, and with this refusal;
    what was allowed once still passes then. A retried interaction is the same refusal. `fingerprints`: of the
    request, or of all shots of a film.
    """
    checked_by = f"{requester.interaction_id:016x}"  # as long as a request's ID
    if not any(_can_be_sent_again(session, requester, one, checked_by, now) for one in fingerprints):
        return False
    for one in fingerprints:
        use_lifted(session, requester, one, checked_by, now)
        _record_excused(session, requester, one, checked_by)
    return True


def _can_be_sent_again(
    session: Session, requester: Requester, fingerprint: str, checked_by: str, now: datetime
) -> bool:
    query = select(AppealRow.id).where(
        *_of_word(requester, fingerprint),
        or_(
            and_(
                AppealRow.decision.in_((AppealDecision.ALLOW, AppealDecision.LIFT)),
                AppealRow.decided_at > now - RELEASE_TIME,
            ),
            went_unanswered(now),
        ),
        or_(_IS_UNUSED, AppealRow.used_by == checked_by),
        or_(AppealRow.excused_by.is_(None), AppealRow.excused_by == checked_by),
    )
    return session.scalar(query.limit(1)) is not None


def went_unanswered(now: datetime) -> ColumnElement[bool]:
    """Whether nobody decided an appeal and its member learned that lately: they can send it again."""
    known_at = func.coalesce(AppealRow.told_at, AppealRow.decided_at)
    return and_(AppealRow.decision == AppealDecision.LAPSE, known_at > now - RELEASE_TIME)


def _record_excused(session: Session, requester: Requester, fingerprint: str, checked_by: str) -> None:
    """Record that a request that is still allowed once was excused; the next word costs a strike."""
    allowed = update(AppealRow).where(
        *_of_word(requester, fingerprint),
        AppealRow.decision == AppealDecision.ALLOW,
        AppealRow.excused_by.is_(None),
        _IS_UNUSED,
    )
    values = allowed.values(excused_by=checked_by)
    session.execute(values.execution_options(synchronize_session=False))


def use_lifted(session: Session, requester: Requester, fingerprint: str, used_by: str, now: datetime) -> None:
    """Record that a request was checked again after its rule was lifted, or after nobody answered.

    `used_by`: its ID, or the interaction.
    """
    lifted = update(AppealRow).where(
        *_of_word(requester, fingerprint),
        AppealRow.decision.in_((AppealDecision.LIFT, AppealDecision.LAPSE)),
        _IS_UNUSED,
    )
    values = lifted.values(used_at=now, used_by=used_by)
    session.execute(values.execution_options(synchronize_session=False))


def _of_word(requester: Requester, fingerprint: str) -> tuple[ColumnElement[bool], ...]:
    return (
        AppealRow.guild_id == requester.guild_id,
        AppealRow.user_id == requester.user_id,
        AppealRow.rule.startswith(WORD),
        AppealRow.fingerprint == fingerprint,
    )


def use(session: Session, releases: Collection[Release], generation_id: str, now: datetime) -> None:
    """Record that a request passed, so that it does so once."""
    found = [release.appeal_id for release in releases]
    if found:
        used = update(AppealRow).where(AppealRow.id.in_(found))
        session.execute(used.values(used_at=now, used_by=generation_id))


def fetch_used(
    session: Session, ids: Select[str] | Collection[str], *decisions: AppealDecision
) -> list[Release]:
    """Return the forbidden words of these requests that a moderator let pass by one of `decisions`."""
    used = AppealRow.used_by.in_(ids), AppealRow.rule.startswith(WORD), AppealRow.decision.in_(decisions)
    rows = session.execute(select(AppealRow.id, AppealRow.rule).where(*used))
    return [Release(appeal_id, rule) for appeal_id, rule in rows]


def free(session: Session, generation_id: str) -> None:
    """Let a request that was taken back pass once more."""
    used = update(AppealRow).where(AppealRow.used_by == generation_id)
    session.execute(used.values(used_at=None, used_by=None))
