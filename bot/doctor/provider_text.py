"""The doctors' words about the key and about the provider's refusals."""

from collections.abc import Callable, Mapping
from typing import LiteralString

from bot.escape import plain
from bot.i18n import N_, _, dollars
from bot.jobs.closures import ProviderPause, RefusalScope
from bot.markup import relative_time
from bot.provider.catalogue import get_model
from bot.provider.keys import KeyStatus, KeyTrouble
from bot.system_errors import words_of
from bot.text import clean, shorten

WORDS_LENGTH = 300  # characters of what the provider says

TROUBLES: Mapping[KeyTrouble, LiteralString] = {
    KeyTrouble.DISABLED: N_("The bot's key for the video service is turned off (`disabled`)."),
    KeyTrouble.NO_VIDEO: N_(
        "The bot's key for the video service isn't allowed to make videos: its scopes lack `model:video`."
    ),
    KeyTrouble.LIMIT_REACHED: N_(
        "The bot's key for the video service has reached its limit: {used} of {limit} spent."
    ),
}
REMEDIES: Mapping[KeyTrouble, str] = {
    KeyTrouble.DISABLED: "Turn it on at the provider, or set AIMLAPI_KEY to another key.",
    KeyTrouble.NO_VIDEO: "Add that scope at the provider, or set AIMLAPI_KEY to another key.",
    KeyTrouble.LIMIT_REACHED: "Raise its limit at the provider, or set AIMLAPI_KEY to another key.",
}
LIMITS: Mapping[str, LiteralString] = {
    "day": N_("The key's limit is {limit} per day."),
    "week": N_("The key's limit is {limit} per week."),
    "month": N_("The key's limit is {limit} per month."),
    "no_reset": N_("The key's limit is {limit} in total."),
}


def describe_trouble(key: KeyStatus, trouble: KeyTrouble) -> str:
    """Return what is wrong with a key."""
    limit = key.limit.threshold if key.limit else None
    return _(TROUBLES[trouble], used=dollars(key.monthly_usage or 0.0), limit=dollars(limit or 0.0))


def describe_limit(key: KeyStatus) -> str:
    """Return what a key may spend; empty: it has no limit."""
    limit = key.limit
    sentence = LIMITS.get(limit.retention or "") if limit else None
    if limit is None or limit.threshold is None or sentence is None:
        return ""
    return _(sentence, limit=dollars(limit.threshold))


def describe_pause(pause: ProviderPause, quote: Callable[[str], str]) -> str:
    """Return what is refused, since when, and in which words; `quote` makes these fit to be shown."""
    if pause.scope is RefusalScope.ACCOUNT:
        what = _(
            "I stopped sending requests {when} because the video service isn't accepting any.",
            when=relative_time(pause.since),
        )
    else:
        what = _(
            "I stopped sending requests for {models} {when}.",
            when=relative_time(pause.since),
            models=model_names(pause.models),
        )
    said = quote(pause.words)
    return what + (" " + _("The video service says: “{words}”", words=said) if said else "")


def advise_unreachable(cause: BaseException | None) -> str:
    """Return what an operator can do about a provider that can't be reached; `cause`: of the failed call."""
    why = f" ({words_of(cause)})" if cause else ""
    return f"Check this machine's network and `AIMLAPI_BASE_URL`{why}. Requests wait until it works."


def model_names(models: tuple[str, ...]) -> str:
    """Return what members call these models."""
    found = ((get_model(name), name) for name in models)
    return ", ".join(plain(name if model is None else model.label, WORDS_LENGTH) for model, name in found)


def quote_in_terminal(words: str) -> str:
    """Return words as a terminal may show them."""
    return shorten(clean(words), WORDS_LENGTH)


def quote_on_discord(words: str) -> str:
    """Return words so that Discord shows them as they are."""
    return plain(words, WORDS_LENGTH)
