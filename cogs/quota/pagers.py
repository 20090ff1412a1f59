"""The pages of /quota rules and /quota usage. A button's id holds all it needs, so it outlives a restart."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Self

import discord

from bot.i18n import N_, _
from bot.moderation.rules import QuotaRules
from bot.usage.reports import UsageReports
from bot.usage.service import UsagePeriod, UsageReport
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.targets import moderator_of
from cogs.quota.rules_text import rule_lines, rules_foot, rules_head
from cogs.quota.usage_report import report_page
from cogs.ui.answer_files import edit_with_files
from cogs.ui.interaction import Interaction
from cogs.ui.items import Content, Item, view_of
from cogs.ui.paging import Page, page_buttons, paginate

COMMAND = "quota"
WITHOUT_FILES = N_("Discord rejected the chart and the file in this channel.")


class RulesButton(Item):
    """Leads to a page of the rules."""

    action = "rules"
    pattern = r"(?P<page>[0-9]{1,4})"

    def __init__(self, page: int, label: str = "") -> None:
        super().__init__(page, label=label)
        self._page = page

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Return the button that was pressed."""
        return cls(int(match["page"]))

    async def act(self, interaction: Interaction) -> None:
        """Show the page as the rules are now."""
        await interaction.response.defer()
        await ensure_moderator(interaction, COMMAND)
        page = await _read_rules(interaction, interaction.client.services.rules, self._page)
        await _show_page(interaction, page, RulesButton)


class UsageButton(Item):
    """Leads to a page of a server's use."""

    action = "usage"
    pattern = rf"(?P<period>{'|'.join(UsagePeriod)}):(?P<page>[0-9]{{1,4}})"

    def __init__(self, period: UsagePeriod, page: int, label: str = "") -> None:
        super().__init__(period, page, label=label)
        self._period = period
        self._page = page

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Return the button that was pressed."""
        return cls(UsagePeriod(match["period"]), int(match["page"]))

    async def act(self, interaction: Interaction) -> None:
        """Show the page as the numbers are now; the image and the file stay as they were."""
        await interaction.response.defer()
        await ensure_moderator(interaction, COMMAND)
        guild_id = moderator_of(interaction).guild_id
        report = await interaction.client.services.usage.read(guild_id, self._period)
        page = report_page(report, self._page)
        await _show_page(interaction, page, lambda number, label: UsageButton(self._period, number, label))


async def rules_content(interaction: Interaction, rules: QuotaRules) -> Content:
    """Return the first page of the server's rules."""
    page = await _read_rules(interaction, rules, 0)
    return Content(content=page.content, view=_view(page, RulesButton))


async def show_usage(interaction: Interaction, usage: UsageReports, period: UsagePeriod) -> None:
    """Answer with a server's use."""
    await interaction.response.defer(ephemeral=True)  # a first chart may take longer than Discord waits
    await fill_with_usage(interaction, usage, period)


async def fill_with_usage(interaction: Interaction, usage: UsageReports, period: UsagePeriod) -> None:
    """Let the answer, so far "thinking", be a server's use: totals, a page of the table, a chart, a file."""
    report = await usage.read(moderator_of(interaction).guild_id, period)
    page = report_page(report, 0)
    view = _view(page, lambda number, label: UsageButton(period, number, label))
    files = await _draw(interaction, usage, report) if report.total.requests else []
    await edit_with_files(interaction, page.content, files, view, without=f"-# {_(WITHOUT_FILES)}")


async def _draw(interaction: Interaction, usage: UsageReports, report: UsageReport) -> list[discord.File]:
    drawn = await usage.render(report, interaction.guild.name if interaction.guild else "")
    name = f"usage-{report.period}"
    return [
        discord.File(BytesIO(drawn.png), f"{name}.png", description=drawn.description),
        discord.File(BytesIO(drawn.csv), f"{name}.csv", description=_("All numbers, for a spreadsheet")),
    ]


async def _read_rules(interaction: Interaction, rules: QuotaRules, number: int) -> Page:
    book = await rules.read(moderator_of(interaction).guild_id)
    # A server that the gateway has not told about has no roles here, though each has @everyone.
    role_ids = {role.id for role in interaction.guild.roles} if interaction.guild else set[int]()
    lines = rule_lines(book, role_ids or None)
    return paginate(rules_head(), lines, rules_foot(), number)


async def _show_page(interaction: Interaction, page: Page, make: Callable[[int, str], Item]) -> None:
    await interaction.edit_original_response(content=page.content, view=_view(page, make))


def _view(page: Page, make: Callable[[int, str], Item]) -> discord.ui.View:
    """Return the buttons to the pages before and after, where there are such."""
    return view_of(*page_buttons(page.number, page.count, make))
