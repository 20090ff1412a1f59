"""That a member has seen a video's price before it is asked for, where the server wants that.

A request that needs it is kept as a row of `drafts`, which counts towards nothing. The member's click on the
offer is their consent: to the price that they were shown, for the request that they were shown, and once. All
functions run inside the transaction that decides about the request.
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, LiteralString

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.orm import Session

from bot.admission.check_request import AdmissionContext, Requester
from bot.db.film_models import FilmRow
from bot.db.models import Generation, QuoteRow
from bot.errors import AlreadyRequestedError, RepeatedError, UndecidedError, UserError
from bot.i18n import N_, _
from bot.markup import relative_time
from bot.media.images import ImageInput
from bot.provider.catalogue import VideoRequest
from bot.requests.spec import RequestSpec, takes_references

QUOTE_LIFE = timedelta(minutes=15)  # from the last time that the member was shown it
DEARER = 1.01  # a price that grew by more is another one


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A member's click on an offer, as it was shown at `revision`."""

    quote_id: str
    revision: int


class Way(Enum):
    """The way to another offer in place of one that is gone."""

    VEO = auto()
    FILM = auto()
    REDO = auto()


GONE: Mapping[Way, LiteralString] = {
    Way.VEO: N_("This offer is no longer available. Use `/veo` again. This didn't count toward your limit."),
    Way.FILM: N_(
        "This offer is no longer available. Use `/film` again. This didn't count toward your limit."
    ),
    Way.REDO: N_(
        "This offer is no longer available. Click **Redo a shot** again. This didn't count toward your limit."
    ),
}
EXPIRED: Mapping[Way, LiteralString] = {
    Way.VEO: N_("This offer expired {when}. Use `/veo` again. This didn't count toward your limit."),
    Way.FILM: N_("This offer expired {when}. Use `/film` again. This didn't count toward your limit."),
    Way.REDO: N_(
        "This offer expired {when}. Click **Redo a shot** again. This didn't count toward your limit."
    ),
}


class QuoteGoneError(UserError):
    """There is nothing to click on any more: the offer is over, or never was the member's."""


class UnknownQuoteError(QuoteGoneError):
    """There is no such offer: its time is long over, or the id is another member's or a forged one."""

    def __init__(self, way: Way = Way.VEO) -> None:
        super().__init__(_(GONE[way]))


class QuoteExpiredError(QuoteGoneError):
    """The offer's time is over."""

    def __init__(self, expired_at: datetime, way: Way = Way.VEO) -> None:
        super().__init__(_(EXPIRED[way], when=relative_time(expired_at)))


