"""That a member has seen a video's price before it is asked for, where the server wants that.

A request that needs it is kept as a row of `drafts`, which counts towards nothing. The member's click on the
offer is their consent: to the price that they were shown, for the wishes that they were shown, and once. All
functions run inside the transaction that decides about the request.
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.orm import Session

from bot.admission.check_request import Asker, Facts
from bot.db.models import DraftRow, Generation
from bot.errors import AlreadyRequestedError, RepeatedError, UndecidedError, UserError
from bot.i18n import _
from bot.media.images import OfferedPicture
from bot.provider.catalogue import VideoRequest
from bot.requests.spec import Wishes
from bot.timestamps import relative_time

OFFER_LIFE = timedelta(minutes=15)  # from the last time that the member was shown it
DEARER = 1.01  # a price that grew by more is another one


@dataclass(frozen=True, slots=True)
class Consent:
    """A member's click on an offer, as it was shown at `revision`."""

    draft_id: str
    revision: int


class OfferGoneError(UserError):
    """There is nothing to click on any more: the offer is over, or never was the member's."""


class UnknownOfferError(OfferGoneError):
    """There is no such offer: its time is long over, or the id is another member's or a forged one."""

    def __init__(self) -> None:
        super().__init__(
            _("This offer is no longer available. Use `/veo` again. This didn't count toward your limit.")
        )


class OfferExpiredError(OfferGoneError):
    """The offer's time is over."""

    def __init__(self, expired_at: datetime) -> None:
        super().__init__(
            _(
                "This offer expired {when}. Use `/veo` again. This didn't count toward your limit.",
                when=relative_time(expired_at),
            )
        )


class OfferChangedError(UserError):
    """What was clicked on is not what is offered any more."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This offer has changed. Read it again, then click once more. This didn't count "
                "toward your limit."
            )
        )


class UnconfirmedError(UndecidedError):
    """The member has not seen this price yet; whoever asked for the video shows it to them.

    Attributes:
        draft: the request, kept until they confirm it.
        facts: what the offer rests on.
        is_changed: they were told another price a while ago.
    """

    def __init__(self, draft: DraftRow, facts: Facts, *, is_changed: bool) -> None:
        super().__init__(
            _("This server shows you the price first. Use `/veo` again. This didn't count toward your limit.")
        )
        self.draft = draft
        self.facts = facts
        self.is_changed = is_changed


def is_agreed(draft: DraftRow | None, facts: Facts) -> bool:
    """Whether the request may be accepted as it is; `draft`: what the member clicked on, if they did."""
    if draft is None:
        return not facts.policy.ask_first
    return covers(draft.price, facts.price)


def covers(shown: float | None, price: float | None) -> bool:
    """Whether a member who was shown one price, in credits, has agreed to another; None: not known."""
    if shown is None or price is None:
        return shown is price
    return price <= shown * DEARER


def fetch_open(session: Session, asker: Asker, draft_id: str, now: datetime) -> DraftRow:
    """Return a member's own offer, which is neither confirmed nor over.

    One whose generation was taken back, since Discord refused the card, can be confirmed again.

    Raises:
        UnknownOfferError: there is none with this id, or it is another member's or another server's.
        RepeatedError: it was confirmed.
        OfferExpiredError: its time is over.
    """
    draft = session.get(DraftRow, draft_id)
    if draft is None or (draft.guild_id, draft.user_id) != (asker.guild_id, asker.user_id):
        raise UnknownOfferError
    if draft.generation_id is not None and _is_there(session, draft.generation_id):
        raise RepeatedError
    if draft.expires_at <= now:
        raise OfferExpiredError(draft.expires_at)
    return draft


def fetch_clicked(session: Session, asker: Asker, consent: Consent, now: datetime) -> DraftRow:
    """Return the offer that a member clicked on.

    Raises:
        UnknownOfferError, RepeatedError, OfferExpiredError: as `fetch_open`.
        OfferChangedError: it was changed after it was shown as they clicked it.
    """
    draft = fetch_open(session, asker, consent.draft_id, now)
    if draft.revision != consent.revision:
        raise OfferChangedError
    return draft


def redeem(session: Session, draft: DraftRow, generation_id: str) -> None:
    """Let an offer become a generation, once.

    Raises:
        RepeatedError: it became one a moment ago.
    """
    _update(session, draft, {"generation_id": generation_id})


def keep(session: Session, asker: Asker, wishes: Wishes, price: float | None, now: datetime) -> DraftRow:
    """Write down what is offered.

    Raises:
        AlreadyRequestedError: this was done for the same interaction before.
    """
    same = select(DraftRow.id).where(DraftRow.interaction_id == asker.interaction_id)
    if session.scalar(same) is not None:
        raise AlreadyRequestedError(asker.interaction_id)
    draft = DraftRow(
        id=secrets.token_hex(8),
        interaction_id=asker.interaction_id,
        guild_id=asker.guild_id,
        channel_id=asker.channel_id,
        user_id=asker.user_id,
        created_at=now,
        revision=1,
        **_values(wishes, price, now),
    )
    session.add(draft)
    return draft


def renew(session: Session, draft: DraftRow, wishes: Wishes, price: float | None, now: datetime) -> DraftRow:
    """Write down what is offered instead, for the whole time anew.

    Raises:
        RepeatedError: the offer was confirmed or changed a moment ago.
    """
    return _update(session, draft, {"revision": draft.revision + 1, **_values(wishes, price, now)})


def discard(session: Session, draft: DraftRow) -> None:
    """Forget an offer.

    Raises:
        RepeatedError: it was confirmed a moment ago.
    """
    if session.scalar(delete(DraftRow).where(_is_as(draft)).returning(DraftRow.id)) is None:
        raise RepeatedError


def kept_wishes(video: VideoRequest, wishes: Wishes) -> Wishes:
    """Return wishes as they are written down: checked, and spelled as the provider spells them."""
    return Wishes(video.model.id, video.prompt, dict(video.options), wishes.pictures, wishes.source_id)


def wishes_in(draft: DraftRow) -> Wishes:
    """Return what was asked for."""
    pictures: list[Any] = draft.pictures
    return Wishes(
        draft.model,
        draft.prompt,
        dict(draft.options),
        tuple(OfferedPicture(**picture) for picture in pictures),
        draft.source_id,
    )


def _values(wishes: Wishes, price: float | None, now: datetime) -> dict[str, Any]:
    return {
        "prompt": wishes.prompt,
        "model": wishes.model,
        "options": dict(wishes.options),
        "pictures": [asdict(picture) for picture in wishes.pictures],
        "source_id": wishes.source_id,
        "price": price,
        "expires_at": now + OFFER_LIFE,
    }


def _update(session: Session, draft: DraftRow, values: Mapping[str, Any]) -> DraftRow:
    changed = session.scalar(update(DraftRow).where(_is_as(draft)).values(values).returning(DraftRow))
    if changed is None:
        raise RepeatedError
    return changed


def _is_as(draft: DraftRow) -> ColumnElement[bool]:
    """Whether the row is still as it was read."""
    return and_(
        DraftRow.id == draft.id,
        DraftRow.revision == draft.revision,
        DraftRow.generation_id.is_not_distinct_from(draft.generation_id),
    )


def _is_there(session: Session, generation_id: str) -> bool:
    return session.scalar(select(Generation.id).where(Generation.id == generation_id)) is not None
