"""Money as it is counted and as it is shown: the provider's credits, and dollars for people.

Source: the provider's documentation shows the same sums in both, such as 1.56 USD as 3,120,000 credits.
"""

from bot.i18n import _, dollars, ngettext

CREDITS_PER_USD = 2_000_000
SMALLEST_USD = 0.01  # the least that two decimals can show
CREDIT_DIGITS = 6  # decimals of a credit; further ones are noise of the arithmetic


def usd(credits: float) -> float:  # noqa: A002 the unit's name; nobody means the interpreter's credits
    """Return an amount of credits in USD."""
    return credits / CREDITS_PER_USD


def to_credits(amount_usd: float) -> float:
    """Return an amount of USD in credits."""
    return round(amount_usd * CREDITS_PER_USD, CREDIT_DIGITS)


def show_money(credits: float) -> str:  # noqa: A002 as above
    """Return an amount as text, such as "$1.56 (3,120,000 credits)".

    What is not zero is never shown as zero, and what is owed begins with "minus".
    """
    amount = abs(credits)
    shown = _("{usd} ({credits})", usd=show_usd(amount), credits=_show_credits(amount))
    return _("minus {amount}", amount=shown) if credits < 0 else shown


def show_usd(credits: float) -> str:  # noqa: A002 as above
    """Return an amount that isn't negative in dollars alone, such as "$1.56"; never zero where it is not."""
    is_tiny = 0 < credits < to_credits(SMALLEST_USD)
    return _("under {amount}", amount=dollars(SMALLEST_USD)) if is_tiny else dollars(usd(credits))


def _show_credits(credits: float) -> str:  # noqa: A002 as above
    if 0 < credits < 1:
        return _("under 1 credit")
    return ngettext("{count} credit", "{count} credits", round(credits))
