"""The button under a video with which members report it, and those under a report to decide it."""

import re
from typing import Self

import discord
import structlog

from bot.errors import UserError
from bot.i18n import _, locale_used, pgettext
from bot.jobs.ports import Posted
from bot.moderation.decisions import REASON_MAX_LENGTH
from bot.moderation.report_decisions import ReportClosedError, ReportDecision, ReportedVideo
from cogs.cards.deletion_button import AskAboutVideoButton
from cogs.cards.takedown import WayOn, take_down
from cogs.moderation.owners import find_generation, message_shown
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.targets import moderator_of
from cogs.reports.report_text import open_decisions, render_report, render_thanks
from cogs.ui.discord_errors import CALL_ERRORS, Remedy, classify_error
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form, Item, view_of
from cogs.ui.video_button import VideoButton

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

STYLES = {
    ReportDecision.DELETE: discord.ButtonStyle.danger,
    ReportDecision.BLOCK: discord.ButtonStyle.danger,
    ReportDecision.DISMISS: discord.ButtonStyle.secondary,
}


class NotShownError(UserError):
    """The decision holds, but the report's message still looks as before."""

    def __init__(self) -> None:
        super().__init__(_("Done, but I couldn't update the report above."))


class ReportButton(VideoButton):
    """Asks a member why they report the video."""

    action = "report"
    emoji = "🚩"

    @classmethod
    def label(cls) -> str:
        """Return the usual label."""
        return pgettext("button", "Report")

    async def act(self, interaction: Interaction) -> None:
        """Show the form."""
        form = ReportForm(self.generation_id, message_shown(interaction))
        await interaction.response.send_modal(form)


class ReportForm(Form):
    """Takes the reason."""

    def __init__(self, generation_id: str, shown_at: Posted | None) -> None:
        super().__init__(pgettext("title", "Report this video"))
        self._generation_id = generation_id
        self._shown_at = shown_at
        self._reason = discord.ui.TextInput[Self](
            custom_id="reason",
            style=discord.TextStyle.paragraph,
            min_length=1,
            max_length=REASON_MAX_LENGTH,
        )
        self.add_item(
            discord.ui.Label(
                text=pgettext("label", "What's wrong with it?"),
                description=_("The moderators of this server can read this and see that it's from you."),
                component=self._reason,
            )
        )

    async def act(self, interaction: Interaction) -> None:
        """Write the report down."""
        reason = self._reason.value  # before anything is awaited, in which the form could be sent again
        report = await interaction.client.services.reports.report(
            (await find_generation(interaction, self._generation_id)).guild_id,
            self._generation_id,
            interaction.user.id,
            reason,
            self._shown_at,
        )
        await interaction.response.send_message(render_thanks(report), ephemeral=True)


class DecisionButton(Item):
    """Carries out what a moderator makes of a report."""

    action = "decide"
    pattern = r"(?P<decision>delete|block|dismiss):(?P<report>[0-9a-f]{16})"

    def __init__(self, decision: ReportDecision, report_id: str) -> None:
        super().__init__(decision, report_id, label=_label_of(decision))
        self.item.style = STYLES[decision]
        self._decision = decision
        self._report_id = report_id

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Return the button that was clicked."""
        return cls(ReportDecision(match["decision"]), match["report"])

    async def act(self, interaction: Interaction) -> None:
        """Decide, take down what is to be taken down, and show what was decided.

        A click on a decision that was made before is told so, but whatever of it is not done yet is done:
        the process may have ended, or Discord may have refused, right after the decision.
        """
        await interaction.response.defer()
        await ensure_moderator(interaction)
        by, reports = moderator_of(interaction), interaction.client.services.reports
        too_late: ReportClosedError | None = None
        try:
            reported = await reports.decide(by, self._report_id, self._decision)
        except ReportClosedError as error:
            too_late = error
            reported = await reports.get(by.guild_id, self._report_id)
        if reported is not None:
            await self._follow_up(interaction, reported)
        if too_late is not None:
            raise too_late

    async def _follow_up(self, interaction: Interaction, reported: ReportedVideo) -> None:
        generation = reported.generation
        is_removed = generation is not None and generation.removed_at is not None
        if generation is not None and is_removed and self._decision is ReportDecision.DELETE:
            await take_down(interaction.client, generation, interaction.user.id, _way_on(reported))
        try:
            await _show(interaction, reported)
        except CALL_ERRORS as error:
            log.warning("a report was not edited", report=reported.report.id, error=str(error))
            raise NotShownError from error


def _way_on(reported: ReportedVideo) -> WayOn | None:
    """Return what leads the member on whose video was deleted; a moderator's own decision needs nothing."""
    generation, by = reported.generation, reported.report.deleted_by
    return None if generation is None or by in {None, generation.user_id} else AskAboutVideoButton


def _label_of(decision: ReportDecision) -> str:
    match decision:
        case ReportDecision.DELETE:
            return pgettext("button", "Delete video")
        case ReportDecision.BLOCK:
            return pgettext("button", "Block 24 h")
        case ReportDecision.DISMISS:
            return pgettext("button", "Dismiss")


def report_view(reported: ReportedVideo) -> discord.ui.View | None:
    """Return the buttons for what can still be decided, or None."""
    report_id = reported.report.id
    buttons = [DecisionButton(decision, report_id) for decision in open_decisions(reported)]
    return view_of(*buttons) if buttons else None


async def _show(interaction: Interaction, reported: ReportedVideo) -> None:
    """Edit the report's message, without the members' words where a filter stops them.

    It stays in the server's language, whoever clicked.
    """
    with locale_used(interaction.guild_locale and interaction.guild_locale.value):
        view = report_view(reported)
        text, text_unquoted = render_report(reported), render_report(reported, quote=False)
    try:
        await interaction.edit_original_response(content=text, view=view)
    except CALL_ERRORS as error:
        if classify_error(error) is not Remedy.NOT_THE_WORDS:
            raise
        await interaction.edit_original_response(content=text_unquoted, view=view)
