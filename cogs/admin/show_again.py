"""Buttons that show what waits for moderators again; their ids hold all they need: they outlive a restart."""

from bot.i18n import NC_
from bot.moderation.decisions import Moderator
from bot.services import Services
from cogs.admin.home_text import render_reports_shown, render_reviews_shown, render_shown_again
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.targets import moderator_of
from cogs.ui.interaction import Interaction
from cogs.ui.items import Item


class ShowAgainButton(Item):
    """Base of the buttons that show what waits for moderators again, where somebody has deleted its message.

    Give an `action`, an `emoji`, a `label`, and `show`.
    """

    pattern = r"all"

    def __init__(self) -> None:
        super().__init__("all")

    async def act(self, interaction: Interaction) -> None:
        """Let it be shown, and say so."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await ensure_moderator(interaction)
        text = await self.show(interaction.client.services, moderator_of(interaction))
        await interaction.edit_original_response(content=text)

    async def show(self, services: Services, by: Moderator) -> str:
        """Let it be shown, and return what is said then."""
        raise NotImplementedError


class ShowAppealsButton(ShowAgainButton):
    """Shows what members ask again."""

    action = "appeals-show"
    label = NC_("button", "Post questions again")
    emoji = "🙋"

    async def show(self, services: Services, by: Moderator) -> str:
        """Let questions be shown."""
        return render_shown_again(*await services.appeals.show_again(by))


class ShowReviewsButton(ShowAgainButton):
    """Shows requests that wait for moderators again."""

    action = "reviews-show"
    label = NC_("button", "Post requests again")
    emoji = "👀"

    async def show(self, services: Services, by: Moderator) -> str:
        """Let requests be shown."""
        return render_reviews_shown(*await services.reviews.show_again(by))


class ShowReportsButton(ShowAgainButton):
    """Shows reports again."""

    action = "reports-show"
    label = NC_("button", "Post reports again")
    emoji = "🚩"

    async def show(self, services: Services, by: Moderator) -> str:
        """Let reports be shown."""
        return render_reports_shown(*await services.reports.show_again(by))
