"""The audit trail of /veo-admin log with its buttons, and a look before an undo: its subject may be gone."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import discord
import structlog

from bot.db.guild_models import Action, AuditRow
from bot.errors import BadInputError, DatabaseBusyError, UserError
from bot.i18n import N_, NC_, _, pgettext
from bot.moderation.decided import Decision, parts_of
from bot.moderation.undo import AlreadyRestoredError, AlreadyUndoneError, ChangedSince, LogPage, Undone
from bot.policy.documents import ReviewRule
from cogs.moderation.audit_log import entry_line
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.server_warnings import find_remarks, is_role_gone
from cogs.moderation.setting_parsers import parse_moderators_channel
from cogs.moderation.targets import UNKNOWN_SERVER, known_guild, moderator_of
from cogs.moderation.undo_text import changed_text, undone_text
from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.interaction import Interaction
from cogs.ui.items import Content, Item, Parts, view_of
from cogs.ui.lists import MESSAGE_MAX_LENGTH

PAGE_SIZE = 10  # entries; fewer where they are long
LAST_ROW = 2  # of buttons; the others hold five each
HEADING = N_("📜 **What moderators did,** newest first:")
QUOTA = "quota"
OF_QUOTA = frozenset(
    {Action.QUOTA_SET, Action.QUOTA_UNSET, Action.GRANT, Action.RESET, Action.BUDGET, Action.IMPORT}
)
ID = r"(?P<decision_id>[0-9]{1,9})"  # the column holds no larger ones on PostgreSQL
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class LogButton(Item):
    """Shows the entries before one; 0: the newest."""

    action = "log"
    pattern = r"(?P<before>[0-9]{1,18})"
    parts: ClassVar[Parts] = {"before": int}

    def __init__(self, before: int, label: str = "") -> None:
        super().__init__(before, label=label, row=LAST_ROW)
        self._before = before

    async def act(self, interaction: Interaction) -> None:
        """Turn the page."""
        await interaction.response.defer()
        await ensure_moderator(interaction)
        page = await _fetch(interaction, self._before)
        await interaction.edit_original_response(content=render_log(page.rows), view=_view(page))


class UndoButton(Item):
    """Restores what was before a decision, once; asks first where something has changed since."""

    action = "undo"
    pattern = ID

    def __init__(self, decision_id: int | str) -> None:
        super().__init__(decision_id, label=pgettext("button", "Undo #{decision}", decision=decision_id))
        self._decision_id = int(decision_id)

    async def act(self, interaction: Interaction) -> None:
        """Undo it, or ask."""
        await _undo(interaction, self._decision_id)


class UndoAnywayButton(Item):
    """Restores what was before a decision, over what the moderator was shown that has changed since."""

    action = "undo-anyway"
    label = NC_("button", "Undo anyway")
    pattern = rf"{ID}:(?P<seen>[0-9a-f]{{16}})"
    style = discord.ButtonStyle.danger

    def __init__(self, decision_id: int | str, seen: str) -> None:
        super().__init__(decision_id, seen)
        self._decision_id = int(decision_id)
        self._seen = seen

    async def act(self, interaction: Interaction) -> None:
        """Undo it, or ask again where something else is there now."""
        await _undo(interaction, self._decision_id, self._seen)


async def log_content(interaction: Interaction) -> Content:
    """Return the newest entries of this server's trail."""
    page = await _fetch(interaction, 0)
    return Content(content=render_log(page.rows), view=_view(page))


def render_log(entries: Sequence[AuditRow], notice: str = "") -> str:
    """Return as many of the entries as a page holds, below what has just been done."""
    if not entries:
        return _("There are no moderator actions on this server yet.")
    shown = fitting(entries, notice)
    return "\n".join([*filter(None, [notice]), *[_(HEADING)] * bool(shown), *map(entry_line, shown)])


def fitting(entries: Sequence[AuditRow], notice: str = "") -> Sequence[AuditRow]:
    """Return the first entries that fit into one message together; at least one where nothing is above."""
    room = MESSAGE_MAX_LENGTH - len(_(HEADING)) - len(notice) - 1
    for number, entry in enumerate(entries[:PAGE_SIZE]):
        room -= len(entry_line(entry)) + 1
        if room < 0:
            return entries[: number if notice else max(1, number)]
    return entries[:PAGE_SIZE]


async def _undo(interaction: Interaction, decision_id: int, seen: str | None = None) -> None:
    await interaction.response.defer()
    await ensure_moderator(interaction)
    undo, by = interaction.client.services.undo, moderator_of(interaction)
    decision = await undo.find(by, decision_id)
    if decision.kind in OF_QUOTA:  # a server may let somebody use only one of the two commands
        await ensure_moderator(interaction, QUOTA)
    ensure_still_there(interaction, decision)
    try:
        outcome = await undo.undo(by, decision_id, seen)
    except AlreadyRestoredError as error:
        await _show_again(interaction, str(error))
        return
    except AlreadyUndoneError as error:
        if error.by != by.user_id:
            await _show_again(interaction, str(error))
            return
        outcome = error.undone  # their own click again: it says what it did
    if isinstance(outcome, ChangedSince):
        view = view_of(
            UndoAnywayButton(decision_id, outcome.seen), LogButton(0, pgettext("button", "Cancel"))
        )
        await interaction.edit_original_response(content=changed_text(outcome), view=view)
        return
    text = undone_text(outcome, is_gone=await has_left(interaction, decision))
    await _show_again(interaction, "\n".join([text, *await _find_remarks(interaction, outcome)]))


