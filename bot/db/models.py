"""The tables. A row of `generations` is the job itself: its state is all that a restart needs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.db.column_types import UtcDateTime, Words, named
from bot.failures import FailureKind
from bot.provider.catalogue import OptionValue
from bot.provider.costs import CostSource

NOBODY = 0  # the member of anonymous rows, and their channel; Discord gives no such id

# How long the work waits for the answer to the member: nothing is spent on a command that Discord gave
# up on. After this time the card is looked for, and posted where there is none
# (`bot.jobs.steps.preparation`).
ANSWER_GRACE = timedelta(seconds=20)

# How long the messages of what was removed are left to who removed it; then `bot.library.takedowns` does it.
TAKEDOWN_GRACE = timedelta(minutes=1)


class Status(StrEnum):
    """The state of a generation. `bot.jobs.workflow` moves it on."""

    PREPARING = "preparing"  # accepted; the images it is made from are still to be fetched
    QUEUED = "queued"  # waits for its turn at the provider
    SUBMITTING = "submitting"  # the create call is being made, or its outcome is not known
    RUNNING = "running"  # the provider has given it an id
    SUCCEEDED = "succeeded"  # the provider has made a video
    FAILED = "failed"  # there will be no video; `failure_kind` says why
    CANCELLED = "cancelled"  # somebody stopped it; sent to the provider before where `submitted_at` is set


AT_PROVIDER = frozenset({Status.SUBMITTING, Status.RUNNING})
WAITING = frozenset({Status.PREPARING, Status.QUEUED})  # nothing was sent to the provider
OPEN = frozenset({*WAITING, *AT_PROVIDER})  # a video is still being waited for
OVER = frozenset(Status) - OPEN


class Placement(StrEnum):
    """The place of a member's video."""

    THREAD = "thread"  # into a thread on the card
    CHANNEL = "channel"  # into the channel itself, as a reply to the card


class Unreviewed(StrEnum):
    """The end of a finished video that no moderator decides about in time."""

    END = "end"  # it's never posted
    POST = "post"


class Base(DeclarativeBase):
    """Base of all tables."""


def _partial(name: str, columns: Sequence[str], where: str) -> Index:
    """Index the rows that meet a condition; a query that says it in the same words uses it."""
    found = text(where)
    return Index(f"ix_generations_{name}", *columns, sqlite_where=found, postgresql_where=found)


