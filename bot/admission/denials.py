"""Why a request is refused, in sentences for the member. Nothing of it counts towards any limit."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Self

from bot.admission.budgets import BudgetState
from bot.admission.limits import Limit, QuotaVerdict
from bot.errors import UserError, uncounted
from bot.escape import plain
from bot.i18n import N_, _, format_and, format_or, ngettext
from bot.markup import relative_time
from bot.money import show_money
from bot.policy.documents import LimitKind, Scope
from bot.policy.phrases import PERIOD_NAMES, WINDOW_NAMES, because, block_end, count_videos, quote_words
from bot.provider.catalogue import Model
from bot.provider.input_kinds import InputKind

SHOWN_CHANNELS = 5
NO_MONEY_AT_ALL = N_("This server's video budget is 0, so nobody can request videos.")


class RefusedError(UserError):
    """A rule of the server does not allow the request; `sentence` says why, for other texts too.

    Where something else can be chosen, the sentence ends with that.

    Attributes:
        appeal_id: what the member can ask a moderator about; None: nothing.
        strike_id: the strike that it costs, as its text says; None: none.
        fingerprints: of all shots of the film that it refuses for a word: it costs no strike where a
            moderator let one of them pass.
    """

    appeal_id: str | None = None
    strike_id: int | None = None
    fingerprints: Sequence[str] = ()

    def __init__(self, fact: str, choice: str = "") -> None:
        """`choice`: what to choose instead."""
        self._fact, self._choice = fact, choice
        self.sentence = f"{fact} {choice}" if choice else fact
        super().__init__(uncounted(self.sentence))

    def without_choice(self, instead: str = "") -> Self:
        """Return this error as it's said where nothing can be chosen; `instead`: what can be done there."""
        if self._choice:
            RefusedError.__init__(self, self._fact, instead)
        return self

    def note(self, text: str) -> Self:
        """Say something more, below; return this error."""
        self.args = (f"{self}\n{text}",)
        return self


class PausedError(RefusedError):
    """Moderators switched /veo off."""

    def __init__(self, reason: str | None) -> None:
        super().__init__(_("The moderators have paused /veo on this server.") + because(reason))


class BlockedError(RefusedError):
    """Moderators blocked the member."""

    def __init__(self, until: datetime | None, reason: str | None) -> None:
        text = _("You're blocked from /veo on this server.")
        super().__init__(f"{text}{because(reason)} {block_end(until)}")
        self.until = until


class ChannelNotAllowedError(RefusedError):
    """Videos are made in other channels."""

    def __init__(self, channels: Collection[int]) -> None:
        shown = ", ".join(f"<#{channel}>" for channel in sorted(channels)[:SHOWN_CHANNELS])
        super().__init__(_("You can't request videos in this channel. Use {channels}.", channels=shown))


class ModelNotAllowedError(RefusedError):
    """The moderators allow other models only. `others`: those of them that could make the video."""

    def __init__(self, label: str, others: Sequence[str]) -> None:
        if others:
            choice = _("Choose {others}.", others=format_or(sorted(others)))
            super().__init__(_("{model} isn't allowed on this server.", model=label), choice)
            return
        super().__init__(
            _(
                "{model} isn't allowed on this server, and none of the allowed models can make such a "
                "video. Ask a moderator to allow it.",
                model=label,
            )
        )


class ModelGoneError(RefusedError):
    """The provider doesn't list the model any more. `others`: what can make such a video here."""

    def __init__(self, label: str, others: Sequence[str]) -> None:
        gone = _("The video service doesn't offer {model} at the moment.", model=label)
        if others:
            super().__init__(gone, _("Choose {others}.", others=format_or(others)))
            return
        way_on = _("None of the other models you can use here can make such a video. Try again later.")
        super().__init__(f"{gone} {way_on}")


class TooLongError(RefusedError):
    """The moderators allow shorter videos only."""

    def __init__(self, longest: int) -> None:
        super().__init__(
            ngettext(
                "Videos on this server can be up to {count} second long.",
                "Videos on this server can be up to {count} seconds long.",
                longest,
            ),
            _("Choose a shorter `duration`."),
        )


class TooHighError(RefusedError):
    """The moderators allow smaller images only."""

    def __init__(self, highest: str) -> None:
        super().__init__(
            _("Videos on this server can be up to {highest}.", highest=highest),
            _("Choose a lower `resolution`."),
        )


class WordNotAllowedError(RefusedError):
    """The moderators forbid words of the prompt."""

    def __init__(self, words: Sequence[str]) -> None:
        if len(words) == 1:
            text = _(
                "Your prompt contains something this server doesn't allow: “{word}”.",
                word=plain(words[0], 100),
            )
        else:
            text = _(
                "Your prompt contains words this server doesn't allow: {words}.", words=quote_words(words)
            )
        super().__init__(text)
        self.words = tuple(words)


