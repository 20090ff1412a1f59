"""The card: the message that answers /veo and shows how the video stands. Pure text from a row."""

from collections.abc import Mapping
from typing import LiteralString, TypedDict

import discord

from bot.db.models import NOBODY, Generation, Status, is_being_sent, was_sent
from bot.db.review_models import is_in_review, is_withheld
from bot.escape import escape, plain
from bot.eta.eta import NO_ETA, Eta
from bot.failures import REVIEWED, STILL_ASKED, FailureKind
from bot.i18n import N_, _, locale_used, pgettext
from bot.jobs.ports import Posted
from bot.markup import in_words
from bot.policy.phrases import seconds
from bot.provider.catalogue import InvalidOptionError, build_request, get_model
from bot.provider.input_kinds import InputKind
from bot.provider.options import Option, OptionValue
from bot.text import cut
from cogs.cards.cancelled_text import (
    CANCELLATIONS,
    CANCELLED_STATES,
    REMOVED_STATE,
    by_whom_and_when,
    reasons,
    withheld_lines,
    withheld_state,
)
from cogs.cards.waiting_text import eta_text, held_line, then_reviewed, waiting_line, when_sent
from cogs.ui.items import linked, post_link

PROMPT_LENGTH = 500  # characters of the prompt in the card's text; the embed has all of it
NEGATIVE_PROMPT_LENGTH = 150
ALT_TEXT_LENGTH = 1000  # Discord allows 1,024
THREAD_NAME_LENGTH = 90  # Discord allows 100
ERASED_PROMPT = N_("(the prompt was deleted)")

# What messages begin with in every language: `cogs.cards.result_message` recognises them by that.
FAILED_MARK = "❌"
CANCELLED_MARK = "🚫"
NUMBER_MARK = "-# "  # of the line with the number: Discord shows it small
QUOTE_MARK = "> "  # of the line with the prompt

HEADLINES: Mapping[InputKind, LiteralString] = {
    InputKind.TEXT: N_("{member} requested a video"),
    InputKind.IMAGE: N_("{member} requested a video from an image"),
    InputKind.FRAMES: N_("{member} requested a video from two images"),
    InputKind.REFERENCES: N_("{member} requested a video from reference images"),
    InputKind.VIDEO: N_("{member} is extending a video"),
}
ALT_TEXTS: Mapping[InputKind, LiteralString] = {
    InputKind.TEXT: N_("Video made from the prompt: {prompt}"),
    InputKind.IMAGE: N_("Video made from an image and the prompt: {prompt}"),
    InputKind.FRAMES: N_("Video made from two images and the prompt: {prompt}"),
    InputKind.REFERENCES: N_("Video made from reference images and the prompt: {prompt}"),
    InputKind.VIDEO: N_("Continuation of another video, made from the prompt: {prompt}"),
}


class Card(TypedDict):
    """The parts of a card as discord.py's send and edit methods take them."""

    content: str
    embeds: list[discord.Embed]


def render_card(generation: Generation, eta: Eta = NO_ETA) -> Card:
    """Return the card, in the member's language; `eta`: how it will probably go on.

    Its last lines are the number and the prompt, by which it is recognised in every language.
    """
    with locale_used(generation.locale):
        lines = [
            _(HEADLINES[_kind_of(generation)], member=member(generation)),
            *parameter_lines(generation),
            *lineage_lines(generation),
            state_line(generation, eta),
            number_line(generation),
            f"{QUOTE_MARK}{shown_prompt(generation)}",
        ]
        return Card(content="\n".join(lines), embeds=full_prompt(generation))


def render_ending(generation: Generation, *, quote: bool = True, has_others: bool | None = True) -> str:
    """Return the message that takes the video's place; `quote` and `has_others` as for a failure."""
    if generation.status is Status.CANCELLED:
        return render_cancellation(generation)
    if is_withheld(generation):
        return render_withheld(generation, quote=quote)
    return render_failure(generation, quote=quote, has_others=has_others)


def render_cancellation(generation: Generation) -> str:
    """Return the message about a request that somebody stopped, in the member's language."""
    with locale_used(generation.locale):
        what = _(CANCELLATIONS[by_whom_and_when(generation)], member=member(generation))
        advice = _("Ask a moderator if you want to know why.")
        return "\n".join(
            [
                f"{CANCELLED_MARK} {what}",
                f"{_whether_it_counts(generation)} {advice}",
                number_line(generation),
            ]
        )


