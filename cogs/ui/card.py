"""The card: the message that answers /veo and shows how the video stands. Pure text from a row."""

from typing import TypedDict

import discord

from bot.errors import relative_time
from bot.escape import escape, plain
from bot.models import Generation, Status
from bot.privacy.erasure import NOBODY
from bot.timing.outlook import LAST_POSITION, NO_OUTLOOK, Outlook
from bot.veo.catalogue import InvalidOptionError, OptionValue, build_request, get_model
from bot.work.cancellation import is_own, was_sent
from bot.work.failures import FailureKind

PROMPT_LENGTH = 500  # characters of the prompt in the card's text; the embed has all of it
NEGATIVE_PROMPT_LENGTH = 150
REASON_LENGTH = 300
ALT_TEXT_LENGTH = 1000  # Discord allows 1,024
THREAD_NAME_LENGTH = 90  # Discord allows 100
ERASED_PROMPT = "(the prompt was deleted)"


class Card(TypedDict):
    """The parts of a card as discord.py's send and edit methods take them."""

    content: str
    embeds: list[discord.Embed]


def render_card(generation: Generation, outlook: Outlook = NO_OUTLOOK) -> Card:
    """Return the card for the generation as it stands; `outlook`: how it will probably go on."""
    lines = [
        headline(generation),
        *parameter_lines(generation),
        state_line(generation, outlook),
        number_line(generation),
        f"> {shown_prompt(generation)}",
    ]
    return Card(content="\n".join(lines), embeds=full_prompt(generation))


def headline(generation: Generation) -> str:
    """Return the first line of the card, which no other message begins with."""
    return f"{member(generation)} asked for a video {source(generation)}".rstrip()


def source(generation: Generation) -> str:
    """Return what the video is made from beside the prompt, such as "from a picture"; empty: nothing."""
    model = get_model(generation.model)
    return model.kind.source if model else ""


def render_ending(generation: Generation, *, quote: bool = True) -> str:
    """Return the message that takes the video's place; `quote`: with the provider's own words."""
    if generation.status is Status.CANCELLED:
        return render_cancellation(generation)
    return render_failure(generation, quote=quote)


def render_cancellation(generation: Generation) -> str:
    """Return the message about a request that somebody stopped."""
    return "\n".join(
        [
            f"🚫 {member(generation)} Your video was cancelled {_by_whom_and_when(generation)}.",
            f"{_whether_it_counts(generation)} If you want to know why, ask a moderator.",
            number_line(generation),
        ]
    )


def render_failure(generation: Generation, *, quote: bool = True) -> str:
    """Return the message about a failure; `quote`: with the provider's own words."""
    kind = generation.failure_kind or FailureKind.BROKEN
    reason = ""
    if quote and (said := plain(generation.failure_reason or "", REASON_LENGTH)):
        reason = f" It said: “{said}”"
    return "\n".join(
        [
            f"❌ {member(generation)} No video this time. {kind.sentence}{reason}",
            f"It did not count towards your limit. {kind.advice}",
            number_line(generation),
        ]
    )


def render_result(generation: Generation, *, quote: bool = True) -> str:
    """Return the text above the video; `quote`: with the member's own words."""
    quoted = f"\n> {shown_prompt(generation)}" if quote else ""
    return f"🎬 {member(generation)} Your video is ready.{quoted}"


def render_repost(generation: Generation, *, quote: bool = True) -> str:
    """Return the text above a video that is posted again; `quote`: with the member's own words."""
    quoted = f"\n> {shown_prompt(generation)}" if quote else ""
    return f"📤 A video of {member(generation)}, posted again.{quoted}\n{number_line(generation)}"


def shown_prompt(generation: Generation, length: int = PROMPT_LENGTH) -> str:
    """Return the prompt as it may be shown, on one line and cut to `length` characters."""
    return ERASED_PROMPT if generation.erased_at else plain(generation.prompt, length)


def alt_text(generation: Generation) -> str:
    """Return what a screen reader says in place of the video."""
    made_from = f"{source(generation)} and" if source(generation) else "from"
    return f"Video made {made_from} the prompt: {generation.prompt}"[:ALT_TEXT_LENGTH]


def thread_name(generation: Generation) -> str:
    """Return a thread's name: the prompt's beginning."""
    return " ".join(generation.prompt.split())[:THREAD_NAME_LENGTH].rstrip()


def number_line(generation: Generation) -> str:
    """Return the line by which a member and a moderator can name the request."""
    return f"-# Number {generation.id}"


