"""The buttons under a request that waits for moderators."""

from typing import ClassVar

import discord

from bot.db.review_models import ReviewDecision
from bot.i18n import N_, _, locale_used, pgettext
from bot.jobs.ports import Posted
from bot.moderation.review_decisions import Review, ReviewClosedError, ensure_decidable
from cogs.moderation.owners import ensure_moderator_in_time, message_shown
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.shapes import DeclineForm, edit_case
from cogs.moderation.targets import has_left, moderator_of
from cogs.reviews.review_text import render_review, review_left_out
from cogs.ui.interaction import Interaction
from cogs.ui.items import Item, Parts, view_of

POSTED_IN_CHANNEL = N_("Everyone in their channel can read it, without your name.")


class ReviewDecisionButton(Item):
    """Carries out what a moderator decides about a request."""

    action = "review-decide"
    pattern = r"(?P<decision>approve|decline):(?P<review>[0-9a-f]{16})"
    parts: ClassVar[Parts] = {"decision": ReviewDecision}

    def __init__(self, decision: ReviewDecision, review_id: str) -> None:
        super().__init__(decision, review_id, label=_label_of(decision))
        is_approval = decision is ReviewDecision.APPROVE
        self.item.style = discord.ButtonStyle.success if is_approval else discord.ButtonStyle.secondary
        self._decision = decision
        self._review_id = review_id

    async def act(self, interaction: Interaction) -> None:
        """Approve, or ask for words to decline with."""
        if self._decision is ReviewDecision.APPROVE:
            await interaction.response.defer()
            await _decide(interaction, self._review_id, self._decision)
            return
        await ensure_moderator_in_time(interaction)
        by = moderator_of(interaction)
        review = await interaction.client.services.reviews.get(by.guild_id, self._review_id)
        try:
            ensure_decidable(None if review is None else review.row, by)
        except ReviewClosedError:
            await interaction.response.defer()
            await _decide(interaction, self._review_id, self._decision)
        else:
            await interaction.response.send_modal(DeclineForm(_(POSTED_IN_CHANNEL), self._decline))

    async def _decline(self, interaction: Interaction, words: str) -> None:
        await _decide(interaction, self._review_id, ReviewDecision.DECLINE, words)


def review_view(review: Review) -> discord.ui.View | None:
    """Return the buttons of a review that is open, or None."""
    if review.row.decision is not None:
        return None
    choices = (ReviewDecision.APPROVE, ReviewDecision.DECLINE)
    return view_of(*(ReviewDecisionButton(decision, review.row.id) for decision in choices))


def _label_of(decision: ReviewDecision) -> str:
    if decision is ReviewDecision.APPROVE:
        return pgettext("button", "Approve")
    return pgettext("button", "Decline")


async def _decide(
    interaction: Interaction, review_id: str, decision: ReviewDecision, words: str | None = None
) -> None:
    """Decide, and show it; what can't be shown now is left to the outbox. The runner tells the member.

    A click after that is told so, and sees what was decided.
    """
    await ensure_moderator(interaction)
    by, reviews = moderator_of(interaction), interaction.client.services.reviews
    review = await reviews.get(by.guild_id, review_id)
    is_gone = review is not None and await has_left(interaction.client, by.guild_id, review.row.user_id)
    if is_gone and decision is ReviewDecision.APPROVE:  # nobody is there to see the video
        decision = ReviewDecision.LEFT
    clicked, too_late = message_shown(interaction), None
    try:
        review = await reviews.decide(by, review_id, decision, words, shown_at=clicked)
    except ReviewClosedError as error:
        too_late, review = error, await reviews.get(by.guild_id, review_id)
    if review is not None and review.row.decision is not None:
        await _show(interaction, review, clicked, is_gone=is_gone)
    if too_late is not None:
        raise too_late


async def _show(interaction: Interaction, review: Review, clicked: Posted | None, *, is_gone: bool) -> None:
    """Edit the moderators' message; another one than the clicked one is left to the outbox."""
    row = review.row
    with locale_used(interaction.guild_locale and interaction.guild_locale.value):
        forms = [render_review(review, quote=quote, has_left=is_gone) for quote in (True, False)]
    left_out = review_left_out(review)
    is_shown = await edit_case(interaction, row.id, forms, review_view(review), left_out=left_out)
    if is_shown and (clicked is None or clicked.message_id == row.message_id):
        await interaction.client.services.reviews.record_shown(row)
