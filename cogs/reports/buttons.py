"""The buttons to report a video or a film, and those under a report to decide it."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

import discord
import structlog

from bot.errors import NotFoundError, UserError
from bot.i18n import NC_, _, locale_used, pgettext
from bot.jobs.ports import Posted
from bot.moderation.decisions import REASON_MAX_LENGTH
from bot.moderation.report_decisions import ReportClosedError, ReportDecision
from bot.moderation.reported import ReportedVideo
from cogs.cards.card_message import AskAboutVideoButton
from cogs.cards.takedown import TakedownError, WayOn, take_down, take_down_film
from cogs.moderation.owners import find_generation, message_shown
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.targets import moderator_of
from cogs.reports.report_text import open_decisions, render_report, render_thanks
from cogs.ui.discord_errors import CALL_ERRORS, Remedy, classify_error
from cogs.ui.interaction import Interaction
from cogs.ui.items import FilmButton, Form, Item, Parts, VideoButton, view_of

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
    label = NC_("button", "Report")
    emoji = "🚩"

    async def act(self, interaction: Interaction) -> None:
        """Show the form."""
        title = pgettext("title", "Report this video")
        form = ReportForm(title, self.generation_id, message_shown(interaction), self._find_server)
        await interaction.response.send_modal(form)

    async def _find_server(self, interaction: Interaction) -> int:
        return (await find_generation(interaction, self.generation_id)).guild_id


class FilmReportButton(FilmButton):
    """Asks a member why they report the film."""

    action = "film-report"
    label = NC_("button", "Report")
    emoji = "🚩"

    async def act(self, interaction: Interaction) -> None:
        """Show the form."""
        title = pgettext("title", "Report this film")
        form = ReportForm(title, self.film_id, message_shown(interaction), self._find_server)
        await interaction.response.send_modal(form)

    async def _find_server(self, interaction: Interaction) -> int:
        film = await interaction.client.services.films.find(self.film_id)
        if film is None or not film.shots:
            raise NotFoundError
        return (await find_generation(interaction, film.shots[0].id)).guild_id


FindServer = Callable[[Interaction], Awaitable[int]]  # whose it is; raises `NotFoundError`


class ReportForm(Form):
    """Takes the reason.

    Args:
        subject_id: of the video or film.
        shown_at: the message that they saw it in.
        find_server: finds the server that it belongs to, for who may see it.
    """

    def __init__(self, title: str, subject_id: str, shown_at: Posted | None, find_server: FindServer) -> None:
        super().__init__(title)
        self._subject_id = subject_id
        self._shown_at = shown_at
        self._find_server = find_server
        self._reason = self.add_text(
            "reason",
            pgettext("label", "What's wrong with it?"),
            REASON_MAX_LENGTH,
            description=_("The moderators of this server can read this and see that it's from you."),
        )

    async def act(self, interaction: Interaction) -> None:
        """Write the report down."""
        reason = self._reason.value  # before anything is awaited, in which the form could be sent again
        report = await interaction.client.services.reports.report(
            await self._find_server(interaction),
            self._subject_id,
            interaction.user.id,
            reason,
            self._shown_at,
        )
        await interaction.response.send_message(render_thanks(report), ephemeral=True)


class DecisionButton(Item):
    """Carries out what a moderator makes of a report."""

    action = "decide"
    pattern = r"(?P<decision>delete|block|dismiss):(?P<report>[0-9a-f]{16})"
    parts: ClassVar[Parts] = {"decision": ReportDecision}

    def __init__(self, decision: ReportDecision, report_id: str, *, is_film: bool = False) -> None:
        super().__init__(decision, report_id, label=_label_of(decision, is_film=is_film))
        self.item.style = STYLES[decision]
        self._decision = decision
        self._report_id = report_id

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
        subject = reported.subject
        is_removed = subject is not None and subject.removed_at is not None
        # After any click, the message says that it's deleted, and has no button to do so again.
        is_deleted = self._decision is ReportDecision.DELETE or reported.report.deleted_by is not None
        left: TakedownError | None = None
        try:
            if is_removed and is_deleted:
                await _take_down(interaction, reported)
        except TakedownError as error:
            left = error
        try:
            await _show(interaction, reported, can_click_again=left is not None)
        except CALL_ERRORS as error:
            log.warning("could not edit a report", report=reported.report.id, error=str(error))
            raise (left or NotShownError()) from error
        if left is not None:
            raise left


async def _take_down(interaction: Interaction, reported: ReportedVideo) -> None:
    """Delete what is posted of it, and show the card as it is now."""
    client, generation = interaction.client, reported.generation
    if generation is not None:
        await take_down(client, generation, interaction.user.id, _way_on(reported))
    film = None if reported.film is None else await client.services.films.find(reported.film.row.id)
    if film is not None:
        await take_down_film(client, film)


def _way_on(reported: ReportedVideo) -> WayOn | None:
    """Return what leads the member on whose video was deleted; a moderator's own decision needs nothing."""
    generation, by = reported.generation, reported.report.deleted_by
    return None if generation is None or by in {None, generation.user_id} else AskAboutVideoButton


def _label_of(decision: ReportDecision, *, is_film: bool) -> str:
    match decision:
        case ReportDecision.DELETE if is_film:
            return pgettext("button", "Delete film")
        case ReportDecision.DELETE:
            return pgettext("button", "Delete video")
        case ReportDecision.BLOCK:
            return pgettext("button", "Block 24 h")
        case ReportDecision.DISMISS:
            return pgettext("button", "Dismiss")


def report_view(reported: ReportedVideo) -> discord.ui.View | None:
    """Return the buttons for what can still be decided, or None."""
    report_id, is_film = reported.report.id, reported.film is not None
    buttons = [DecisionButton(decision, report_id, is_film=is_film) for decision in open_decisions(reported)]
    return view_of(*buttons) if buttons else None


async def _show(interaction: Interaction, reported: ReportedVideo, *, can_click_again: bool) -> None:
    """Edit the report's message, without the members' words where a filter stops them.

    It stays in the server's language. `can_click_again`: its buttons stay, too.
    """
    with locale_used(interaction.guild_locale and interaction.guild_locale.value):
        view = discord.utils.MISSING if can_click_again else report_view(reported)
        text, text_unquoted = render_report(reported), render_report(reported, quote=False)
    try:
        await interaction.edit_original_response(content=text, view=view)
    except CALL_ERRORS as error:
        if classify_error(error) is not Remedy.NOT_THE_WORDS:
            raise
        await interaction.edit_original_response(content=text_unquoted, view=view)
