"""Erasure of a request in the database; the service and the retention say which and when.

Three steps, each a batch inside a transaction of the caller's:

1. Erased: the words are gone, and what leads to them: the IDs of messages, the provider's task, the file's
   address; and the language. Server, member, times, status, model and cost stay for limits and budgets.
2. Unlinked: the ids of messages outlive the words while a report is open, or while they're being deleted.
3. Anonymous, where the member asked for it: once no window counts the row as theirs any more.

A strike is deleted once no window can count it, and a forgiven one when its member asks for that. A film
goes with its shots: it is erased, unlinked and anonymous once all of them are.
"""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    delete,
    exists,
    literal_column,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session, aliased

from bot.admission.limits import LONGEST_WINDOW
from bot.db.film_models import FilmRow
from bot.db.guild_models import ReportRow, StrikeRow
from bot.db.models import NOBODY, WAITING, Generation, QuoteRow
from bot.media.image_links import fetchable_until
from bot.provider.catalogue import OptionValue

BATCH = 200  # rows in one transaction: the write lock is held for milliseconds

# Choices from a list, which say nothing about anybody. What is not named here goes with the words.
KEPT_OPTIONS = frozenset(
    {"duration", "aspect_ratio", "resolution", "enhance_prompt", "generate_audio", "auto_fix"}
)

FORGOTTEN = (
    "locale",
    "picture_urls",
    "video_url",
    "provider_id",
    "failure_reason",
    "source_id",
    "continues_id",
    "continues_post",
)  # columns that go with the words

# They asked for it, and are not off it yet. With a literal number, it is the condition of an index.
ASKED_TO_FORGET = and_(Generation.erase_at.is_not(None), Generation.user_id != literal_column(str(NOBODY)))

# Nothing that runs needs it any more: the result is delivered, and no late video is waited for. It's no shot
# of a film that is being made, which would be joined without it, and nothing of its member's waits to go on
# from it.
_CONTINUATION = aliased(Generation)
FINISHED = and_(
    Generation.delivered_at.is_not(None),
    Generation.late_until.is_(None),
    not_(exists().where(FilmRow.id == Generation.film_id, FilmRow.delivered_at.is_(None))),
    not_(
        exists().where(
            _CONTINUATION.continues_id == Generation.id,
            _CONTINUATION.user_id + 0 == Generation.user_id,  # else SQLite reads all that they ever requested
            _CONTINUATION.status.in_(WAITING),
        )
    ),
)

_HAS_LINKS = or_(
    Generation.card_id.is_not(None),
    Generation.thread_id.is_not(None),
    Generation.result_id.is_not(None),
    Generation.result_channel_id.is_not(None),
    Generation.earlier_posts.is_not(None),
)
# Moderators can still take down what it's about: a block alone does not end that.
_IS_OPEN = and_(ReportRow.deleted_by.is_(None), ReportRow.dismissed_by.is_(None))
_HAS_OPEN_REPORT = exists().where(ReportRow.generation_id.in_((Generation.id, Generation.film_id)), _IS_OPEN)
_FILM_HAS_LINKS = or_(
    FilmRow.card_id.is_not(None), FilmRow.result_id.is_not(None), FilmRow.posting_at.is_not(None)
)
_FILM_CAN_BE_UNLINKED = and_(
    FilmRow.erased_at.is_not(None),
    _FILM_HAS_LINKS,
    FilmRow.delivered_at.is_not(None),
    FilmRow.take_down_at.is_(None),
    # It may have brought back the link to the film's message, when no shot had any.
    not_(exists().where(ReportRow.generation_id == FilmRow.id, _IS_OPEN)),
)
# Its messages are still to be deleted (`bot.library.takedowns`); a film's may be those of its shots.
_FILM_IS_DUE = exists().where(FilmRow.id == Generation.film_id, FilmRow.take_down_at.is_not(None))
_IS_KEPT = or_(_HAS_OPEN_REPORT, Generation.take_down_at.is_not(None), _FILM_IS_DUE)
_CAN_BE_UNLINKED = and_(Generation.erased_at.is_not(None), _HAS_LINKS, not_(_IS_KEPT))


