"""The rows of films that are offered and not agreed to yet."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from bot.admission.check_request import Requester
from bot.db.film_models import FilmRow
from bot.errors import RepeatedError
from bot.films.script import FilmSpec
from bot.requests.confirmation import (
    QUOTE_LIFE,
    QuoteChangedError,
    QuoteExpiredError,
    UnknownQuoteError,
    Way,
    first_values,
)


def insert_offer(session: Session, requester: Requester, spec: FilmSpec, now: datetime) -> FilmRow:
    """Write down what is offered, without its price.

    Raises:
        AlreadyRequestedError: this was done for the same interaction before.
    """
    row = FilmRow(
        **first_values(session, FilmRow, requester, now),
        locale=requester.locale,
        placement=requester.placement,
        title=spec.title,
        prompts=list(spec.prompts),
        model=spec.model,
        options={name: value for name, value in spec.options.items() if value is not None},
        pictures=[asdict(image) for image in spec.images],
        has_image=bool(spec.images) and not spec.has_references,
        has_references=spec.has_references,
        continuity=spec.continuity,
        transition=spec.transition,
        expires_at=now + QUOTE_LIFE,
        not_before=now,
        attempts=0,
    )
    session.add(row)
    session.flush()
    return row


def fetch_offer(session: Session, requester: Requester, film_id: str, now: datetime) -> FilmRow:
    """Return a member's own film that they haven't agreed to yet.

    Raises:
        UnknownQuoteError: there is none with this ID, or it's another member's or another server's.
        RepeatedError: they have agreed.
        QuoteExpiredError: its time is over.
    """
    row = session.get(FilmRow, film_id)
    if row is None or (row.guild_id, row.user_id) != (requester.guild_id, requester.user_id):
        raise UnknownQuoteError(Way.FILM)
    if row.accepted_at is not None:
        raise RepeatedError
    if row.expires_at <= now:
        raise QuoteExpiredError(row.expires_at, Way.FILM)
    return row


def fetch_clicked(
    session: Session, requester: Requester, film_id: str, revision: int, now: datetime
) -> FilmRow:
    """Return the offer that a member clicked on; raises as `fetch_offer`.

    Raises:
        QuoteChangedError: it was changed after it was shown as they clicked it.
    """
    row = fetch_offer(session, requester, film_id, now)
    if row.revision != revision:
        raise QuoteChangedError
    return row


def change_offer(session: Session, row: FilmRow, values: Mapping[str, Any]) -> FilmRow:
    """Change an offer that is still as it was read, and return the new row.

    Raises:
        RepeatedError: it was agreed to or changed a moment ago.
    """
    changed = session.scalar(
        update(FilmRow)
        .where(FilmRow.id == row.id, FilmRow.revision == row.revision, FilmRow.accepted_at.is_(None))
        .values(values)
        .returning(FilmRow)
        .execution_options(populate_existing=True)
    )
    if changed is None:
        raise RepeatedError
    return changed


def discard_offer(session: Session, row: FilmRow) -> None:
    """Forget an offer.

    Raises:
        RepeatedError: it was agreed to a moment ago.
    """
    gone = delete(FilmRow).where(FilmRow.id == row.id, FilmRow.accepted_at.is_(None)).returning(FilmRow.id)
    if session.scalar(gone) is None:
        raise RepeatedError
