"""The buttons under an appeal in the moderators' channel, and telling the member what was decided."""

from dataclasses import replace
from typing import ClassVar

import discord
import structlog

from bot.db.guild_models import AppealDecision
from bot.i18n import N_, _, locale_used, pgettext
from bot.jobs.ports import Posted
from bot.moderation.appeal_decisions import Appeal, AppealClosedError, choices, ensure_decidable, is_news
from cogs.appeals.answer_text import render_decision
from cogs.appeals.appeal_text import render_appeal
from cogs.moderation.owners import ensure_moderator_in_time, message_shown
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.shapes import DeclineForm, edit_case
from cogs.moderation.targets import has_left, moderator_of
from cogs.ui.discord_errors import CALL_ERRORS, Remedy, classify_error
from cogs.ui.interaction import Interaction
from cogs.ui.items import Item, Parts, view_of

SENT_DIRECTLY = N_("I send it to the member in a direct message, without your name.")
STYLES = {
    AppealDecision.ALLOW: discord.ButtonStyle.success,
    AppealDecision.LIFT: discord.ButtonStyle.danger,
    AppealDecision.DECLINE: discord.ButtonStyle.secondary,
}

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class AppealDecisionButton(Item):
    """Carries out what a moderator makes of an appeal."""

    action = "appeal-decide"
    pattern = r"(?P<decision>allow|lift|decline):(?P<appeal>[0-9a-f]{16})"
    parts: ClassVar[Parts] = {"decision": AppealDecision}

    def __init__(self, decision: AppealDecision, appeal_id: str) -> None:
        super().__init__(decision, appeal_id, label=_label_of(decision))
        self.item.style = STYLES[decision]
        self._decision = decision
        self._appeal_id = appeal_id

    async def act(self, interaction: Interaction) -> None:
        """Decide, or ask for words to decline with."""
        if self._decision is not AppealDecision.DECLINE:
            await interaction.response.defer()
            await _decide(interaction, self._appeal_id, self._decision)
            return
        await ensure_moderator_in_time(interaction)
        by = moderator_of(interaction)
        appeal = await interaction.client.services.appeals.get(by.guild_id, self._appeal_id)
        try:
            ensure_decidable(None if appeal is None else appeal.row, by)
        except AppealClosedError:
            await interaction.response.defer()
            await _decide(interaction, self._appeal_id, self._decision)
        else:
            await interaction.response.send_modal(DeclineForm(_(SENT_DIRECTLY), self._decline))

    async def _decline(self, interaction: Interaction, words: str) -> None:
        await _decide(interaction, self._appeal_id, AppealDecision.DECLINE, words)


def _label_of(decision: AppealDecision) -> str:
    match decision:
        case AppealDecision.ALLOW:
            return pgettext("button", "Allow once")
        case AppealDecision.LIFT:
            return pgettext("button", "Lift")
        case _:
            return pgettext("button", "Decline")


def appeal_view(appeal: Appeal) -> discord.ui.View | None:
    """Return the buttons of an appeal that is open, or None."""
    if appeal.row.decision is not None:
        return None
    return view_of(*(AppealDecisionButton(decision, appeal.row.id) for decision in choices(appeal.row)))


async def _decide(
    interaction: Interaction, appeal_id: str, decision: AppealDecision, words: str | None = None
) -> None:
    """Decide, tell the member, and show what was decided.

    A click after that is told so, but whatever is not done yet is done: the process may have ended, or
    Discord may have refused, right after the decision. Where nobody clicks again, the outbox does it.
    """
    await ensure_moderator(interaction)
    by, appeals = moderator_of(interaction), interaction.client.services.appeals
    clicked, too_late = message_shown(interaction), None
    try:
        await appeals.decide(by, appeal_id, decision, words, shown_at=clicked)
    except AppealClosedError as error:
        too_late = error
    appeal = await appeals.get(by.guild_id, appeal_id)
    if appeal is not None:
        await _follow_up(interaction, appeal, clicked)
    if too_late is not None:
        raise too_late


async def _follow_up(interaction: Interaction, appeal: Appeal, clicked: Posted | None) -> None:
    """Tell the member, if nobody has, and show what was decided.

    What can't be done now is left to the outbox. So is the appeal's message, where another was clicked.
    """
    row, appeals = appeal.row, interaction.client.services.appeals
    if is_news(row):
        appeal = await _tell(interaction, appeal)
    is_shown = await _show(interaction, appeal)
    is_its_own = clicked is None or clicked.message_id == row.message_id
    if is_shown and is_its_own and not appeal.is_pending:
        await appeals.record_shown(appeal.row)


async def _tell(interaction: Interaction, appeal: Appeal) -> Appeal:
    """Tell the member; return the appeal as it stands after that."""
    row, appeals = appeal.row, interaction.client.services.appeals
    try:
        await answer_member(interaction.client, appeal, interaction.guild and interaction.guild.name)
    except CALL_ERRORS as error:
        log.warning("could not tell a member about their appeal", appeal=row.id, error=str(error))
        is_pending = classify_error(error) is Remedy.LATER and row.post_at is not None
        return replace(appeal, is_pending=is_pending)
    await appeals.record_notified(row.id)
    return await appeals.get(row.guild_id, row.id) or appeal


async def _show(interaction: Interaction, appeal: Appeal) -> bool:
    """Edit the moderators' message, without the member's words where a filter stops them; return whether."""
    row, view = appeal.row, appeal_view(appeal)
    is_gone = await has_left(interaction.client, row.guild_id, row.user_id)
    with locale_used(interaction.guild_locale and interaction.guild_locale.value):
        forms = [render_appeal(appeal, quote=quote, has_left=is_gone) for quote in (True, False)]
    return await edit_case(interaction, row.id, forms, view)


async def answer_member(client: discord.Client, appeal: Appeal, server: str | None) -> None:
    """Send the member what was decided, in their language; `server`: its name, if that's known.

    Raises:
        One of `CALL_ERRORS`: Discord didn't take it.
    """
    row = appeal.row
    with locale_used(row.locale):
        text = render_decision(appeal, server or _("your server"))
    channel = await client.create_dm(discord.Object(row.user_id))
    # Another nonce than the moderators' message has: Discord takes the same one for the same message.
    await channel.send(text, nonce=f"answer-{row.id}", suppress_embeds=True)