class Generation(Base):
    """One /veo request through its whole life.

    Instances are snapshots: they are read outside of sessions.
    """

    __tablename__ = "generations"
    __table_args__ = (
        # Counts a member's use of the window.
        Index("ix_generations_member", "guild_id", "user_id", "created_at"),
        # Finds what a member asked for on all servers.
        Index("ix_generations_user", "user_id", "created_at"),
        # Finds work: what is not delivered, and its time has come.
        _partial("open", ("delivered_at", "status", "not_before"), "delivered_at IS NULL"),
        # Finds what is not over, in the order of the requests (`UNFINISHED`).
        _partial("unfinished", ("created_at",), "delivered_at IS NULL OR late_until IS NOT NULL"),
        # Finds what was delivered lately, and whose words were kept long enough.
        _partial("unerased", ("delivered_at",), "erased_at IS NULL"),
        # Finds what members asked to forget (`ASKED_TO_FORGET`).
        _partial("asked", ("erase_at",), "erase_at IS NOT NULL AND user_id != 0"),
        # Finds what has no words any more, and still leads to its messages.
        _partial(
            "linked",
            ("erased_at",),
            "erased_at IS NOT NULL AND (card_id IS NOT NULL OR thread_id IS NOT NULL OR "
            "result_id IS NOT NULL OR result_channel_id IS NOT NULL OR earlier_posts IS NOT NULL)",
        ),
        # Finds links to images, which die.
        _partial("pictured", ("created_at",), "picture_urls IS NOT NULL"),
        # Finds what was removed, and whose messages may still be there.
        _partial("takedown", ("take_down_at",), "take_down_at IS NOT NULL"),
        # Finds what ended last.
        _partial("ended", ("finished_at",), "finished_at IS NOT NULL"),
        # Finds out whether the provider gave an id before; `bot.jobs.endings` asks.
        Index("ix_generations_provider", "provider_id"),
        # Sums up a server's spending and use.
        Index("ix_generations_guild", "guild_id", "created_at"),
        # Finds what continues a video.
        Index("ix_generations_continues", "continues_id"),
        # Finds the requests that moderators decide about together.
        _partial("review", ("review_id",), "review_id IS NOT NULL"),
        # Finds the shots of a film.
        Index("ix_generations_film", "film_id"),
        # Finds the shots that wait for another one; `bot.films.chain` says it in these words.
        Index(
            "ix_generations_awaits",
            "awaits_id",
            sqlite_where=text("awaits_id IS NOT NULL AND status IN ('preparing', 'queued')"),
            postgresql_where=text("awaits_id IS NOT NULL AND status IN ('preparing', 'queued')"),
        ),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    interaction_id: Mapped[int] = mapped_column(BigInteger, unique=True)  # negative: anonymous
    guild_id: Mapped[int] = mapped_column(BigInteger)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(BigInteger)  # 0: nobody any more (`bot.privacy.erasure`)
    locale: Mapped[str | None] = mapped_column(String(16))  # Discord's name of the member's language
    placement: Mapped[Placement] = mapped_column(named(Placement))
    card_id: Mapped[int | None] = mapped_column(BigInteger)  # the message that answers the command
    thread_id: Mapped[int | None] = mapped_column(BigInteger)  # known once the thread exists
    result_id: Mapped[int | None] = mapped_column(BigInteger)  # the message with the video or the error
    result_channel_id: Mapped[int | None] = mapped_column(BigInteger)  # None: a direct message
    # Where the video was posted before it was posted again: channels (None: a direct message) and messages.
    earlier_posts: Mapped[list[list[int | None]] | None] = mapped_column(JSON(none_as_null=True))
    source_id: Mapped[str | None] = mapped_column(String(16))  # the generation that it was made anew from
    continues_id: Mapped[str | None] = mapped_column(String(16))  # whose last frame it begins with
    # Where that one's video stood: the channel (None: a direct message) and the message.
    continues_post: Mapped[list[int | None] | None] = mapped_column(JSON(none_as_null=True))
    film_id: Mapped[str | None] = mapped_column(String(16))  # the film that it is a shot of
    shot: Mapped[int | None]  # its number in the film, from 1 on
    # The shot before, as long as this one waits for its end (`bot.films.chain`): it isn't begun before.
    awaits_id: Mapped[str | None] = mapped_column(String(16))
    # The moderators' review that it is part of, and until when it waits for their decision; None: it doesn't
    # any more. It's in the queue meanwhile, and isn't sent (`bot.jobs.fair_order`).
    review_id: Mapped[str | None] = mapped_column(String(16))
    review_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the last such wait was over, or its images were to be fetched again.
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Moderators look at the video before it's posted, and what becomes of it without a decision; None: they
    # don't. It has a review once its file is there (`bot.moderation.approval`).
    unreviewed: Mapped[Unreviewed | None] = mapped_column(named(Unreviewed))

    prompt: Mapped[str] = mapped_column(Words)
    model: Mapped[str] = mapped_column(String(64))
    options: Mapped[dict[str, OptionValue]] = mapped_column(JSON)  # only what the member chose
    # Discord's links to the images it is made from, until they are dead (`bot.privacy.retention`).
    picture_urls: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))

    status: Mapped[Status] = mapped_column(named(Status))
    provider_id: Mapped[str | None] = mapped_column(String(128))
    video_url: Mapped[str | None] = mapped_column(Words)
    estimated_credits: Mapped[float | None]  # reserved until `credits_used` is known
    credits_used: Mapped[float | None]  # the provider's credits, above 0; 2,000,000 are 1 USD
    cost_source: Mapped[CostSource | None] = mapped_column(named(CostSource))  # who told `credits_used`
    failure_kind: Mapped[FailureKind | None] = mapped_column(named(FailureKind))
    failure_reason: Mapped[str | None] = mapped_column(Words)  # details: the provider's words, or ours

    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    submission: Mapped[int] = mapped_column(default=0)  # the number of the create call that this speaks of
    not_ready_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # last asked in vain, once finished
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    posting_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the last try to post the result
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    late_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # still asked for, though too late

    not_before: Mapped[datetime] = mapped_column(UtcDateTime)  # when the next step may be tried
    attempts: Mapped[int] = mapped_column(default=0)  # tries of the present step that failed
    lease_owner: Mapped[str | None] = mapped_column(String(32))  # the process that runs it
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    cancelled_by: Mapped[int | None] = mapped_column(BigInteger)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the video was taken down
    # When its messages are to be deleted, unless that's done by then; None: nothing is left to do.
    take_down_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the member asked to delete their data.
    erase_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # words and links are gone since then

    @property
    def may_be_posted(self) -> bool:
        """Whether a try to post the result was begun whose end nobody knows."""
        return self.posting_at is not None


