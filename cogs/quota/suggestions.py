"""`/quota suggest`: rules that would have kept the last 30 days within a sum, and buttons to try them."""

from collections.abc import Iterator
from functools import partial

from bot.admission.parsing import MAX_CREDITS, MAX_VIDEOS
from bot.i18n import _, pgettext
from bot.money import show_usd
from bot.policy.documents import LimitKind, Period
from bot.policy.phrases import describe_limit
from bot.preview.proposal import Proposal
from bot.preview.suggesting import Suggestion, Suggestions
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.targets import moderator_of
from cogs.quota.preview import COMMAND, show_proposal
from cogs.quota.preview_text import BUDGETS, caveats, most_affected, result_text
from cogs.ui.interaction import Interaction
from cogs.ui.items import Item, view_of
from cogs.ui.requester import find_roles


class TryButton(Item):
    """Shows a suggested change in full; its id says all of it."""

    action = "suggested"
    pattern = r"(?P<rule>limit_day|limit_week|budget_day|budget_month):(?P<amount>[0-9]{1,14})"

    def __init__(self, rule: str, amount: int | str, number: int = 0) -> None:
        """`amount`: videos, or credits; `number`: of the suggestion, as the message has it."""
        super().__init__(rule, amount, label=pgettext("button", "Try {number}", number=number))
        self.proposal = _proposal(rule, int(amount))

    async def act(self, interaction: Interaction) -> None:
        """Show what it would have done, in a private message of its own; nothing is saved."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await ensure_moderator(interaction, COMMAND)
        await show_proposal(interaction, self.proposal, frozenset())


async def show_suggestions(interaction: Interaction, amount: float) -> None:
    """Answer with what would have kept the last 30 days within `amount` credits."""
    await interaction.response.defer(ephemeral=True)  # it may take longer than Discord waits
    by, previews = moderator_of(interaction), interaction.client.services.previews
    suggestions = await previews.suggest(by, amount, partial(find_roles, interaction))
    buttons = [_button(each, number) for number, each in enumerate(suggestions.found, start=1)]
    await interaction.edit_original_response(content=suggestions_text(suggestions), view=view_of(*buttons))


def suggestions_text(suggestions: Suggestions) -> str:
    """Return what the moderator reads."""
    own = _("-# Roles and members with limits of their own keep them.")
    lines = [
        _heading(suggestions),
        *_what_is_saved_now(suggestions),
        *(line for number, each in enumerate(suggestions.found, start=1) for line in _lines(each, number)),
        *([own] if suggestions.has_own_limits else []),
        *caveats(suggestions.now),
        *(
            [_("-# Nothing is saved. Each button shows one of them in full first.")]
            if suggestions.found
            else []
        ),
    ]
    return "\n".join(lines)


def _heading(suggestions: Suggestions) -> str:
    money, spent = show_usd(suggestions.amount), show_usd(suggestions.spent)
    if suggestions.is_kept:
        return _(
            "✅ The last 30 days cost {spent}, which is within {money}. You don't have to change anything.",
            spent=spent,
            money=money,
        )
    if suggestions.is_kept_now:
        return _(
            "✅ The last 30 days cost {spent}, but the current rules would have kept them within "
            "{money}. You don't have to change anything.",
            spent=spent,
            money=money,
        )
    if not suggestions.found:
        return _(
            "The last 30 days cost {spent}. I found no limit for every member and no budget that would have "
            "kept them within {money}.",
            spent=spent,
            money=money,
        )
    return _(
        "🔎 **Within {money}:** the last 30 days cost {spent}. Each of these is enough:",
        money=money,
        spent=spent,
    )


def _what_is_saved_now(suggestions: Suggestions) -> Iterator[str]:
    """Say what the rules as they are save already, since what a suggestion saves comes on top of that."""
    if suggestions.found and suggestions.kept_now < suggestions.spent:
        yield _(
            "The current rules would have kept them at {money}. What each one saves comes on top of that.",
            money=show_usd(suggestions.kept_now),
        )


def _lines(suggestion: Suggestion, number: int) -> Iterator[str]:
    """Yield a change, what it would have done, and the members it would have refused most."""
    proposal, comparison = suggestion.proposal, suggestion.comparison
    limits = [
        _("**{number}. {limit} for every member.**", number=number, limit=describe_limit(kind, most))
        for kind, most in proposal.limits.items()
    ]
    budgets = [
        _(
            "**{number}. {budget}: {money}.**",
            number=number,
            budget=_(BUDGETS[period]),
            money=show_usd(most or 0),
        )
        for period, most in proposal.budgets.items()
    ]
    yield f"{''.join([*limits, *budgets])} {result_text(comparison)}"
    yield from most_affected(comparison)


def _button(suggestion: Suggestion, number: int) -> TryButton:
    proposal = suggestion.proposal
    for kind, videos in proposal.limits.items():
        return TryButton(f"limit_{kind}", videos or 0, number)
    ((period, most),) = proposal.budgets.items()
    return TryButton(f"budget_{period}", int(most or 0), number)


def _proposal(rule: str, amount: int) -> Proposal:
    """Return what a button stands for; only a modified client can ask for more than anybody can type."""
    subject, __, span = rule.partition("_")
    if subject == "limit":
        return Proposal(limits={LimitKind(span): min(amount, MAX_VIDEOS)})
    return Proposal(budgets={Period(span): float(min(amount, MAX_CREDITS))})
