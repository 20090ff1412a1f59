"""The buttons of reviews: they answer also under messages of an earlier run."""

from bot.discord_client.client import VeoBot
from cogs.reviews.buttons import ReviewDecisionButton


async def setup(bot: VeoBot) -> None:
    """Register the buttons; discord.py calls this."""
    bot.add_dynamic_items(ReviewDecisionButton)
