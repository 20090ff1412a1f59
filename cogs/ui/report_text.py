"""What moderators read about a report, and what the member reads who made it. Pure text."""

from bot.errors import relative_time
from bot.escape import plain
from bot.models import Generation
from bot.moderation.report_decisions import ReportDecision, ReportedVideo
from bot.moderation.tables import ReportRow
from bot.privacy.erasure import NOBODY
from bot.work.delivery import Posted
from cogs.ui.card import member, shown_prompt

PROMPT_LENGTH = 300  # characters; escaped they may be twice as many, and a message has 2,000
REASON_LENGTH = 300

THANKS = "✅ **Thank you.** The moderators of this server were told."
THANKS_FOR_LATER = (
    "✅ **Thank you.** Your report is kept, and the moderators see it once they have chosen a channel for "
    "reports. If it is urgent, please tell one of them the number {number}."
)


def render_report(reported: ReportedVideo, *, quote: bool = True) -> str:
    """Return the message with a report as it stands; `quote`: with the words of members."""
    report, generation = reported.report, reported.generation
    said = (
        f": “{plain(report.reason, REASON_LENGTH)}”" if quote else ". This server's filter stops the reason."
    )
    prompt = [f"> {shown_prompt(generation, PROMPT_LENGTH)}"] if quote and generation is not None else []
    return "\n".join(
        [
            "🚩 **A video was reported**",
            f"<@{report.reporter_id}> reported it {relative_time(report.created_at)}{said}",
            f"Made for {_requester(generation)}: {_place(generation)}",
            *prompt,
            *_decisions(report),
            f"-# Number {report.generation_id} · report {report.id}",
        ]
    )


def render_thanks(report: ReportRow) -> str:
    """Return what the member reads who reported a video."""
    return (
        THANKS if report.post_at is not None else THANKS_FOR_LATER.format(number=f"`{report.generation_id}`")
    )


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


def message_link(generation: Generation) -> str | None:
    """Return the address of the message with the video, or None where there is none that others can open."""
    if generation.result_id is None:
        return None
    return post_link(generation.guild_id, Posted(generation.result_id, generation.result_channel_id))


def post_link(guild_id: int, post: Posted) -> str | None:
    """Return the address of a message; None for a direct one, which others cannot open."""
    if post.channel_id is None:
        return None
    return f"https://discord.com/channels/{guild_id}/{post.channel_id}/{post.message_id}"


def _requester(generation: Generation | None) -> str:
    return "somebody" if generation is None or generation.user_id == NOBODY else member(generation)


def _place(generation: Generation | None) -> str:
    if generation is None or generation.result_id is None:
        return "where it was posted is not recorded any more."
    return message_link(generation) or "it was sent as a direct message."


def _decisions(report: ReportRow) -> list[str]:
    made = (
        ("🗑️ **Video deleted**", report.deleted_by),
        ("🚫 **Member blocked for 24 hours**", report.blocked_by),
        ("☑️ **Dismissed**", report.dismissed_by),
    )
    return [f"{what} by <@{who}>." for what, who in made if who is not None]