def erase_batch(session: Session, condition: ColumnElement[bool], now: datetime) -> int:
    """Erase up to `BATCH` finished generations that meet `condition`; return how many there were."""
    found = (
        select(Generation.id, Generation.options)
        .where(condition, FINISHED, Generation.erased_at.is_(None))
        .limit(BATCH)
        .with_for_update()
    )
    rows = session.execute(found).all()
    if not rows:
        return 0
    gone: dict[str, datetime | str | None] = dict.fromkeys(FORGOTTEN)
    gone |= {"prompt": "", "erased_at": now}
    session.execute(
        update(Generation),
        [{"id": row_id, "options": without_words(options), **gone} for row_id, options in rows],
    )
    erased = [row_id for row_id, _ in rows]
    _erase_films(session, erased, now)
    _unlink(session, Generation.id.in_(erased))
    _unlink_films(session, _films_of(erased))
    # What continues them has the links to their messages, too.
    session.execute(
        update(Generation)
        .where(Generation.continues_id.in_(erased))
        .values(continues_post=None)
        .execution_options(synchronize_session=False)
    )
    return len(rows)


def unlink_batch(session: Session) -> int:
    """Remove the ids of messages from up to `BATCH` erased rows without open reports; return how many."""
    found = select(Generation.id).where(_CAN_BE_UNLINKED).limit(BATCH).with_for_update()
    row_ids = session.scalars(found).all()
    if row_ids:
        _unlink(session, Generation.id.in_(row_ids))
    return len(row_ids)


def _unlink(session: Session, condition: ColumnElement[bool]) -> None:
    session.execute(
        update(Generation)
        .where(condition, _CAN_BE_UNLINKED)
        .values(card_id=None, thread_id=None, result_id=None, result_channel_id=None, earlier_posts=None)
        .execution_options(synchronize_session=False)
    )


def unlink_films(session: Session) -> None:
    """Remove the ids of messages from erased films that are over, once no shot has any."""
    _unlink_films(session, true())


def _unlink_films(session: Session, condition: ColumnElement[bool]) -> None:
    session.execute(
        update(FilmRow)
        .where(
            condition,
            _FILM_CAN_BE_UNLINKED,
            not_(exists().where(Generation.film_id == FilmRow.id, Generation.card_id.is_not(None))),
        )
        .values(card_id=None, result_id=None, result_channel_id=None, posting_at=None, replaced_post=None)
        .execution_options(synchronize_session=False)
    )


def anonymize_batch(session: Session, now: datetime) -> int:
    """Take the member off up to `BATCH` erased rows that count as theirs no more; return how many.

    That is done where they asked for it. An interaction's id leads to its member through Discord, so it
    becomes a random negative number: unique as before, and no id of Discord's.
    """
    found = (
        select(Generation.id)
        .where(
            ASKED_TO_FORGET,
            Generation.erased_at.is_not(None),
            Generation.created_at <= now - LONGEST_WINDOW,
            not_(_IS_KEPT),
        )
        .limit(BATCH)
        .with_for_update()
    )
    row_ids = session.scalars(found).all()
    if not row_ids:
        return 0
    own = Generation.cancelled_by == Generation.user_id
    session.execute(
        update(Generation)
        .where(Generation.id.in_(row_ids))
        .values(
            user_id=NOBODY,
            channel_id=NOBODY,
            cancelled_by=case((own, NOBODY), else_=Generation.cancelled_by),
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Generation),
        [{"id": row_id, "interaction_id": -1 - secrets.randbelow(2**62)} for row_id in row_ids],
    )
    _anonymize_films(session, row_ids)
    return len(row_ids)


def _films_of(row_ids: Collection[str]) -> ColumnElement[bool]:
    """Whether a film has one of these rows as a shot."""
    return FilmRow.id.in_(select(Generation.film_id).where(Generation.id.in_(row_ids)))


