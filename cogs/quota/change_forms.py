"""Forms for what a change would save: the numbers of limits and budgets, and a word."""

from typing import Self

import discord

from bot.admission.blocklist import clean_word
from bot.admission.parsing import LONGEST_INPUT, parse_budget, parse_limit
from bot.i18n import _, pgettext
from bot.markup import in_words
from bot.money import usd
from bot.policy.documents import LimitKind, Period
from bot.policy.phrases import WINDOW_NAMES
from bot.preview.proposal import Proposal
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form
from cogs.ui.markup_names import names_of


class NumbersForm(Form):
    """Base of the forms that take the numbers of a change; `proposal`: with those that stand there first."""

    def __init__(self, title: str, proposal: Proposal) -> None:
        super().__init__(title)
        self._proposal = proposal
        self._fields: dict[str, discord.ui.TextInput[Self]] = {}
        for kind, most in proposal.limits.items():
            self._add(kind, _limit_label(kind), "unlimited" if most is None else str(most))
        for period, amount in proposal.budgets.items():
            self._add(period, _budget_label(period), _typed_budget(amount))

    def read(self) -> Proposal:
        """Return the change with what was entered.

        Raises:
            BadInputError: it makes no sense.
        """
        limits = {kind: parse_limit(self._fields[kind].value) for kind in self._proposal.limits}
        budgets = {period: parse_budget(self._fields[period].value) for period in self._proposal.budgets}
        return self._proposal.model_copy(update={"limits": limits, "budgets": budgets})

    def _add(self, name: str, label: str, value: str) -> None:
        field = discord.ui.TextInput[Self](custom_id=name, default=value, max_length=LONGEST_INPUT)
        self._fields[name] = field
        self.add_item(discord.ui.Label(text=label, component=field))


def word_in(interaction: Interaction, typed: str) -> str:
    """Return a word or phrase as it is kept: as prompts will have it, with names in place of ids.

    Raises:
        BadInputError: it has no letter or digit, or is too long.
    """
    return clean_word(in_words(typed, names_of(interaction)) or typed)


def _limit_label(kind: LimitKind) -> str:
    window = WINDOW_NAMES.get(kind)
    if window is None:
        return pgettext("label", "Videos at once")
    return pgettext("label", "Videos in {window}", window=_(window))


def _budget_label(period: Period) -> str:
    if period is Period.DAY:
        return pgettext("label", "Budget per day")
    return pgettext("label", "Budget per month")


def _typed_budget(amount: float | None) -> str:
    """Return a budget as it is typed, whatever the reader's language; in credits if it isn't whole cents."""
    if amount is None:
        return "unlimited"
    in_usd = f"{usd(amount):.2f} USD"
    return in_usd if parse_budget(in_usd) == amount else f"{amount:.2f} credits".replace(".00 ", " ")
