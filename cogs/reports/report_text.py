"""What moderators read about a report, and what the member reads who made it. Pure text."""

from typing import LiteralString

from bot.db.guild_models import ReportRow
from bot.db.models import NOBODY, Generation
from bot.escape import plain
from bot.i18n import N_, _, pgettext
from bot.moderation.report_decisions import ReportDecision, ReportedVideo
from bot.timestamps import relative_time
from cogs.cards.card import NUMBER_MARK, QUOTE_MARK, member, shown_prompt
from cogs.ui.links import message_link

PROMPT_LENGTH = 300  # characters; escaped they may be twice as many, and a message has 2,000
REASON_LENGTH = 300

THANKS = N_("✅ **Thank you.** I told the moderators of this server.")
THANKS_FOR_LATER = N_(
    "✅ **Thank you.** I saved your report. Moderators will see it once they choose a channel "
    "for reports. If it's urgent, give one of them the ID `{number}`."
)


def render_report(reported: ReportedVideo, *, quote: bool = True) -> str:
    """Return the message with a report as it stands; `quote`: with the words of members."""
    report, generation = reported.report, reported.generation
    numbers = _("ID {number} · report {report}", number=report.generation_id, report=report.id)
    prompt = (
        [f"{QUOTE_MARK}{shown_prompt(generation, PROMPT_LENGTH)}"] if quote and generation is not None else []
    )
    return "\n".join(
        [
            _("🚩 **A video was reported**"),
            _reported_line(report, quote=quote),
            _made_line(generation),
            *prompt,
            *_decisions(report),
            f"{NUMBER_MARK}{numbers}",
        ]
    )


def render_thanks(report: ReportRow) -> str:
    """Return what the member reads who reported a video."""
    if report.post_at is not None:
        return _(THANKS)
    return _(THANKS_FOR_LATER, number=report.generation_id)


def open_decisions(reported: ReportedVideo) -> list[ReportDecision]:
    """Return what can still be decided, as `bot.moderation.report_decisions` allows it."""
    report, generation = reported.report, reported.generation
    if report.dismissed_by is not None:
        return []
    can_block = generation is not None and generation.user_id != NOBODY and report.blocked_by is None
    is_untouched = report.deleted_by is None and report.blocked_by is None
    possible = {
        ReportDecision.DELETE: generation is not None and report.deleted_by is None,
        ReportDecision.BLOCK: can_block,
        ReportDecision.DISMISS: is_untouched,
    }
    return [decision for decision, is_possible in possible.items() if is_possible]


def _reported_line(report: ReportRow, *, quote: bool) -> str:
    reporter, when = f"<@{report.reporter_id}>", relative_time(report.created_at)
    if not quote:
        what = _("{reporter} reported it {when}.", reporter=reporter, when=when)
        why = _("This server's filter hides the reason.")
        return f"{what} {why}"
    return _(
        "{reporter} reported it {when}: “{reason}”",
        reporter=reporter,
        when=when,
        reason=plain(report.reason, REASON_LENGTH),
    )


def _made_line(generation: Generation | None) -> str:
    requester = _requester(generation)
    if generation is None or generation.result_id is None:
        return _("Made for {member}: I no longer know where it was posted.", member=requester)
    link = message_link(generation)
    if link is None:
        return _("Made for {member}: I sent it as a direct message.", member=requester)
    return _("Made for {member}: {link}", member=requester, link=link)


def _requester(generation: Generation | None) -> str:
    if generation is None or generation.user_id == NOBODY:
        return pgettext("whom a video was made for", "somebody")
    return member(generation)


def _decisions(report: ReportRow) -> list[str]:
    made: tuple[tuple[LiteralString, int | None], ...] = (
        (N_("🗑️ **Video deleted** by {moderator}."), report.deleted_by),
        (N_("🚫 **Member blocked for 24 hours** by {moderator}."), report.blocked_by),
        (N_("☑️ **Dismissed** by {moderator}."), report.dismissed_by),
    )
    return [_(what, moderator=f"<@{who}>") for what, who in made if who is not None]
