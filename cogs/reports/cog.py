"""The buttons of reports: they answer also under messages of an earlier run."""

from bot.discord_client.client import VeoBot
from cogs.reports.buttons import DecisionButton, FilmReportButton, ReportButton


async def setup(bot: VeoBot) -> None:
    """Register the buttons; discord.py calls this."""
    bot.add_dynamic_items(ReportButton, FilmReportButton, DecisionButton)
