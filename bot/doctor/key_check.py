"""Check for the provider's word of a key that may or may not be the bot's: for `veo-bot doctor`."""

from bot.doctor.check_result import CheckResult
from bot.doctor.checks import fetch_key
from bot.doctor.provider_text import REMEDIES, describe_trouble, quote_in_terminal
from bot.provider.client import VeoClient


async def check_other_key(veo: VeoClient, patience: float) -> list[CheckResult]:
    """Return a warning where something is wrong with the key that the provider tells of, if not the bot's."""
    key = await fetch_key(veo, patience / 2)
    if key is None or key.is_ours or key.trouble is None:
        return []
    name = quote_in_terminal(key.prefix or "")
    return [
        CheckResult(
            is_good=False,
            is_warning=True,
            what=f"{describe_trouble(key, key.trouble)} The provider says that about a "
            f"key that starts with {name}; "
            "the bot's key doesn't.",
            remedy=f"If requests are rejected: {REMEDIES[key.trouble]}",
        )
    ]
