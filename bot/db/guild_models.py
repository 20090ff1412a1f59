"""The tables of what moderators decide, of what they did, and of what members report to them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.column_types import UtcDateTime, named
from bot.db.models import Base

OPEN_APPEAL = "asked_at IS NOT NULL AND decision IS NULL"  # in the words of an index


class GuildRow(Base):
    """A server's decisions: `bot.policy.documents.Policy` as JSON."""

    __tablename__ = "guilds"

    guild_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    policy: Mapped[dict[str, Any]] = mapped_column(JSON)


class MemberRow(Base):
    """Decisions about a member: a `MemberPolicy` of `bot.policy.documents` as JSON.

    It outlives a departure.
    """

    __tablename__ = "members"

    guild_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    standing: Mapped[dict[str, Any]] = mapped_column(JSON)


class Action(StrEnum):
    """An entry of the audit log: a moderator's, or one of the bot's own (the last ones)."""

    QUOTA_SET = "quota_set"
    QUOTA_UNSET = "quota_unset"
    GRANT = "grant"
    RESET = "reset"
    BUDGET = "budget"
    PAUSE = "pause"
    RESUME = "resume"
    BLOCK = "block"
    UNBLOCK = "unblock"
    WORD_ADD = "word_add"
    WORD_REMOVE = "word_remove"
    STRIKES = "strikes"
    FORGIVE = "forgive"
    SETTINGS = "settings"
    IMPORT = "import"
    CANCEL = "cancel"
    VIDEO_DELETE = "video_delete"
    REPORT_DISMISS = "report_dismiss"
    APPEAL_ALLOW = "appeal_allow"
    APPEAL_DECLINE = "appeal_decline"
    REVIEW_APPROVE = "review_approve"
    REVIEW_DECLINE = "review_decline"
    UNDO = "undo"
    BUDGET_WARNING = "budget_warning"
    BUDGET_REACHED = "budget_reached"


class AuditRow(Base):
    """One thing that was done. Rows are only added; `post_at` alone changes."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_guild", "guild_id", "id"),
        Index("ix_audit_post", "post_at"),
        # Finds what was told already.
        Index("ix_audit_action", "guild_id", "action", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    guild_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(BigInteger)  # None: the bot itself
    action: Mapped[Action] = mapped_column(named(Action))
    subject: Mapped[str | None] = mapped_column(
        String(80)
    )  # "member:1", "role:1", "server", …; of an undo, what it undid: "7:block:member:1"
    old: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    new: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    reason: Mapped[str | None] = mapped_column(Text)
    post_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: nothing to post, or posted


class StrikeKind(StrEnum):
    """The reason for a strike."""

    WORD = "word"  # a request that was refused for a forbidden word
    SAFETY = "safety"  # a prompt that the provider's safety refused
    REPORT = "report"  # a video that a moderator deleted after a report


class StrikeRow(Base):
    """One strike: `source` names the act, and none gives two. It is deleted when no window could count it."""

    __tablename__ = "strikes"
    __table_args__ = (
        Index("ix_strikes_member", "guild_id", "user_id", "created_at"),
        # Finds what a member has on all servers.
        Index("ix_strikes_user", "user_id", "created_at"),
        # Finds what no window counts any more.
        Index("ix_strikes_created", "created_at"),
        Index("ix_strikes_tell", "tell_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    guild_id: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[StrikeKind] = mapped_column(named(StrikeKind))
    source: Mapped[str] = mapped_column(String(80), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fades_at: Mapped[datetime] = mapped_column(UtcDateTime)  # as the rules said when it was given
    forgiven_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appeal_id: Mapped[str | None] = mapped_column(String(16))  # of the refusal, where moderators can be asked
    locale: Mapped[str | None] = mapped_column(String(16))  # of the member, until they are told
    tell_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: nothing to send, or sent


class ReportRow(Base):
    """A member's report of a video or a film, and what moderators made of it; each decision works once."""

    __tablename__ = "reports"
    __table_args__ = (
        Index("ix_reports_generation", "generation_id", "reporter_id", unique=True),
        Index("ix_reports_post", "post_at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    guild_id: Mapped[int] = mapped_column(BigInteger)
    generation_id: Mapped[str] = mapped_column(String(16))  # or a film's: no two of all these IDs are alike
    reporter_id: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    channel_id: Mapped[int | None] = mapped_column(BigInteger)  # where moderators see it
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    post_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: nothing to post, or posted
    deleted_by: Mapped[int | None] = mapped_column(BigInteger)
    blocked_by: Mapped[int | None] = mapped_column(BigInteger)
    dismissed_by: Mapped[int | None] = mapped_column(BigInteger)


class AppealDecision(StrEnum):
    """A moderator's answer to an appeal (the first three), or an end without one."""

    ALLOW = "allow"  # the request, once
    LIFT = "lift"  # the rule
    DECLINE = "decline"
    LAPSE = "lapse"  # nobody decided in time
    WITHDRAW = "withdraw"  # its member deleted their data


class AppealRow(Base):
    """A refused request, and what becomes of it: it's offered, asked about, decided, and perhaps made.

    Until a moderator is asked (`asked_at`), it's only what the button under the refusal is about.
    """

    __tablename__ = "appeals"
    __table_args__ = (
        Index("ix_appeals_member", "guild_id", "user_id"),
        Index("ix_appeals_user", "user_id"),
        Index("ix_appeals_post", "post_at"),
        Index("ix_appeals_used", "used_by"),
        # One that is open for each member.
        Index(
            "ix_appeals_open",
            "guild_id",
            "user_id",
            unique=True,
            sqlite_where=text(OPEN_APPEAL),
            postgresql_where=text(OPEN_APPEAL),
        ),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    guild_id: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(BigInteger)
    locale: Mapped[str | None] = mapped_column(String(16))
    rule: Mapped[str] = mapped_column(Text)  # "word:…", "block:…": see `bot.admission.appeals`
    prompt: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))  # of the request
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    why: Mapped[str | None] = mapped_column(Text)  # in the member's words
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    channel_id: Mapped[int | None] = mapped_column(BigInteger)  # where moderators see it
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    post_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: nothing to post, or posted
    decision: Mapped[AppealDecision | None] = mapped_column(named(AppealDecision))
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    words: Mapped[str | None] = mapped_column(Text)  # the moderator's, for the member
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the member was
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the request was accepted, or judged
    used_by: Mapped[str | None] = mapped_column(String(16))  # what it became, or its interaction
    excused_by: Mapped[str | None] = mapped_column(String(16))  # the interaction whose strike it spared