class QuoteRow(Base):
    """A request that a member was told the price of and has not confirmed; it counts towards nothing."""

    __tablename__ = "drafts"
    __table_args__ = (
        # Finds those that are over.
        Index("ix_drafts_expiry", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    interaction_id: Mapped[int] = mapped_column(BigInteger, unique=True)  # what was answered with the offer
    guild_id: Mapped[int] = mapped_column(BigInteger)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(BigInteger)

    prompt: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(String(64))
    options: Mapped[dict[str, OptionValue]] = mapped_column(JSON)  # only what the member chose
    # What it is made from: the fields of `bot.media.images.ImageInput`.
    pictures: Mapped[list[dict[str, str | int | None]]] = mapped_column(JSON)
    source_id: Mapped[str | None] = mapped_column(String(16))  # the generation that it is made anew from
    continues_id: Mapped[str | None] = mapped_column(String(16))  # whose last frame it begins with

    # Which shots of a film it redoes: the fields of `bot.films.redo.Redo`; None: it's about no film.
    redo: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    price: Mapped[float | None]  # as the member was told it, in the provider's credits; None: not known
    revision: Mapped[int] = mapped_column(default=1)  # grows with every change: what was clicked was shown
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    generation_id: Mapped[str | None] = mapped_column(String(16))  # what it became; None: nothing yet


class StateRow(Base):
    """A fact the program keeps for itself, such as which commands Discord was last told about."""

    __tablename__ = "notes"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


def waits_since(generation: Generation) -> datetime:
    """Return since when it could have been begun: a shot or moderators may keep it waiting for hours."""
    return generation.released_at or generation.created_at


def is_there(generation: Generation) -> bool:
    """Whether its video was made, and neither taken down nor forgotten."""
    is_made = generation.status is Status.SUCCEEDED
    return is_made and generation.removed_at is None and generation.erased_at is None


def was_sent(generation: Generation) -> bool:
    """Whether the provider was asked for it, as far as can be told: then it is paid for, and counts."""
    return generation.submitted_at is not None


def sent_at(generation: Generation) -> datetime:
    """Return when its latest create call was made, as far as that is known."""
    return generation.submitted_at or generation.created_at


def is_being_sent(generation: Generation) -> bool:
    """Whether it is open if the provider took it: it was cancelled during the create call."""
    return was_sent(generation) and generation.provider_id is None


def is_own(generation: Generation) -> bool:
    """Whether the member cancelled it themselves, and so needs no message about it."""
    return generation.cancelled_by == generation.user_id


def needs_no_message(generation: Generation) -> bool:
    """Whether a cancelled request is told on its card alone: to its member, or where the bot was removed.

    A shot is, too: the film's card tells of all of them at once. One that was redone isn't: the card shows
    the take before again. `bot.monitoring.backlog` says the same in SQL.
    """
    is_on_card = generation.film_id is not None and generation.source_id is None
    return generation.cancelled_by is None or is_own(generation) or is_on_card