def member(generation: Generation) -> str:
    """Return the mention of who asked; whether it pings is decided where it is sent."""
    return "Somebody" if generation.user_id == NOBODY else f"<@{generation.user_id}>"


def parameter_lines(generation: Generation) -> list[str]:
    """Say what is really sent: what was chosen, and the model's defaults for the rest."""
    try:
        request = build_request(generation.model, generation.prompt or ERASED_PROMPT, generation.options)
    except InvalidOptionError:
        return [f"Model: {generation.model} (not offered any more)"]
    values = request.resolved
    shown = [f"**{request.model.family}**", *(_word(name, value) for name, value in values.items())]
    lines = [" · ".join(word for word in shown if word)]
    if negative := values.get("negative_prompt"):
        lines.append(f"Without: {plain(str(negative), NEGATIVE_PROMPT_LENGTH)}")
    return lines


def _word(name: str, value: OptionValue) -> str:
    match name:
        case "duration":
            return f"{value} seconds"
        case "generate_audio":
            return "with sound" if value else "without sound"
        case "enhance_prompt":
            return "prompt enhanced" if value else "prompt as written"
        case "seed":
            return f"seed {value}"
        case "negative_prompt":
            return ""
        case _:
            return str(value)


def state_line(generation: Generation, outlook: Outlook = NO_OUTLOOK) -> str:
    """Return the line that says how the video stands."""
    match generation.status:
        case Status.PREPARING | Status.QUEUED:
            return f"⏳ **Waiting** for its turn{_place(outlook)}.{_prospect(outlook)}"
        case Status.SUBMITTING:
            return "📨 **Sending** the request to the video service."
        case Status.RUNNING:
            return f"⚙️ **Being made.**{_prospect(outlook) or _when_sent(generation)}"
        case Status.SUCCEEDED:
            return _made_line(generation)
        case Status.FAILED:
            kind = generation.failure_kind or FailureKind.BROKEN
            return f"❌ **No video.** {kind.sentence} It did not count towards your limit."
        case Status.CANCELLED:
            return f"🚫 **Cancelled** {_by_whom_and_when(generation)}. {_whether_it_counts(generation)}"


def _place(outlook: Outlook) -> str:
    if outlook.position is None:
        return ""
    if outlook.position > LAST_POSITION:
        return f": more than {LAST_POSITION} are before it"
    return f": number {outlook.position} in the queue"


def _prospect(outlook: Outlook) -> str:
    """Say when it will be there; a bare time, since nobody knows how far a video has come."""
    if outlook.is_late:
        end = f"; I stop waiting for it {relative_time(outlook.ends_at)}" if outlook.ends_at else ""
        return f" It takes longer than usual{end}."
    if outlook.expected_at is None:
        return ""
    about = "" if outlook.position is None else "about "
    return f" Expected {about}{relative_time(outlook.expected_at)}."


def _when_sent(generation: Generation) -> str:
    return f" Sent {relative_time(generation.submitted_at or generation.created_at)}."


def _made_line(generation: Generation) -> str:
    if generation.removed_at is not None:
        return "🗑️ **Removed.**"
    if generation.result_id is not None:
        return f"✅ **Ready:** {_where(generation)}"
    if generation.delivered_at is None:
        return "📥 **Made.** The file is on its way."
    if generation.erased_at is not None:
        return "✅ **Made.** The link was deleted."
    return "❌ **Made,** but it could be shown nowhere. Please tell a moderator the number below."


def _by_whom_and_when(generation: Generation) -> str:
    actor = "you" if is_own(generation) else "a moderator"
    return f"by {actor} {'while it was being made' if was_sent(generation) else 'before it was sent'}"


def _whether_it_counts(generation: Generation) -> str:
    if was_sent(generation):
        return "The video service cannot take a request back, so it counts towards the limit."
    return "It did not count towards your limit."


def _where(generation: Generation) -> str:
    if generation.result_channel_id is None:
        return "it is in a direct message, since I may not post it here."
    place = f"{generation.guild_id}/{generation.result_channel_id}/{generation.result_id}"
    return f"https://discord.com/channels/{place}"


def full_prompt(generation: Generation) -> list[discord.Embed]:
    """Return an embed with the whole prompt, where the text has only its beginning."""
    if len(generation.prompt) <= PROMPT_LENGTH:
        return []
    return [discord.Embed(title="The whole prompt", description=escape(generation.prompt))]
