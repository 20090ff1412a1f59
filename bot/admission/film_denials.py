"""Why a film is refused, or a new shot of one: as `bot.admission.denials`."""

from collections.abc import Sequence

from bot.admission.denials import BudgetReachedError, QuotaReachedError, RefusedError, WaitingFullError
from bot.escape import plain
from bot.i18n import _, ngettext
from bot.policy.phrases import quote_words

TooManyError = QuotaReachedError | WaitingFullError | BudgetReachedError  # fewer shots may be accepted


class TitleNotAllowedError(RefusedError):
    """The moderators forbid `words` of a film's title; `is_word`: they may cost a strike."""

    def __init__(self, words: Sequence[str], *, is_word: bool = True) -> None:
        self.words = words
        super().__init__(f"{title_sentence(words)} {_('Choose another title.')}")
        self.is_word = is_word


def title_sentence(words: Sequence[str]) -> str:
    """Return what names the forbidden words of a film's title."""
    if len(words) == 1:
        return _(
            "This film's title contains something this server doesn't allow: “{word}”.",
            word=plain(words[0], 100),
        )
    return _("This film's title contains words this server doesn't allow: {words}.", words=quote_words(words))


class ShotRefusedError(RefusedError):
    """One shot of a film is refused for itself, such as for its words or its model; `sentence`: why.

    `is_word`: for a forbidden word. `reason`: the sentence without the shot's number.
    """

    def __init__(self, number: int, sentence: str, *, is_word: bool = False) -> None:
        super().__init__(_("Shot {number}: {reason}", number=number, reason=sentence))
        self.is_word = is_word
        self.reason = sentence


class FilmTooLongError(RefusedError):
    """Some of a film's shots would fit, but not all; `reason`: why the next one doesn't."""

    def __init__(self, fitting: int, reason: TooManyError) -> None:
        super().__init__(_film_sentence(fitting, reason))


class RedoTooLongError(RefusedError):
    """Of shots that should be redone together not all fit; `reason`: why the next one doesn't.

    It isn't quoted: it was found with the shots before counted in, which aren't made.
    """

    def __init__(self, fitting: int, reason: TooManyError) -> None:
        super().__init__(_redo_sentence(fitting, reason))


def _redo_sentence(fitting: int, reason: TooManyError) -> str:
    match reason:
        case BudgetReachedError():
            return ngettext(
                "This server's video budget has money for {count} of these shots right now.",
                "This server's video budget has money for {count} of these shots right now.",
                fitting,
            )
        case WaitingFullError():
            return ngettext(
                "You can have {count} more video in the queue here right now, and each shot counts as one.",
                "You can have {count} more videos in the queue here right now, and each shot counts as one.",
                fitting,
            )
        case QuotaReachedError():
            return ngettext(
                "Your limit leaves you {count} video right now, and each shot counts as one.",
                "Your limit leaves you {count} videos right now, and each shot counts as one.",
                fitting,
            )


def _film_sentence(fitting: int, reason: TooManyError) -> str:
    match reason:
        case BudgetReachedError():
            return ngettext(
                "This server's video budget has money for {count} shot right now. Make the film shorter.",
                "This server's video budget has money for {count} shots right now. Make the film shorter.",
                fitting,
            )
        case WaitingFullError():
            return ngettext(
                "You can have {count} more video in the queue here right now, and each shot counts as one. "
                "Make the film shorter.",
                "You can have {count} more videos in the queue here right now, and each shot counts as one. "
                "Make the film shorter.",
                fitting,
            )
        case QuotaReachedError():
            return ngettext(
                "Your limit leaves you {count} video right now, and each shot counts as one. Make the film "
                "shorter.",
                "Your limit leaves you {count} videos right now, and each shot counts as one. Make the film "
                "shorter.",
                fitting,
            )
