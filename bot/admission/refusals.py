"""Why a request is refused, in sentences for the member. Nothing of it counts towards any limit."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.admission.budgets import BudgetState
from bot.admission.limits import Limit, QuotaVerdict
from bot.admission.policy import LimitKind, Scope
from bot.errors import UserError, relative_time
from bot.escape import plain
from bot.money import show_money
from bot.veo.catalogue import get_model
from bot.wording import PERIOD_NAMES, WINDOW_NAMES, because, count_videos

SHOWN_CHANNELS = 5


class RefusedError(UserError):
    """A rule of the server does not allow the request; `sentence` says why, for other texts too."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"{sentence} Nothing was counted.")
        self.sentence = sentence


class PausedError(RefusedError):
    """Moderators switched /veo off."""

    def __init__(self, reason: str | None) -> None:
        super().__init__(f"The moderators have paused videos on this server.{because(reason)}")


class BlockedError(RefusedError):
    """Moderators blocked the member."""

    def __init__(self, until: datetime | None, reason: str | None) -> None:
        end = "Please ask them when you may again." if until is None else f"It ends {relative_time(until)}."
        super().__init__(f"The moderators do not let you make videos here.{because(reason)} {end}")


class ChannelNotAllowedError(RefusedError):
    """Videos are made in other channels."""

    def __init__(self, channels: Collection[int]) -> None:
        shown = ", ".join(f"<#{channel}>" for channel in sorted(channels)[:SHOWN_CHANNELS])
        super().__init__(f"Videos are not made in this channel. Please use {shown}.")


class ModelNotAllowedError(RefusedError):
    """The moderators allow other models only."""

    def __init__(self, label: str, models: Collection[str]) -> None:
        labels = sorted(model.label for name in models if (model := get_model(name)))
        super().__init__(f"{label} is not allowed on this server. Please choose {' or '.join(labels)}.")


class TooLongError(RefusedError):
    """The moderators allow shorter videos only."""

    def __init__(self, longest: int) -> None:
        super().__init__(f"Videos here may have at most {longest} seconds. Please choose a `duration`.")


class TooHighError(RefusedError):
    """The moderators allow smaller pictures only."""

    def __init__(self, highest: str) -> None:
        super().__init__(f"Videos here may have at most {highest}. Please choose a `resolution`.")


class WordNotAllowedError(RefusedError):
    """The moderators forbid a word of the prompt."""

    def __init__(self, word: str) -> None:
        super().__init__(f"Your prompt has words that this server does not allow: “{plain(word, 100)}”.")


class PriceUnknownError(RefusedError):
    """There is a budget, and nobody knows what the video would take of it."""

    def __init__(self) -> None:
        super().__init__(
            "This server has a budget, and the price of this video cannot be found out at the moment. "
            "Please try again in a few minutes."
        )


class BudgetReachedError(RefusedError):
    """The server's money for the period is spent or reserved."""

    def __init__(self, state: BudgetState, price: float) -> None:
        """`price`: of the video that was asked for, in credits."""
        when = f"There is new money {relative_time(state.resets_at)}."
        if state.budget <= 0:
            text = "This server's budget for videos is 0, so none can be made."
        elif state.left <= 0:
            text = f"This server's budget for videos is used up for {PERIOD_NAMES[state.period]}. {when}"
        else:
            text = (
                f"This server's budget for videos has {show_money(state.left)} left for "
                f"{PERIOD_NAMES[state.period]}, and this video costs about {show_money(price)}. {when} "
                "A shorter video or another model may still fit."
            )
        super().__init__(text)
        self.state = state


class QuotaReachedError(RefusedError):
    """The member has used all places; `broken`: of which limits."""

    def __init__(self, sentence: str, broken: tuple[Limit, ...]) -> None:
        super().__init__(sentence)
        self.broken = broken


class WaitingFullError(RefusedError):
    """The member has as many requests in the queue as one member may have."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"You have {count_videos(most)} waiting in the queue here, and more are not possible. "
            "Please ask again when one of them is being made."
        )


def quota_error(verdict: QuotaVerdict) -> QuotaReachedError:
    """Return the sentence for a verdict that does not allow one more."""
    return QuotaReachedError(_quota_sentence(verdict), verdict.broken)


def _quota_sentence(verdict: QuotaVerdict) -> str:
    windows = [limit for limit in verdict.broken if limit.kind is not LimitKind.AT_ONCE]
    if not windows:
        most = verdict.broken[0].most
        return (
            "You may not have videos made here."
            if not most
            else f"You may have {count_videos(most)} made at the same time. Please wait until one is ready."
        )
    if verdict.frees_at is None:
        return _closed(windows)
    return f"You have used {_used(windows)}. The next place frees {relative_time(verdict.frees_at)}."


def _closed(windows: Sequence[Limit]) -> str:
    """Say why no place frees by itself: a limit is 0, and only grants added to it."""
    if any(limit.most for limit in windows):
        return f"You have used {_used(windows)}. No further place frees by itself."
    if all(limit.rule.scope is Scope.DEFAULT for limit in windows):
        return "Videos are switched off for members of this server."
    return "The moderators' limit for you is 0 videos, so none can be made."


def _used(windows: Sequence[Limit]) -> str:
    return " and ".join(
        f"your {count_videos(limit.most)} of the last {WINDOW_NAMES[limit.kind]}" for limit in windows
    )