def _erase_films(session: Session, row_ids: Collection[str], now: datetime) -> None:
    """Take the words off the films of these shots, where no other shot has any."""
    session.execute(
        update(FilmRow)
        .where(
            _films_of(row_ids),
            FilmRow.erased_at.is_(None),
            not_(exists().where(Generation.film_id == FilmRow.id, Generation.erased_at.is_(None))),
        )
        .values(title="", locale=None, pictures=[], erased_at=now)
        .execution_options(synchronize_session=False)
    )


def _anonymize_films(session: Session, row_ids: Collection[str]) -> None:
    """Take the member off the films of these shots, where no other shot is theirs."""
    is_theirs = exists().where(Generation.film_id == FilmRow.id, Generation.user_id != NOBODY)
    found = select(FilmRow.id).where(_films_of(row_ids), not_(is_theirs))
    for film_id in session.scalars(found.with_for_update()).all():
        nobody = {"user_id": NOBODY, "channel_id": NOBODY, "interaction_id": -1 - secrets.randbelow(2**62)}
        session.execute(update(FilmRow).where(FilmRow.id == film_id).values(nobody))


def select_dead_links(session: Session, now: datetime) -> list[str]:
    """Return the ids of delivered generations with links to images that cannot be fetched any more."""
    found = select(Generation.id, Generation.picture_urls, Generation.created_at).where(
        Generation.delivered_at.is_not(None), Generation.picture_urls.is_not(None)
    )
    return [
        row_id
        for row_id, links, asked_at in session.execute(found)
        if fetchable_until(links or (), asked_at) <= now
    ]


def forget_picture_links(session: Session, generation_ids: Collection[str]) -> None:
    """Remove the links to images from these generations."""
    session.execute(
        update(Generation)
        .where(Generation.id.in_(generation_ids))
        .values(picture_urls=None)
        .execution_options(synchronize_session=False)
    )


def forget_quotes(session: Session, condition: ColumnElement[bool]) -> int:
    """Delete up to `BATCH` offers that meet `condition`, words and all; return how many there were."""
    found = select(QuoteRow.id).where(condition).limit(BATCH).with_for_update()
    row_ids = session.scalars(found).all()
    if row_ids:
        session.execute(delete(QuoteRow).where(QuoteRow.id.in_(row_ids)))
    return len(row_ids)


def forget_film_offers(session: Session, condition: ColumnElement[bool]) -> int:
    """Delete up to `BATCH` films that were not agreed to and meet `condition`; return how many."""
    offers = FilmRow.accepted_at.is_(None)
    row_ids = session.scalars(select(FilmRow.id).where(offers, condition).limit(BATCH)).all()
    gone = delete(FilmRow).where(FilmRow.id.in_(row_ids), offers)
    session.execute(gone.execution_options(synchronize_session=False))
    return len(row_ids)


def forget_strikes(session: Session, now: datetime) -> int:
    """Delete up to `BATCH` strikes that no window can count any more; return how many there were."""
    old = StrikeRow.created_at <= now - LONGEST_WINDOW
    row_ids = session.scalars(select(StrikeRow.id).where(old).limit(BATCH)).all()
    if row_ids:
        session.execute(delete(StrikeRow).where(StrikeRow.id.in_(row_ids)))
    return len(row_ids)


def forget_forgiven(session: Session, user_id: int) -> None:
    """Delete a member's strikes that were forgiven; the others count until they fade, like requests.

    One that is still to be told is told in English.
    """
    session.execute(delete(StrikeRow).where(StrikeRow.user_id == user_id, StrikeRow.forgiven_at.is_not(None)))
    session.execute(update(StrikeRow).where(StrikeRow.user_id == user_id).values(locale=None))


def without_words(options: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
    """Return the options that may outlive the words they were chosen with."""
    return {name: value for name, value in options.items() if name in KEPT_OPTIONS}
