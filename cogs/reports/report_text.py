"""The texts of a report, for moderators and for the member who made it. Pure text."""

from typing import LiteralString

from bot.db.film_models import FilmRow
from bot.db.guild_models import ReportRow
from bot.db.models import NOBODY, Generation
from bot.escape import plain
from bot.i18n import N_, _, pgettext
from bot.jobs.ports import Posted
from bot.markup import relative_time
from bot.moderation.report_decisions import ReportDecision
from bot.moderation.reported import ReportedVideo
from cogs.cards.card import NUMBER_MARK, QUOTE_MARK, shown_prompt
from cogs.cards.film_card import shown_title
from cogs.ui.items import post_link
from cogs.ui.lists import MESSAGE_MAX_LENGTH

PROMPT_LENGTH = 300  # characters; escaped they may be twice as many, and a message has 2,000
REASON_LENGTH = 300
SHOT_LENGTHS = (300, 200, 120, 80, 50, 30)  # of a film's shots

VIDEO_DELETED = N_("🗑️ **Video deleted** by {moderator}.")
FILM_DELETED = N_("🗑️ **Film deleted with its shots** by {moderator}.")
BLOCKED = N_("🚫 **Member blocked for 24 hours** by {moderator}.")
BLOCKED_FOR_LONGER = N_(
    "🚫 **Block for 24 hours** chosen by {moderator}. The member was already blocked for longer, and that "
    "block stays in effect."
)

THANKS = N_("✅ **Thank you.** I told the moderators of this server.")
THANKS_FOR_LATER = N_(
    "✅ **Thank you.** I saved your report. Moderators will see it once they choose a channel "
    "for reports. If it's urgent, give one of them the ID `{number}`."
)


def render_report(reported: ReportedVideo, *, quote: bool = True) -> str:
    """Return the message with a report as it stands; `quote`: with the words of members.

    Of a film's shots, as much is quoted as a message has room for.
    """
    text = ""
    for length in SHOT_LENGTHS:
        text = _render(reported, length, quote=quote)
        if len(text) <= MESSAGE_MAX_LENGTH:
            break
    return text


def _render(reported: ReportedVideo, length: int, *, quote: bool) -> str:
    report = reported.report
    numbers = _("ID {number} · report {report}", number=report.generation_id, report=report.id)
    heading = _("🚩 **A video was reported**") if reported.film is None else _("🚩 **A film was reported**")
    return "\n".join(
        [
            heading,
            _reported_line(report, quote=quote),
            _made_line(reported.subject),
            *(_quoted(reported, length) if quote else []),
            *_decisions(reported),
            f"{NUMBER_MARK}{numbers}",
        ]
    )


def _quoted(reported: ReportedVideo, length: int) -> list[str]:
    """Return the words that the video or film was made from; `length`: of each shot's, in characters."""
    generation, film = reported.generation, reported.film
    if film is not None:
        words = ((shot.shot, shown_prompt(shot, length)) for shot in film.shots)
        shots = (f"{QUOTE_MARK}**{number}** {prompt}" for number, prompt in words)
        return [f"{QUOTE_MARK}{shown_title(film.row)}", *shots]
    return [] if generation is None else [f"{QUOTE_MARK}{shown_prompt(generation, PROMPT_LENGTH)}"]


def render_thanks(report: ReportRow) -> str:
    """Return what the member reads who reported a video."""
    if report.post_at is not None:
        return _(THANKS)
    return _(THANKS_FOR_LATER, number=report.generation_id)


def open_decisions(reported: ReportedVideo) -> list[ReportDecision]:
    """Return what can still be decided, as `bot.moderation.report_decisions` allows it."""
    report, subject = reported.report, reported.subject
    if report.dismissed_by is not None:
        return []
    can_block = subject is not None and subject.user_id != NOBODY and report.blocked_by is None
    is_untouched = report.deleted_by is None and report.blocked_by is None
    possible = {
        ReportDecision.DELETE: subject is not None and report.deleted_by is None,
        ReportDecision.BLOCK: can_block,
        ReportDecision.DISMISS: is_untouched,
    }
    return [decision for decision, is_possible in possible.items() if is_possible]


def _reported_line(report: ReportRow, *, quote: bool) -> str:
    reporter, when = f"<@{report.reporter_id}>", relative_time(report.created_at)
    if not quote:
        what = _("{reporter} reported it {when}.", reporter=reporter, when=when)
        why = _("This server's word filter is hiding the reason.")
        return f"{what} {why}"
    return _(
        "{reporter} reported it {when}: “{reason}”",
        reporter=reporter,
        when=when,
        reason=plain(report.reason, REASON_LENGTH),
    )


def _made_line(subject: Generation | FilmRow | None) -> str:
    requester = _requester(subject)
    if subject is None or subject.result_id is None:
        return _("Made for {member}: I no longer know where it was posted.", member=requester)
    link = post_link(subject.guild_id, Posted(subject.result_id, subject.result_channel_id))
    if link is None:
        return _("Made for {member}: I sent it as a direct message.", member=requester)
    return _("Made for {member}: {link}", member=requester, link=link)


def _requester(subject: Generation | FilmRow | None) -> str:
    if subject is None or subject.user_id == NOBODY:
        return pgettext("whom a video was made for", "somebody")
    return f"<@{subject.user_id}>"


def _decisions(reported: ReportedVideo) -> list[str]:
    report = reported.report
    deleted = VIDEO_DELETED if reported.film is None else FILM_DELETED
    made: tuple[tuple[LiteralString, int | None], ...] = (
        (deleted, report.deleted_by),
        (BLOCKED_FOR_LONGER if reported.was_blocked else BLOCKED, report.blocked_by),
        (N_("☑️ **Dismissed** by {moderator}."), report.dismissed_by),
    )
    return [_(what, moderator=f"<@{who}>") for what, who in made if who is not None]
