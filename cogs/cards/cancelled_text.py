"""The text of a request that somebody stopped, and of why there is no video. Pure text."""

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import LiteralString

from bot.db.models import OPEN, Generation, Status, is_being_sent, is_own, was_sent
from bot.db.review_models import was_ready
from bot.escape import plain
from bot.failures import WITHHELD, FailureKind
from bot.films.rows import Film
from bot.i18n import N_, _, ngettext, translate_stored
from bot.provider.safety import OWN_REASONS

REASON_LENGTH = 300
# Kinds whose reason is the provider's; that of the others is for the log.
PROVIDERS = frozenset(
    {
        FailureKind.REFUSED,
        FailureKind.UNTAKEN,
        FailureKind.UNMADE,
        FailureKind.GONE,
        FailureKind.MODEL_GONE,
    }
)


class When(Enum):
    """The state of a request when it was cancelled."""

    UNSENT = auto()
    SENDING = auto()
    SENT = auto()
    READY = auto()  # its video waited for moderators


# By whether the member did it, and when.
CANCELLED_STATES: Mapping[tuple[bool, When], LiteralString] = {
    (True, When.UNSENT): N_("You **cancelled** it before it was sent."),
    (True, When.SENT): N_("You **cancelled** it while it was being made."),
    (True, When.SENDING): N_("You **cancelled** it while it was being sent."),
    (True, When.READY): N_("You **cancelled** it before it was posted."),
    (False, When.UNSENT): N_("A moderator **cancelled** it before it was sent."),
    (False, When.SENT): N_("A moderator **cancelled** it while it was being made."),
    (False, When.SENDING): N_("A moderator **cancelled** it while it was being sent."),
    (False, When.READY): N_("A moderator **cancelled** it before it was posted."),
}
REMOVED_STATE = N_("**Cancelled** because I was removed from this server.")
CANCELLATIONS: Mapping[tuple[bool, When], LiteralString] = {
    (True, When.UNSENT): N_("{member} You cancelled your video before it was sent."),
    (True, When.SENT): N_("{member} You cancelled your video while it was being made."),
    (True, When.SENDING): N_("{member} You cancelled your video while it was being sent."),
    (True, When.READY): N_("{member} You cancelled your video before it was posted."),
    (False, When.UNSENT): N_("{member} A moderator cancelled your video before it was sent."),
    (False, When.SENT): N_("{member} A moderator cancelled your video while it was being made."),
    (False, When.SENDING): N_("{member} A moderator cancelled your video while it was being sent."),
    (False, When.READY): N_("{member} A moderator cancelled your video before it was posted."),
}


def by_whom_and_when(generation: Generation) -> tuple[bool, When]:
    """Return whether the member cancelled it themselves, and how far it had come."""
    if is_being_sent(generation):
        when = When.SENDING
    elif was_ready(generation):
        when = When.READY
    else:
        when = When.SENT if was_sent(generation) else When.UNSENT
    return is_own(generation), when


def cancelled_shot(shot: Generation) -> str:
    """Return who stopped a shot of a film, and whether it counts; its card has one line for each shot."""
    if shot.cancelled_by is None:
        who = _("🚫 Cancelled because I was removed from this server.")
    elif is_own(shot):
        who = _("🚫 You cancelled it.")
    else:
        who = _("🚫 A moderator cancelled it.")
    return f"{who} {_whether_it_counts(shot)}"


def _whether_it_counts(shot: Generation) -> str:
    if is_being_sent(shot):
        return _("It counts unless the video service didn't accept it.")
    return _("It counts.") if was_sent(shot) else _("It didn't count.")


def cancelled_shots(shots: Sequence[Generation]) -> str:
    """Return the answer to who stopped these shots of a film at once: how many of them count."""
    unsure = sum(is_being_sent(shot) for shot in shots)
    sure = sum(was_sent(shot) for shot in shots) - unsure
    lines = [ngettext("🚫 **Cancelled:** {count} shot.", "🚫 **Cancelled:** {count} shots.", len(shots))]
    if sure:
        lines.append(
            ngettext(
                "{count} was already sent to the video service, so it counts toward the limit.",
                "{count} were already sent to the video service, so they count toward the limit.",
                sure,
            )
        )
    if unsure:
        lines.append(
            ngettext(
                "{count} was just being sent. It counts unless the video service didn't accept it.",
                "{count} were just being sent. They count unless the video service didn't accept them.",
                unsure,
            )
        )
    if not sure and not unsure:
        lines.append(_("None of that counts toward the limit."))
    return " ".join(lines)


def stopped_takes(before: Film, after: Film) -> list[Generation]:
    """Return what was cancelled of a film in between."""
    was_open = {take.id for take in before.takes if take.status in OPEN}
    return [take for take in after.takes if take.id in was_open and take.status is Status.CANCELLED]


def stopped_lines(before: Film, after: Film) -> list[str]:
    """Say what becomes of the shots of a removed film that were being redone, and how many of them count."""
    stopped = stopped_takes(before, after)
    going_on = sum(take.status in OPEN for take in after.takes)
    lines = [cancelled_shots(stopped)] if stopped else []
    if going_on:
        lines.append(
            ngettext(
                "{count} new shot was already sent to the video service. Unless it fails, I'll post it, and "
                "it counts toward the limit.",
                "{count} new shots were already sent to the video service. Unless they fail, I'll post "
                "them, and they count toward the limit.",
                going_on,
            )
        )
    return lines


def film_gone_lines(before: Film | None, after: Film | None) -> list[str]:
    """Say that a film went with one of its shots, and what becomes of those that were being redone."""
    if before is None or after is None or before.row.removed_at or not after.row.removed_at:
        return []
    return [_("I removed its film, too."), *stopped_lines(before, after)]


def reasons(kind: FailureKind, reason: str, *, quote: bool) -> list[str]:
    """Return the reason as one sentence, or none; only what the provider or a moderator said is quoted.

    `quote`: with these.
    """
    if kind is FailureKind.DECLINED and quote and (said := plain(reason, REASON_LENGTH)):
        return [_("They say: “{words}”", words=said)]
    if kind not in PROVIDERS:
        return []
    if reason in OWN_REASONS:
        return [translate_stored(reason)]
    if quote and (said := plain(reason, REASON_LENGTH)):
        # Translators: it is the video service
        return [_("Its reason: “{words}”", words=said)]
    return []


def withheld_lines(generation: Generation, *, quote: bool) -> tuple[str, str]:
    """Return why it isn't posted, and that it counts with what to do now; `quote`: in a moderator's words."""
    kind = _kind_of(generation)
    why = " ".join([_(WITHHELD[kind]), *reasons(kind, generation.failure_reason or "", quote=quote)])
    return why, f"{_counts()} {kind.advice}"


def withheld_state(generation: Generation) -> str:
    """Return how the card and `/videos` say it."""
    return f"{_('**Not posted.**')} {_(WITHHELD[_kind_of(generation)])} {_counts()}"


def _counts() -> str:
    return _("It was made, so it counts toward your limit.")


def _kind_of(generation: Generation) -> FailureKind:
    return generation.failure_kind or FailureKind.DECLINED