def render_failure(generation: Generation, *, quote: bool = True, has_others: bool | None = True) -> str:
    """Return the message about a failure, in the member's language.

    `quote`: with the provider's words; `has_others`: another model could make the video; None: it isn't up
    to the models, and a click on the button says what it is.
    """
    kind = generation.failure_kind or FailureKind.BROKEN
    with locale_used(generation.locale):
        sentences = [_no_video(generation, kind), kind.sentence]
        sentences += reasons(kind, generation.failure_reason or "", quote=quote)
        advice = kind.advice_by(has_others=has_others, is_shot=generation.film_id is not None)
        advice = advice if generation.late_until is None else _(STILL_ASKED)
        why = f"{FAILED_MARK} {' '.join(sentences)}"
        what_now = f"{_did_not_count()} {advice}".rstrip()
        return f"{why}\n{what_now}\n{number_line(generation)}"


def render_withheld(generation: Generation, *, quote: bool = True) -> str:
    """Return the message about a video that moderators kept from being posted, in the member's language."""
    with locale_used(generation.locale):
        why, counts = withheld_lines(generation, quote=quote)
        return f"{FAILED_MARK} {member(generation)} {why}\n{counts}\n{number_line(generation)}"


def _no_video(generation: Generation, kind: FailureKind) -> str:
    who, shot = member(generation), generation.shot
    if shot is not None and generation.source_id is None and kind in REVIEWED:  # it's about all shots
        return _("{member} I couldn't get you this film.", member=who)
    if shot is not None:
        return _("{member} I couldn't get you shot {number} of your film.", member=who, number=shot)
    return _("{member} I couldn't get you this video.", member=who)


def render_result(generation: Generation, *, quote: bool = True) -> str:
    """Return the text above the video, in the member's language; `quote`: with the member's own words."""
    with locale_used(generation.locale):
        text = _ready(generation)
        return f"{text}\n{QUOTE_MARK}{shown_prompt(generation)}" if quote else text


def _ready(generation: Generation) -> str:
    if generation.shot is not None:  # nobody is pinged for each shot
        return _("🎬 Shot {number} is ready.", number=generation.shot)
    return _("🎬 {member} Your video is ready.", member=member(generation))


def render_repost(generation: Generation, *, quote: bool = True) -> str:
    """Return the text above a video that is posted again; `quote`: with the member's own words."""
    with locale_used(generation.locale):
        lines = [_("📤 A video by {member}, posted again.", member=member(generation))]
        if quote:
            lines.append(f"{QUOTE_MARK}{shown_prompt(generation)}")
        return "\n".join([*lines, number_line(generation)])


def shown_prompt(generation: Generation, length: int = PROMPT_LENGTH) -> str:
    """Return the prompt as it may be shown, on one line and cut to `length` characters."""
    return _(ERASED_PROMPT) if generation.erased_at else plain(generation.prompt, length)


def alt_text(generation: Generation) -> str:
    """Return what a screen reader says in place of the video, in the member's language."""
    with locale_used(generation.locale):
        said = _(ALT_TEXTS[_kind_of(generation)], prompt=in_words(generation.prompt))
        return cut(said, ALT_TEXT_LENGTH)


def thread_name(generation: Generation) -> str:
    """Return a thread's name: the prompt's beginning."""
    return cut(" ".join(in_words(generation.prompt).split()), THREAD_NAME_LENGTH).rstrip()


def neutral_thread_name(generation: Generation) -> str:
    """Return a thread's name where a server's filter stops the member's words, in the member's language."""
    with locale_used(generation.locale):
        return pgettext("name of a thread", "Video")[:THREAD_NAME_LENGTH]


def number_line(generation: Generation) -> str:
    """Return the line by which a member and a moderator can name the request."""
    return f"{NUMBER_MARK}{_('ID {number}', number=generation.id)}"


def member(generation: Generation) -> str:
    """Return the mention of who asked; whether it pings is decided where it is sent."""
    return _("Somebody") if generation.user_id == NOBODY else f"<@{generation.user_id}>"


