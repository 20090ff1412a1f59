"""The card's text while a request waits to be sent or for moderators, and its expected time."""

from bot.db.models import Generation, Unreviewed, sent_at
from bot.db.review_models import is_in_review
from bot.eta.eta import LAST_POSITION, Eta
from bot.i18n import _, ngettext, number
from bot.markup import relative_time


def waiting_line(generation: Generation, eta: Eta) -> str:
    """Return how a request waits; for moderators it has no position, and nobody knows how long that takes."""
    if is_in_review(generation):
        return review_line(generation)
    return then_reviewed(generation, " ".join(filter(None, [_position(eta), eta_text(eta)])))


def then_reviewed(generation: Generation, line: str) -> str:
    """Add where moderators decide about the finished video, so that nobody takes its end for its arrival."""
    if generation.unreviewed is None:
        return line
    looks = _("A moderator reviews it before it's posted.")
    return f"{line} {looks}"


def review_line(generation: Generation) -> str:
    """Return what is said while moderators are to decide."""
    return _(
        "👀 **Waiting for a moderator's approval.** I won't send it until then. If nobody decides, it "
        "expires {when} and doesn't count.",
        when=relative_time(generation.review_until or generation.created_at),
    )


def held_line(generation: Generation) -> str:
    """Return what is said while moderators are to decide whether a finished video is posted."""
    when = relative_time(generation.review_until or generation.created_at)
    if generation.unreviewed is Unreviewed.POST:
        return _(
            "👀 **Ready, waiting for a moderator's approval.** I won't post it until then. If nobody "
            "decides, I'll post it {when}.",
            when=when,
        )
    return _(
        "👀 **Ready, waiting for a moderator's approval.** I won't post it until then. If nobody decides, "
        "it expires {when} and won't be posted. It was made, so it counts either way.",
        when=when,
    )


def _position(eta: Eta) -> str:
    if eta.position is None:
        return _("⏳ **In the queue.**")
    if eta.position > LAST_POSITION:
        return ngettext(
            "⏳ **In the queue**, after at least {count} other request.",
            "⏳ **In the queue**, after at least {count} other requests.",
            LAST_POSITION,
        )
    return _("⏳ **In the queue** at position {place}.", place=number(eta.position))


def eta_text(eta: Eta) -> str:
    """Say when it should be ready: a time instead of a percentage, which nobody knows."""
    if eta.is_late and eta.ends_at:
        end = relative_time(eta.ends_at)
        return _("Taking longer than usual. I'll give up {when}.", when=end)
    if eta.is_late:
        return _("Taking longer than usual.")
    if eta.expected_at is None:
        return ""
    return _("Should be ready {when}.", when=relative_time(eta.expected_at))


def when_sent(generation: Generation) -> str:
    """Say since when it's at the video service."""
    return _("Sent {when}.", when=relative_time(sent_at(generation)))
