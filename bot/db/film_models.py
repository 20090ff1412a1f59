"""The table of films: several shots that are asked for together, and joined to one video at the end.

A shot is an ordinary row of `generations`, with the film's ID and its number. A film that nobody has agreed
to yet is an offer and has no shots.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.column_types import UtcDateTime, Words, named
from bot.db.models import Base, Placement
from bot.provider.catalogue import OptionValue

LINKED_FILMS = (
    "erased_at IS NOT NULL AND (card_id IS NOT NULL OR result_id IS NOT NULL OR posting_at IS NOT NULL)"
)


class Continuity(StrEnum):
    """The way in which the shots follow each other."""

    CONTINUOUS = "continuous"  # each starts from the last frame of the one before, so they're made in turn
    CUTS = "cuts"  # each for itself, so they're made at once


class Transition(StrEnum):
    """The passage from one shot to the next in a joined film."""

    CUT = "cut"
    CROSSFADE = "crossfade"  # one fades out while the next fades in


UNFADED = "crossfades"  # among a film's troubles: it has cuts in their place


class FilmRow(Base):
    """One film, from the offer to the message with the joined video."""

    __tablename__ = "films"
    __table_args__ = (
        # Finds those that are not over; `bot.films.queue` says it in these words.
        Index(
            "ix_films_unfinished",
            "accepted_at",
            sqlite_where=text("delivered_at IS NULL"),
            postgresql_where=text("delivered_at IS NULL"),
        ),
        Index("ix_films_member", "user_id"),
        # Finds the offers, and what still has links to messages: see `bot.privacy.erasure`.
        Index(
            "ix_films_offers",
            "expires_at",
            sqlite_where=text("accepted_at IS NULL"),
            postgresql_where=text("accepted_at IS NULL"),
        ),
        Index(
            "ix_films_linked",
            "erased_at",
            sqlite_where=text(LINKED_FILMS),
            postgresql_where=text(LINKED_FILMS),
        ),
        # Finds those that were removed, and whose messages may still be there.
        Index(
            "ix_films_takedown",
            "take_down_at",
            sqlite_where=text("take_down_at IS NOT NULL"),
            postgresql_where=text("take_down_at IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    interaction_id: Mapped[int] = mapped_column(BigInteger, unique=True)  # the form's; negative: anonymous
    guild_id: Mapped[int] = mapped_column(BigInteger)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(BigInteger)  # 0: nobody any more (`bot.privacy.erasure`)
    locale: Mapped[str | None] = mapped_column(String(16))  # Discord's name of the member's language
    placement: Mapped[Placement] = mapped_column(named(Placement))

    title: Mapped[str] = mapped_column(Words)
    prompts: Mapped[list[str]] = mapped_column(JSON)  # of the offer; the shots have them once it's accepted
    # The family that was shown; as the member chose it, or None, where an older version offered it.
    model: Mapped[str | None] = mapped_column(String(64))
    options: Mapped[dict[str, OptionValue]] = mapped_column(JSON)  # only what the member chose
    # What the first shot is made from, or all of them: the fields of `bot.media.images.ImageInput`. Once it's
    # accepted, without link and name, and with the card nothing.
    pictures: Mapped[list[dict[str, str | int | None]]] = mapped_column(JSON)
    has_image: Mapped[bool] = mapped_column(default=False)  # of the first shot; outlives the links to it
    # Its images show who or what is to be in each shot; outlives the links to them.
    has_references: Mapped[bool] = mapped_column(default=False)
    continuity: Mapped[Continuity] = mapped_column(named(Continuity))
    transition: Mapped[Transition] = mapped_column(named(Transition), default=Transition.CUT)

    price: Mapped[float | None]  # as the member was told it, in the provider's credits; None: not known
    revision: Mapped[int] = mapped_column(default=1)  # grows with every change: what was clicked was shown
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)  # of the offer
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: it's an offer

    # Numbers of shots whose files couldn't be had any more when the film was joined.
    lost_shots: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))

    # IDs of those whose last frames can't be had, so that no other one begins with them. The numbers that an
    # earlier version noted say nothing: such a frame is asked for once more.
    frameless_shots: Mapped[list[str | int] | None] = mapped_column(JSON(none_as_null=True))

    # What kept it from its end, and since when (ISO 8601): how long that is borne counts from there.
    troubles: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))

    card_id: Mapped[int | None] = mapped_column(BigInteger)  # the message that shows how the shots stand
    result_id: Mapped[int | None] = mapped_column(BigInteger)  # the message with the film
    result_channel_id: Mapped[int | None] = mapped_column(BigInteger)  # None: a direct message
    # The IDs of the shots that are joined in that message; None: of a version that didn't note them.
    joined_shots: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    # The message with the film before a shot was redone, until it leads to the new one: as
    # `Generation.continues_post`.
    replaced_post: Mapped[list[int | None] | None] = mapped_column(JSON(none_as_null=True))
    posting_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the last try to post the film
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # nothing is left to do

    not_before: Mapped[datetime] = mapped_column(UtcDateTime)  # when joining may be tried
    attempts: Mapped[int] = mapped_column(default=0)  # tries that failed
    lease_owner: Mapped[str | None] = mapped_column(String(32))  # the process that joins it
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the film was taken down
    take_down_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # as `Generation.take_down_at`
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its words are gone since then

    @property
    def joined_by(self) -> Transition:
        """The way its shots are joined: by cuts where the crossfades that were chosen couldn't be made."""
        return Transition.CUT if UNFADED in (self.troubles or {}) else self.transition

    @property
    def may_be_posted(self) -> bool:
        """Whether a try to post it was begun whose end nobody knows."""
        return self.posting_at is not None

    @property
    def thread_id(self) -> int | None:
        """The thread on the card has the card's ID; as `Generation` has it."""
        return self.card_id if self.placement is Placement.THREAD else None