class QuoteChangedError(UserError):
    """The offer has changed since it was shown."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This offer has changed. Read it again, then click once more. This didn't count "
                "toward your limit."
            )
        )


class UnconfirmedError(UndecidedError):
    """The member has not seen this price yet; the caller shows it to them.

    Attributes:
        quote_row: the request, kept until they confirm it.
        context: what the quote rests on.
        is_changed: they were told another price a while ago.
    """

    def __init__(self, quote_row: QuoteRow, context: AdmissionContext, *, is_changed: bool) -> None:
        super().__init__(
            _("This server shows you the price first. Use `/veo` again. This didn't count toward your limit.")
        )
        self.quote_row = quote_row
        self.context = context
        self.is_changed = is_changed


def is_agreed(quote_row: QuoteRow | None, context: AdmissionContext) -> bool:
    """Whether the request may be accepted as it is; `quote_row`: what the member clicked on, if they did."""
    if quote_row is None:
        return not context.policy.ask_first
    return is_still_valid(quote_row.price, context.price)


def is_still_valid(shown: float | None, price: float | None) -> bool:
    """Whether a member who was shown one price, in credits, has agreed to another; None: not known."""
    if shown is None or price is None:
        return shown is price
    return price <= shown * DEARER


def fetch_open(
    session: Session, requester: Requester, quote_id: str, now: datetime, *, way: Way = Way.VEO
) -> QuoteRow:
    """Return a member's own offer, which is neither confirmed nor over.

    One whose generation was taken back, since Discord refused the card, can be confirmed again.
    `way`: `REDO`: of shots of a film, which `bot.films.redoing` takes.

    Raises:
        UnknownQuoteError: there is none with this id, or it is another member's or another server's.
        RepeatedError: it was confirmed.
        QuoteExpiredError: its time is over.
    """
    quote_row = session.get(QuoteRow, quote_id)
    if quote_row is None or (quote_row.guild_id, quote_row.user_id) != (
        requester.guild_id,
        requester.user_id,
    ):
        raise UnknownQuoteError(way)
    if (quote_row.redo is not None) != (way is Way.REDO):
        raise UnknownQuoteError(way)
    if quote_row.generation_id is not None and _is_there(session, quote_row.generation_id):
        raise RepeatedError
    if quote_row.expires_at <= now:
        raise QuoteExpiredError(quote_row.expires_at, way)
    return quote_row


def fetch_clicked(
    session: Session,
    requester: Requester,
    confirmation: Confirmation,
    now: datetime,
    *,
    way: Way = Way.VEO,
) -> QuoteRow:
    """Return the offer that a member clicked on.

    Raises:
        UnknownQuoteError, RepeatedError, QuoteExpiredError: as `fetch_open`.
        QuoteChangedError: it was changed after it was shown as they clicked it.
    """
    quote_row = fetch_open(session, requester, confirmation.quote_id, now, way=way)
    if quote_row.revision != confirmation.revision:
        raise QuoteChangedError
    return quote_row


def confirm(session: Session, quote_row: QuoteRow, generation_id: str) -> None:
    """Let an offer become a generation, once.

    Raises:
        RepeatedError: it became one a moment ago.
    """
    _update(session, quote_row, {"generation_id": generation_id})


def keep(
    session: Session, requester: Requester, spec: RequestSpec, price: float | None, now: datetime
) -> QuoteRow:
    """Write down what is offered.

    Raises:
        AlreadyRequestedError: this was done for the same interaction before.
    """
    quote_row = QuoteRow(**first_values(session, QuoteRow, requester, now), **_values(spec, price, now))
    session.add(quote_row)
    return quote_row


def first_values(
    session: Session, table: type[QuoteRow | FilmRow], requester: Requester, now: datetime
) -> dict[str, Any]:
    """Return what every new offer of a `table` has: its ID, whose it is, and its first revision.

    Raises:
        AlreadyRequestedError: there is one for the same interaction.
    """
    same = select(table.id).where(table.interaction_id == requester.interaction_id)
    if session.scalar(same) is not None:
        raise AlreadyRequestedError(requester.interaction_id)
    return {
        "id": secrets.token_hex(8),
        "interaction_id": requester.interaction_id,
        "guild_id": requester.guild_id,
        "channel_id": requester.channel_id,
        "user_id": requester.user_id,
        "created_at": now,
        "revision": 1,
    }


def renew(
    session: Session, quote_row: QuoteRow, spec: RequestSpec, price: float | None, now: datetime
) -> QuoteRow:
    """Write down what is offered instead; its time begins again.

    Raises:
        RepeatedError: the offer was confirmed or changed a moment ago.
    """
    return _update(session, quote_row, {"revision": quote_row.revision + 1, **_values(spec, price, now)})


def discard(session: Session, quote_row: QuoteRow) -> None:
    """Forget an offer.

    Raises:
        RepeatedError: it was confirmed a moment ago.
    """
    if session.scalar(delete(QuoteRow).where(_is_as(quote_row)).returning(QuoteRow.id)) is None:
        raise RepeatedError


def kept_spec(video: VideoRequest, spec: RequestSpec) -> RequestSpec:
    """Return the spec as it is written down: checked, and spelled as the provider spells them."""
    return replace(spec, model=video.model.id, prompt=video.prompt, options=dict(video.options))


def spec_in(quote_row: QuoteRow) -> RequestSpec:
    """Return the request as the member made it."""
    images: list[Any] = quote_row.pictures
    return RequestSpec(
        quote_row.model,
        quote_row.prompt,
        dict(quote_row.options),
        tuple(ImageInput(**image) for image in images),
        source_id=quote_row.source_id,
        continues_id=quote_row.continues_id,
        has_references=takes_references(quote_row.model),
    )


def _values(spec: RequestSpec, price: float | None, now: datetime) -> dict[str, Any]:
    return {
        "prompt": spec.prompt,
        "model": spec.model,
        "options": dict(spec.options),
        "pictures": [asdict(image) for image in spec.images],
        "source_id": spec.source_id,
        "continues_id": spec.continues_id,
        "price": price,
        "expires_at": now + QUOTE_LIFE,
    }


def _update(session: Session, quote_row: QuoteRow, values: Mapping[str, Any]) -> QuoteRow:
    changed = session.scalar(update(QuoteRow).where(_is_as(quote_row)).values(values).returning(QuoteRow))
    if changed is None:
        raise RepeatedError
    return changed


def _is_as(quote_row: QuoteRow) -> ColumnElement[bool]:
    """Whether the row is still as it was read."""
    return and_(
        QuoteRow.id == quote_row.id,
        QuoteRow.revision == quote_row.revision,
        QuoteRow.generation_id.is_not_distinct_from(quote_row.generation_id),
    )


def _is_there(session: Session, generation_id: str) -> bool:
    return session.scalar(select(Generation.id).where(Generation.id == generation_id)) is not None