async def _find_remarks(interaction: Interaction, undone: Undone) -> list[str]:
    """Return what an undo leaves: settings that name what is gone, blocks by strikes, words like its own."""
    parts = parts_of(replace(undone.decision, before=undone.was, left=undone.restored))
    return await find_remarks(
        interaction.client.services,
        moderator_of(interaction),
        known_guild(interaction),
        settings_changed=any(part.kind is Action.SETTINGS for part in parts),
        strikes_off=any(part.kind is Action.STRIKES and not part.left for part in parts),
        allowed=None if undone.restored else (undone.was or {}).get("word"),
    )


async def _show_again(interaction: Interaction, notice: str) -> None:
    """Show the newest entries below what has just been done, which is written down already."""
    try:
        page = await _fetch(interaction, 0)
    except DatabaseBusyError:
        newest = view_of(LogButton(0, pgettext("button", "Newest")))
        await interaction.edit_original_response(content=notice, view=newest)
        return
    text, view = render_log(page.rows, notice), _view(page, notice)
    await interaction.edit_original_response(content=text, view=view)


async def _fetch(interaction: Interaction, before: int) -> LogPage:
    """Return a page's entries, and one more where there is one."""
    guild_id = moderator_of(interaction).guild_id
    undo = interaction.client.services.undo
    return await undo.list_log(guild_id, size=PAGE_SIZE + 1, before=before or None)


def _view(page: LogPage, notice: str = "") -> discord.ui.View:
    newest = LogButton(0, pgettext("button", "Newest"))
    shown = fitting(page.rows, notice)
    undo = [UndoButton(row.id) for row in shown if row.id in page.undoable]
    if not shown or len(shown) == len(page.rows):
        return view_of(*undo, newest)
    return view_of(*undo, newest, LogButton(shown[-1].id, pgettext("button", "Older")))


class RoleGoneError(UserError):
    """Limits of a deleted role would be restored."""

    def __init__(self) -> None:
        super().__init__(_("That role no longer exists, so its limits can't be restored. Nothing changed."))


class ReviewedRoleGoneError(UserError):
    """The requests of a deleted role would wait for moderators, so nobody's would."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The earlier settings name a role that no longer exists. Choose whose requests need your "
                "approval with `/veo-admin settings review`. Nothing changed."
            )
        )


class ChannelGoneError(UserError):
    """A setting would name a deleted channel again."""

    def __init__(self, channel_id: int) -> None:
        super().__init__(
            _(
                "The earlier settings name a channel that no longer exists: <#{channel}>. "
                "Choose another one with `/veo-admin settings`. Nothing changed.",
                channel=channel_id,
            )
        )


def ensure_still_there(interaction: Interaction, decision: Decision) -> None:
    """Check that what would be restored is about a role and channels that exist, and that the bot can post.

    What an import replaced comes back as a whole, also where some of it is gone, which settings then say.

    Raises:
        BadInputError: the bot can't write in the moderators' channel, or doesn't know the server yet.
        RoleGoneError, ReviewedRoleGoneError: the role was deleted.
        ChannelGoneError: a channel was deleted.
    """
    before = decision.before or {}
    scope, _colon, number = decision.subject.partition(":")
    is_role = scope == "role" and bool(before)
    channels, moderators_channel_id = before.get("channels", ()), before.get("moderators_channel_id")
    review = before.get("review")
    if not (is_role or channels or moderators_channel_id or review):
        return
    guild = known_guild(interaction)
    if guild is None:
        raise BadInputError(_(UNKNOWN_SERVER))
    if is_role and guild.get_role(int(number)) is None:
        raise RoleGoneError
    if review and is_role_gone(guild, ReviewRule.model_validate(review)):
        raise ReviewedRoleGoneError
    for channel_id in channels:
        if guild.get_channel(channel_id) is None:
            raise ChannelGoneError(channel_id)
    if moderators_channel_id:
        _ensure_can_post(guild, moderators_channel_id)


def _ensure_can_post(guild: discord.Guild, channel_id: int) -> None:
    channel = guild.get_channel(channel_id)
    if not isinstance(channel, discord.TextChannel):
        raise ChannelGoneError(channel_id)
    parse_moderators_channel(channel, guild)


async def has_left(interaction: Interaction, decision: Decision) -> bool:
    """Whether a decision is about a member who isn't on the server; False too where Discord doesn't say."""
    scope, _colon, number = decision.subject.partition(":")
    if scope != "member" or interaction.guild is None:
        return False
    try:
        await interaction.guild.fetch_member(int(number))
    except discord.NotFound:
        return True
    except CALL_ERRORS as error:
        log.warning("could not check whether a member has left", error=str(error))
    return False
