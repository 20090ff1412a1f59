"""Moderators' changes besides limits: pause, block, forbid words, choose the server's settings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.admission.appeals import show_open
from bot.admission.availability import ensure_possible
from bot.admission.blocklist import clean_word, ensure_not_too_many_words, fold
from bot.admission.reviewing import show_open_reviews
from bot.db.guild_models import Action, AuditRow, ReportRow
from bot.db.transactions import Work
from bot.moderation.decisions import AuditEvent, Decisions, Moderator, checked_reason
from bot.moderation.rules import nothing_first
from bot.moderation.snapshots import find_word, snapshot_of_settings, snapshot_of_word, snapshot_pause
from bot.policy.audit import list_page
from bot.policy.documents import Block, Pause, Policy, ServerSettings, tell_block
from bot.policy.store import fetch_blocked, fetch_policy
from bot.provider.catalogue import CATALOGUE, Model

SETTINGS = frozenset(ServerSettings.model_fields)
LIMITING = frozenset({"models", "longest_duration", "highest_resolution"})  # may exclude each other


class Moderation:
    """The service behind `/veo-admin`."""

    def __init__(self, decisions: Decisions, models: Sequence[Model] = CATALOGUE) -> None:
        """`models`: those that the bot offers; settings have to leave one of them."""
        self._decisions = decisions
        self._database, self._clock = decisions.database, decisions.clock
        self._models = models

    async def read(self, guild_id: int) -> Policy:
        """Return what is decided about the server."""
        return await self._database.read(lambda session: fetch_policy(session, guild_id), hurried=True)

    async def pause(self, by: Moderator, reason: str | None) -> None:
        """Let nobody ask for videos; what was asked for goes on."""
        pause = Pause(since=self._clock(), reason=checked_reason(reason))
        await self._decisions.change_policy(
            by,
            AuditEvent(Action.PAUSE, "server", reason),
            lambda policy: policy.model_copy(update={"pause": pause}),
            snapshot_pause,
        )

    async def resume(self, by: Moderator) -> bool:
        """End a pause; return whether there was one."""
        old, _ = await self._decisions.change_policy(
            by,
            AuditEvent(Action.RESUME, "server"),
            lambda policy: policy.model_copy(update={"pause": None}),
            snapshot_pause,
        )
        return old.pause is not None

    async def block(
        self, by: Moderator, user_id: int, until: datetime | None, reason: str | None = None
    ) -> Block | None:
        """Let a member ask for nothing; None: until `unblock`. It holds when they leave and come back.

        Return the block that it replaces, if there is one.
        """
        now = self._clock()
        block = Block(since=now, until=until, reason=checked_reason(reason))
        old, _ = await self._decisions.change_member_policy(
            by,
            user_id,
            AuditEvent(Action.BLOCK, f"member:{user_id}", reason),
            lambda member_policy: member_policy.model_copy(update={"block": block}),
            lambda member_policy: tell_block(member_policy.block_at(now)),
        )
        return old.block_at(now)

    async def unblock(self, by: Moderator, user_id: int) -> bool:
        """End a block; return whether there was one."""
        now = self._clock()
        old, _ = await self._decisions.change_member_policy(
            by,
            user_id,
            AuditEvent(Action.UNBLOCK, f"member:{user_id}"),
            lambda member_policy: member_policy.model_copy(update={"block": None}),
            lambda member_policy: tell_block(member_policy.block_at(now)),
        )
        return old.block_at(now) is not None

    async def list_blocked(self, guild_id: int) -> list[tuple[int, Block]]:
        """Return the members who are blocked now."""
        return await self._database.read(
            lambda session: fetch_blocked(session, guild_id, self._clock()), hurried=True
        )

    async def add_word(self, by: Moderator, word: str, first: Work[None] = nothing_first) -> bool:
        """Forbid a word or phrase in prompts; return whether it is new. Otherwise nothing is recorded.

        `first`: as of `bot.moderation.rules.QuotaRules.set_limits`.

        Raises:
            BadInputError: it has no letters or digits, is too long, or there are too many.
        """
        entry, event = clean_word(word), AuditEvent(Action.WORD_ADD, "words")

        def decide(session: Session) -> bool:
            first(session)
            if find_word(fetch_policy(session, by.guild_id), entry) is not None:
                return False
            change = partial(with_word, word=entry)
            self._decisions.change_policy_in(session, by, event, change, snapshot_of_word(entry))
            return True

        return await self._decisions.write(by, decide)

    async def remove_word(self, by: Moderator, word: str) -> Policy | None:
        """Allow a word or phrase again; return the document as it is then. None: it was not forbidden."""
        entry = clean_word(word)

        old, new = await self._decisions.change_policy(
            by,
            AuditEvent(Action.WORD_REMOVE, "words"),
            partial(without_word, word=entry),
            snapshot_of_word(entry),
        )
        return None if find_word(old, entry) is None else new

    async def change_settings(
        self, by: Moderator, changes: Mapping[str, Any], first: Work[None] = nothing_first
    ) -> Policy:
        """Change the settings that are named in `changes` (see `SETTINGS`); return all as they are now.

        Without changes nothing is recorded. Once there is a channel for moderators, the reports that nobody
        could see are shown there. `first`: as of `bot.moderation.rules.QuotaRules.set_limits`.

        Raises:
            BadInputError: the settings together would leave no video to ask for.
        """
        if not changes.keys() <= SETTINGS:
            raise ValueError(f"no such settings: {sorted(changes.keys() - SETTINGS)}")
        if not changes:
            return await self.read(by.guild_id)

        event = AuditEvent(Action.SETTINGS, "server")

        def decide(session: Session) -> Policy:
            first(session)
            _, policy = self._decisions.change_policy_in(
                session,
                by,
                event,
                partial(self.with_settings, changes=changes),
                snapshot_of_settings(changes),
            )
            if changes.get("moderators_channel_id") is not None:
                show_waiting_reports(session, by.guild_id, self._clock())
            return policy

        return await self._decisions.write(by, decide)

    def with_settings(self, policy: Policy, changes: Mapping[str, Any]) -> Policy:
        """Return the document with other settings.

        Raises:
            BadInputError: the settings together would leave no video to ask for.
        """
        changed = policy.model_copy(update=dict(changes))
        if changes.keys() & LIMITING:
            ensure_possible(self._models, changed)
        return changed

    async def list_log(self, guild_id: int, *, size: int, before: int | None = None) -> list[AuditRow]:
        """Return up to `size` rows of the audit trail, newest first; `before`: those with smaller ids."""
        return await self._database.read(
            lambda session: list(list_page(session, guild_id, size=size, before=before)), hurried=True
        )


def with_word(policy: Policy, word: str) -> Policy:
    """Return the document with a word or phrase forbidden; one that is there stays as it is written.

    Raises:
        BadInputError: there would be too many.
    """
    if find_word(policy, word) is not None:
        return policy
    words = (*policy.words, word)
    ensure_not_too_many_words(len(words))
    return policy.model_copy(update={"words": words})


def without_word(policy: Policy, word: str) -> Policy:
    """Return the document without a word or phrase, however it is written."""
    others = tuple(other for other in policy.words if fold(other) != fold(word))
    return policy.model_copy(update={"words": others})


def show_waiting_reports(session: Session, guild_id: int, now: datetime) -> None:
    """Show what nobody could see in the moderators' channel, once there is one.

    What a member waits for is shown again in another channel, or where its message is gone.
    """
    waiting = update(ReportRow).where(
        ReportRow.guild_id == guild_id,
        ReportRow.message_id.is_(None),
        ReportRow.dismissed_by.is_(None),
        ReportRow.deleted_by.is_(None),
    )
    session.execute(waiting.values(post_at=now))
    show_open(session, guild_id, now)
    show_open_reviews(session, guild_id, now)
