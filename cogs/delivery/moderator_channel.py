"""The moderators' channel on Discord (see `bot.moderation.outbox_relay.ModeratorChannel`)."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import discord
import structlog
from discord.http import Route
from discord.utils import MISSING

from bot.db.guild_models import AppealRow, AuditRow, ReportRow
from bot.db.review_models import ReviewRow
from bot.doctor.channel_access import AccessUnknownError, find_refusal
from bot.i18n import N_, _, locale_used
from bot.jobs.ports import UndeliverableError
from bot.moderation.appeal_decisions import Appeal
from bot.moderation.follow_ups import Case
from bot.moderation.reported import ReportedVideo
from bot.moderation.review_decisions import Review
from bot.monitoring.alerts import Announcement
from cogs.appeals.appeal_text import render_appeal
from cogs.appeals.decision_buttons import answer_member, appeal_view
from cogs.cards.result_message import is_number_line
from cogs.delivery.posting import Posts
from cogs.moderation.alert_text import render_alert
from cogs.moderation.audit_log import entry_line
from cogs.moderation.shapes import DROP_ALL, KEEP_ALL, Shape, show_first
from cogs.moderation.targets import has_left
from cogs.reports.buttons import report_view
from cogs.reports.report_text import render_report
from cogs.reviews.buttons import review_view
from cogs.reviews.review_text import review_left_out, review_shapes
from cogs.ui.discord_errors import CALL_ERRORS, Remedy, classify_error, postponed
from cogs.ui.servers import Servers

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

UNKNOWN_MESSAGE = 10008  # Discord: somebody has deleted it
Shown = ReportRow | AppealRow | ReviewRow  # what has a message with buttons
NONCE_LENGTH = 22  # characters of a digest; with the letter before and two for other shapes, it's 25

MOVED = N_("➡️ Moved to {channel}.")
FILTERED_ENTRY = N_("This server's word filter stopped an audit log entry. `/veo-admin log` shows it.")


class DiscordModeratorChannel:
    """Posts audit entries, reports, appeals, reviews and alerts with the bot's own token."""

    def __init__(self, client: discord.Client, servers: Servers, posts: Posts) -> None:
        self._client = client
        self._servers = servers
        self._posts = posts

    async def post_entry(self, channel_id: int, entry: AuditRow) -> None:
        """Show one row of the audit trail; what the bot says by itself notifies, what people did does not.

        Raises:
            DeliveryPostponedError: later perhaps.
            UndeliverableError: the channel refuses.
        """
        with locale_used(await self.locale_of(entry.guild_id)):
            shapes = [Shape(entry_line(entry)), Shape(_(FILTERED_ENTRY))]
        await self._send(
            channel_id,
            shapes,
            guild_id=entry.guild_id,
            nonce=f"audit-{entry.id}",
            silent=entry.actor_id is not None,
        )

    async def post_report(self, channel_id: int, reported: ReportedVideo) -> int:
        """Show a report with its buttons, in its message if that's there; return the message's id.

        Raises:
            DeliveryPostponedError: later perhaps.
            UndeliverableError: the channel refuses.
        """
        row = reported.report
        with locale_used(await self.locale_of(row.guild_id)):
            shapes = [Shape(render_report(reported, quote=quote)) for quote in (True, False)]
            view = report_view(reported)
        shown = await self._show_in_place(row, channel_id, shapes, view)
        return shown or await self._post(row, channel_id, shapes, view)

    async def post_case(self, channel_id: int, case: Case) -> int:
        """Show what is to be decided, with its buttons, in its message if that's there; return its id.

        A finished video was posted by another way, whose nonces are its own: it's looked for.

        Raises:
            DeliveryPostponedError: later perhaps.
            UndeliverableError: the channel refuses.
        """
        row = case.row
        shapes = await self._shapes_of(case)
        with locale_used(await self.locale_of(row.guild_id)):
            view = appeal_view(case) if isinstance(case, Appeal) else review_view(case)
        shown = await self._show_in_place(row, channel_id, shapes, view)
        if shown is None and isinstance(case, Review):
            shown = await self.find_finished(case, channel_id)
        return shown or await self._post(row, channel_id, shapes, view)

    async def _show_in_place(
        self, row: Shown, channel_id: int, shapes: Sequence[Shape], view: discord.ui.View | None
    ) -> int | None:
        """Show it in its message if that's in this channel, and return that; one elsewhere says it moved."""
        await self.leave(row, channel_id)
        is_there = row.channel_id == channel_id and await self._edit(row, shapes, view)
        return row.message_id if is_there else None

    async def _post(
        self, row: Shown, channel_id: int, shapes: Sequence[Shape], view: discord.ui.View | None
    ) -> int:
        nonce = case_nonce(row, channel_id)
        return await self._send(channel_id, shapes, guild_id=row.guild_id, nonce=nonce, view=view)

    async def find_finished(self, review: Review, channel_id: int) -> int | None:
        """Look for the message with a finished video; None: there is none, or it's about no finished video.

        Raises:
            DeliveryPostponedError: later perhaps.
        """
        if not review.is_finished:
            return None
        row = review.row
        since = max([0, *(request.card_id or request.interaction_id for request in review.requests)])

        def is_it(message: discord.Message) -> bool:
            return is_number_line(message.content.rsplit("\n", 1)[-1], row)

        return await self._posts.search(channel_id, row.guild_id, since, is_it, newest=True, insists=True)

    async def find(self, row: ReviewRow, view: discord.ui.View | None) -> discord.Message | None:
        """Return a review's message where it's there; it gets its buttons again.

        Raises:
            DeliveryPostponedError: later perhaps.
            UndeliverableError: the channel refuses.
        """
        return await self._edit(row, [Shape(MISSING)], view)

    async def leave(self, row: Shown, channel_id: int) -> None:
        """Let a case's message say only that the case is in another channel, where it now is.

        Nothing would change that message any more, though its words may be deleted and its case decided.

        Raises:
            DeliveryPostponedError: later perhaps.
        """
        if row.channel_id == channel_id:
            return
        with locale_used(await self.locale_of(row.guild_id)):
            text = _(MOVED, channel=f"<#{channel_id}>")
        try:
            await self._edit(row, [Shape(text)], None, DROP_ALL)
        except UndeliverableError as error:
            log.warning(
                "could not move a case's message out of the old channel", case=row.id, reason=str(error)
            )

    async def tell_member(self, appeal: Appeal) -> bool:
        """Send a member what was decided; return whether Discord took it.

        Raises:
            DeliveryPostponedError: later perhaps.
        """
        guild = await self._servers.find(appeal.row.guild_id)
        try:
            await answer_member(self._client, appeal, guild and guild.name)
        except CALL_ERRORS as error:
            if classify_error(error) is Remedy.LATER:
                raise postponed(error) from error
            log.warning("could not tell a member about their appeal", appeal=appeal.row.id, error=str(error))
            return False
        return True

    async def update_case(self, case: Case) -> None:
        """Show in its message what was decided, where there is one.

        Raises:
            DeliveryPostponedError: later perhaps.
            UndeliverableError: the channel refuses.
        """
        if case.row.message_id is not None:
            left_out = review_left_out(case) if isinstance(case, Review) else KEEP_ALL
            texts = dict.fromkeys(shape.text for shape in await self._shapes_of(case))
            await self._edit(case.row, [*map(Shape, texts)], None, left_out)

    async def _edit(
        self,
        row: Shown,
        shapes: Sequence[Shape],
        view: discord.ui.View | None,
        left_out: Mapping[str, Any] = KEEP_ALL,
    ) -> discord.Message | None:
        """Show the first of `shapes` that Discord takes in a case's message; return that if it's there.

        `left_out`: what else goes (`cogs.moderation.shapes`).

        Raises:
            DeliveryPostponedError: later perhaps.
            UndeliverableError: Discord refuses.
        """
        if row.channel_id is None or row.message_id is None:
            return None
        channel = self._client.get_partial_messageable(row.channel_id, guild_id=row.guild_id)
        message = channel.get_partial_message(row.message_id)

        async def edit(_number: int, shape: Shape) -> discord.Message | None:
            try:
                return await message.edit(**{**shape.to_edit(), **left_out}, view=view)
            except discord.HTTPException as error:
                if error.code == UNKNOWN_MESSAGE:
                    return None
                raise

        return await show_first(shapes, edit)

    async def _shapes_of(self, case: Case) -> list[Shape]:
        """Return the ways to show a case, with and without the words of members."""
        row = case.row
        is_gone = await has_left(self._client, row.guild_id, row.user_id)
        with locale_used(await self.locale_of(row.guild_id)):
            if isinstance(case, Appeal):
                return [Shape(render_appeal(case, quote=quote, has_left=is_gone)) for quote in (True, False)]
            return review_shapes(case, has_left=is_gone)

    async def post_alert(self, channel_id: int, announcement: Announcement) -> None:
        """Tell that something is wrong, or not any more.

        Raises:
            DeliveryPostponedError: later perhaps.
            UndeliverableError: the channel refuses.
        """
        guild_id = announcement.key.guild_id
        with locale_used(None if guild_id is None else await self.locale_of(guild_id)):
            text = render_alert(announcement)
        await self._send(channel_id, [Shape(text)], guild_id=guild_id, nonce=announcement.nonce)

    async def find_refusal(self, channel_id: int) -> str | None:
        """Return why nothing can be written in a channel; empty: it can; None: that is not known.

        Found out without writing, and the same with and without a connection to the gateway.
        """
        if self._client.user is None:
            return None
        try:
            return await find_refusal(self._read, channel_id, self._client.user.id)
        except (*CALL_ERRORS, AccessUnknownError) as error:
            log.info("could not look up the operator's channel", reason=str(error) or repr(error))
            return None

    async def _read(self, path: str) -> tuple[int, Any]:
        try:
            return 200, await self._client.http.request(Route("GET", path))
        except discord.HTTPException as error:
            if error.status not in {400, 403, 404}:
                raise
            return error.status, None

    async def locale_of(self, guild_id: int) -> str | None:
        """Return the language that a server has set for all its members; None: it is not known."""
        guild = await self._servers.find(guild_id)
        return guild and guild.preferred_locale.value

    async def _send(
        self,
        channel_id: int,
        shapes: Sequence[Shape],
        *,
        guild_id: int | None,
        nonce: str,
        silent: bool = False,
        view: discord.ui.View | None = None,
    ) -> int:
        """Post the first of `shapes` that Discord and the server's filter let through; return its id."""
        channel = self._client.get_partial_messageable(channel_id, guild_id=guild_id)

        async def send(number: int, shape: Shape) -> int:
            message = await channel.send(
                **shape.to_send(),
                nonce=f"{nonce}{number or ''}",
                silent=silent,
                allowed_mentions=discord.AllowedMentions.none(),
                view=view or MISSING,
            )
            return message.id

        return await show_first(shapes, send)


def case_nonce(row: Shown, channel_id: int) -> str:
    """Return what lets Discord post a case's message once.

    In another channel, or once the first is gone, it's another message, which has another nonce.
    """
    mark = sha256(f"{row.id}-{channel_id}-{row.message_id}".encode()).hexdigest()
    return f"a{mark[:NONCE_LENGTH]}"