def parameter_lines(generation: Generation) -> list[str]:
    """Say what is really sent: what was chosen, and the model's defaults for the rest."""
    try:
        request = build_request(generation.model, generation.prompt or ERASED_PROMPT, generation.options)
    except InvalidOptionError:
        return [_("Model: {model} (no longer available)", model=generation.model)]
    values = request.resolved
    options = [option for option in request.model.options if option.name in values]
    shown = [_word(option, values[option.name]) for option in options]
    lines = [" · ".join([f"**{request.model.family}**", *filter(None, shown)])]
    if negative := values.get("negative_prompt"):
        lines.append(_("Without: {words}", words=plain(str(negative), NEGATIVE_PROMPT_LENGTH)))
    return lines


def lineage_lines(generation: Generation) -> list[str]:
    """Say which video this one continues, and where that one is, as far as others can open it."""
    if generation.continues_id is None:
        return []
    channel_id, message_id = generation.continues_post or (None, None)
    link = None if message_id is None else post_link(generation.guild_id, Posted(message_id, channel_id))
    video = linked(generation.continues_id, link)
    if _kind_of(generation) is InputKind.VIDEO:
        return [_("↪️ Extends {video}", video=video)]
    return [_("↪️ Continued from {video}", video=video)]


def _word(option: Option, value: OptionValue) -> str:
    match option.name:
        case "duration":
            return seconds(int(value))
        case "seed":
            return _("seed {seed}", seed=value)
        case "negative_prompt":
            return ""
        case "aspect_ratio" if value == "auto":  # as the video before
            return ""
        case _:
            return option.shown(value)


def state_line(generation: Generation, eta: Eta = NO_ETA) -> str:
    """Return the line that says how the video stands."""
    match generation.status:
        case Status.PREPARING | Status.QUEUED:
            return waiting_line(generation, eta)
        case Status.SUBMITTING:
            return then_reviewed(generation, _("📨 **Sending** your request to the video service."))
        case Status.RUNNING:
            since = eta_text(eta) or when_sent(generation)
            return then_reviewed(generation, f"{_('⚙️ **Making your video.**')} {since}")
        case Status.SUCCEEDED:
            return _made_line(generation)
        case Status.FAILED:
            kind = generation.failure_kind or FailureKind.BROKEN
            return f"{FAILED_MARK} {_('**No video.**')} {kind.sentence} {_did_not_count()}"
        case Status.CANCELLED:
            is_removed = generation.cancelled_by is None
            what = _(REMOVED_STATE if is_removed else CANCELLED_STATES[by_whom_and_when(generation)])
            return f"{CANCELLED_MARK} {what} {_whether_it_counts(generation)}"


def _made_line(generation: Generation) -> str:
    if is_withheld(generation):
        return f"{FAILED_MARK} {withheld_state(generation)}"
    if is_in_review(generation):
        return held_line(generation)
    if generation.removed_at is not None:
        return _("🗑️ **Removed.**")
    if generation.result_id is not None and generation.result_channel_id is None:
        return _("✅ **Ready:** I sent it in a direct message because I can't post here.")
    if generation.result_id is not None:
        return _("✅ **Ready.**")
    if generation.delivered_at is None:
        return _("📥 **Done.** Downloading the video.")
    if generation.erased_at is not None:
        return _("✅ **Done.** The link was deleted.")
    return _("❌ **Done,** but I couldn't post it anywhere. Give a moderator the ID below.")


def _did_not_count() -> str:
    return _("This didn't count toward your limit.")


def _whether_it_counts(generation: Generation) -> str:
    if is_being_sent(generation):
        return _("This counts toward your limit unless the video service didn't accept it.")
    if was_sent(generation):
        return _("The video service can't take back a request, so this counts toward your limit.")
    return _did_not_count()


def _kind_of(generation: Generation) -> InputKind:
    """Return what it was made from; a model that is not known any more is taken for one of words alone."""
    model = get_model(generation.model)
    return model.kind if model else InputKind.TEXT


def full_prompt(generation: Generation, length: int = PROMPT_LENGTH) -> list[discord.Embed]:
    """Return an embed with the whole prompt, where the text has only its first `length` characters."""
    if len(generation.prompt) <= length:
        return []
    return [discord.Embed(title=pgettext("title", "Full prompt"), description=escape(generation.prompt))]
