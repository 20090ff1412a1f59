"""The provider's errors and prices for a person at a terminal; errors name a setting that may be wrong."""

from bot.money import usd
from bot.provider.errors import KeyRefusedError, UnreachableError, VeoError
from bot.system_errors import words_of


def sentence(said: str | VeoError) -> str:
    """Return what somebody else said, with an end."""
    return text if (text := str(said)).endswith((".", "!", "?")) else f"{text}."


def advised(error: VeoError) -> str:
    """Return what the provider said, or why nothing could be asked, and which setting to look at."""
    match error:
        case KeyRefusedError():
            return f"{sentence(error)} Check the setting AIMLAPI_KEY: the provider doesn't accept this key."
        case UnreachableError():
            why = f" The reason: {words_of(error.__cause__)}." if error.__cause__ else ""
            return f"{sentence(error)}{why} Check this machine's network and the setting AIMLAPI_BASE_URL."
        case _:
            return str(error)


def price_line(credits_: float | None, more: str = "") -> str:
    """Say what will be paid; `more`: for what."""
    return f"Price: unknown{more}." if credits_ is None else f"Price: about ${usd(credits_):,.2f}{more}."