class PriceUnknownError(RefusedError):
    """There is a budget, and nobody knows what the video would take of it."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "I can't get this video's price right now, and this server has a budget, so I "
                "can't accept it. Try again in a few minutes."
            )
        )


class BudgetReachedError(RefusedError):
    """The server's money for the period is spent or reserved."""

    def __init__(self, state: BudgetState, price: float, *, takes_others: bool = True) -> None:
        """`price`: of the request, in credits; `takes_others`: no budget is used up."""
        fact, choice = _budget_sentences(state, price)
        super().__init__(fact, choice if takes_others else "")
        self.state = state

    def without_choice(self, instead: str = "") -> Self:  # noqa: ARG002 nothing else fits better elsewhere
        """Return this error as it's said where nothing can be chosen."""
        return super().without_choice()


class QuotaReachedError(RefusedError):
    """The member has used all that their limits allow."""

    def __init__(self, verdict: QuotaVerdict) -> None:
        super().__init__(_quota_sentence(verdict))
        self.verdict = verdict


class WaitingFullError(RefusedError):
    """The member has as many requests in the queue as one member may have."""

    def __init__(self, max_waiting: int, in_review: int = 0) -> None:
        """`in_review`: how many of them wait for a moderator, and start no sooner."""
        super().__init__(_too_many_waiting(max_waiting, in_review))
        self.max_waiting = max_waiting


def without_options(refusal: UserError | None, model: Model) -> UserError | None:
    """Return why a video isn't gone on from as its form can say it, which has no field for options."""
    if not isinstance(refusal, TooLongError | TooHighError | BudgetReachedError):
        return refusal
    return refusal.without_choice(_("Use *Continue* instead.") if model.kind is InputKind.VIDEO else "")


def _quota_sentence(verdict: QuotaVerdict) -> str:
    windows = [limit for limit in verdict.broken if limit.kind is not LimitKind.AT_ONCE]
    if not windows:
        return _too_many_at_once(verdict.broken[0].most, verdict.in_review)
    if verdict.frees_at is None:
        return _closed(windows)
    frees = _("You can request another one {when}.", when=relative_time(verdict.frees_at))
    return f"{_used(windows)} {frees}"


def _budget_sentences(state: BudgetState, price: float) -> tuple[str, str]:
    """Return why there isn't enough money, and what may be chosen instead."""
    if state.budget <= 0:
        return _(NO_MONEY_AT_ALL), ""
    period = _(PERIOD_NAMES[state.period])
    when = _("The budget resets {when}.", when=relative_time(state.resets_at))
    if state.left <= 0:
        used_up = _("This server's video budget for {period} is used up.", period=period)
        return f"{used_up} {when}", ""
    left = _(
        "This server's video budget for {period} has {money} left, and this video costs about {price}.",
        money=show_money(state.left),
        period=period,
        price=show_money(price),
    )
    return f"{left} {when}", _("A shorter video or another model may still fit.")


def _too_many_waiting(max_waiting: int, in_review: int) -> str:
    videos = count_videos(max_waiting)
    if not in_review:
        return _(
            "You already have {videos} in the queue here, which is the maximum. Try again "
            "once one of them starts.",
            videos=videos,
        )
    full = _(
        "You already have {videos} waiting here, which is the maximum. Wait until one of them starts, or "
        "cancel one.",
        videos=videos,
    )
    return f"{full} {_held_up(in_review)}"


def _held_up(in_review: int) -> str:
    """Say why it may take longer: an approval alone frees no slot."""
    return ngettext(
        "{count} of yours is waiting for a moderator's approval.",
        "{count} of yours are waiting for a moderator's approval.",
        in_review,
    )


def _too_many_at_once(max_at_once: int | None, in_review: int) -> str:
    if not max_at_once:
        return _("/veo is turned off for you on this server.")
    if in_review:
        full = _(
            "You can have {videos} in progress at once. Wait until one is ready, or cancel one.",
            videos=count_videos(max_at_once),
        )
        return f"{full} {_held_up(in_review)}"
    return _(
        "You can have {videos} in progress at once. Wait until one is ready.",
        videos=count_videos(max_at_once),
    )


def _closed(windows: Sequence[Limit]) -> str:
    """Say why waiting gives no more: a limit is 0, and only grants added to it."""
    if any(limit.most for limit in windows):
        no_more = _("You won't get more until a moderator raises your limit.")
        return f"{_used(windows)} {no_more}"
    if all(limit.rule.scope is Scope.DEFAULT for limit in windows):
        return _("/veo is turned off for members of this server.")
    return _("The moderators set your limit to 0 videos.")


def _used(windows: Sequence[Limit]) -> str:
    return _(
        # Translators: {used} is one or more of "your {videos} for the last {window}"
        "You've used {used}.",
        used=format_and(
            _(
                "your {videos} for the last {window}",
                videos=count_videos(limit.most),
                window=_(WINDOW_NAMES[limit.kind]),
            )
            for limit in windows
        ),
    )
